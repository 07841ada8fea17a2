/**
 * Reads of volume types, out of this peer's copy.
 *
 * What the copy lacks may be a minute old and made at another peer, so the register is asked before anybody is told that
 * there is none. A type that is not public exists for admins and for the projects that were let in, and for nobody else.
 */
import { isTypeFor, type KnownType } from '../../lib/model/catalogue.ts'
import type { ProjectId } from '../../lib/model/ids.ts'
import type { Failure } from '../../lib/model/failure.ts'
import { DEFAULT_TYPE_NAME } from '../../lib/model/volume-type.ts'
import { parsePublicFilter } from '../../lib/wire/cinder/type-request.ts'
import { shownSpecs, volumeTypeBody } from '../../lib/wire/cinder/volume-type.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'

const ACTION = 'volume_extension:volume_type_get'

export const typeRoutes: readonly Route[] = [
  { method: 'GET', path: '/types', since: 0, action: ACTION, handle: list },
  {
    method: 'GET',
    path: '/types/default',
    since: 0,
    action: ACTION,
    handle: (edge, call) =>
      withType(edge, call, defaultFor(edge, call.caller.project) ?? DEFAULT_TYPE_NAME, (type) => showType(call, type)),
  },
  {
    method: 'GET',
    path: '/types/:id',
    since: 0,
    action: ACTION,
    handle: (edge, call) => withType(edge, call, typeIdOf(call), (type) => showType(call, type)),
  },
  {
    method: 'GET',
    path: '/types/:id/extra_specs',
    since: 0,
    action: ACTION,
    handle: (edge, call) =>
      withType(edge, call, typeIdOf(call), (type) => answer(200, { extra_specs: shownSpecs(type, call.caller.isAdmin) })),
  },
  {
    method: 'GET',
    path: '/types/:id/extra_specs/:key',
    since: 0,
    action: ACTION,
    handle: (edge, call) => withType(edge, call, typeIdOf(call), (type) => showSpec(call, type)),
  },
]

type FoundType = { readonly ok: true; readonly type: KnownType } | { readonly ok: false; readonly failure: Failure }

/** By id or by name, as in Cinder. @returns `type-not-found` only after the register has said so */
export async function findType(edge: Edge, call: Call, nameOrId: string): Promise<FoundType> {
  const known = typeIn(edge.service.types(), call, nameOrId)
  if (known !== null) return { ok: true, type: known }
  const { result } = await edge.service.ask({ kind: 'types', change: null })
  if (!result.ok) return result
  const type = typeIn(result.value.types, call, nameOrId)
  return type === null ? { ok: false, failure: { code: 'type-not-found', type: nameOrId.slice(0, 255) } } : { ok: true, type }
}

/** Of a create that names no type: the default of its project, else that of the cluster, where it has one. */
export async function wantedType(
  edge: Edge,
  call: Call,
  nameOrId: string | null,
  project: ProjectId = call.caller.project,
): Promise<FoundType | { readonly ok: true; readonly type: null }> {
  const wanted = nameOrId ?? defaultFor(edge, project)
  return wanted === null ? { ok: true, type: typeIn(edge.service.types(), call, DEFAULT_TYPE_NAME) } : findType(edge, call, wanted)
}

/** The id of a project's own default type, by this peer's copy. */
function defaultFor(edge: Edge, project: ProjectId): string | null {
  return edge.service.defaultTypes().find((one) => one.project === project)?.typeId ?? null
}

export async function withType(
  edge: Edge,
  call: Call,
  nameOrId: string,
  answerOf: (type: KnownType) => Answer | Promise<Answer>,
): Promise<Answer> {
  const found = await findType(edge, call, nameOrId)
  return found.ok ? answerOf(found.type) : failed(found.failure)
}

export function showType(call: Call, type: KnownType): Answer {
  return answer(200, { volume_type: volumeTypeBody(type, call.caller.isAdmin) })
}

export const typeIdOf = (call: Call): string => call.params['id'] ?? ''
export const specKeyOf = (call: Call): string => call.params['key'] ?? ''

export function noSpec(call: Call): Answer {
  return failed({ code: 'item-not-found', kind: 'Extra spec', id: specKeyOf(call).slice(0, 255) })
}

function list(edge: Edge, call: Call): Answer {
  const { isAdmin, project } = call.caller
  const isPublic = isAdmin ? parsePublicFilter(call.query['is_public']) : ({ ok: true, value: true } as const)
  if (!isPublic.ok) return failed(isPublic.failure)
  // As in Cinder: asked for public ones, somebody is also shown those that his project was let in to.
  const isWanted = (type: KnownType): boolean =>
    isPublic.value === true ? isTypeFor(type, project) : isPublic.value === null || !type.isPublic
  const types = edge.service.types().filter(isWanted)
  return answer(200, { volume_types: types.map((type) => volumeTypeBody(type, isAdmin)) })
}

/** Those that are there for a caller. */
export function typesFor(types: readonly KnownType[], { isAdmin, project }: Call['caller']): readonly KnownType[] {
  return isAdmin ? types : types.filter((type) => isTypeFor(type, project))
}

function typeIn(types: readonly KnownType[], { caller }: Call, nameOrId: string): KnownType | null {
  const seen = typesFor(types, caller)
  return seen.find((type) => type.id === nameOrId) ?? seen.find((type) => type.name === nameOrId) ?? null
}

function showSpec(call: Call, type: KnownType): Answer {
  const value = shownSpecs(type, call.caller.isAdmin)[specKeyOf(call)]
  return value === undefined ? noSpec(call) : answer(200, { [specKeyOf(call)]: value })
}
