/** Takes operations at their owner: one at a time for each volume, each decided on the newest record. */
import { failure, success } from '../../model/failure.ts'
import { assertNever } from '../../model/invariant.ts'
import type { PeerId } from '../../model/ids.ts'
import { isGroup } from '../../model/group.ts'
import { NO_VALUE, type Operation, type OperationRequest } from '../../model/request.ts'
import { withoutOffer } from '../../model/transfer.ts'
import { editText } from '../../model/text-edit.ts'
import type { VolumeFailure } from '../../model/volume.ts'
import { editFlags, type FlagEdit } from '../../model/volume-flags.ts'
import type { Out } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned } from './owned.ts'
import { complete, readConnection, startAttach, startConnect, startDetach } from './attach.ts'
import { beginDetaching, hold, initialize, letGoOf, reserve, rollDetaching, terminate, unreserve } from './older-attach.ts'
import { changeGroup } from './group-change.ts'
import { startGroupDelete } from './group-remove.ts'
import { resetGroupSnapshot, startGroupSnapshotDelete } from './group-snapshot.ts'
import { startDelete } from './remove.ts'
import { missingVolume, recovering } from './forgotten.ts'
import { startRevert } from './revert.ts'
import { resetSnapshot, startSnapshotDelete, startSnapshotUnmanage, updateSnapshot } from './snapshot-change.ts'
import { recordFailure } from './snapshot.ts'
import { cancelTransfer, startOffer } from './transfer.ts'
import { startUnmanage } from './unmanage.ts'
import { answerNow, endWell, waitFor, withSecret } from './work.ts'

export function onOperate(peer: Peer, out: Out, from: PeerId, request: OperationRequest, now: Now): void {
  const { rid, volume: id, operation } = request
  const done = peer.results.get(rid)
  if (done !== undefined) return answerNow(out, from, rid, withSecret(peer, done.reply))
  if (peer.waiting.has(rid)) return waitFor(peer, rid, from)
  const owned = peer.owned.get(id)
  if (peer.state === 'recovering') return answerNow(out, from, rid, failure(recovering(peer)))
  if (owned === undefined) return answerNow(out, from, rid, failure(missingVolume(peer, id, request.project)))
  if (request.project !== null && owned.volume.project !== request.project) {
    return answerNow(out, from, rid, failure({ code: 'volume-not-found', volume: id }))
  }
  if (!isAskedOf(operation, owned)) return answerNow(out, from, rid, failure(missingVolume(peer, id, request.project)))
  // Begun before a crash, and recovered now: whoever repeats it waits for its end.
  if (owned.working?.rid === rid) return waitFor(peer, rid, from)
  const { status } = owned.volume
  // Promised already, perhaps, and the owner hears of it in a moment.
  if (owned.step === 'reserved' && (operation.kind === 'update' || operation.kind === 'change-group'))
    return answerNow(out, from, rid, failure({ code: 'volume-busy', volume: id, running: 'create' }))
  if (owned.step === 'reserved' || owned.step === 'deleting') {
    return answerNow(
      out,
      from,
      rid,
      failure({ code: 'invalid-status', volume: id, action: operation.kind, status, allowed: ['available'] }),
    )
  }
  const running = owned.working?.kind ?? owned.pending?.kind ?? null
  if (running !== null && changesState(operation)) return answerNow(out, from, rid, failure({ code: 'volume-busy', volume: id, running }))
  start(peer, out, from, owned, request, now)
}

const OF_BOTH: ReadonlySet<Operation['kind']> = new Set(['delete', 'reset-status', 'dismiss'])
const OF_GROUPS: ReadonlySet<Operation['kind']> = new Set([
  'change-group',
  'group-snapshot',
  'delete-group-snapshot',
  'reset-group-snapshot',
])

/** A group is no volume to those who ask for one, and the other way round. */
function isAskedOf({ kind }: Operation, { volume }: Owned): boolean {
  return OF_BOTH.has(kind) || OF_GROUPS.has(kind) === isGroup(volume)
}

