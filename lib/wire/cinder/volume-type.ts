/** A volume type. Who is no admin sees only those of its extra specs that concern him, and no QoS. */
import type { KnownType } from '../../model/catalogue.ts'

const FOR_ALL: ReadonlySet<string> = new Set(['multiattach', 'RESKEY:availability_zones', 'replication_enabled'])

export function volumeTypeBody(type: KnownType, isAdmin: boolean): object {
  return {
    id: type.id,
    name: type.name,
    description: type.description,
    is_public: type.isPublic,
    'os-volume-type-access:is_public': type.isPublic,
    extra_specs: shownSpecs(type, isAdmin),
    ...(isAdmin ? { qos_specs_id: type.qosId } : {}),
  }
}

export function shownSpecs({ extraSpecs }: KnownType, isAdmin: boolean): Readonly<Record<string, string>> {
  return isAdmin ? extraSpecs : Object.fromEntries(Object.entries(extraSpecs).filter(([key]) => FOR_ALL.has(key)))
}
