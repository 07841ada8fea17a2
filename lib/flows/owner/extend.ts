/** Grows a volume, once it has the room (`room.ts`): X1, backend, X2. */
import type { Failure } from '../../model/failure.ts'
import type { PeerId, VolumeId } from '../../model/ids.ts'
import type { RoomOperation } from '../../model/request.ts'
import { beatSoon } from '../spread/beat.ts'
import { cancel, type Out, timer } from '../out.ts'
import { answerWhenSeen, publishOwned } from '../spread/publish.ts'
import type { BackendOutcome, Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned, PendingExtend } from './owned.ts'
import { backendVolume } from './build.ts'
import { settle } from './settle.ts'
import { backend, endWell, mayTryAgain } from './work.ts'

/** Why it may not grow to this size; null if it may. */
export function refuseExtend({ volume, step }: Owned, { sizeGiB }: Extract<RoomOperation, { kind: 'extend' }>): Failure | null {
  const { id, status } = volume
  if (step !== 'built' || status !== 'available')
    return { code: 'invalid-status', volume: id, action: 'extend', status, allowed: ['available'] }
  return sizeGiB > volume.sizeGiB ? null : { code: 'size-not-larger', volume: id, sizeGiB: volume.sizeGiB, requestedGiB: sizeGiB }
}

/** X1: the register has bound the difference. */
export function commitExtend(peer: Peer, out: Out, owned: Owned, pending: PendingExtend, from: PeerId, now: Now): void {
  const { volume } = owned
  cancel(out, `resolve/${volume.id}`)
  const working = { rid: pending.rid, kind: 'extend', attachment: null, before: volume.status } as const
  const growing = { ...owned, working, pending: { ...pending, committed: true }, volume: { ...volume, status: 'extending' as const } }
  publishOwned(peer, out, growing, now)
  answerWhenSeen(peer, out, from, pending.rid, 'committed')
  growAgain(out, growing)
}

export function growAgain(out: Out, owned: Owned): void {
  const { volume, pending } = owned
  if (pending?.kind === 'extend') backend(out, volume.id, 'extend', { kind: 'extend', volume: backendVolume(owned, pending.sizeGiB) })
}

export function onExtendTimer(peer: Peer, out: Out, id: VolumeId): void {
  const owned = peer.owned.get(id)
  if (owned?.pending?.committed === true) growAgain(out, owned)
}

export function onExtended(peer: Peer, out: Out, owned: Owned, job: string, outcome: BackendOutcome, now: Now): void {
  const { pending } = owned
  if (pending?.kind !== 'extend') return
  const { id } = owned.volume
  if (outcome.kind === 'failed' && job === 'extend') peer.troubles.set(id, { tool: outcome.tool, detail: outcome.detail })
  const wantedBytes = backendVolume(owned, pending.sizeGiB).sizeBytes
  const isGrown = outcome.kind === 'ok' && (job === 'extend' || (outcome.value?.sizeBytes ?? 0) >= wantedBytes)
  if (isGrown) return end(peer, out, owned, pending, now)
  if (job === 'extend') return backend(out, id, 'extend-look', { kind: 'inspect', volume: id })
  // It was looked at and is not larger. Only what a tool refused outright, and refuses again, is an error.
  const trouble = peer.troubles.get(id)
  if (trouble === undefined || outcome.kind !== 'ok' || mayTryAgain(peer, `extend/${id}`)) {
    return timer(out, `extend/${id}`, peer.options.timings.retryMs)
  }
  peer.troubles.delete(id)
  const volume = { ...owned.volume, status: 'error_extending', failure: { kind: 'backend', step: 'extend', ...trouble } } as const
  publishOwned(peer, out, { ...owned, pending: null, working: null, volume }, now)
  settle(peer, out, volume.project, pending.rid)
  beatSoon(peer, out)
}

/** X2: it has its new size, which counts in this host's totals from here on. */
function end(peer: Peer, out: Out, owned: Owned, { rid, sizeGiB }: PendingExtend, now: Now): void {
  const { volume, working } = owned
  peer.troubles.delete(volume.id)
  peer.tries.delete(`extend/${volume.id}`)
  const grown = publishOwned(
    peer,
    out,
    { ...owned, pending: null, working: null, volume: { ...volume, sizeGiB, status: working?.before ?? 'available' } },
    now,
  )
  settle(peer, out, volume.project, rid)
  endWell(peer, out, rid, grown.volume, null, now)
  beatSoon(peer, out)
}
