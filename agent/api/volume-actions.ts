/** `POST volumes/{id}/action`. Actions that are not here are answered as Cinder answers unknown ones. */
import { asksForReset, parseResetStatus } from '../../lib/wire/cinder/reset-status-request.ts'
import { parseVolumeAction } from '../../lib/wire/cinder/volume-action-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { operate } from './operate.ts'
import { isAllowed } from './policy.ts'

export const volumeActionRoutes: readonly Route[] = [
  { method: 'POST', path: '/volumes/:id/action', since: 0, action: 'volume:extend', handle: act },
]

/** From here on a volume in use may be extended too. */
const EXTEND_IN_USE = 42
const RESET = 'volume_extension:volume_admin_actions:reset_status'

async function act(edge: Edge, call: Call): Promise<Answer> {
  if (asksForReset(call.body)) return reset(edge, call)
  const action = parseVolumeAction(call.body)
  if (!action.ok) return failed(action.failure)
  if (action.value.kind === 'force-delete' && !isAllowed(call.caller, 'volume:force_delete'))
    return failed({ code: 'forbidden', action: 'volume:force_delete' })
  const operation =
    action.value.kind === 'extend'
      ? { ...action.value, online: call.microversion >= EXTEND_IN_USE }
      : { kind: 'delete' as const, force: true }
  const done = await operate(edge, call, call.params['id'] ?? '', operation)
  return done.ok ? answer(202, null) : failed(done.failure)
}

async function reset(edge: Edge, call: Call): Promise<Answer> {
  if (!isAllowed(call.caller, RESET)) return failed({ code: 'forbidden', action: RESET })
  const operation = parseResetStatus(call.body)
  if (!operation.ok) return failed(operation.failure)
  const done = await operate(edge, call, call.params['id'] ?? '', operation.value)
  return done.ok ? answer(202, null) : failed(done.failure)
}
