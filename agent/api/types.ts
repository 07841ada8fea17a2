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
import { parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { selectTypes, TYPE_KEYS } from '../../lib/wire/cinder/type-query.ts'
import { shownSpecs, volumeTypeBody } from '../../lib/wire/cinder/volume-type.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import { pageFor } from './page.ts'

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

async function list(edge: Edge, call: Call): Promise<Answer> {
  const asker = askerOf(call)
  const query = parseListQuery(call.query, TYPE_KEYS, asker)
  if (!query.ok) return failed(query.failure)
  const selected = selectTypes(edge.service.types(), query.value, { ...asker, project: call.caller.project })
  if (!selected.ok) return failed(selected.failure)
  const page = await pageFor(call, { ...selected.value, query: query.value, kind: 'Volume type', collection: 'types' })
  if (!page.ok) return page.answer
  const links = page.next === null ? {} : { volume_type_links: page.next }
  return answer(200, { volume_types: page.items.map((type) => volumeTypeBody(type, asker.isAdmin)), ...links })
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
