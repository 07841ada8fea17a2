/**
 * `POST snapshots/{id}/action`. A delete does what it can whatever the status was; forced, it is asked for by an administrator.
 *
 * What becomes of a snapshot only the owner of its volume says: who reports on one is told whether that is how it stands.
 */
import { parseSnapshotAction, type SnapshotAction } from '../../lib/wire/cinder/snapshot-request.ts'
import { assertNever } from '../../lib/model/invariant.ts'
import type { Snapshot } from '../../lib/model/snapshot.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { locateSnapshot } from './locate-snapshot.ts'
import { operateOnSnapshot } from './operate.ts'
import { isAllowed } from './policy.ts'

export const snapshotActionRoutes: readonly Route[] = [
  { method: 'POST', path: '/snapshots/:id/action', since: 0, action: 'volume:update_snapshot', handle: act },
]

const ADMINS = 'volume_extension:snapshot_admin_actions'
const POLICIES: Readonly<Record<SnapshotAction['kind'], string>> = {
  'force-delete': `${ADMINS}:force_delete`,
  reset: `${ADMINS}:reset_status`,
  unmanage: 'snapshot_extension:snapshot_unmanage',
  report: 'snapshot_extension:snapshot_actions:update_snapshot_status',
}

async function act(edge: Edge, call: Call): Promise<Answer> {
  const action = parseSnapshotAction(call.body)
  if (!action.ok) return failed(action.failure)
  const policy = POLICIES[action.value.kind]
  if (!isAllowed(call.caller, policy)) return failed({ code: 'forbidden', action: policy })
  const found = await locateSnapshot(edge, call, call.params['id'] ?? '')
  return found.ok ? carryOut(edge, call, found.snapshot, action.value) : failed(found.failure)
}

async function carryOut(edge: Edge, call: Call, known: Snapshot, action: SnapshotAction): Promise<Answer> {
  const { id: snapshot } = known
  switch (action.kind) {
    case 'report':
      return report(known, action.status)
    case 'force-delete':
      return answerTo(await operateOnSnapshot(edge, call, known, { kind: 'delete-snapshot', snapshot }))
    case 'unmanage':
      return answerTo(await operateOnSnapshot(edge, call, known, { kind: 'unmanage-snapshot', snapshot }))
    case 'reset':
      return answerTo(await operateOnSnapshot(edge, call, known, { kind: 'reset-snapshot', snapshot, status: action.status }))
    default:
      return assertNever(action)
  }
}

function answerTo(done: Awaited<ReturnType<typeof operateOnSnapshot>>): Answer {
  return done.ok ? answer(202, null) : failed(done.failure)
}

/** As Cinder of one that is not being made or deleted; of one that is, nothing is taken but how it stands. */
function report({ id, status }: Snapshot, reported: string): Answer {
  const action = 'update its status'
  if (status !== 'creating' && status !== 'deleting')
    return failed({ code: 'snapshot-status', snapshot: id, action, status, allowed: ['creating', 'deleting'] })
  if (reported === status) return answer(202, null)
  const rule = { kind: 'form', wanted: `${status}, until its host says more` } as const
  return failed({ code: 'bad-value', path: 'os-update_snapshot_status.status', value: reported.slice(0, 80), rule })
}
