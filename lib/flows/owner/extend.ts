/**
 * Grows a volume, once it has the room (`room.ts`): X1, backend, the exports of who uses it, X2.
 *
 * What is said to have grown shows its new size to whoever uses it and looks again. An export that will not follow is no
 * reason to hold up the volume: it is left to the looks at what is exported, which make whole what is not as it should be.
 */
import type { Attachment } from '../../model/attachment.ts'
import type { Failure } from '../../model/failure.ts'
import type { PeerId, VolumeId } from '../../model/ids.ts'
import type { RoomOperation } from '../../model/request.ts'
import { isDetachingBegun, statusFromAttachments, type Volume, type VolumeStatus } from '../../model/volume.ts'
import { beatSoon } from '../spread/beat.ts'
import { cancel, note, type Out, timer } from '../out.ts'
import { answerWhenSeen, publishOwned } from '../spread/publish.ts'
import type { BackendOutcome, Now, TargetOutcome } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned, PendingExtend } from './owned.ts'
import { exposeAgain } from './export-steps.ts'
import { backendVolume } from './build.ts'
import { settle } from './settle.ts'
import { backend, endWell, mayTryAgain } from './work.ts'

const FREE: readonly VolumeStatus[] = ['available']
const ONLINE: readonly VolumeStatus[] = ['available', 'in-use']
const HELD: readonly VolumeStatus[] = [...ONLINE, 'reserved', 'attaching', 'detaching']

/** Why it may not grow to this size; null if it may. */
export function refuseExtend(
  peer: Peer,
  owned: Owned,
  { sizeGiB, online }: Omit<Extract<RoomOperation, { kind: 'extend' }>, 'kind'>,
): Failure | null {
  return refuseIn(online ? ONLINE : FREE, peer, owned, sizeGiB)
}

/** The same of an extend that was promised before this host forgot it: nobody is asked to wait for a client that is half-way through attaching. */
export function refusePromised(peer: Peer, owned: Owned, sizeGiB: number): Failure | null {
  return refuseIn(isDetachingBegun(owned.volume) ? ONLINE : HELD, peer, owned, sizeGiB)
}

function refuseIn(allowed: readonly VolumeStatus[], peer: Peer, { volume, step }: Owned, sizeGiB: number): Failure | null {
  const { id, status, pool } = volume
  if (step !== 'built' || !allowed.includes(status)) return { code: 'invalid-status', volume: id, action: 'extend', status, allowed }
  if (sizeGiB <= volume.sizeGiB) return { code: 'size-not-larger', volume: id, sizeGiB: volume.sizeGiB, requestedGiB: sizeGiB }
  if (status === 'available' || pool === null) return null
  // A pool that is not there is refused for that, and not for what it cannot do.
  const known = peer.pools.get(pool)?.capabilities
  return known === undefined || known['online_extend_support'] === true ? null : { code: 'extend-offline', volume: id, pool }
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
  if (isGrown) return follow(peer, out, owned, pending, exportsOf(owned.volume), now)
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

/** One export after the other, each of them by the name and secret that it has. */
function follow(peer: Peer, out: Out, owned: Owned, pending: PendingExtend, [next]: readonly Attachment[], now: Now): void {
  if (next === undefined) return end(peer, out, owned, pending, now)
  exposeAgain(peer, out, next, 'follow')
}

export function onFollowed(peer: Peer, out: Out, owned: Owned, { id }: Attachment, outcome: TargetOutcome, now: Now): void {
  const { pending, volume } = owned
  if (pending?.kind !== 'extend' || !pending.committed) return
  if (outcome.kind !== 'ok') {
    if (mayTryAgain(peer, `follow/${volume.id}`)) return timer(out, `extend/${volume.id}`, peer.options.timings.retryMs)
    note(out, 'warn', 'export-not-grown', { volume: volume.id, attachment: id, tool: outcome.tool, detail: outcome.detail })
  }
  const exports = exportsOf(volume)
  follow(peer, out, owned, pending, exports.slice(exports.findIndex((attachment) => attachment.id === id) + 1), now)
}

function exportsOf({ attachments }: Volume): readonly Attachment[] {
  return attachments.filter(({ export: state, connector }) => state === 'exported' && connector !== null)
}

/** X2: it has its new size, which counts in this host's totals from here on. */
function end(peer: Peer, out: Out, owned: Owned, { rid, sizeGiB }: PendingExtend, now: Now): void {
  const { volume } = owned
  peer.troubles.delete(volume.id)
  peer.tries.delete(`extend/${volume.id}`)
  peer.tries.delete(`follow/${volume.id}`)
  const grown = publishOwned(
    peer,
    out,
    { ...owned, pending: null, working: null, volume: { ...volume, sizeGiB, status: statusFromAttachments(volume.attachments) } },
    now,
  )
  settle(peer, out, volume.project, rid)
  endWell(peer, out, rid, grown.volume, null, now)
  beatSoon(peer, out)
}
