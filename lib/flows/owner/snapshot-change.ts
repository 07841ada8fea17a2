/**
 * Renames, deletes and unmanages snapshots. A delete is D1 `deleting`, remove the bytes, see that they are gone, then out of the record;
 * an unmanage is the same with `unmanaging`, and the bytes are given back.
 *
 * Both need the volume for a moment only, so that other work on the volume goes on meanwhile. The record of a snapshot stays,
 * as `deleting` or `unmanaging`, until the register has let go of its grant: it is what says that the grant was carried out.
 */
import { failure } from '../../model/failure.ts'
import { type PeerId, type RequestId, type SnapshotId, snapshotId, type VolumeId } from '../../model/ids.ts'
import { NO_VALUE, type Operation, type OperationRequest } from '../../model/request.ts'
import {
  givesSnapshotBack,
  isLeaving,
  RESTING_SNAPSHOTS,
  type Snapshot,
  snapshotOf,
  type SnapshotStatus,
  withSnapshot,
} from '../../model/snapshot.ts'
import { editText } from '../../model/text-edit.ts'
import { cancel, note, type Out, timer } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { BackendOutcome, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned } from './owned.ts'
import { isUnsureOf, missingSnapshot } from './forgotten.ts'
import { recordFailure } from './snapshot.ts'
import { onNotReleased, snapshotGone, snapshotStays } from './snapshot-end.ts'
import { isBeingCopied } from './source.ts'
import { answerNow, backend, endWith, mayTryAgain, waitFor } from './work.ts'

type Op<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

export const DELETABLE_SNAPSHOTS: readonly SnapshotStatus[] = ['available', 'error', 'error_deleting']

export function updateSnapshot(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  { rid }: OperationRequest,
  operation: Op<'update-snapshot'>,
  now: Now,
): void {
  const known = snapshotOf(owned.volume, operation.snapshot)
  if (known === null) return answerNow(out, from, rid, failure(missingSnapshot(peer, operation.snapshot, owned.volume.project)))
  const snapshot = { ...editText(known, operation), updatedAtMs: now.wallMs }
  const facts = recordFailure(withSnapshot(owned.volume, known.id, snapshot))
  if (facts !== null) return answerNow(out, from, rid, failure(facts))
  end(peer, out, from, rid, owned, snapshot, now)
}

/** What is being done with it goes on; and what was never made stays a failed create. */
export function resetSnapshot(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  { rid }: OperationRequest,
  { snapshot: id, status: to }: Op<'reset-snapshot'>,
  now: Now,
): void {
  const known = snapshotOf(owned.volume, id)
  if (known === null) return answerNow(out, from, rid, failure(missingSnapshot(peer, id, owned.volume.project)))
  const { status, failure: trouble } = known
  const allowed = wasNeverMade(known) && to === 'available' ? RESTING_SNAPSHOTS.filter((one) => one !== status) : RESTING_SNAPSHOTS
  if (!allowed.some((one) => one === status)) {
    const facts = { code: 'snapshot-status', snapshot: id, action: `reset to ${to}`, status, allowed } as const
    return answerNow(out, from, rid, failure(facts))
  }
  end(peer, out, from, rid, owned, { ...known, status: to, failure: to === 'available' ? null : trouble, updatedAtMs: now.wallMs }, now)
}

export function startSnapshotDelete(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  { rid }: OperationRequest,
  operation: Op<'delete-snapshot'>,
  now: Now,
): void {
  const { snapshot: id } = operation
  const known = snapshotOf(owned.volume, id)
  if (known === null) return answerNow(out, from, rid, failure(missingSnapshot(peer, id, owned.volume.project)))
  const { status } = known
  if (!DELETABLE_SNAPSHOTS.includes(status)) {
    const facts = { code: 'snapshot-status', snapshot: id, action: 'delete', status, allowed: DELETABLE_SNAPSHOTS } as const
    return answerNow(out, from, rid, failure(facts))
  }
  const { id: volume } = owned.volume
  const { groupSnapshot } = known
  if (groupSnapshot !== undefined) return answerNow(out, from, rid, failure({ code: 'snapshot-in-group', snapshot: id, groupSnapshot }))
  if (isBeingCopied(peer, volume, id)) return answerNow(out, from, rid, failure({ code: 'volume-busy', volume, running: 'copy' }))
  end(peer, out, from, rid, owned, { ...known, status: 'deleting', failure: null, updatedAtMs: now.wallMs }, now)
  removeSnapshot(peer, out, owned.volume.id, id)
}

/**
 * The same way, and its bytes stay where they lie. As Cinder: also of one in error; one that was never made has nothing to give back.
 */