function start(peer: Peer, out: Out, from: PeerId, owned: Owned, request: OperationRequest, now: Now): void {
  const { operation, rid } = request
  switch (operation.kind) {
    case 'update':
      return update(peer, out, from, owned, request, operation, now)
    case 'delete':
      if (isGroup(owned.volume)) return startGroupDelete(peer, out, from, owned, request, operation.cascade === true, now)
      return startDelete(peer, out, from, owned, request, operation, now)
    case 'unmanage':
      return startUnmanage(peer, out, from, owned, request, now)
    case 'attach':
      return startAttach(peer, out, from, owned, request, operation, now)
    case 'connect':
      return startConnect(peer, out, from, owned, request, operation, now)
    case 'complete':
      return complete(peer, out, from, owned, request, operation.attachment, now)
    case 'detach':
      return startDetach(peer, out, from, owned, request, operation, now)
    case 'connection':
      return readConnection(peer, out, from, owned, request, operation.attachment)
    case 'dismiss':
      return dismiss(peer, out, from, owned, request, operation.of, now)
    case 'set-read-only':
    case 'set-bootable':
    case 'edit-image':
      return flag(peer, out, from, owned, request, operation, now)
    case 'reserve':
      return reserve({ peer, out, from, owned, request, now }, operation)
    case 'unreserve':
      return unreserve({ peer, out, from, owned, request, now })
    case 'begin-detaching':
      return beginDetaching({ peer, out, from, owned, request, now })
    case 'roll-detaching':
      return rollDetaching({ peer, out, from, owned, request, now })
    case 'initialize':
      return initialize({ peer, out, from, owned, request, now }, operation)
    case 'terminate':
      return terminate({ peer, out, from, owned, request, now }, operation)
    case 'hold':
      return hold({ peer, out, from, owned, request, now }, operation)
    case 'let-go':
      return letGoOf({ peer, out, from, owned, request, now }, operation)
    case 'change-group':
      return changeGroup(peer, out, from, owned, request, operation, now)
    case 'delete-group-snapshot':
      return startGroupSnapshotDelete(peer, out, from, owned, request, operation, now)
    case 'reset-group-snapshot':
      return resetGroupSnapshot(peer, out, from, owned, request, operation, now)
    case 'reset-status':
      return resetStatus(peer, out, from, owned, request, operation.status, now)
    case 'revert':
      return startRevert(peer, out, from, owned, request, operation, now)
    case 'update-snapshot':
      return updateSnapshot(peer, out, from, owned, request, operation, now)
    case 'reset-snapshot':
      return resetSnapshot(peer, out, from, owned, request, operation, now)
    case 'delete-snapshot':
      return startSnapshotDelete(peer, out, from, owned, request, operation, now)
    case 'unmanage-snapshot':
      return startSnapshotUnmanage(peer, out, from, owned, request, operation, now)
    case 'offer':
      return startOffer(peer, out, from, owned, request, operation, now)
    case 'cancel-transfer':
      return cancelTransfer(peer, out, from, owned, request, operation, now)
    case 'extend':
    case 'snapshot':
    case 'accept':
    case 'group-snapshot':
    case 'retype':
      // It takes room, so it comes as a reservation and never as a plain operation.
      return answerNow(out, from, rid, failure({ code: 'volume-busy', volume: owned.volume.id, running: operation.kind }))
    default:
      return assertNever(operation)
  }
}

function update(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  request: OperationRequest,
  operation: Extract<Operation, { kind: 'update' }>,
  now: Now,
): void {
  const volume = editText(owned.volume, operation)
  const facts = recordFailure(volume)
  if (facts !== null) return answerNow(out, from, request.rid, failure(facts))
  const updated = publishOwned(peer, out, { ...owned, volume }, now)
  waitFor(peer, request.rid, from)
  endWell(peer, out, request.rid, updated.volume, null, now)
}

/** What is wrong with it by now is another matter, and is told of. */
function dismiss(peer: Peer, out: Out, from: PeerId, owned: Owned, { rid }: OperationRequest, of: VolumeFailure['kind'], now: Now): void {
  const { failure: facts } = owned.volume
  if (facts?.kind !== of) return answerNow(out, from, rid, success({ ...NO_VALUE, volume: owned.volume }))
  const dismissed = publishOwned(peer, out, { ...owned, volume: { ...owned.volume, failure: { ...facts, isDismissed: true } } }, now)
  waitFor(peer, rid, from)
  endWell(peer, out, rid, dismissed.volume, null, now)
}

/** Whether it may be written to is settled while nobody uses it, for each of its exports alike. */
function flag(peer: Peer, out: Out, from: PeerId, owned: Owned, { rid }: OperationRequest, edit: FlagEdit, now: Now): void {
  const { id, status } = owned.volume
  if (edit.kind === 'set-read-only' && status !== 'available') {
    const facts = { code: 'invalid-status', volume: id, action: 'update readonly flag', status, allowed: ['available'] } as const
    return answerNow(out, from, rid, failure(facts))
  }
  const volume = editFlags(owned.volume, edit)
  const facts = recordFailure(volume)
  if (facts !== null) return answerNow(out, from, rid, failure(facts))
  const flagged = publishOwned(peer, out, { ...owned, volume }, now)
  waitFor(peer, rid, from)
  endWell(peer, out, rid, flagged.volume, null, now)
}

/** What was made once is taken for whole again; what never came to be stays a failed create, whatever it is called. */
function resetStatus(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  request: OperationRequest,
  status: Extract<Operation, { kind: 'reset-status' }>['status'],
  now: Now,
): void {
  const { failure: facts } = owned.volume
  const wasMade = owned.step === 'failed' && facts?.kind === 'backend' && facts.step !== 'create' && facts.step !== 'manage'
  // Of a group the record is all that there is.
  const step = wasMade || (owned.step === 'failed' && isGroup(owned.volume)) ? 'built' : owned.step
  const reset = publishOwned(
    peer,
    out,
    { ...owned, step, volume: { ...withoutOffer(owned.volume), status, failure: status === 'error' ? facts : null } },
    now,
  )
  waitFor(peer, request.rid, from)
  endWell(peer, out, request.rid, reset.volume, null, now)
}

/** Names and metadata may change, secrets be read and other snapshots go, while a command is at work. */
const BESIDE: readonly Operation['kind'][] = [
  'update',
  'dismiss',
  'set-bootable',
  'edit-image',
  'connection',
  'update-snapshot',
  'delete-snapshot',
  'unmanage-snapshot',
  'delete-group-snapshot',
]

function changesState({ kind }: Operation): boolean {
  return !BESIDE.includes(kind)
}
