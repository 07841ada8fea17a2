/** Volume types. Read-only: they stand in the manifest, which the operator signs. */
import type { Manifest } from '../../lib/model/manifest.ts'
import { DEFAULT_TYPE_NAME, type VolumeType } from '../../lib/model/volume-type.ts'
import { volumeTypeBody } from '../../lib/wire/cinder/volume-type.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'

const ACTION = 'volume_extension:volume_type_get'

export const typeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/types',
    since: 0,
    action: ACTION,
    handle: (edge) => answer(200, { volume_types: edge.service.manifest().types.map(volumeTypeBody) }),
  },
  { method: 'GET', path: '/types/default', since: 0, action: ACTION, handle: (edge) => withType(edge, DEFAULT_TYPE_NAME, showType) },
  { method: 'GET', path: '/types/:id', since: 0, action: ACTION, handle: (edge, call) => withType(edge, idOf(call), showType) },
  {
    method: 'GET',
    path: '/types/:id/extra_specs',
    since: 0,
    action: ACTION,
    handle: (edge, call) => withType(edge, idOf(call), (type) => answer(200, { extra_specs: type.extraSpecs })),
  },
  {
    method: 'GET',
    path: '/types/:id/extra_specs/:key',
    since: 0,
    action: ACTION,
    handle: (edge, call) => withType(edge, idOf(call), (type) => showSpec(type, call.params['key'] ?? '')),
  },
]

/** By id or by name, as in Cinder. */
export function findType(manifest: Manifest, nameOrId: string): VolumeType | null {
  return manifest.types.find((type) => type.id === nameOrId) ?? manifest.types.find((type) => type.name === nameOrId) ?? null
}

function withType(edge: Edge, nameOrId: string, answerOf: (type: VolumeType) => Answer): Answer {
  const type = findType(edge.service.manifest(), nameOrId)
  return type === null ? failed({ code: 'type-not-found', type: nameOrId.slice(0, 255) }) : answerOf(type)
}

const showType = (type: VolumeType): Answer => answer(200, { volume_type: volumeTypeBody(type) })

function showSpec(type: VolumeType, key: string): Answer {
  const value = type.extraSpecs[key]
  return value === undefined ? failed({ code: 'item-not-found', kind: 'Extra spec', id: key.slice(0, 255) }) : answer(200, { [key]: value })
}

const idOf = (call: Call): string => call.params['id'] ?? ''
