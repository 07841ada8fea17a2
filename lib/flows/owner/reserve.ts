/**
 * Sets room aside for one request, and lets it go again.
 *
 * R is journalled before the coordinator hears of it. Nothing is promised by it: the register decides. A reservation
 * that hears nothing asks the register itself; bound to it means build, and otherwise the register closes it for good
 * before the room is free again, so that a BIND that is still on its way cannot find a host without room.
 */
import { effectiveServices } from '../../model/catalogue.ts'
import { failure } from '../../model/failure.ts'
import { assertNever } from '../../model/invariant.ts'
import { hostOf } from '../../model/manifest.ts'
import { type PeerId, type ProjectId, type RequestId, reservationId, type ReservationId, type VolumeId } from '../../model/ids.ts'
import type { VolumeSpec } from '../../model/volume.ts'
import type { ChangeOutcome, PeerMessage, Refusal } from '../../model/message.ts'
import { isBarred } from '../../model/service.ts'
import type { Certificate } from '../../model/proof.ts'
import { askRegister } from '../group/ask.ts'
import { cancel, dropOwned, keepHost, keepOwned, note, type Out, send, timer } from '../out.ts'
import { createBody, creatingVolume, usageOfSpec } from '../shape.ts'
import { onTypesNeeded } from '../spread/catalogue.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { isPart, letGoOfParts } from './group-parts.ts'
import type { Owned } from './owned.ts'
import { isDraining, refusalOfAny, roomFor, typesFor, versionOf } from './capacity.ts'
import { refuseMember } from './members.ts'
import { isProven } from './proven.ts'
import { isUnsure } from './forgotten.ts'
import { flagsOf, refuseSource } from './source.ts'

type Message<Kind extends PeerMessage['kind']> = Extract<PeerMessage, { kind: Kind }>

export function onReserve(peer: Peer, out: Out, from: PeerId, { rid, pool, spec, typeVersion }: Message<'reserve'>): void {
  const refuse = (refusal: Refusal): void => send(out, from, { kind: 'refused', rid, refusal })
  if (peer.state !== 'ready') return refuse({ kind: 'not-ready', state: peer.state })
  if (isDraining(peer)) return refuse({ kind: 'not-ready', state: 'draining' })
  if (isBarred(effectiveServices(peer.catalogue.entries), pool)) return refuse({ kind: 'not-ready', state: 'disabled' })
  if (isUnsure(peer)) return refuse({ kind: 'not-ready', state: 'recovering' })
  const known = peer.owned.get(spec.id)
  // While it is only reserved, the same key with another body must not get this room: what is bound is built as reserved.
  const isSame =
    known !== undefined && known.volume.rid === rid && (known.step !== 'reserved' || createBody(known.volume) === createBody(spec))
  if (isSame && known.volume.pool !== null) {
    return send(out, from, {
      kind: 'reserved',
      rid,
      pool: known.volume.pool,
      reservation: known.reservation,
      ...sizeOf(known.volume),
      body: createBody(spec),
    })
  }
  if (known !== undefined || peer.tombs.has(spec.id)) return refuse({ kind: 'not-ready', state: 'the id was used before' })
  const types = typesFor(peer, spec)
  if (typeVersion !== versionOf(types)) {
    // One of the two is behind: who hears of a newer copy reads the register at once, and the request comes again.
    onTypesNeeded(peer, out, typeVersion ?? 0)
    return refuse({ kind: 'other-type', version: peer.catalogue.version })
  }
  const facts = refuseSource(peer, spec, pool) ?? refuseMember(peer, spec, pool)
  if (facts !== null) return refuse({ kind: 'operation', reply: failure(facts) })
  const rejection = refusalOfAny(
    peer,
    pool,
    roomFor(spec, peer.pools.get(pool) ?? null),
    spec.zone === null ? [] : [spec.zone],
    types ?? [],
  )
  if (rejection !== null) return refuse({ kind: 'no-room', rejection: { ...rejection, filter: `owner: ${rejection.filter}` } })

  const reservation = nextReservation(peer, out)
  const zone = hostOf(peer.options.manifest, peer.self)?.zone ?? ''
  const volume = { ...creatingVolume(spec, rid, peer.self, pool, zone), ...flagsOf(peer, spec) }
  keepOwned(peer, out, { volume, step: 'reserved', reservation, seq: 0, hash: null, pending: null, working: null })
  timer(out, `resolve/${spec.id}`, peer.options.timings.resolveMs)
  send(out, from, { kind: 'reserved', rid, pool, reservation, ...sizeOf(spec), body: createBody(spec) })
}

