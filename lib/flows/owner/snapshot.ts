/**
 * Makes a snapshot of a volume, or takes one in that lies in the pool, once it has the room (`room.ts`): C with the snapshot in the
 * record, backend, check, A; or clean up, E. What was to be taken in is never removed: a mark that was left on it is taken back.
 *
 * While it is made the volume's status stays what it is, and nothing else is done with the volume. As with volumes, a
 * command whose outcome is unknown is looked after, and only a tool's own refusal puts a snapshot in error.
 */
import type { Failure } from '../../model/failure.ts'
import type { PeerId, VolumeId } from '../../model/ids.ts'
import { NO_VALUE, type RoomOperation } from '../../model/request.ts'
import {
  creatingSnapshot,
  RECORD_CHARS_MAX,
  type Snapshot,
  SNAPSHOTS_MAX,
  snapshotOf,
  takenIn,
  withSnapshot,
} from '../../model/snapshot.ts'
import type { Volume, VolumeStatus } from '../../model/volume.ts'
import type { BackendSnapshot, SnapshotName } from '../../ports/backend.ts'
import { beatSoon } from '../spread/beat.ts'
import { cancel, note, type Out, timer } from '../out.ts'
import { answerWhenSeen, publishOwned } from '../spread/publish.ts'
import type { BackendOutcome, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned, PendingSnapshot } from './owned.ts'
import { backendVolume } from './build.ts'
import { isPart } from './group-parts.ts'
import { endPart } from './group-progress.ts'
import { settle } from './settle.ts'
import { isTaken } from './source.ts'
import { backend, endWith, mayTryAgain, takeTrouble } from './work.ts'

/** Of a volume in use a snapshot has what has reached the volume by then, as after a power cut: only who forces it gets it. */
const FREE: readonly VolumeStatus[] = ['available']
const FORCED: readonly VolumeStatus[] = ['available', 'reserved', 'attaching', 'in-use', 'detaching']

/** Why there may be no such snapshot; null if there may. */
export function refuseSnapshot(
  peer: Peer,
  owned: Owned,
  { snapshot, force }: Extract<RoomOperation, { kind: 'snapshot' }>,
): Failure | null {
  const { volume, step } = owned
  const { id, status } = volume
  const allowed = force ? FORCED : FREE
  if (step !== 'built' || !allowed.includes(status)) return { code: 'invalid-status', volume: id, action: 'snapshot', status, allowed }
  if (volume.snapshots.length >= SNAPSHOTS_MAX) return { code: 'record-full', volume: id, of: 'snapshots', limit: SNAPSHOTS_MAX }
  const { existing } = snapshot
  if (existing !== undefined && volume.pool !== null && isTaken(peer, volume.pool, existing.name))
    return { code: 'existing-taken', name: existing.name }
  return recordFailure(volume, JSON.stringify(snapshot).length)
}

/** Whether the record, with so many characters more, would be too large. */
export function recordFailure(volume: Volume, more = 0): Failure | null {
  if (JSON.stringify(volume).length + more <= RECORD_CHARS_MAX) return null
  return { code: 'record-full', volume: volume.id, of: 'characters', limit: RECORD_CHARS_MAX }
}

/** C: the register has bound the room. From here on everybody sees the snapshot. */
export function commitSnapshot(peer: Peer, out: Out, owned: Owned, pending: PendingSnapshot, from: PeerId, now: Now): void {
  const { rid, snapshot } = pending
  cancel(out, `resolve/${owned.volume.id}`)
  const taking = takeSnapshot(peer, out, owned, pending, now)
  endWith(peer, out, rid, { ...NO_VALUE, volume: taking.volume, snapshot: snapshotOf(taking.volume, snapshot.id) }, now)
  answerWhenSeen(peer, out, from, rid, 'committed')
}

/** Whoever waits for it is answered by the caller. */
export function takeSnapshot(peer: Peer, out: Out, owned: Owned, pending: PendingSnapshot, now: Now): Owned {
  const { volume } = owned
  const { rid, snapshot: spec } = pending
  peer.straySnapshots.delete(spec.id)
  const snapshot = snapshotOf(volume, spec.id) ?? creatingSnapshot(spec, pending)
  const working = { rid, kind: 'snapshot', attachment: null, before: volume.status } as const
  const committed = { ...pending, committed: true }
  const taking = publishOwned(peer, out, { ...owned, working, pending: committed, volume: withSnapshot(volume, spec.id, snapshot) }, now)
  take(out, taking, committed)
  return taking
}

/** After a crash, or when it is not known how a command ended: look first. */
export function lookAtSnapshot(out: Out, { volume }: Owned, pending: PendingSnapshot): void {
  backend(out, volume.id, 'snapshot-look', { kind: 'inspect-snapshot', snapshot: nameOf(pending) })
}

export function onSnapshotTimer(peer: Peer, out: Out, id: VolumeId): void {
  const owned = peer.owned.get(id)
  if (owned?.pending?.kind === 'snapshot' && owned.pending.committed) lookAtSnapshot(out, owned, owned.pending)
}

