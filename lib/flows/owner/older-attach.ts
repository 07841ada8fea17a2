/**
 * The calls of Cinder from before attachments were a resource, on the attachments that there are: one export each.
 *
 * os-reserve makes an attachment that nobody is named in; os-initialize_connection gives one its export, or makes one for its
 * initiator; os-attach names who uses it; os-terminate_connection takes its export away and leaves the name; os-detach takes the
 * attachment away. What belongs together is told by initiator, host and instance. Where several attachments may live and that does
 * not tell, nothing is taken for somebody else's: an attachment more is made, so that letting go of one never cuts off another.
 */
import type { Attachment } from '../../model/attachment.ts'
import { failure, type Failure, success } from '../../model/failure.ts'
import type { PeerId } from '../../model/ids.ts'
import type { OlderAttach } from '../../model/older-attach.ts'
import { NO_VALUE, type OperationRequest } from '../../model/request.ts'
import { isDetachingBegun, type Volume, type VolumeStatus } from '../../model/volume.ts'
import type { Out } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { letGo, refuseAnother, refuseUnsafe } from './attach.ts'
import { changeAttachment, startExport, startFence } from './export-steps.ts'
import { recovering } from './forgotten.ts'
import { connectedFrom, heldBy, leftBy, openFor, reservation, toHold } from './older-match.ts'
import type { Owned } from './owned.ts'
import { answerNow, endWell, waitFor, withSecret } from './work.ts'

type Op<Kind extends OlderAttach['kind']> = Extract<OlderAttach, { kind: Kind }>

/** One call and what it is about, for the functions of this file. */
export interface OlderCall {
  readonly peer: Peer
  readonly out: Out
  readonly from: PeerId
  readonly owned: Owned
  readonly request: OperationRequest
  readonly now: Now
}

export function reserve(call: OlderCall, { attachment: id }: Op<'reserve'>): void {
  const { volume } = call.owned
  const known = volume.attachments.find((one) => one.id === id)
  if (known !== undefined) return told(call, known)
  const allowed: readonly VolumeStatus[] = volume.multiattach ? ['available', 'in-use'] : ['available']
  const facts = refuseNew(call, id) ?? refuseStatus(volume, 'reserve', allowed)
  if (facts !== null) return refuse(call, facts)
  change(call, { ...named(volume, id, 'reserve'), status: 'reserved' })
}

/** Without a reservation there is nothing to take back, and that is no mistake. */
export function unreserve(call: OlderCall): void {
  const reserved = reservation(call.owned.volume)
  if (reserved === null) return told(call, null)
  letGo(call.peer, call.out, call.from, call.owned, call.request, reserved, call.now)
}

export function beginDetaching(call: OlderCall): void {
  const facts = refuseStatus(call.owned.volume, 'begin detaching', ['in-use'])
  if (facts !== null) return refuse(call, facts)
  say(call, 'detaching')
}

export function rollDetaching(call: OlderCall): void {
  if (isDetachingBegun(call.owned.volume)) say(call, 'in-use')
  else told(call, null)
}

/** The same initiator is given the same export, whichever request asks for it. */
export function initialize(call: OlderCall, { attachment: id, connector, mode }: Op<'initialize'>): void {
  const { peer, out, from, owned, request, now } = call
  const { volume } = owned
  const known = connectedFrom(volume, connector.initiator)
  if (known !== null) return told(call, known)
  const open = volume.attachments.find((one) => one.id === id && one.export === 'none') ?? openFor(volume, connector)
  const facts = open === null ? (refuseNew(call, id) ?? refuseAnother(volume, 'initialize_connection')) : refuseUnread(call)
  if (facts !== null) return refuse(call, facts)
  waitFor(peer, request.rid, from)
  const wanted = open ?? named(volume, id, 'connection')
  const isHeld = wanted.status === 'attached'
  const connected: Attachment = { ...wanted, mode: isHeld ? wanted.mode : (mode ?? 'rw') }
  startExport(peer, out, owned, connected, connector, { rid: request.rid, kind: open === null ? 'attach' : 'connect' }, now)
}

/** What is not connected is disconnected. */
export function terminate(call: OlderCall, { initiator, allowUnsafe }: Op<'terminate'>): void {
  const { peer, out, from, owned, request, now } = call
  const [exported, another] = leftBy(owned.volume, initiator)
  if (exported === undefined) return told(call, null)
  if (another !== undefined) return refuse(call, several(owned.volume))
  const facts = refuseUnsafe(exported, allowUnsafe)
  if (facts !== null) return refuse(call, facts)
  waitFor(peer, request.rid, from)
  const status = exported.attachedAtMs === null ? 'attaching' : 'attached'
  startFence(peer, out, owned, { ...exported, status }, { rid: request.rid, kind: 'terminate' }, now)
}

