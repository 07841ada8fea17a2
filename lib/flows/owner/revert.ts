/**
 * Gives a volume the bytes of its latest snapshot again: `reverting` in the record, backend, both `available`; or the volume in
 * error, and the snapshot as it was.
 *
 * It is answered when everybody may know that it was begun, as in Cinder. Until it has ended nothing else is done with the
 * volume. Whatever cut it off, it is carried out again, under the name that stands in the record: what was done under it is not
 * done twice, also by a host that has forgotten that it was done.
 */
import { failure, type Failure } from '../../model/failure.ts'
import type { PeerId, VolumeId } from '../../model/ids.ts'
import { hostName } from '../../model/manifest.ts'
import type { Operation, OperationRequest } from '../../model/request.ts'
import { latestSnapshot, type Snapshot, snapshotOf, withSnapshot } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'
import { note, type Out, timer } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { BackendOutcome, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { backendVolume } from './build.ts'
import { isUnsureOf, missingSnapshot } from './forgotten.ts'
import type { Owned } from './owned.ts'
import { isBeingCopied } from './source.ts'
import { answerNow, backend, endWell, mayTryAgain, waitFor } from './work.ts'

type Revert = Extract<Operation, { kind: 'revert' }>

export function startRevert(peer: Peer, out: Out, from: PeerId, owned: Owned, { rid }: OperationRequest, to: Revert, now: Now): void {
  const facts = refuseRevert(peer, owned, to)
  if (facts !== null) return answerNow(out, from, rid, failure(facts))
  const { volume } = owned
  const working = { rid, kind: 'revert', attachment: null, before: volume.status } as const
  const begun = marked(volume, to.snapshot, { status: 'restoring', revert: rid }, now)
  const reverting = publishOwned(peer, out, { ...owned, working, volume: { ...begun, status: 'reverting' } }, now)
  waitFor(peer, rid, from)
  endWell(peer, out, rid, reverting.volume, null, now)
  revertAgain(out, reverting)
}

/** From the record alone: what was begun before a crash goes on. */
export function revertAgain(out: Out, owned: Owned): void {
  const { volume } = owned
  const snapshot = restoringIn(volume)
  if (volume.status !== 'reverting' || snapshot === null || snapshot.revert === null) return
  const name = { id: snapshot.id, volume: volume.id }
  const whole = backendVolume(owned, volume.sizeGiB)
  backend(out, volume.id, 'revert', { kind: 'revert', volume: whole, snapshot: name, rid: snapshot.revert })
}

export function onRevertTimer(peer: Peer, out: Out, id: VolumeId): void {
  const owned = peer.owned.get(id)
  if (owned !== undefined) revertAgain(out, owned)
}

export function onReverted(peer: Peer, out: Out, owned: Owned, outcome: BackendOutcome, now: Now): void {
  const { volume } = owned
  const snapshot = restoringIn(volume)
  if (volume.status !== 'reverting' || snapshot === null) return
  const what = `revert/${volume.id}`
  // Whether it was done cannot be seen; but what was done under this name is not done again.
  const isOver = outcome.kind === 'ok' || (outcome.kind === 'failed' && !mayTryAgain(peer, what))
  if (!isOver) return timer(out, what, peer.options.timings.retryMs)
  peer.tries.delete(what)
  const ended = { ...owned, working: null, volume: marked(volume, snapshot.id, { status: 'available' }, now) }
  if (outcome.kind === 'ok') {
    publishOwned(peer, out, { ...ended, volume: { ...ended.volume, status: 'available' } }, now)
    return
  }
  const { tool, detail } = outcome
  note(out, 'error', 'volume-not-reverted', { volume: volume.id, snapshot: snapshot.id, tool, detail })
  const trouble = { kind: 'backend', step: 'revert', tool, detail } as const
  publishOwned(peer, out, { ...ended, volume: { ...ended.volume, status: 'error', failure: trouble } }, now)
}

function refuseRevert(peer: Peer, { volume, step }: Owned, { snapshot: id }: Revert): Failure | null {
  const { status, sizeGiB } = volume
  const snapshot = snapshotOf(volume, id)
  if (snapshot === null) return missingSnapshot(peer, id, volume.project)
  // A later one may be promised without this host's knowing.
  if (isUnsureOf(peer, volume.project)) return { code: 'recovering', host: hostName(peer.options.manifest, peer.self) }
  const latest = latestSnapshot(volume)
  if (latest?.id !== id) return { code: 'snapshot-not-latest', volume: volume.id, snapshot: id, latest: latest?.id ?? null }
  if (snapshot.sizeGiB !== sizeGiB) return { code: 'revert-size', volume: volume.id, sizeGiB, snapshot: id, snapshotGiB: snapshot.sizeGiB }
  if (step !== 'built' || status !== 'available' || snapshot.status !== 'available')
    return { code: 'revert-status', volume: volume.id, status, snapshot: id, snapshotStatus: snapshot.status }
  return isBeingCopied(peer, volume.id, null) ? { code: 'volume-busy', volume: volume.id, running: 'copy' } : null
}

function restoringIn({ snapshots }: Volume): Snapshot | null {
  return snapshots.find(({ status }) => status === 'restoring') ?? null
}

function marked(volume: Volume, id: Snapshot['id'], change: Partial<Snapshot>, { wallMs }: Now): Volume {
  const snapshot = snapshotOf(volume, id)
  return snapshot === null ? volume : withSnapshot(volume, id, { ...snapshot, ...change, updatedAtMs: wallMs })
}
