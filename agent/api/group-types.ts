/**
 * The resource `group_types`, from 3.11: made and changed by admins through the register of the cluster, read by everybody
 * out of this peer's copy.
 *
 * What the copy lacks may be a moment old and made at another peer, so the register is asked before anybody is told that
 * there is none. A type that is not public exists for admins alone.
 */
import type { Failure } from '../../lib/model/failure.ts'
import { DEFAULT_GROUP_TYPE_NAME, type GroupType, type GroupTypeChange, type GroupTypeEdit } from '../../lib/model/group-type.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import { groupTypeBody } from '../../lib/wire/cinder/group-type.ts'
import { GROUP_TYPE_KEYS, selectGroupTypes } from '../../lib/wire/cinder/group-type-query.ts'
import { parseCreateGroupType, parseUpdateGroupType } from '../../lib/wire/cinder/group-type-request.ts'
import { parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import { pageFor } from './page.ts'
import { newGroupTypeId, operationRid } from './request-names.ts'

/** Of all that is about group types. */
export const GROUP_TYPES_SINCE = 11
/** Cinder asks no rule here: whoever has a role may look. */
const GET = 'group:group_types:get'
const since = GROUP_TYPES_SINCE

export const groupTypeRoutes: readonly Route[] = [
  { method: 'POST', path: '/group_types', since, action: 'group:group_types:create', handle: create },
  { method: 'GET', path: '/group_types', since, action: GET, handle: list },
  {
    method: 'GET',
    path: '/group_types/default',
    since,
    action: GET,
    handle: (edge, call) => withGroupType(edge, call, DEFAULT_GROUP_TYPE_NAME, (type) => show(call, type, 200)),
  },
  {
    method: 'GET',
    path: '/group_types/:id',
    since,
    action: GET,
    handle: (edge, call) => withGroupType(edge, call, groupTypeIdOf(call), (type) => show(call, type, 200)),
  },
  { method: 'PUT', path: '/group_types/:id', since, action: 'group:group_types:update', handle: update },
  { method: 'DELETE', path: '/group_types/:id', since, action: 'group:group_types:delete', handle: remove },
]

type FoundGroupType = { readonly ok: true; readonly type: GroupType } | { readonly ok: false; readonly failure: Failure }

export const groupTypeIdOf = (call: Call): string => call.params['id'] ?? ''

/** By id or by name, as volume types are. */
export async function withGroupType(
  edge: Edge,
  call: Call,
  nameOrId: string,
  answerOf: (type: GroupType) => Answer | Promise<Answer>,
): Promise<Answer> {
  const found = await findGroupType(edge, call, nameOrId)
  return found.ok ? answerOf(found.type) : failed(found.failure)
}

/** @param done what is answered, by the type as it is then */
export function reviseGroupType(
  edge: Edge,
  call: Call,
  id: string,
  edit: GroupTypeEdit,
  done: (type: GroupType) => Answer,
): Promise<Answer> {
  const rid = operationRid(call, `revise group type ${canonicalJson(edit)}`, id)
  return change(edge, { kind: 'revise-group-type', id, rid, edit }, done)
}

/** @returns `group-type-not-found` only after the register has said so */
export async function findGroupType(edge: Edge, call: Call, nameOrId: string): Promise<FoundGroupType> {
  const known = typeIn(edge.service.groupTypes(), call, nameOrId)
  if (known !== null) return { ok: true, type: known }
  const { result } = await edge.service.ask({ kind: 'types', change: null })
  if (!result.ok) return result
  const type = typeIn(result.value.groupTypes, call, nameOrId)
  return type === null ? { ok: false, failure: { code: 'group-type-not-found', type: nameOrId.slice(0, 255) } } : { ok: true, type }
}

function typeIn(types: readonly GroupType[], { caller }: Call, nameOrId: string): GroupType | null {
  const seen = types.filter(({ isPublic }) => isPublic || caller.isAdmin)
  return seen.find(({ id }) => id === nameOrId) ?? seen.find(({ name }) => name === nameOrId) ?? null
}

async function create(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseCreateGroupType(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const claim = { ...wanted.value, id: newGroupTypeId(call, edge.uuid), bodyHash: hashHex(canonicalJson(wanted.value)) }
  return change(edge, { kind: 'claim-group-type', claim }, (type) => show(call, type, 202))
}

async function list(edge: Edge, call: Call): Promise<Answer> {
  const asker = askerOf(call)
  const query = parseListQuery(call.query, GROUP_TYPE_KEYS, asker)
  if (!query.ok) return failed(query.failure)
  const selected = selectGroupTypes(edge.service.groupTypes(), query.value, asker)
  if (!selected.ok) return failed(selected.failure)
  const page = await pageFor(call, { ...selected.value, query: query.value, kind: 'Group type', collection: 'group_types' })
  if (!page.ok) return page.answer
  const links = page.next === null ? {} : { group_type_links: page.next }
  return answer(200, { group_types: page.items.map((type) => groupTypeBody(type, asker.isAdmin)), ...links })
}

function update(edge: Edge, call: Call): Promise<Answer> | Answer {
  const edit = parseUpdateGroupType(call.body)
  if (!edit.ok) return failed(edit.failure)
  return withGroupType(edge, call, groupTypeIdOf(call), ({ id }) =>
    reviseGroupType(edge, call, id, edit.value, (type) => show(call, type, 200)),
  )
}

function remove(edge: Edge, call: Call): Promise<Answer> {
  return withGroupType(edge, call, groupTypeIdOf(call), ({ id }) =>
    change(edge, { kind: 'release-group-type', id, rid: operationRid(call, 'delete group type', id) }, () => answer(202, null)),
  )
}

async function change(edge: Edge, wanted: GroupTypeChange, done: (type: GroupType) => Answer): Promise<Answer> {
  const { result } = await edge.service.ask({ kind: 'types', change: wanted })
  if (!result.ok) return failed(result.failure)
  const { changedGroupType } = result.value
  const type = wanted.kind === 'claim-group-type' ? wanted.claim.id : wanted.id
  return changedGroupType === null ? failed({ code: 'group-type-not-found', type }) : done(changedGroupType)
}

function show(call: Call, type: GroupType, status: 200 | 202): Answer {
  return answer(status, { group_type: groupTypeBody(type, call.caller.isAdmin) })
}
