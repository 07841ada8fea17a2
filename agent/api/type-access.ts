/**
 * Which projects a private volume type is there for: the list of them, and the two actions that change it.
 *
 * A public type has no list. It may have had one, which counts again once the type is private again.
 */
import { isAllowed } from './policy.ts'
import { parseTypeAccess, typeAccessBody } from '../../lib/wire/cinder/type-access.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { revise } from './type-changes.ts'
import { typeIdOf, withType } from './types.ts'

const ADD = 'volume_extension:volume_type_access:addProjectAccess'
const REMOVE = 'volume_extension:volume_type_access:removeProjectAccess'

export const typeAccessRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/types/:id/os-volume-type-access',
    since: 0,
    action: 'volume_extension:volume_type_access:get_all_for_type',
    handle: list,
  },
  { method: 'POST', path: '/types/:id/action', since: 0, action: ADD, handle: act },
]

function list(edge: Edge, call: Call): Promise<Answer> {
  return withType(edge, call, typeIdOf(call), (type) =>
    type.isPublic ? failed({ code: 'no-access-list', type: type.id }) : answer(200, typeAccessBody(type)),
  )
}

function act(edge: Edge, call: Call): Promise<Answer> | Answer {
  const wanted = parseTypeAccess(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const access = wanted.value
  const action = access.isGranted ? ADD : REMOVE
  if (!isAllowed(call.caller, action)) return failed({ code: 'forbidden', action })
  return withType(edge, call, typeIdOf(call), ({ id }) => revise(edge, call, { id, edit: { access }, done: () => answer(202, null) }))
}