function sizeOf(
  spec: Pick<VolumeSpec, 'sizeGiB' | 'typeId' | 'project' | 'holds'>,
): Pick<Message<'reserved'>, 'delta' | 'sizeGiB' | 'source'> {
  return { delta: usageOfSpec(spec), sizeGiB: spec.sizeGiB, source: spec.project }
}

export function nextReservation(peer: Peer, out: Out): ReservationId {
  peer.reservations += 1
  keepHost(peer, out)
  return reservationId(`${peer.epoch}.${peer.reservations}`)
}

/** The coordinator has no use for it: ask now instead of after a minute. */
export function onAbandon(peer: Peer, out: Out, { rid, reservation }: Message<'abandon'>, now: Now): void {
  for (const owned of peer.owned.values()) {
    const open = openReservation(owned)
    if (open?.rid === rid && open.reservation === reservation) return resolve(peer, out, owned, now)
  }
}

export function onResolveTimer(peer: Peer, out: Out, id: VolumeId, now: Now): void {
  const owned = peer.owned.get(id)
  if (owned !== undefined && openReservation(owned) !== null) resolve(peer, out, owned, now)
}

/** Asks the register what became of the open reservation of this volume. */
export function resolve(peer: Peer, out: Out, owned: Owned, now: Now): void {
  const open = openReservation(owned)
  if (open === null) return
  const { rid, reservation, project } = open
  const { id } = owned.volume
  askRegister(
    peer,
    out,
    project,
    { kind: 'resolve', rid, host: peer.self, reservation, atMs: now.wallMs },
    { kind: 'resolve', volume: id, rid, reservation },
  )
}

/** What the register said of a reservation: `commit` to be carried out by the caller, or it is dealt with. */
export function onResolved(
  peer: Peer,
  out: Out,
  asked: { readonly volume: VolumeId; readonly rid: RequestId; readonly reservation: ReservationId; readonly project: ProjectId },
  outcome: ChangeOutcome,
): Certificate | null {
  const owned = peer.owned.get(asked.volume)
  const open = owned === undefined ? null : openReservation(owned)
  if (owned === undefined || open === null || open.rid !== asked.rid || open.reservation !== asked.reservation) return null
  const key = `resolve/${asked.volume}`
  if (outcome.kind !== 'decided') {
    timer(out, key, peer.options.timings.retryMs)
    return null
  }
  const hasEnded = outcome.answer.kind === 'bound' && outcome.answer.binding.kind === 'recent'
  const isOnce = owned.pending !== null && owned.pending.kind !== 'extend'
  if (hasEnded && (owned.seq === 0 || isOnce)) {
    // It was made and has ended since, which this host has forgotten: if it were still there, the log would have it.
    cancel(out, key)
    letGo(peer, out, owned)
    return null
  }
  if (outcome.answer.kind === 'bound') {
    const { project, rid, volume, reservation } = asked
    const certificate = { project, rid, volume, host: peer.self, reservation, proof: outcome.proof }
    if (isProven(peer, certificate)) return certificate
    // The voters have changed in between, for one of the two.
    timer(out, key, peer.options.timings.retryMs)
    return null
  }
  if (outcome.answer.kind !== 'closed') {
    note(out, 'warn', 'resolve-odd-answer', { volume: asked.volume, answer: outcome.answer.kind })
    return null
  }
  cancel(out, key)
  letGo(peer, out, owned)
  return null
}

function letGo(peer: Peer, out: Out, owned: Owned): void {
  if (owned.pending === null) return dropOwned(peer, out, owned.volume.id)
  keepOwned(peer, out, { ...owned, pending: null })
  if (owned.pending.kind === 'group-snapshot') letGoOfParts(peer, out, owned.pending)
}

interface OpenReservation {
  readonly rid: RequestId
  readonly reservation: ReservationId
  /** In whose register it is decided. */
  readonly project: ProjectId
}

/** The reservation of this volume that nobody has committed yet, if there is one. */
export function openReservation(owned: Owned): OpenReservation | null {
  const { pending, volume } = owned
  switch (owned.step) {
    case 'reserved':
      return { rid: volume.rid, reservation: owned.reservation, project: volume.project }
    case 'built':
      if (pending === null || pending.committed || isPart(pending)) return null
      return { rid: pending.rid, reservation: pending.reservation, project: pending.kind === 'accept' ? pending.project : volume.project }
    case 'committed':
    case 'deleting':
    case 'failed':
      return null
    default:
      return assertNever(owned.step)
  }
}
