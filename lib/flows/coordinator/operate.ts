/**
 * Carries an operation to the volume's owner and its answer back. The owner decides; this peer only knows the way.
 *
 * What takes room (an extend, a snapshot) goes the way of a create: RESERVE on the volume's pool, BIND, COMMIT. A volume that found
 * no room has no owner; what may be done with it is done in its project's register.
 */
import { failure, type Failure, success } from '../../model/failure.ts'
import { hasLeft, hostName, isGoneHost } from '../../model/manifest.ts'
import { isGroup } from '../../model/group.ts'
import type { GroupId, PeerId, RequestId } from '../../model/ids.ts'
import type { Binding, LedgerAnswer } from '../../model/ledger.ts'
import type { ChangeOutcome, PeerMessage, Refusal } from '../../model/message.ts'
import { NO_VALUE, type Operation, type OperationReply, type OperationRequest } from '../../model/request.ts'
import type { Volume } from '../../model/volume.ts'
import { askRegister } from '../group/ask.ts'
import { lastWord } from '../group/bury.ts'
import { cancel, type Out, reply, send, timer } from '../out.ts'
import { roomBody, unplacedAsVolume } from '../shape.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Operating } from './requests.ts'
import { type Found, isBuried, NOTHING_SOUGHT, startSearch } from './find.ts'
import { noMajority, overQuota, unreachable } from './reasons.ts'
import { grantFor, groupSnapshotAsked, snapshotAsked, takesRoom } from './room.ts'

type Message<Kind extends PeerMessage['kind']> = Extract<PeerMessage, { kind: Kind }>

/** Shorter than the wait for an operation: the answer does not depend on it. */
const COMMIT_WAIT_MS = 1000
const AGAIN_MS = 100
const AGAIN_MAX = 20
const OF_TRANSFERS: ReadonlySet<Operation['kind']> = new Set(['offer', 'cancel-transfer', 'accept'])

export function onClientOperate(peer: Peer, out: Out, client: string, request: OperationRequest, now: Now): void {
  const { project } = request
  const known = peer.view.volumes.get(request.volume)?.volume
  // Where it is shown as another project's, that may be old.
  const isOwn = project !== null && request.operation.kind !== 'accept'
  if (known !== undefined && (!isOwn || known.project === project)) return toOwner(peer, out, client, request, known, now)
  const found = startSearch(peer, out, {
    ...NOTHING_SOUGHT,
    project: isOwn ? project : null,
    volume: request.volume,
    isOwn,
    purpose: { kind: 'operate', client, request },
  })
  if (found !== null) onFoundForOperation(peer, out, found, now)
}

export function onFoundForOperation(peer: Peer, out: Out, { search, volume }: Found, now: Now): void {
  const { purpose } = search
  if (purpose.kind === 'operate') toOwner(peer, out, purpose.client, purpose.request, volume, now)
}

export function onOperated(peer: Peer, out: Out, rid: RequestId, answer: OperationReply): void {
  const operating = peer.operating.get(rid)
  if (operating === undefined) return
  if (!isEarly(operating, answer)) return endAsTold(peer, out, operating, answer)
  askAgain(peer, out, operating)
}

/**
 * Whoever was told of the create may change its volume; the COMMIT that lets the owner do so is on its way. And of those who accept a transfer,
 * take it back, or offer the volume anew, each hears in a moment how it ended.
 */
function isEarly({ request, again }: Operating, answer: OperationReply): boolean {
  if (answer.ok || again >= AGAIN_MAX) return false
  // It reads them now.
  if (answer.failure.code === 'types-behind') return true
  if (answer.failure.code !== 'volume-busy') return false
  const { running } = answer.failure
  return running === 'create' || (running === 'accept' && OF_TRANSFERS.has(request.operation.kind))
}

function askAgain(peer: Peer, out: Out, operating: Operating): void {
  const { rid } = operating.request
  peer.operating.set(rid, { ...operating, again: operating.again + 1 })
  timer(out, `operate-again/${rid}`, AGAIN_MS)
}

export function onOperateAgain(peer: Peer, out: Out, rid: RequestId): void {
  const operating = peer.operating.get(rid)
  if (operating === undefined) return
  const { phase, owner, request, project } = operating
  const { operation, volume } = request
  if (phase === 'asked') send(out, owner, { kind: 'operate', request })
  if (phase === 'reserving' && takesRoom(operation)) send(out, owner, { kind: 'reserve-room', rid, volume, project, operation })
}