export function startSnapshotUnmanage(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  { rid }: OperationRequest,
  { snapshot: id }: Op<'unmanage-snapshot'>,
  now: Now,
): void {
  const { id: volume, project } = owned.volume
  const known = snapshotOf(owned.volume, id)
  if (known === null) return answerNow(out, from, rid, failure(missingSnapshot(peer, id, project)))
  const { status } = known
  const allowed: readonly SnapshotStatus[] = wasNeverMade(known) ? [] : ['available', 'error']
  if (!allowed.includes(status))
    return answerNow(out, from, rid, failure({ code: 'snapshot-status', snapshot: id, action: 'unmanage', status, allowed }))
  const { groupSnapshot } = known
  if (groupSnapshot !== undefined) return answerNow(out, from, rid, failure({ code: 'snapshot-in-group', snapshot: id, groupSnapshot }))
  if (isBeingCopied(peer, volume, id)) return answerNow(out, from, rid, failure({ code: 'volume-busy', volume, running: 'copy' }))
  end(peer, out, from, rid, owned, { ...known, status: 'unmanaging', failure: null, updatedAtMs: now.wallMs }, now)
  removeSnapshot(peer, out, volume, id)
}

/** One that nothing keeps, and whoever waits for its end is answered elsewhere. */
export function deleteSnapshot(peer: Peer, out: Out, volume: VolumeId, id: SnapshotId, now: Now): void {
  const owned = peer.owned.get(volume)
  const known = owned === undefined ? null : snapshotOf(owned.volume, id)
  if (owned === undefined || known === null) return
  const going = { ...known, status: 'deleting', failure: null, updatedAtMs: now.wallMs } as const
  publishOwned(peer, out, { ...owned, volume: withSnapshot(owned.volume, id, going) }, now)
  removeSnapshot(peer, out, volume, id)
}

/** From here on until it is gone, or given back; called again after a crash, and while it has to wait. */
export function removeSnapshot(peer: Peer, out: Out, volume: VolumeId, id: SnapshotId): void {
  const found = leavingOn(peer, volume, id)
  if (found === null) return
  const { rid } = found.snapshot
  if (!isFolded(peer, found.snapshot)) {
    peer.snapshotsToRemove.set(rid, { id, volume })
    return timer(out, `unsnap/${volume}/${id}`, peer.options.timings.retryMs)
  }
  peer.snapshotsToRemove.delete(rid)
  const kind = givesSnapshotBack(found.snapshot) ? 'release-snapshot' : 'remove-snapshot'
  backend(out, volume, `unsnap/${id}`, { kind, snapshot: { id, volume } })
}

/** The register has let go of what this request was granted. */
export function onGrantFolded(peer: Peer, out: Out, rid: RequestId): void {
  const waiting = peer.snapshotsToRemove.get(rid)
  if (waiting === undefined) return
  peer.snapshotsToRemove.delete(rid)
  cancel(out, `unsnap/${waiting.volume}/${waiting.id}`)
  removeSnapshot(peer, out, waiting.volume, waiting.id)
}

export function onSnapshotRemoved(peer: Peer, out: Out, volume: VolumeId, job: string, outcome: BackendOutcome, now: Now): void {
  const [what = '', name = ''] = job.split('/')
  const found = leavingOn(peer, volume, snapshotId(name))
  if (found === null) return
  const { owned, snapshot } = found
  const { id } = snapshot
  const isGone = outcome.kind === 'ok' && (what === 'unsnap' || outcome.value === null)
  if (isGone && !isFolded(peer, snapshot)) return removeSnapshot(peer, out, volume, id)
  if (isGone) return snapshotGone(peer, out, owned, snapshot, now)
  if (givesSnapshotBack(snapshot)) return onNotReleased(peer, out, owned, snapshot, what, outcome, now)
  if (outcome.kind === 'unknown' && what === 'unsnap') {
    return backend(out, volume, `unsnap-look/${id}`, { kind: 'inspect-snapshot', snapshot: { id, volume } })
  }
  if (outcome.kind === 'ok') return removeSnapshot(peer, out, volume, id)
  if (outcome.kind === 'unknown' || mayTryAgain(peer, `unsnap/${id}`)) {
    return timer(out, `unsnap/${volume}/${id}`, peer.options.timings.retryMs)
  }
  const { tool, detail } = outcome
  note(out, 'error', 'snapshot-not-removed', { id, volume, tool, detail })
  snapshotStays(peer, out, owned, snapshot, { tool, detail }, now)
}

function end(peer: Peer, out: Out, from: PeerId, rid: RequestId, owned: Owned, snapshot: Snapshot, now: Now): void {
  const changed = publishOwned(peer, out, { ...owned, volume: withSnapshot(owned.volume, snapshot.id, snapshot) }, now)
  waitFor(peer, rid, from)
  endWith(peer, out, rid, { ...NO_VALUE, volume: changed.volume, snapshot }, now)
}

function leavingOn(peer: Peer, volume: VolumeId, id: SnapshotId): { readonly owned: Owned; readonly snapshot: Snapshot } | null {
  const owned = peer.owned.get(volume)
  const snapshot = owned === undefined ? null : snapshotOf(owned.volume, id)
  return owned === undefined || snapshot === null || !isLeaving(snapshot) ? null : { owned, snapshot }
}

function wasNeverMade({ failure: trouble, existing }: Snapshot): boolean {
  return trouble?.step === 'create' || existing !== undefined
}

/** No register holds its grant any more. A host that has forgotten cannot tell before it has read the register. */
function isFolded(peer: Peer, { rid, project }: Snapshot): boolean {
  return !peer.settled.has(rid) && !isUnsureOf(peer, project)
}
