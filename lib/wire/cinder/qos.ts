/** QoS specs as Cinder shows them: the links of one of them stand beside it, and in a list there are none. */
import type { KnownType } from '../../model/catalogue.ts'
import type { QosEdit, QosSpecs } from '../../model/qos.ts'
import { type LinkBase, linksTo } from './links.ts'

export function qosBody(qos: QosSpecs, base: LinkBase): object {
  return { qos_specs: qosFields(qos), links: linksTo(base, 'qos-specs', qos.id) }
}

export function qosFields({ id, name, consumer, specs }: QosSpecs): object {
  return { id, name, consumer, specs }
}

/** A change is answered with what it set. */
export function qosChangeBody({ consumer, specs }: QosEdit): object {
  return { qos_specs: { ...(consumer === undefined ? {} : { consumer }), ...specs } }
}

export function associationsBody(types: readonly KnownType[]): object {
  return { qos_associations: types.map(({ id, name }) => ({ association_type: 'volume_type', name, id })) }
}
