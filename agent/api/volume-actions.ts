/** `POST volumes/{id}/action`. Actions that are not here are answered as Cinder answers unknown ones. */
import { assertNever } from '../../lib/model/invariant.ts'
import type { Operation } from '../../lib/model/request.ts'
import { microversionText } from '../../lib/wire/cinder/microversion.ts'
import { asksForUnmanage } from '../../lib/wire/cinder/manage-request.ts'
import { asksForReset, parseResetStatus } from '../../lib/wire/cinder/reset-status-request.ts'
import { parseVolumeAction, type VolumeAction } from '../../lib/wire/cinder/volume-action-request.ts'
import { isObject } from '../../lib/wire/peer/check.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { EXTEND_COMPLETION } from './extend-completion.ts'
import { FLAG_ACTIONS } from './flag-actions.ts'
import { IMAGE_ACTIONS } from './image-actions.ts'
import { MIGRATE_ACTIONS } from './migrate-actions.ts'
import { OLDER_ATTACH_ACTIONS } from './older-attach.ts'
import { operate } from './operate.ts'
import { isAllowed } from './policy.ts'
import { RETYPE_ACTIONS } from './retype.ts'
import type { VolumeActionRow } from './volume-action-row.ts'

export const volumeActionRoutes: readonly Route[] = [
  { method: 'POST', path: '/volumes/:id/action', since: 0, action: 'volume:extend', handle: act },
]

const ROWS = new Map([
  ...OLDER_ATTACH_ACTIONS,
  ...FLAG_ACTIONS,
  ...IMAGE_ACTIONS,
  ...MIGRATE_ACTIONS,
  ...EXTEND_COMPLETION,
  ...RETYPE_ACTIONS,
])
const UNMANAGE = 'volume_extension:volume_unmanage'
const REVERT = 40
/** From here on a volume in use may be extended too. */
const EXTEND_IN_USE = 42
const RESET = 'volume_extension:volume_admin_actions:reset_status'

async function act(edge: Edge, call: Call): Promise<Answer> {
  const row = ROWS.get(soleKey(call.body))
  if (row !== undefined) return actByRow(edge, call, row)
  if (asksForReset(call.body)) return reset(edge, call)
  if (asksForUnmanage(call.body)) return unmanage(edge, call)
  const action = parseVolumeAction(call.body)
  if (!action.ok) return failed(action.failure)
  if (action.value.kind === 'force-delete' && !isAllowed(call.caller, 'volume:force_delete'))
    return failed({ code: 'forbidden', action: 'volume:force_delete' })
  if (action.value.kind === 'revert' && call.microversion < REVERT)
    return failed({ code: 'not-in-version', version: microversionText(call.microversion) })
  if (action.value.kind === 'revert' && !isAllowed(call.caller, 'volume:revert_to_snapshot'))
    return failed({ code: 'forbidden', action: 'volume:revert_to_snapshot' })
  const done = await operate(edge, call, call.params['id'] ?? '', operationOf(action.value, call))
  return done.ok ? answer(202, null) : failed(done.failure)
}

async function actByRow(edge: Edge, call: Call, { policy, since = 0, handle }: VolumeActionRow): Promise<Answer> {
  if (call.microversion < since) return failed({ code: 'not-in-version', version: microversionText(call.microversion) })
  return isAllowed(call.caller, policy) ? handle(edge, call) : failed({ code: 'forbidden', action: policy })
}

/** '' where there are several, or none: that is told when it is parsed. */
function soleKey(body: unknown): string {
  const [name = '', ...others] = isObject(body) ? Object.keys(body) : []
  return others.length === 0 ? name : ''
}

async function unmanage(edge: Edge, call: Call): Promise<Answer> {
  if (!isAllowed(call.caller, UNMANAGE)) return failed({ code: 'forbidden', action: UNMANAGE })
  const done = await operate(edge, call, call.params['id'] ?? '', { kind: 'unmanage' })
  return done.ok ? answer(202, null) : failed(done.failure)
}

function operationOf(action: VolumeAction, { microversion }: Call): Operation {
  switch (action.kind) {
    case 'extend':
      return { ...action, online: microversion >= EXTEND_IN_USE }
    case 'revert':
      return action
    case 'force-delete':
      return { kind: 'delete', force: true }
    default:
      return assertNever(action)
  }
}

async function reset(edge: Edge, call: Call): Promise<Answer> {
  if (!isAllowed(call.caller, RESET)) return failed({ code: 'forbidden', action: RESET })
  const operation = parseResetStatus(call.body)
  if (!operation.ok) return failed(operation.failure)
  const done = await operate(edge, call, call.params['id'] ?? '', operation.value)
  return done.ok ? answer(202, null) : failed(done.failure)
}
