/**
 * Coordinates a create: rank, RESERVE on one pool after the other, BIND, and only then an answer; or UNPLACE.
 *
 * Nothing of this survives the coordinator, and nothing needs to: before BIND nobody was promised anything and the
 * reservation resolves itself; after BIND the host alone can finish.
 */
import { failure, success, type Failure } from '../../model/failure.ts'
import { assertNever } from '../../model/invariant.ts'
import { isForming, zoneOf } from '../../model/manifest.ts'
import { CLUSTER_PROJECT, type PeerId, type RequestId } from '../../model/ids.ts'
import type { Binding, Recent, Unplaced } from '../../model/ledger.ts'
import type { ChangeOutcome, PeerMessage, Refusal } from '../../model/message.ts'
import type { Proof } from '../../model/proof.ts'
import type { KnownType } from '../../model/catalogue.ts'
import type { Candidate, PlaceRequest, Ranking, Rejection } from '../../model/placement.ts'
import type { ClientRequest } from '../../model/request.ts'
import type { Volume } from '../../model/volume.ts'
import { allowsMultiattach } from '../../model/volume-type.ts'
import { rank } from '../../placement/rank.ts'
import { noteGranted } from '../../replica/view.ts'
import { askRegister } from '../group/ask.ts'
import { cancel, type Out, reply, send, timer } from '../out.ts'
import { roomFor, typesFor, versionOf } from '../owner/capacity.ts'
import { createBody, creatingVolume, grantedVolume, usageOfSpec } from '../shape.ts'
import { isPictureYoung, knownPools } from '../spread/beat.ts'
import { takeTypes } from '../spread/catalogue.ts'
import type { Now } from '../step.ts'
import { CLOSED_TRIES_MAX, RESERVE_TRIES_MAX, TYPE_TRIES_MAX } from '../timings.ts'
import type { Peer } from '../tables.ts'
import { placeRequest } from './place.ts'
import { overQuota, undecided, unreachable } from './reasons.ts'
import type { Creating } from './requests.ts'

type Message<Kind extends PeerMessage['kind']> = Extract<PeerMessage, { kind: Kind }>
type Decided = Extract<ChangeOutcome, { kind: 'decided' }>

const NO_RANKING: Ranking = { candidates: [], rejected: [], viewDigest: '' }

export function onCreate(peer: Peer, out: Out, client: string, request: Extract<ClientRequest, { kind: 'create' }>, now: Now): void {
  const { rid, spec, bodyHash, sourceAt, hints } = request
  const { manifest } = peer.options
  const refuse = (facts: Failure): void => reply(out, client, { kind: 'create', result: failure(facts) })
  if (isForming(manifest)) {
    const joined = manifest.hosts.filter((host) => host.voter).length
    return refuse({ code: 'forming', joined, expect: manifest.expect })
  }
  const running = peer.creating.get(rid)
  if (running !== undefined) {
    if (running.bodyHash !== bodyHash) return refuse({ code: 'request-mismatch', volume: spec.id })
    peer.creating.set(rid, { ...running, clients: [...running.clients, client] })
    return
  }
  const creating: Creating = {
    rid,
    spec,
    bodyHash,
    sourceAt,
    hints,
    clients: [client],
    ranking: NO_RANKING,
    types: [],
    typeTries: 0,
    closedTries: 0,
    sinceMonoMs: now.monoMs,
    mayPass: false,
    at: 0,
    refused: [],
    phase: 'reserving',
    reservation: null,
    since: peer.view.collections,
  }
  lookForPool(peer, out, creating, now)
}

/** Whoever parsed the request knew the type a moment ago; what this copy lacks the register may have. */
function lookForPool(peer: Peer, out: Out, creating: Creating, now: Now): void {
  if (typesFor(peer, creating.spec) === null) return readType(peer, out, creating)
  rankAndTry(peer, out, creating, now)
}