export function onSnapshotMade(peer: Peer, out: Out, owned: Owned, job: string, outcome: BackendOutcome, now: Now): void {
  const { pending, volume } = owned
  if (pending?.kind !== 'snapshot') return
  switch (job) {
    case 'snapshot':
      if (outcome.kind === 'ok') return become(peer, out, owned, pending, now)
      if (outcome.kind === 'unknown') return lookAtSnapshot(out, owned, pending)
      peer.troubles.set(volume.id, { tool: outcome.tool, detail: outcome.detail })
      if (pending.snapshot.existing === undefined)
        return backend(out, volume.id, 'snapshot-clean', { kind: 'remove-snapshot', snapshot: nameOf(pending) })
      return backend(out, volume.id, 'snapshot-see', { kind: 'inspect-snapshot', snapshot: nameOf(pending) })
    case 'snapshot-see':
      return onSeen(peer, out, owned, pending, outcome, now)
    case 'snapshot-look':
      return onLooked(peer, out, owned, pending, outcome, now)
    default:
      // What the clean-up may have left is removed again when the snapshot is deleted.
      return fail(peer, out, owned, pending, now)
  }
}

function take(out: Out, owned: Owned, pending: PendingSnapshot): void {
  const { project, id } = owned.volume
  const { existing } = pending.snapshot
  const made = { snapshot: backendSnapshot(owned, pending), tags: { project, rid: pending.rid } }
  if (existing === undefined) backend(out, id, 'snapshot', { kind: 'create-snapshot', ...made })
  else backend(out, id, 'snapshot', { kind: 'adopt-snapshot', ...made, name: existing.name })
}

function backendSnapshot(owned: Owned, pending: PendingSnapshot): BackendSnapshot {
  const { pool, sizeBytes } = backendVolume(owned, pending.sizeGiB)
  return { ...nameOf(pending), pool, sizeBytes }
}

function nameOf({ snapshot }: PendingSnapshot): SnapshotName {
  return { id: snapshot.id, volume: snapshot.volume }
}

function onLooked(peer: Peer, out: Out, owned: Owned, pending: PendingSnapshot, outcome: BackendOutcome, now: Now): void {
  const what = `snapshot/${owned.volume.id}`
  const isThere = outcome.kind === 'ok' && outcome.value?.sizeBytes === backendSnapshot(owned, pending).sizeBytes
  if (isThere) return become(peer, out, owned, pending, now)
  if (outcome.kind === 'ok' && mayTryAgain(peer, what)) return take(out, owned, pending)
  timer(out, what, peer.options.timings.retryMs)
}

/** Taken in after all; or not, and then whatever lies there stays as it is. */
function onSeen(peer: Peer, out: Out, owned: Owned, pending: PendingSnapshot, outcome: BackendOutcome, now: Now): void {
  const { id } = owned.volume
  if (outcome.kind !== 'ok') return timer(out, `snapshot/${id}`, peer.options.timings.retryMs)
  if (outcome.value?.sizeBytes === backendSnapshot(owned, pending).sizeBytes) return become(peer, out, owned, pending, now)
  backend(out, id, 'snapshot-clean', { kind: 'release-snapshot', snapshot: nameOf(pending) })
}

/** A: it is there, whole. */
function become(peer: Peer, out: Out, owned: Owned, pending: PendingSnapshot, now: Now): void {
  peer.tries.delete(`snapshot/${owned.volume.id}`)
  if (isPart(pending)) return endPart(peer, out, pending, 'made', now)
  end(peer, out, owned, pending, (made) => ({ ...takenIn(made), status: 'available' }), now)
}

function fail(peer: Peer, out: Out, owned: Owned, pending: PendingSnapshot, now: Now): void {
  const trouble = takeTrouble(peer, owned.volume.id) ?? { tool: 'backend', detail: '' }
  note(out, 'error', 'snapshot-not-made', { ...nameOf(pending), ...trouble })
  const step = pending.snapshot.existing === undefined ? 'create' : 'manage'
  if (isPart(pending)) return endPart(peer, out, pending, trouble, now)
  end(peer, out, owned, pending, (made) => ({ ...made, status: 'error', failure: { step, ...trouble } }), now)
}

function end(peer: Peer, out: Out, owned: Owned, pending: PendingSnapshot, change: (made: Snapshot) => Snapshot, now: Now): void {
  const { volume } = owned
  const made = snapshotOf(volume, pending.snapshot.id) ?? creatingSnapshot(pending.snapshot, pending)
  const changed = withSnapshot(volume, made.id, { ...change(made), updatedAtMs: now.wallMs })
  publishOwned(peer, out, { ...owned, pending: null, working: null, volume: changed }, now)
  settle(peer, out, volume.project, pending.rid)
  beatSoon(peer, out)
}

/** A snapshot that was promised and that this host has forgotten, without room for it any more. */
export function failForgotten(peer: Peer, out: Out, owned: Owned, pending: PendingSnapshot, detail: string, now: Now): void {
  peer.troubles.set(owned.volume.id, { tool: FORGOTTEN, detail })
  fail(peer, out, { ...owned, pending }, pending, now)
}

/** In the place of a tool: nothing on this host refused anything. */
export const FORGOTTEN = 'a host that had forgotten the request'

/** A request that this host knows only by the record that came of it: its reservation's name is gone. */
export function pendingOf({ rid, bodyHash, sizeGiB, ...snapshot }: Snapshot, reservation: PendingSnapshot['reservation']): PendingSnapshot {
  const { id, volume, project, user, name, description, metadata, createdAtMs, existing, groupSnapshot } = snapshot
  const taken = existing === undefined ? {} : { existing }
  const grouped = groupSnapshot === undefined ? {} : { groupSnapshot }
  const spec = { id, volume, project, user, name, description, metadata, createdAtMs, ...taken, ...grouped }
  return { kind: 'snapshot', rid, reservation, committed: true, sizeGiB, snapshot: spec, bodyHash }
}