export function onRoomReserved(peer: Peer, out: Out, from: PeerId, message: Message<'reserved'>, now: Now): void {
  const { rid, pool, reservation, delta, sizeGiB, source, body, members = [] } = message
  const operating = peer.operating.get(rid)
  const operation = operating?.request.operation
  if (
    operating === undefined ||
    operating.phase !== 'reserving' ||
    operation === undefined ||
    !takesRoom(operation) ||
    operating.owner !== from ||
    body !== roomBody(operation)
  )
    return
  const { volume } = operating.request
  const held = { kind: 'bound', rid, volume, host: from, pool, reservation, spec: null, delta, sizeGiB, atMs: now.wallMs } as const
  const binding: Binding = { ...held, ...grantFor(operation, volume, source, members) }
  peer.operating.set(rid, { ...operating, phase: 'binding' })
  askRegister(peer, out, operating.project, { kind: 'bind', binding }, { kind: 'room', rid })
}

export function onRoomRefused(peer: Peer, out: Out, rid: RequestId, refusal: Refusal): void {
  const operating = peer.operating.get(rid)
  if (operating?.phase !== 'reserving') return
  if (refusal.kind === 'operation' && isEarly(operating, refusal.reply)) return askAgain(peer, out, operating)
  if (refusal.kind === 'operation') return endAsTold(peer, out, operating, refusal.reply)
  const facts: Failure =
    refusal.kind === 'no-room'
      ? { code: 'no-room', rejected: [refusal.rejection] }
      : { code: 'recovering', host: hostName(peer.options.manifest, operating.owner) }
  end(peer, out, operating, failure(facts))
}

export function onRoomDecided(peer: Peer, out: Out, rid: RequestId, asked: Binding, outcome: ChangeOutcome): void {
  const operating = peer.operating.get(rid)
  if (operating === undefined) return
  const { owner, project } = operating
  if (outcome.kind !== 'decided') {
    abandon(out, operating, asked)
    const facts: Failure =
      outcome.kind === 'overloaded' ? { code: 'overloaded', queue: 'register', limit: outcome.limit } : noMajority(peer, project, outcome)
    return end(peer, out, operating, failure(facts))
  }
  const { answer, proof } = outcome
  if (answer.kind !== 'bound') {
    abandon(out, operating, asked)
    return end(peer, out, operating, failure(refusedBy(peer, answer, operating)))
  }
  const { reservation, volume, snapshot, groupSnapshot } = asked
  if (groupSnapshot !== undefined && answer.binding.kind === 'recent') {
    abandon(out, operating, asked)
    return end(peer, out, operating, failure({ code: 'group-snapshot-not-found', groupSnapshot: groupSnapshot.id }))
  }
  if (snapshot !== null && answer.binding.kind === 'recent') {
    // Made once and gone since, longer ago than its owner remembers.
    abandon(out, operating, asked)
    return end(peer, out, operating, failure({ code: 'snapshot-not-found', snapshot: snapshot.id }))
  }
  peer.operating.set(rid, { ...operating, phase: 'committing' })
  timer(out, `operate/${rid}`, operating.request.operation.kind === 'accept' ? peer.options.timings.operateMs : COMMIT_WAIT_MS)
  send(out, owner, { kind: 'commit', certificate: { project, rid, volume, host: owner, reservation, proof } })
}

export function onRoomCommitted(peer: Peer, out: Out, rid: RequestId): void {
  const operating = peer.operating.get(rid)
  if (operating?.phase !== 'committing') return
  if (operating.request.operation.kind !== 'accept') return endRoom(peer, out, operating)
  // Its owner knows of it, and says what has come of it when it is asked again.
  if (operating.again >= AGAIN_MAX) return end(peer, out, operating, failure(unreachable(peer, operating.owner)))
  askAgain(peer, out, { ...operating, phase: 'reserving' })
}

/** The owner did not answer in time, or cannot be reached (`to`). */
export function onOperateFailed(peer: Peer, out: Out, rid: RequestId, to: PeerId | null, now: Now): void {
  const operating = peer.operating.get(rid)
  if (operating === undefined || (to !== null && operating.owner !== to)) return
  const { kind } = operating.request.operation
  // The answer is lost, the record of what was done is not.
  const isEnd = kind === 'delete' || kind === 'unmanage'
  if (isEnd && isBuried(peer, operating.owner, operating.request.volume)) return end(peer, out, operating, success(NO_VALUE))
  if (kind === 'delete') {
    if (to !== null && operating.volume !== null) {
      peer.operating.delete(rid)
      cancel(out, `operate/${rid}`)
      for (const client of operating.clients) intend(peer, out, client, operating.request, operating.volume, now)
      return
    }
  }
  // Bound is bound: the owner will hear of it from the register. But whose a volume is nobody says before its owner does.
  if (operating.phase === 'committing' && kind !== 'accept') return endRoom(peer, out, operating)
  if (operating.phase === 'binding') return
  end(peer, out, operating, failure(unreachable(peer, operating.owner)))
}