/** Ranks every pool by the type as it is here now. What follows from the type follows from the same version of it. */
function rankAndTry(peer: Peer, out: Out, creating: Creating, now: Now): void {
  const types = typesFor(peer, creating.spec) ?? []
  const type = creating.spec.holds === undefined ? (types[0] ?? null) : null
  // A copy of the types may only now have heard of it; what is made is never plain instead.
  if (type !== null && type.encryption !== null) return end(peer, out, creating, failure({ code: 'type-encrypted', type: type.name }))
  const spec = type === null ? creating.spec : { ...creating.spec, type: type.name, multiattach: allowsMultiattach(type) }
  const { sourceAt } = creating
  const known = knownPools(peer, now)
  const sizeGiB = roomFor(spec, known.find(({ name }) => name === sourceAt?.pool) ?? null)
  // Where the volumes of its hints lie counts as it is now, not as it was when the request came.
  const place = (of: KnownType | null): PlaceRequest =>
    placeRequest(peer, { rid: creating.rid, spec, sizeGiB, type: of, hints: creating.hints })
  // Only its owner can copy the source: while that is away there is no point in leaving a volume in error behind.
  const isAway = sourceAt !== null && sourceAt.owner !== peer.self && peer.connections.get(sourceAt.owner)?.state !== 'up'
  if (isAway) return end(peer, out, creating, failure(unreachable(peer, sourceAt.owner)))
  const pools = known.filter(({ name }) => sourceAt === null || name === sourceAt.pool)
  const rankings = (types.length === 0 ? [null] : types).map((of) => rank(pools, place(of), peer.options.placement))
  const ranking = forAll(rankings)
  const mayPass = sourceAt === null && isPictureYoung(peer)
  tryPool(peer, out, { ...creating, spec, types, ranking, at: 0, refused: [], mayPass, phase: 'reserving' }, now)
}

/** A pool has to fit every type that a group's volumes may have; they are in the order of the first. */
function forAll(rankings: readonly Ranking[]): Ranking {
  const [first = NO_RANKING, ...others] = rankings
  const rejected = others.flatMap((other) => other.rejected).filter(({ pool }) => first.candidates.some((one) => one.pool === pool))
  const refused = new Map(rejected.map((rejection) => [rejection.pool, rejection]))
  const candidates = first.candidates.filter(({ pool }) => !refused.has(pool))
  return { ...first, candidates, rejected: [...first.rejected, ...refused.values()] }
}

/** The register has said which types there are; or nobody could. */
export function onCreateTypes(peer: Peer, out: Out, rid: RequestId, outcome: ChangeOutcome, now: Now): void {
  const creating = peer.creating.get(rid)
  if (outcome.kind === 'decided' && outcome.answer.kind === 'types') takeTypes(peer, out, outcome.answer.entries)
  if (creating === undefined || creating.phase !== 'reading') return
  const { typeId, holds } = creating.spec
  if (outcome.kind !== 'decided') return end(peer, out, creating, failure(undecided(peer, CLUSTER_PROJECT, outcome)))
  if (typesFor(peer, creating.spec) === null) {
    const type = typeId ?? holds?.volumeTypes.find((id) => typesFor(peer, { typeId: id }) === null) ?? ''
    return end(peer, out, creating, failure({ code: 'type-not-found', type }))
  }
  rankAndTry(peer, out, creating, now)
}

/** The owner has had the time to read the types, or to let go of a reservation; or a host had the time to start. */
export function onReserveAgain(peer: Peer, out: Out, rid: RequestId, now: Now): void {
  const creating = peer.creating.get(rid)
  if (creating?.phase === 'looking') return lookForPool(peer, out, creating, now)
  if (creating === undefined || creating.phase !== 'reading') return
  if (versionOf(typesFor(peer, creating.spec)) === versionOf(creating.types)) tryPool(peer, out, { ...creating, phase: 'reserving' }, now)
  else readType(peer, out, creating)
}

