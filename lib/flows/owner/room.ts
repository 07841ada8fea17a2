/**
 * Room for more of a volume that is there already, a larger size or a snapshot, or for the volume in another account, another project's or that
 * of another type: RESERVE, BIND, COMMIT, as for a create.
 *
 * It lies on the volume's own pool, so there is no other pool to try: a refusal is an answer. A volume takes one such
 * request at a time. What is made with the room is the business of `extend.ts`, `snapshot.ts`, `accept.ts` and `retype.ts`.
 */
import { failure, type Failure, success } from '../../model/failure.ts'
import { assertNever } from '../../model/invariant.ts'
import type { PeerId, PoolName, ProjectId, RequestId } from '../../model/ids.ts'
import type { PeerMessage } from '../../model/message.ts'
import { isGroup } from '../../model/group.ts'
import { asOfType, type Usage, usageOfType } from '../../model/quota.ts'
import { NO_VALUE, type OperationReply, type RoomOperation } from '../../model/request.ts'
import { sizeOfNew, snapshotOf, usageOfRecord } from '../../model/snapshot.ts'
import { keepOwned, type Out, send, timer } from '../out.ts'
import { roomBody } from '../shape.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned, Pending } from './owned.ts'
import { acceptedUsage, letGoOf, pendingAccept, refuseAccept, refuseKey } from './accept.ts'
import { refusalOf, roomForSnapshot } from './capacity.ts'
import { commitExtend, growAgain, refuseExtend } from './extend.ts'
import { isUnsure, missingVolume, recovering } from './forgotten.ts'
import { commitGroupSnapshot, reserveGroupSnapshot } from './group-snapshot.ts'
import { nextReservation } from './reserve.ts'
import { commitRetype, judgeRetype, keepType } from './retype.ts'
import { isBeingCopied } from './source.ts'
import { commitSnapshot, lookAtSnapshot, refuseSnapshot } from './snapshot.ts'
import { refuseAnswer } from './work.ts'

type ReserveRoom = Extract<PeerMessage, { kind: 'reserve-room' }>

/** What one volume takes alone; a snapshot of a group is `group-snapshot.ts`. */
type OfVolume = Exclude<RoomOperation, { kind: 'group-snapshot' }>
type PendingOfVolume = Exclude<Pending, { kind: 'group-snapshot' }>
/** What is made, or becomes another project's. */
type Making = Exclude<OfVolume, { kind: 'retype' }>
type Held = Pick<Pending, 'rid' | 'reservation' | 'committed'>

export function onReserveRoom(peer: Peer, out: Out, from: PeerId, message: ReserveRoom, now: Now): void {
  const { rid, volume: id, operation } = message
  if (operation.kind === 'group-snapshot') return reserveGroupSnapshot(peer, out, from, message, operation)
  const owned = peer.owned.get(id)
  const done = doneBefore(peer, owned, message, operation)
  if (done !== null) return refuseAnswer(out, from, rid, done)
  if (owned?.pending?.rid === rid && owned.pending.kind !== 'group-snapshot' && isFor(owned.pending, operation))
    return reserved(out, from, owned, owned.pending, operation)
  const refuse = (facts: Failure): void => refuseAnswer(out, from, rid, failure(facts))
  if (isUnsure(peer)) return refuse(recovering(peer))
  if (owned === undefined) return refuse(missingVolume(peer, id, message.project))
  const notNow = refuseAny(peer, owned, operation, message.project)
  if (notNow !== null) return refuse(notNow)
  const hold = (pending: (held: Held) => PendingOfVolume): void => {
    const holding = pending({ rid, reservation: nextReservation(peer, out), committed: false })
    keepOwned(peer, out, { ...owned, pending: holding })
    timer(out, `resolve/${id}`, peer.options.timings.resolveMs)
    reserved(out, from, owned, holding, operation)
  }
  if (operation.kind === 'retype') {
    const judged = judgeRetype(peer, out, owned, rid, operation)
    if (judged.kind === 'refused') return refuse(judged.facts)
    if (judged.kind === 'unsuited') return keepType(peer, out, from, owned, rid, judged.volume, now)
    return hold((held) => ({ ...held, kind: 'retype', sizeGiB: owned.volume.sizeGiB, type: judged.type }))
  }
  const facts = refuseRoom(peer, owned, operation, message.project) ?? refuseInPool(peer, owned, operation)
  if (facts !== null) return refuse(facts)
  hold((held) => pendingFor(operation, held, owned, message.project))
}

function reserved(out: Out, from: PeerId, owned: Owned, pending: PendingOfVolume, operation: OfVolume): void {
  const { pool, project: source } = owned.volume
  const { rid, reservation, sizeGiB } = pending
  const body = roomBody(operation)
  if (pool !== null) send(out, from, { kind: 'reserved', rid, pool, reservation, delta: deltaOf(pending, owned), sizeGiB, source, body })
}

/** Why the volume takes no such request of this project now, whatever it is. */
function refuseAny(peer: Peer, owned: Owned, operation: OfVolume, project: ProjectId): Failure | null {
  const { working, pending, volume } = owned
  const { id } = volume
  if (isGroup(volume)) return { code: 'volume-not-found', volume: id }
  if (operation.kind === 'accept') {
    const facts = refuseKey(peer, owned, operation)
    if (facts !== null) return facts
  } else if (volume.project !== project) return { code: 'volume-not-found', volume: id }
  if (working !== null || pending !== null) return { code: 'volume-busy', volume: id, running: working?.kind ?? pending?.kind ?? '' }
  if (operation.kind === 'extend' && isBeingCopied(peer, id, null)) return { code: 'volume-busy', volume: id, running: 'copy' }
  return null
}