export function hold(call: OlderCall, operation: Op<'hold'>): void {
  const { volume } = call.owned
  const { attachment: id, instance, host, mode, mountpoint } = operation
  const known = volume.attachments.find((one) => one.id === id && one.status === 'attached') ?? heldBy(volume, operation)
  if (known !== null) return told(call, known)
  const open = toHold(volume, operation)
  const facts = refuseMode(volume, mode) ?? (open === null ? (refuseNew(call, id) ?? refuseAnother(volume, 'attach')) : null)
  if (facts !== null) return refuse(call, facts)
  const wanted = open ?? named(volume, id, 'attach')
  change(call, {
    ...wanted,
    status: 'attached',
    instance,
    // An export that is there stays as it was made.
    mode: wanted.export === 'none' ? mode : wanted.mode,
    mountpoint,
    attachedAtMs: call.now.wallMs,
    ...(host === null ? {} : { host }),
  })
}

/** Takes an attachment away, whatever has become of it; its export is fenced first. */
export function letGoOf(call: OlderCall, { which, initiator, allowUnsafe }: Op<'let-go'>): void {
  const { volume } = call.owned
  const meant = volume.attachments.filter(
    (one) => (which === null || one.id === which) && (which !== null || initiator === null || one.connector?.initiator === initiator),
  )
  const [attachment, another] = meant
  if (attachment === undefined) return letGoOfNobody(call)
  if (another !== undefined) return refuse(call, several(volume))
  const facts = refuseUnsafe(attachment, allowUnsafe)
  if (facts !== null) return refuse(call, facts)
  letGo(call.peer, call.out, call.from, call.owned, call.request, attachment, call.now)
}

/** It is gone already. A status that an operator has said, of attachments that there are not, goes with it. */
function letGoOfNobody(call: OlderCall): void {
  const { attachments, status } = call.owned.volume
  if (attachments.length === 0 && status === 'in-use') say(call, 'available')
  else told(call, null)
}

/** A new attachment of this volume in which nobody is named yet. */
function named(volume: Volume, id: Attachment['id'], by: NonNullable<Attachment['by']>): Attachment {
  const nobody = { instance: null, connector: null, mountpoint: null, attachedAtMs: null }
  return { id, volume: volume.id, status: 'reserved', export: 'none', generation: 0, mode: 'rw', ...nobody, by }
}

/** One that was removed is not made again by a repeat that comes late, whatever has been forgotten since. */
function refuseNew(call: OlderCall, id: Attachment['id']): Failure | null {
  return call.owned.volume.detached.includes(id) ? { code: 'attachment-not-found', attachment: id } : refuseUnread(call)
}

/** A delete of the volume may be waiting in its register, which nobody could read since the start. */
function refuseUnread({ peer, owned }: OlderCall): Failure | null {
  return peer.unread.has(owned.volume.project) ? recovering(peer) : null
}

function refuseStatus({ id, status }: Volume, action: string, allowed: readonly VolumeStatus[]): Failure | null {
  return allowed.includes(status) ? null : { code: 'invalid-status', volume: id, action, status, allowed }
}

function refuseMode({ id, readOnly }: Volume, mode: 'rw' | 'ro'): Failure | null {
  return readOnly === true && mode === 'rw' ? { code: 'attach-mode', volume: id, mode } : null
}

function several({ id, attachments }: Volume): Failure {
  return { code: 'which-attachment', volume: id, attachments: attachments.length }
}

function change({ peer, out, from, owned, request, now }: OlderCall, to: Attachment): void {
  const changed = changeAttachment(peer, out, owned, to.id, to, null, now)
  waitFor(peer, request.rid, from)
  endWell(peer, out, request.rid, changed.volume, to, now)
}

/** Of the volume alone. */
function say({ peer, out, from, owned, request, now }: OlderCall, status: VolumeStatus): void {
  const changed = publishOwned(peer, out, { ...owned, volume: { ...owned.volume, status } }, now)
  waitFor(peer, request.rid, from)
  endWell(peer, out, request.rid, changed.volume, null, now)
}

/** It is as was asked for already. */
function told({ peer, out, from, owned, request }: OlderCall, attachment: Attachment | null): void {
  answerNow(out, from, request.rid, withSecret(peer, success({ ...NO_VALUE, volume: owned.volume, attachment })))
}

function refuse({ out, from, request }: OlderCall, facts: Failure): void {
  answerNow(out, from, request.rid, failure(facts))
}