export function onReserved(peer: Peer, out: Out, from: PeerId, message: Message<'reserved'>, now: Now): void {
  const { rid, reservation, pool, body } = message
  const creating = peer.creating.get(rid)
  const candidate = creating === undefined ? undefined : candidateOf(creating)
  const isAsked =
    creating?.phase === 'reserving' && candidate?.peer === from && candidate.pool === pool && body === createBody(creating.spec)
  if (creating === undefined || !isAsked) {
    // Late: this create went on without it, unless it is the reservation that is being bound right now.
    const isOurs = creating !== undefined && candidate?.peer === from && creating.reservation === reservation
    if (creating !== undefined && !isOurs) abandon(out, from, creating, reservation)
    return
  }
  cancel(out, `reserve/${rid}`)
  peer.creating.set(rid, { ...creating, phase: 'binding', reservation, since: peer.view.collections })
  const { spec, bodyHash } = creating
  const delta = usageOfSpec(spec)
  const binding: Binding = {
    kind: 'bound',
    rid,
    volume: spec.id,
    host: from,
    pool,
    reservation,
    bodyHash,
    delta,
    sizeGiB: spec.sizeGiB,
    spec,
    snapshot: null,
    transfer: null,
    atMs: now.wallMs,
  }
  askRegister(peer, out, spec.project, { kind: 'bind', binding }, { kind: 'create', rid })
}

export function onRefused(peer: Peer, out: Out, from: PeerId, rid: RequestId, refusal: Refusal, now: Now): void {
  const creating = peer.creating.get(rid)
  const candidate = creating === undefined ? undefined : candidateOf(creating)
  if (creating === undefined || candidate?.peer !== from || creating.phase !== 'reserving') return
  if (refusal.kind === 'other-type' && creating.typeTries < TYPE_TRIES_MAX) return onOtherType(peer, out, creating, refusal.version)
  // The group that it is to be in was promised a moment ago, and its owner hears of that in another.
  if (isEarly(refusal) && creating.closedTries < CLOSED_TRIES_MAX) return reserveAnew(peer, out, creating)
  // Its source cannot be copied, or its group does not take it: no pool can help, and nothing is left behind.
  if (refusal.kind === 'operation' && !refusal.reply.ok) return end(peer, out, creating, failure(refusal.reply.failure))
  const isStarting = refusal.kind === 'not-ready' && refusal.state === 'recovering'
  nextPool(peer, out, { ...creating, mayPass: creating.mayPass || isStarting }, rejectionOf(candidate, refusal), now)
}

function isEarly(refusal: Refusal): boolean {
  if (refusal.kind !== 'operation' || refusal.reply.ok) return false
  const { failure: facts } = refusal.reply
  return facts.code === 'volume-busy' && facts.running === 'create'
}

/** Of two copies of the types the older one is read anew; then the request goes on, by what the type is then. */
function onOtherType(peer: Peer, out: Out, creating: Creating, ownersVersion: number): void {
  const { rid, typeTries } = creating
  const isOwnerBehind = ownersVersion < peer.catalogue.version
  if (!isOwnerBehind) return readType(peer, out, creating)
  cancel(out, `reserve/${rid}`)
  peer.creating.set(rid, { ...creating, phase: 'reading', typeTries: typeTries + 1 })
  timer(out, `reserve-again/${rid}`, peer.options.timings.typesMs)
}

function readType(peer: Peer, out: Out, creating: Creating): void {
  const { rid, typeTries } = creating
  cancel(out, `reserve/${rid}`)
  peer.creating.set(rid, { ...creating, phase: 'reading', typeTries: typeTries + 1 })
  askRegister(peer, out, CLUSTER_PROJECT, { kind: 'read-types' }, { kind: 'types', asker: { kind: 'create', rid } })
}

/** No answer in time, or no way to ask. */
export function onReserveFailed(peer: Peer, out: Out, rid: RequestId, to: PeerId | null, now: Now): void {
  const creating = peer.creating.get(rid)
  const candidate = creating === undefined ? undefined : candidateOf(creating)
  if (creating === undefined || candidate === undefined || creating.phase !== 'reserving' || (to !== null && candidate.peer !== to)) return
  if (creating.sourceAt !== null) return end(peer, out, creating, failure(unreachable(peer, candidate.peer)))
  const reported = to === null ? 'no answer in time' : 'not reachable'
  const rejection: Rejection = { pool: candidate.pool, filter: 'no answer', reported, needed: 'an answer of its host' }
  nextPool(peer, out, { ...creating, mayPass: true }, rejection, now)
}