/** What the register did with a volume that has no owner. */
export function onEdited(
  peer: Peer,
  out: Out,
  client: string,
  request: OperationRequest,
  project: Volume['project'],
  outcome: ChangeOutcome,
): void {
  const respond = (result: OperationReply): void => reply(out, client, { kind: 'operate', result })
  if (outcome.kind === 'no-majority') return respond(failure(noMajority(peer, project, outcome)))
  if (outcome.kind === 'overloaded') return respond(failure({ code: 'overloaded', queue: 'register', limit: outcome.limit }))
  const { answer } = outcome
  if (answer.kind === 'edited') return respond(success({ ...NO_VALUE, volume: unplacedAsVolume(answer.unplaced) }))
  // Known to this peer, and not to the register any more: deleted, by this request if the answer to it was lost.
  respond(request.operation.kind === 'delete' ? success(NO_VALUE) : failure({ code: 'volume-not-found', volume: request.volume }))
}

function toOwner(peer: Peer, out: Out, client: string, request: OperationRequest, volume: Volume, now: Now): void {
  const { rid, operation } = request
  const isAccept = request.operation.kind === 'accept'
  if (request.project !== null && !isAccept && volume.project !== request.project) {
    return reply(out, client, { kind: 'operate', result: failure({ code: 'volume-not-found', volume: request.volume }) })
  }
  if (volume.owner === null) return toRegister(peer, out, client, request, volume, now)
  const running = peer.operating.get(rid)
  if (running !== undefined) {
    peer.operating.set(rid, { ...running, clients: [...running.clients, client] })
    return
  }
  const { owner } = volume
  // Who accepts a volume has it bound in an account of his own.
  const project = isAccept && request.project !== null ? request.project : volume.project
  if (isGoneHost(peer.options.manifest, owner)) return toGone(peer, out, client, request, volume, now)
  // The register takes a delete for a host that is away; everything else only the owner can decide.
  if (operation.kind === 'delete' && owner !== peer.self && peer.connections.get(owner)?.state !== 'up') {
    return intend(peer, out, client, request, volume, now)
  }
  const phase = takesRoom(operation) ? 'reserving' : 'asked'
  peer.operating.set(rid, { request, clients: [client], owner, phase, project, volume, again: 0 })
  timer(out, `operate/${rid}`, peer.options.timings.operateMs)
  if (takesRoom(operation)) send(out, owner, { kind: 'reserve-room', rid, volume: volume.id, project, operation })
  else send(out, owner, { kind: 'operate', request })
}

/** The register has taken a delete for an owner that is away, or nobody could. */
export function onIntended(
  peer: Peer,
  out: Out,
  client: string,
  { request, owner }: { readonly request: OperationRequest; readonly owner: PeerId },
  outcome: ChangeOutcome,
): void {
  const known = peer.view.volumes.get(request.volume)?.volume
  // It may have become another project's since.
  const volume = request.project === null || known?.project === request.project ? known : undefined
  const respond = (result: OperationReply): void => reply(out, client, { kind: 'operate', result })
  if (outcome.kind === 'decided' && outcome.answer.kind === 'intended') {
    return respond(success(volume === undefined ? NO_VALUE : { ...NO_VALUE, volume: { ...volume, status: 'deleting' } }))
  }
  // It was there when this began.
  respond(isBuried(peer, owner, request.volume) ? success(NO_VALUE) : failure(unreachable(peer, owner)))
}

/** What became of a volume whose host is lost for good, or has left. */
export function onForgotten(peer: Peer, out: Out, client: string, project: Volume['project'], outcome: ChangeOutcome): void {
  const respond = (result: OperationReply): void => reply(out, client, { kind: 'operate', result })
  if (outcome.kind === 'no-majority') return respond(failure(noMajority(peer, project, outcome)))
  if (outcome.kind === 'overloaded') return respond(failure({ code: 'overloaded', queue: 'register', limit: outcome.limit }))
  // Others know more of the lost host's log than this one, which will soon.
  if (outcome.answer.kind === 'behind') return respond(failure({ code: 'recovering', host: hostName(peer.options.manifest, peer.self) }))
  respond(success(NO_VALUE))
}

/** What the owner would refuse by all that is known of the volume is not taken; it alone can say that it may be done. */
function intend(peer: Peer, out: Out, client: string, request: OperationRequest, volume: Volume, now: Now): void {
  const { owner } = volume
  if (owner === null) return
  const cascade = request.operation.kind === 'delete' && request.operation.cascade === true && isGroup(volume)
  if (isHeld(peer, volume, cascade)) return reply(out, client, { kind: 'operate', result: failure(unreachable(peer, owner)) })
  const whole = cascade ? ({ cascade } as const) : {}
  const intent = { kind: 'intent', volume: volume.id, ...whole, rid: request.rid, host: owner, atMs: now.wallMs } as const
  askRegister(peer, out, volume.project, { kind: 'intend', intent }, { kind: 'intend', client, request, owner })
}

