/**
 * Grows a volume: RESERVE the difference, BIND it, X1, backend, X2.
 *
 * The difference is reserved on the volume's own pool, so there is no other pool to try: a refusal is an answer.
 */
import { failure, type Failure } from '../../model/failure.ts'
import { hostName } from '../../model/manifest.ts'
import type { PeerId, VolumeId } from '../../model/ids.ts'
import type { PeerMessage } from '../../model/message.ts'
import { beatSoon } from '../spread/beat.ts'
import { cancel, keepOwned, type Out, send, timer } from '../out.ts'
import { answerWhenSeen, publishOwned } from '../spread/publish.ts'
import type { BackendOutcome, Now } from '../step.ts'
import type { Owned, Peer } from '../tables.ts'
import { backendVolume } from './build.ts'
import { refusalOf } from './capacity.ts'
import { isUnsure, mayBeForgotten, nextReservation } from './reserve.ts'
import { settle } from './settle.ts'
import { backend, endWell, mayTryAgain } from './work.ts'

type ReserveExtend = Extract<PeerMessage, { kind: 'reserve-extend' }>

export function onReserveExtend(peer: Peer, out: Out, from: PeerId, message: ReserveExtend): void {
  const { rid, volume: id, sizeGiB } = message
  const done = peer.results.get(rid)
  if (done !== undefined) return send(out, from, { kind: 'refused', rid, refusal: { kind: 'operation', reply: done.reply } })
  const owned = peer.owned.get(id)
  if (owned?.extend?.rid === rid && owned.extend.sizeGiB === sizeGiB && owned.volume.pool !== null) {
    const { reservation } = owned.extend
    return send(out, from, { kind: 'reserved', rid, pool: owned.volume.pool, reservation, deltaGiB: sizeGiB - owned.volume.sizeGiB })
  }
  const refuse = (facts: Failure): void => send(out, from, { kind: 'refused', rid, refusal: { kind: 'operation', reply: failure(facts) } })
  if (isUnsure(peer) || (owned === undefined && mayBeForgotten(peer, id, message.project)))
    return refuse({ code: 'recovering', host: hostName(peer.options.manifest, peer.self) })
  if (owned === undefined || owned.volume.project !== message.project) return refuse({ code: 'volume-not-found', volume: id })
  const { status, pool, sizeGiB: before } = owned.volume
  if (owned.working !== null || owned.extend !== null)
    return refuse({ code: 'volume-busy', volume: id, running: owned.working?.kind ?? 'extend' })
  if (owned.step !== 'built' || status !== 'available' || pool === null) {
    return refuse({ code: 'invalid-status', volume: id, action: 'extend', status, allowed: ['available'] })
  }
  if (sizeGiB <= before) return refuse({ code: 'size-not-larger', volume: id, sizeGiB: before, requestedGiB: sizeGiB })
  const rejection = refusalOf(peer, pool, sizeGiB - before, [], null)
  if (rejection !== null) return refuse({ code: 'no-room', rejected: [rejection] })

  const reservation = nextReservation(peer, out)
  keepOwned(peer, out, { ...owned, extend: { rid, reservation, sizeGiB, committed: false } })
  timer(out, `resolve/${id}`, peer.options.timings.resolveMs)
  send(out, from, { kind: 'reserved', rid, pool, reservation, deltaGiB: sizeGiB - before })
}

/** X1: the register has bound the difference. Answers `from` once everybody can see that it grows. */
export function commitExtend(peer: Peer, out: Out, owned: Owned, from: PeerId, now: Now): void {
  const { extend, volume } = owned
  if (extend === null || extend.committed) return
  cancel(out, `resolve/${volume.id}`)
  const working = { rid: extend.rid, kind: 'extend', attachment: null, before: volume.status } as const
  const growing = { ...owned, working, extend: { ...extend, committed: true }, volume: { ...volume, status: 'extending' as const } }
  publishOwned(peer, out, growing, now)
  answerWhenSeen(peer, out, from, extend.rid, 'committed')
  grow(out, growing)
}

export function grow(out: Out, owned: Owned): void {
  if (owned.extend !== null) backend(out, owned.volume.id, 'extend', { kind: 'extend', volume: backendVolume(owned, owned.extend.sizeGiB) })
}

export function onExtendTimer(peer: Peer, out: Out, id: VolumeId): void {
  const owned = peer.owned.get(id)
  if (owned?.extend?.committed === true) grow(out, owned)
}

export function onExtended(peer: Peer, out: Out, owned: Owned, job: string, outcome: BackendOutcome, now: Now): void {
  const { extend } = owned
  if (extend === null) return
  const { id } = owned.volume
  if (outcome.kind === 'failed' && job === 'extend') peer.troubles.set(id, { tool: outcome.tool, detail: outcome.detail })
  const wantedBytes = backendVolume(owned, extend.sizeGiB).sizeBytes
  const isGrown = outcome.kind === 'ok' && (job === 'extend' || (outcome.value?.sizeBytes ?? 0) >= wantedBytes)
  if (isGrown) return end(peer, out, owned, extend.sizeGiB, now)
  if (job === 'extend') return backend(out, id, 'extend-look', { kind: 'inspect', volume: id })
  // It was looked at and is not larger. Only what a tool refused outright, and refuses again, is an error.
  const trouble = peer.troubles.get(id)
  if (trouble === undefined || outcome.kind !== 'ok' || mayTryAgain(peer, `extend/${id}`)) {
    return timer(out, `extend/${id}`, peer.options.timings.retryMs)
  }
  peer.troubles.delete(id)
  const volume = { ...owned.volume, status: 'error_extending', failure: { kind: 'backend', step: 'extend', ...trouble } } as const
  publishOwned(peer, out, { ...owned, extend: null, working: null, volume }, now)
  settle(peer, out, volume.project, extend.rid)
  beatSoon(peer, out)
}

/** X2: it has its new size, which counts in this host's totals from here on. */
function end(peer: Peer, out: Out, owned: Owned, sizeGiB: number, now: Now): void {
  const { extend, volume, working } = owned
  if (extend === null) return
  peer.troubles.delete(volume.id)
  peer.tries.delete(`extend/${volume.id}`)
  const grown = publishOwned(
    peer,
    out,
    { ...owned, extend: null, working: null, volume: { ...volume, sizeGiB, status: working?.before ?? 'available' } },
    now,
  )
  settle(peer, out, volume.project, extend.rid)
  endWell(peer, out, extend.rid, grown.volume, null, now)
  beatSoon(peer, out)
}