/** What the register decided: the only place from which a create is answered. */
export function onCreateDecided(peer: Peer, out: Out, rid: RequestId, outcome: ChangeOutcome, now: Now): void {
  const creating = peer.creating.get(rid)
  if (creating === undefined) return
  if (outcome.kind !== 'decided') {
    letGo(out, creating)
    return end(peer, out, creating, failure(undecided(peer, creating.spec.project, outcome)))
  }
  onAnswer(peer, out, creating, outcome, now)
}

function onAnswer(peer: Peer, out: Out, creating: Creating, { answer, proof }: Decided, now: Now): void {
  switch (answer.kind) {
    case 'bound':
      return onBound(peer, out, creating, answer.binding, proof)
    case 'unplaced':
      letGo(out, creating)
      return end(peer, out, creating, success(notPlaced(answer.unplaced)))
    case 'closed': {
      const candidate = candidateOf(creating)
      if (candidate === undefined) return unplace(peer, out, creating, now)
      if (creating.closedTries < CLOSED_TRIES_MAX) return reserveAnew(peer, out, creating)
      const rejection: Rejection = { pool: candidate.pool, filter: 'owner', reported: 'reservation released', needed: 'a reservation' }
      return nextPool(peer, out, { ...creating, phase: 'reserving', reservation: null }, rejection, now)
    }
    case 'over-quota':
      letGo(out, creating)
      return end(peer, out, creating, failure(overQuota(peer, answer)))
    case 'mismatch':
      letGo(out, creating)
      return end(peer, out, creating, failure({ code: 'request-mismatch', volume: answer.volume }))
    default:
      letGo(out, creating)
      return end(peer, out, creating, failure({ code: 'volume-not-found', volume: creating.spec.id }))
  }
}

/**
 * What the owner had set aside for an earlier try of this request was closed while it was asked again: after its start it asks
 * for each. Its room is free in a moment, and there may be no other pool.
 */
function reserveAnew(peer: Peer, out: Out, creating: Creating): void {
  letGo(out, creating)
  cancel(out, `reserve/${creating.rid}`)
  peer.creating.set(creating.rid, { ...creating, phase: 'reading', reservation: null, closedTries: creating.closedTries + 1 })
  timer(out, `reserve-again/${creating.rid}`, peer.options.timings.typesMs)
}

/** Bound: here, and not before, the client gets its answer. */
function onBound(peer: Peer, out: Out, creating: Creating, binding: Binding | Recent, proof: Proof | null): void {
  const { host, reservation } = binding
  if (host === null || reservation === null)
    return end(peer, out, creating, failure({ code: 'volume-not-found', volume: creating.spec.id }))
  if (reservation !== creating.reservation || candidateOf(creating)?.peer !== host) letGo(out, creating)
  if (binding.kind === 'bound') {
    const granted = grantedVolume(binding, zoneOf(peer.options.manifest, host))
    if (granted !== null) noteGranted(peer.view, granted, host, creating.since)
  }
  const { rid, spec } = creating
  send(out, host, { kind: 'commit', certificate: { project: spec.project, rid, volume: spec.id, host, reservation, proof } })
  // What has become another project's since is shown as it was promised, and no more of it.
  const known = peer.view.volumes.get(spec.id)?.volume
  end(peer, out, creating, success(known?.project === spec.project ? known : creatingVolume(spec, rid, host, null, '')))
}

