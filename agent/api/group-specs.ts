/** The specs of group types, for admins alone: to look at, too. */
import { parseGroupSpec, parseGroupSpecs } from '../../lib/wire/cinder/group-type-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { GROUP_TYPES_SINCE, groupTypeIdOf, reviseGroupType, withGroupType } from './group-types.ts'

const RULE = 'group:group_types_specs'
const ALL = '/group_types/:id/group_specs'
const ONE = `${ALL}/:key`
const since = GROUP_TYPES_SINCE
/** No longer one is ever written. */
const KEY_CHARS_MAX = 255

export const groupSpecRoutes: readonly Route[] = [
  { method: 'GET', path: ALL, since, action: `${RULE}:get_all`, handle: list },
  { method: 'POST', path: ALL, since, action: `${RULE}:create`, handle: add },
  { method: 'GET', path: ONE, since, action: `${RULE}:get`, handle: show },
  { method: 'PUT', path: ONE, since, action: `${RULE}:update`, handle: write },
  { method: 'DELETE', path: ONE, since, action: `${RULE}:delete`, handle: remove },
]

const keyOf = (call: Call): string => call.params['key'] ?? ''

function list(edge: Edge, call: Call): Promise<Answer> {
  return withGroupType(edge, call, groupTypeIdOf(call), ({ groupSpecs }) => answer(200, { group_specs: groupSpecs }))
}

function show(edge: Edge, call: Call): Promise<Answer> {
  return withGroupType(edge, call, groupTypeIdOf(call), ({ id, groupSpecs }) => {
    const key = keyOf(call)
    return Object.hasOwn(groupSpecs, key) ? answer(200, { [key]: groupSpecs[key] }) : notFound(id, key)
  })
}

function add(edge: Edge, call: Call): Promise<Answer> | Answer {
  const specs = parseGroupSpecs(call.body)
  return specs.ok ? change(edge, call, specs.value, answer(202, { group_specs: specs.value })) : failed(specs.failure)
}

function write(edge: Edge, call: Call): Promise<Answer> | Answer {
  const spec = parseGroupSpec(call.body, keyOf(call))
  return spec.ok ? change(edge, call, spec.value, answer(200, spec.value)) : failed(spec.failure)
}

/** Whether it is there is the register's to say: a repeat finds it gone, and is told that it was done. */
function remove(edge: Edge, call: Call): Promise<Answer> {
  const key = keyOf(call)
  if (key.length <= KEY_CHARS_MAX) return change(edge, call, { [key]: null }, answer(202, null))
  return withGroupType(edge, call, groupTypeIdOf(call), ({ id }) => notFound(id, key))
}

function change(edge: Edge, call: Call, groupSpecs: Readonly<Record<string, string | null>>, done: Answer): Promise<Answer> {
  return withGroupType(edge, call, groupTypeIdOf(call), ({ id }) => reviseGroupType(edge, call, id, { groupSpecs }, () => done))
}

function notFound(type: string, key: string): Answer {
  return failed({ code: 'group-spec-not-found', type, key: key.slice(0, KEY_CHARS_MAX) })
}
