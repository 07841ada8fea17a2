/**
 * Offers a volume to another project, and takes the offer back. Both are decided here and by nothing else.
 *
 * A volume awaits a transfer as long as its transfer is open: until it is accepted (`accept.ts`), taken back, or gone with the volume.
 */
import { failure, type Failure, success } from '../../model/failure.ts'
import type { PeerId } from '../../model/ids.ts'
import { NO_VALUE, type Operation, type OperationRequest } from '../../model/request.ts'
import { openTransfer, type Transfer, withoutOffer } from '../../model/transfer.ts'
import { restingStatus } from '../../model/volume.ts'
import type { Out } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { isUnsure, recovering } from './forgotten.ts'
import type { Owned } from './owned.ts'
import { recordFailure } from './snapshot.ts'
import { answerNow, endWith, waitFor, withSecret } from './work.ts'

type Op<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

export function startOffer(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  { rid }: OperationRequest,
  offer: Op<'offer'>,
  now: Now,
): void {
  const { volume } = owned
  const { transfer: id, name, noSnapshots, createdAtMs } = offer
  const fresh = { source: volume.project, state: 'open', destination: null, acceptedBy: null } as const
  const transfer: Transfer = { id, name, noSnapshots, createdAtMs, ...fresh }
  const offered = { ...volume, status: 'awaiting-transfer', transfer } as const
  // Done before, and the answer forgotten: its name is never used for another one.
  if (volume.transfer?.id === id) return answerAgain(peer, out, from, rid, owned, volume.transfer)
  const facts = refuseOffer(peer, owned, offer) ?? recordFailure(offered)
  if (facts !== null) return answerNow(out, from, rid, failure(facts))
  const awaiting = publishOwned(peer, out, { ...owned, volume: offered }, now)
  waitFor(peer, rid, from)
  endWith(peer, out, rid, { ...NO_VALUE, volume: awaiting.volume, transfer }, now)
}

export function cancelTransfer(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  { rid }: OperationRequest,
  { transfer: id }: Op<'cancel-transfer'>,
  now: Now,
): void {
  const { volume } = owned
  if (openTransfer(volume)?.id !== id) return answerNow(out, from, rid, failure({ code: 'transfer-not-found', transfer: id }))
  // Bound and forgotten: somebody may have been granted it.
  if (isUnsure(peer)) return answerNow(out, from, rid, failure(recovering(peer)))
  const closed = withoutOffer(volume)
  // What is in error stays so.
  const status = volume.status === 'awaiting-transfer' ? restingStatus(closed) : volume.status
  const kept = publishOwned(peer, out, { ...owned, volume: { ...closed, status } }, now)
  waitFor(peer, rid, from)
  endWith(peer, out, rid, { ...NO_VALUE, volume: kept.volume, transfer: kept.volume.transfer }, now)
}

function answerAgain(peer: Peer, out: Out, from: PeerId, rid: OperationRequest['rid'], { volume }: Owned, known: Transfer): void {
  const isOpen = known.state === 'open' && known.source === volume.project
  const done = success({ ...NO_VALUE, volume, transfer: known })
  answerNow(out, from, rid, isOpen ? withSecret(peer, done) : failure({ code: 'transfer-not-found', transfer: known.id }))
}

/** As Cinder: volume and snapshots available. */
function refuseOffer(peer: Peer, { volume, step }: Owned, { noSnapshots }: Op<'offer'>): Failure | null {
  const { id, status, snapshots, transfer, group } = volume
  if (step !== 'built' || status !== 'available')
    return { code: 'invalid-status', volume: id, action: 'transfer', status, allowed: ['available'] }
  if (isUnsure(peer)) return recovering(peer)
  if (group !== undefined) return { code: 'volume-in-group', volume: id, group, action: 'transfer' }
  // Until the register has let go of what the transfer before was granted, that one is the newest.
  if (transfer?.acceptedBy != null && peer.settled.has(transfer.acceptedBy)) return { code: 'volume-busy', volume: id, running: 'accept' }
  if (noSnapshots && snapshots.length > 0) return { code: 'transfer-snapshots', volume: id, snapshots: snapshots.length }
  const other = snapshots.find((snapshot) => snapshot.status !== 'available')
  if (other === undefined) return null
  return { code: 'snapshot-status', snapshot: other.id, action: 'transfer', status: other.status, allowed: ['available'] }
}