function tryPool(peer: Peer, out: Out, creating: Creating, now: Now): void {
  const candidate = creating.at < RESERVE_TRIES_MAX ? candidateOf(creating) : undefined
  if (candidate === undefined)
    return isWorthAnother(peer, creating, now) ? lookAgain(peer, out, creating) : unplace(peer, out, creating, now)
  peer.creating.set(creating.rid, creating)
  timer(out, `reserve/${creating.rid}`, peer.options.timings.reserveMs)
  send(out, candidate.peer, {
    kind: 'reserve',
    rid: creating.rid,
    pool: candidate.pool,
    spec: creating.spec,
    typeVersion: versionOf(creating.types),
  })
}

function nextPool(peer: Peer, out: Out, creating: Creating, rejection: Rejection, now: Now): void {
  cancel(out, `reserve/${creating.rid}`)
  tryPool(peer, out, { ...creating, at: creating.at + 1, refused: [...creating.refused, rejection] }, now)
}

/** An error stays with its volume: none is given for what is over in a moment, a start of this host or of another one. */
function isWorthAnother(peer: Peer, { mayPass, sinceMonoMs }: Creating, now: Now): boolean {
  return mayPass && now.monoMs - sinceMonoMs < peer.options.timings.placeMs
}

function lookAgain(peer: Peer, out: Out, creating: Creating): void {
  peer.creating.set(creating.rid, { ...creating, phase: 'looking' })
  timer(out, `reserve-again/${creating.rid}`, peer.options.timings.lookAgainMs)
}

function unplace(peer: Peer, out: Out, creating: Creating, now: Now): void {
  const { rid, spec, bodyHash } = creating
  // What lies in a pool can be taken in there and nowhere else, and a group takes volumes on its own pool alone: nothing is left behind.
  if (spec.source?.kind === 'existing' || spec.group !== undefined || (spec.holds?.source ?? null) !== null) {
    const rejected = [...creating.ranking.rejected, ...creating.refused]
    return end(peer, out, creating, failure({ code: 'no-room', rejected }))
  }
  peer.creating.set(rid, { ...creating, phase: 'unplacing', reservation: null })
  const rejected = [...creating.ranking.rejected, ...creating.refused]
  const delta = usageOfSpec(spec)
  const unplaced: Unplaced = { kind: 'unplaced', rid, spec, bodyHash, delta, rejected, atMs: now.wallMs, updatedAtMs: null }
  askRegister(peer, out, spec.project, { kind: 'unplace', unplaced }, { kind: 'create', rid })
}

/** The reservation that this create held is of no use any more; its host asks the register and frees it. */
function letGo(out: Out, creating: Creating): void {
  const candidate = candidateOf(creating)
  if (candidate !== undefined && creating.reservation !== null) abandon(out, candidate.peer, creating, creating.reservation)
}

function abandon(out: Out, host: PeerId, { rid, spec }: Creating, reservation: NonNullable<Creating['reservation']>): void {
  send(out, host, { kind: 'abandon', rid, project: spec.project, reservation })
}

function end(peer: Peer, out: Out, creating: Creating, result: ReturnType<typeof success<Volume>> | ReturnType<typeof failure>): void {
  peer.creating.delete(creating.rid)
  cancel(out, `reserve/${creating.rid}`)
  const clients = creating.clients
  for (const client of clients) reply(out, client, { kind: 'create', result })
}

function candidateOf(creating: Creating): Candidate | undefined {
  return creating.ranking.candidates[creating.at]
}

function notPlaced(unplaced: Unplaced): Volume {
  return creatingVolume(unplaced.spec, unplaced.rid, null, null, unplaced.spec.zone ?? 'nova')
}

function rejectionOf(candidate: Candidate, refusal: Refusal): Rejection {
  switch (refusal.kind) {
    case 'no-room':
      return refusal.rejection
    case 'not-ready':
      return { pool: candidate.pool, filter: 'owner', reported: refusal.state, needed: 'ready' }
    case 'other-type': {
      const reported = `volume types of version ${refusal.version}`
      return { pool: candidate.pool, filter: 'owner', reported, needed: 'those of whom took the request' }
    }
    case 'operation':
      return { pool: candidate.pool, filter: 'owner', reported: 'refused', needed: 'a reservation' }
    default:
      return assertNever(refusal)
  }
}