function refuseInPool(peer: Peer, { volume }: Owned, operation: Making): Failure | null {
  const { id, pool, sizeGiB: before } = volume
  if (pool === null) return { code: 'volume-not-found', volume: id }
  const moreGiB = roomInPool(peer, pool, operation, before)
  const rejection = moreGiB === 0 ? null : refusalOf(peer, pool, moreGiB, [], null)
  return rejection === null ? null : { code: 'no-room', rejected: [rejection] }
}

/** The register has bound the room. Answers `from` once everybody can see what is made of it. */
export function commitRoom(peer: Peer, out: Out, owned: Owned, from: PeerId, now: Now): void {
  const { pending } = owned
  if (pending === null || pending.committed) return
  switch (pending.kind) {
    case 'extend':
      return commitExtend(peer, out, owned, pending, from, now)
    case 'snapshot':
      return commitSnapshot(peer, out, owned, pending, from, now)
    case 'accept':
      return letGoOf(peer, out, owned, pending, from, now)
    case 'retype':
      return commitRetype(peer, out, owned, pending, from, now)
    case 'group-snapshot':
      return commitGroupSnapshot(peer, out, owned, pending, from, now)
    default:
      return assertNever(pending)
  }
}

/** What was committed before a crash goes on. */
export function resumeRoom(out: Out, owned: Owned): void {
  if (owned.pending?.kind === 'extend') growAgain(out, owned)
  if (owned.pending?.kind === 'snapshot') lookAtSnapshot(out, owned, owned.pending)
}

/** Who may have it, and whether it may be made now. */
function refuseRoom(peer: Peer, owned: Owned, operation: Making, project: ProjectId): Failure | null {
  switch (operation.kind) {
    case 'extend':
      return refuseExtend(peer, owned, operation)
    case 'snapshot':
      return refuseSnapshot(peer, owned, operation)
    case 'accept':
      return refuseAccept(peer, owned, operation, project)
    default:
      return assertNever(operation)
  }
}

/** @param volumeGiB as large as the volume is */
function roomInPool(peer: Peer, pool: PoolName, operation: Making, volumeGiB: number): number {
  if (operation.kind === 'accept') return 0
  if (operation.kind === 'extend') return operation.sizeGiB - volumeGiB
  return roomForSnapshot(operation.snapshot, volumeGiB, peer.pools.get(pool) ?? null)
}

function pendingFor(operation: Making, held: Held, owned: Owned, project: ProjectId): PendingOfVolume {
  if (operation.kind === 'accept') return pendingAccept(held, owned, operation, project)
  if (operation.kind === 'extend') return { ...held, kind: 'extend', sizeGiB: operation.sizeGiB }
  const { snapshot, bodyHash } = operation
  return { ...held, kind: 'snapshot', sizeGiB: sizeOfNew(snapshot, owned.volume.sizeGiB), snapshot, bodyHash }
}

/** What it adds to the account of the project that asked. */
function deltaOf(pending: PendingOfVolume, owned: Owned): Usage {
  const { typeId, sizeGiB } = owned.volume
  switch (pending.kind) {
    case 'extend':
      return usageOfType(typeId, { gigabytes: pending.sizeGiB - sizeGiB })
    case 'snapshot':
      return usageOfType(typeId, { snapshots: 1, gigabytes: pending.sizeGiB })
    case 'accept':
      return acceptedUsage(owned)
    // What its former type has less is in this host's totals once it is done, and nobody's before.
    case 'retype':
      return asOfType(pending.type.id, usageOfRecord(owned.volume))
    default:
      return assertNever(pending)
  }
}

function isFor(pending: PendingOfVolume, operation: OfVolume): boolean {
  switch (operation.kind) {
    case 'extend':
      return pending.kind === 'extend' && pending.sizeGiB === operation.sizeGiB
    case 'snapshot':
      return pending.kind === 'snapshot' && pending.bodyHash === operation.bodyHash
    case 'accept':
      return pending.kind === 'accept' && pending.transfer.id === operation.transfer
    case 'retype':
      return pending.kind === 'retype' && pending.type.id === operation.typeId
    default:
      return assertNever(operation)
  }
}

/** The answer to the same request, if it was done before; a snapshot's name is never used for another one. */
function doneBefore(peer: Peer, owned: Owned | undefined, { rid, volume }: ReserveRoom, operation: OfVolume): OperationReply | null {
  const reply = peer.results.get(rid)?.reply ?? null
  if (operation.kind === 'extend' || operation.kind === 'retype') return reply
  if (operation.kind === 'accept') return reply ?? acceptedBefore(owned, rid)
  const made = (reply?.ok === true ? reply.value.snapshot : null) ?? (owned && snapshotOf(owned.volume, operation.snapshot.id)) ?? null
  if (made === null) return null
  if (made.bodyHash !== operation.bodyHash) return failure({ code: 'request-mismatch', volume })
  // While it is being made the answer is its reservation, once more.
  if (owned?.pending?.rid === rid) return null
  return reply ?? success({ ...NO_VALUE, snapshot: made })
}

/** By the record, if the answer itself was forgotten. */
function acceptedBefore(owned: Owned | undefined, rid: RequestId): OperationReply | null {
  const volume = owned?.volume
  return volume?.transfer?.acceptedBy === rid ? success({ ...NO_VALUE, volume, transfer: volume.transfer }) : null
}
