/**
 * How it ends for a snapshot that was to go: it is out of its volume's record, or it stays, and its record says why.
 *
 * Bytes that are to be given back may be so although the tool said no: they are looked at before anybody is told that they are the
 * snapshot's still.
 */
import { type Snapshot, withSnapshot } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'
import { note, type Out, timer } from '../out.ts'
import { beatSoon } from '../spread/beat.ts'
import { publishOwned } from '../spread/publish.ts'
import type { BackendOutcome, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned } from './owned.ts'
import { onMemberSnapshotGone } from './group-progress.ts'
import { leaveRoom } from './leaving.ts'
import { endOf, settle } from './settle.ts'
import { backend, mayTryAgain } from './work.ts'

interface Said {
  readonly tool: string
  readonly detail: string
}

export function snapshotGone(peer: Peer, out: Out, owned: Owned, { id, status, sizeGiB, groupSnapshot }: Snapshot, now: Now): void {
  peer.tries.delete(`unsnap/${id}`)
  peer.troubles.delete(id)
  // What was never taken in has been somebody else's all the time, and is deleted and not unmanaged.
  if (status === 'unmanaging') leaveRoom(peer, owned.volume.pool, sizeGiB)
  const without = publishOwned(peer, out, { ...owned, volume: withSnapshot(owned.volume, id, null) }, now)
  settle(peer, out, owned.volume.project, endOf(id))
  if (groupSnapshot !== undefined) onMemberSnapshotGone(peer, out, groupSnapshot, now)
  // It went with its volume, which has waited for the last of them.
  if (without.step === 'deleting' && without.volume.snapshots.length === 0) timer(out, `remove/${owned.volume.id}`, 0)
  beatSoon(peer, out)
}

/** It can be deleted again; or it is as it was before it was unmanaged. */
export function snapshotStays(peer: Peer, out: Out, owned: Owned, snapshot: Snapshot, said: Said, now: Now): void {
  const isBack = snapshot.status === 'unmanaging'
  const failure = { step: isBack ? 'unmanage' : 'delete', ...said } as const
  const left = { ...snapshot, status: isBack ? 'available' : 'error_deleting', failure, updatedAtMs: now.wallMs } as const
  const volume = withSnapshot(owned.volume, snapshot.id, left)
  publishOwned(peer, out, owned.step === 'deleting' ? notDeleted(owned, volume, said) : { ...owned, volume }, now)
  if (snapshot.groupSnapshot !== undefined) onMemberSnapshotGone(peer, out, snapshot.groupSnapshot, now)
}

/** @param what the job that has come to this: the release, or a look at what it has left */
export function onNotReleased(
  peer: Peer,
  out: Out,
  owned: Owned,
  snapshot: Snapshot,
  what: string,
  outcome: BackendOutcome,
  now: Now,
): void {
  const { id, volume } = snapshot
  if (what === 'unsnap') {
    if (outcome.kind === 'failed') peer.troubles.set(id, { tool: outcome.tool, detail: outcome.detail })
    return backend(out, volume, `unsnap-look/${id}`, { kind: 'inspect-snapshot', snapshot: { id, volume } })
  }
  // It was looked at and is there. Only what a tool refused outright, and refuses again, comes to nothing.
  const trouble = peer.troubles.get(id)
  if (trouble === undefined || outcome.kind !== 'ok' || mayTryAgain(peer, `unsnap/${id}`))
    return timer(out, `unsnap/${volume}/${id}`, peer.options.timings.retryMs)
  peer.troubles.delete(id)
  note(out, 'error', 'snapshot-not-released', { id, volume, ...trouble })
  snapshotStays(peer, out, owned, snapshot, trouble, now)
}

/** A volume whose snapshot would not go has not gone either, and may be deleted again. */
function notDeleted(owned: Owned, volume: Volume, said: Said): Owned {
  const trouble = { kind: 'backend', step: 'delete', ...said } as const
  return { ...owned, step: 'failed', working: null, volume: { ...volume, status: 'error_deleting', failure: trouble } }
}