/** By this peer's picture. @param cascade what is in the group goes with it */
function isHeld(peer: Peer, volume: Volume, cascade: boolean): boolean {
  if (!isGroup(volume)) return volume.attachments.length > 0 || volume.snapshots.length > 0 || volume.group !== undefined
  const members = volumesIn(peer, volume.id)
  const isKept = members.some(({ attachments, snapshots }) => attachments.length > 0 || snapshots.length > 0)
  return (volume.groupSnapshots ?? []).length > 0 || (cascade ? isKept : members.length > 0)
}

function volumesIn(peer: Peer, group: GroupId): readonly Volume[] {
  return [...peer.view.volumes.values()].flatMap(({ volume }) => (volume.group === group ? [volume] : []))
}

/**
 * A host that is lost decides nothing any more: its volumes can be deleted, their snapshots with them, and nothing else. So can what
 * was promised on one that left.
 */
function toGone(peer: Peer, out: Out, client: string, request: OperationRequest, volume: Volume, now: Now): void {
  const { owner, project } = volume
  if (owner === null) return
  if (request.operation.kind !== 'delete') {
    const { manifest } = peer.options
    const facts: Failure = {
      code: hasLeft(manifest, owner) ? 'host-left' : 'host-lost',
      volume: volume.id,
      host: hostName(manifest, owner),
    }
    return reply(out, client, { kind: 'operate', result: failure(facts) })
  }
  // What is in a group can be deleted for itself by now; whoever wants all of it gone need not.
  const members = request.operation.cascade === true && isGroup(volume) ? volumesIn(peer, volume.id) : []
  for (const { id } of members) askRegister(peer, out, project, lastWord(peer, project, owner, id, now), { kind: 'forget', client: null })
  askRegister(peer, out, project, lastWord(peer, project, owner, volume.id, now), { kind: 'forget', client })
}

function toRegister(peer: Peer, out: Out, client: string, request: OperationRequest, volume: Volume, now: Now): void {
  const { operation } = request
  if (operation.kind !== 'update' && operation.kind !== 'delete' && operation.kind !== 'dismiss') {
    const facts: Failure = {
      code: 'invalid-status',
      volume: volume.id,
      action: operation.kind,
      status: volume.status,
      allowed: ['available'],
    }
    return reply(out, client, { kind: 'operate', result: failure(facts) })
  }
  const edit = operation.kind === 'update' ? operation : { kind: operation.kind }
  const change = { kind: 'edit-unplaced', volume: volume.id, edit, atMs: now.wallMs } as const
  askRegister(peer, out, volume.project, change, { kind: 'edit', client, request })
}

function abandon(out: Out, operating: Operating, binding: Binding): void {
  send(out, operating.owner, { kind: 'abandon', rid: operating.request.rid, project: operating.project, reservation: binding.reservation })
}

function endRoom(peer: Peer, out: Out, operating: Operating): void {
  const known = peer.view.volumes.get(operating.request.volume)?.volume
  const volume = known?.project === operating.project ? known : operating.volume
  const groupSnapshot = groupSnapshotAsked(operating.request, volume)
  const grouped = groupSnapshot === null ? {} : { groupSnapshot }
  end(peer, out, operating, success({ ...NO_VALUE, volume, snapshot: snapshotAsked(operating.request, volume), ...grouped }))
}

/** What its owner said; but a volume that is granted, and that its owner does not know, its owner has forgotten, and will hear of again. */
function endAsTold(peer: Peer, out: Out, operating: Operating, told: OperationReply): void {
  const isGranted = peer.view.volumes.get(operating.request.volume)?.seq === 0
  const isForgotten = isGranted && !told.ok && told.failure.code === 'volume-not-found'
  end(peer, out, operating, isForgotten ? failure({ code: 'recovering', host: hostName(peer.options.manifest, operating.owner) }) : told)
}

function end(peer: Peer, out: Out, operating: Operating, result: OperationReply): void {
  const { rid } = operating.request
  peer.operating.delete(rid)
  cancel(out, `operate/${rid}`)
  for (const client of operating.clients) reply(out, client, { kind: 'operate', result })
}

function refusedBy(peer: Peer, answer: LedgerAnswer, operating: Operating): Failure {
  const { volume } = operating.request
  switch (answer.kind) {
    case 'over-quota':
      return overQuota(peer, answer)
    case 'mismatch':
      return { code: 'request-mismatch', volume }
    default:
      return { code: 'volume-busy', volume, running: operating.request.operation.kind }
  }
}
