/**
 * Another project takes a volume over: reserved here, bound in the register of the project that accepts, let go by that of the project that
 * offers, and then the record is the other project's, with all its snapshots, in one batch.
 *
 * From that batch on the totals of the one project lack the volume and those of the other have it; until the registers have folded them it
 * counts in both, never in neither. The bytes' tags follow (`retag.ts`).
 */
import type { Failure } from '../../model/failure.ts'
import { hashHex } from '../../model/hash.ts'
import { type PeerId, type ProjectId, requestId, type RequestId, type VolumeId } from '../../model/ids.ts'
import { isTypeFor } from '../../model/catalogue.ts'
import type { Binding } from '../../model/ledger.ts'
import type { ChangeOutcome } from '../../model/message.ts'
import type { Usage } from '../../model/quota.ts'
import { NO_VALUE, type RoomOperation } from '../../model/request.ts'
import { usageOfRecord } from '../../model/snapshot.ts'
import { isSameProof, keyName, keyProof, openTransfer, withoutOffer } from '../../model/transfer.ts'
import { restingStatus } from '../../model/volume.ts'
import { askRegister } from '../group/ask.ts'
import { cancel, type Out, timer } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { typeOf } from './capacity.ts'
import type { Owned, PendingAccept } from './owned.ts'
import { retag } from './retag.ts'
import { settle } from './settle.ts'
import { isBeingCopied } from './source.ts'
import { endBadly, endWith, waitFor } from './work.ts'

type Accept = Extract<RoomOperation, { kind: 'accept' }>

/** Whether this is the transfer that stands open, and the right key: nothing else is said of the volume before. */
export function refuseKey(peer: Peer, owned: Owned | undefined, { transfer, proof }: Accept): Failure | null {
  const open = owned === undefined ? null : openTransfer(owned.volume)
  if (open?.id !== transfer) return { code: 'transfer-not-found', transfer }
  const key = peer.options.secretOf(keyName(transfer))
  return isSameProof(keyProof(transfer, key), proof) ? null : { code: 'transfer-key', transfer }
}

/** Why this project may not take it over now; null if it may. */
export function refuseAccept(peer: Peer, { volume, step }: Owned, { anyType }: Accept, project: ProjectId): Failure | null {
  const { id, status, snapshots } = volume
  if (step !== 'built' || status !== 'awaiting-transfer')
    return { code: 'invalid-status', volume: id, action: 'accept', status, allowed: ['awaiting-transfer'] }
  // Who takes it over may write to it, and must not be copied.
  if (isBeingCopied(peer, id, null)) return { code: 'volume-busy', volume: id, running: 'copy' }
  const type = typeOf(peer, volume)
  if (type !== null && !anyType && !isTypeFor(type, project)) return { code: 'type-not-found', type: type.id }
  const other = snapshots.find((snapshot) => snapshot.status !== 'available')
  if (other === undefined) return null
  return { code: 'snapshot-status', snapshot: other.id, action: 'accept', status: other.status, allowed: ['available'] }
}

export function pendingAccept(
  held: Pick<PendingAccept, 'rid' | 'reservation' | 'committed'>,
  { volume }: Owned,
  { transfer: id, user }: Accept,
  project: ProjectId,
): PendingAccept {
  return { ...held, kind: 'accept', sizeGiB: volume.sizeGiB, project, transfer: { id, source: volume.project, user } }
}

/** What the project that accepts is to have more. */
export function acceptedUsage({ volume }: Owned): Usage {
  return usageOfRecord(volume)
}

/**
 * The register of the project that accepts has bound it. That of the other one may hold a delete which it took while this host was away, and
 * must take none from now on. Answers `from` once everybody can see whose it is.
 */
export function letGoOf(peer: Peer, out: Out, owned: Owned, pending: PendingAccept, from: PeerId, now: Now): void {
  const { rid, project, transfer } = pending
  const { id } = owned.volume
  waitFor(peer, rid, from)
  if (transfer.source === project) return commitAccept(peer, out, owned, pending, now)
  askRegister(peer, out, transfer.source, { kind: 'leave', volume: id, rid, atMs: now.wallMs }, { kind: 'leave', volume: id, rid })
}

export function onLeft(
  peer: Peer,
  out: Out,
  { volume: id, rid }: { readonly volume: VolumeId; readonly rid: RequestId },
  outcome: ChangeOutcome,
  now: Now,
): void {
  const owned = peer.owned.get(id)
  const pending = owned?.pending
  if (owned === undefined || pending?.kind !== 'accept' || pending.rid !== rid) return
  if (outcome.kind !== 'decided') return timer(out, `resolve/${id}`, peer.options.timings.retryMs)
  if (outcome.answer.kind === 'left') return commitAccept(peer, out, owned, pending, now)
  // It is to be deleted, as was promised, and will be at the next reminder: what the other project was granted comes to nothing.
  cancel(out, `resolve/${id}`)
  const closed = withoutOffer(owned.volume)
  publishOwned(peer, out, { ...owned, pending: null, volume: { ...closed, status: restingStatus(closed) } }, now)
  settle(peer, out, pending.project, rid)
  endBadly(peer, out, rid, { code: 'transfer-not-found', transfer: pending.transfer.id })
}

function commitAccept(peer: Peer, out: Out, owned: Owned, pending: PendingAccept, now: Now): void {
  const { volume } = owned
  const { rid, project, transfer: grant } = pending
  const { user } = grant
  cancel(out, `resolve/${volume.id}`)
  const known = volume.transfer?.id === grant.id ? volume.transfer : { ...FORGOTTEN_OFFER, id: grant.id, createdAtMs: now.wallMs }
  const transfer = { ...known, source: grant.source, state: 'accepted', destination: project, acceptedBy: rid } as const
  const snapshots = volume.snapshots.map((snapshot) => ({ ...snapshot, project, user }))
  const taken = { ...volume, project, user, snapshots, transfer, status: 'available' } as const
  const accepted = publishOwned(peer, out, { ...owned, pending: null, volume: taken }, now)
  settle(peer, out, project, rid)
  settle(peer, out, grant.source, requestId(hashHex('left', rid).slice(0, 32)))
  endWith(peer, out, rid, { ...NO_VALUE, volume: accepted.volume, transfer }, now)
  retag(out, accepted)
}

/**
 * A grant that this host has forgotten.
 *
 * @returns what is to be committed; `wait` while the volume is busy, or its bytes are not explained yet; null: it was carried out, or can never be
 */
export function acceptToDo(peer: Peer, known: Owned | undefined, binding: Binding, project: ProjectId): PendingAccept | 'wait' | null {
  const { rid, reservation, sizeGiB, transfer: grant, volume: id } = binding
  if (grant === null) return null
  if (known === undefined) return peer.strays.has(id) || peer.unread.size > 0 ? 'wait' : null
  const { volume, step, working, pending } = known
  if (step === 'reserved' || step === 'committed') return 'wait'
  const isDone = volume.transfer?.acceptedBy === rid || volume.project !== grant.source
  const isTakenBack = volume.transfer?.id === grant.id && volume.transfer.state === 'cancelled'
  if (isDone || isTakenBack) return null
  if (working !== null || pending !== null || isBeingCopied(peer, id, null)) return 'wait'
  const isFree = step === 'built' && (volume.status === 'available' || volume.status === 'awaiting-transfer')
  return isFree ? { kind: 'accept', rid, reservation, committed: false, sizeGiB, project, transfer: grant } : null
}

/** That it was offered has been forgotten; that it was accepted has not. */
const FORGOTTEN_OFFER = { name: null, noSnapshots: false } as const
