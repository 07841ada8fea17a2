/**
 * Attachments as a resource: made, connected, completed, detached. How an export comes and goes is in export-steps.ts.
 */
import type { Attachment, AttachmentStatus } from '../../model/attachment.ts'
import { failure, type Failure, success } from '../../model/failure.ts'
import type { AttachmentId, PeerId } from '../../model/ids.ts'
import { NO_VALUE, type Operation, type OperationRequest } from '../../model/request.ts'
import type { Volume, VolumeStatus } from '../../model/volume.ts'
import type { Out } from '../out.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'
import { changeAttachment, removeAttachment, startExport, startFence } from './export-steps.ts'
import { recovering } from './forgotten.ts'
import type { Owned } from './owned.ts'
import { answerNow, attachmentOf, endWell, waitFor, withSecret } from './work.ts'

type Op<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

export function startAttach(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  request: OperationRequest,
  operation: Op<'attach'>,
  now: Now,
): void {
  const { volume } = owned
  if (peer.unread.has(volume.project)) return answerNow(out, from, request.rid, failure(recovering(peer)))
  const known = attachmentOf(owned, operation.attachment)
  // An attachment that was removed is not made again by a repeat that comes late, whatever has been forgotten since.
  if (known === null && volume.detached.includes(operation.attachment))
    return answerNow(out, from, request.rid, failure({ code: 'attachment-not-found', attachment: operation.attachment }))
  if (known !== null) return attachAgain(peer, out, from, owned, request, operation, known, now)
  const facts = refuseAnother(volume, 'attach')
  if (facts !== null) return answerNow(out, from, request.rid, failure(facts))
  const { attachment: id, instance, mode, mountpoint } = operation
  const attachment: Attachment = {
    id,
    volume: volume.id,
    status: 'reserved',
    export: 'none',
    generation: 0,
    instance,
    mode,
    connector: null,
    mountpoint,
    attachedAtMs: null,
  }
  waitFor(peer, request.rid, from)
  if (operation.connector !== null)
    return startExport(peer, out, owned, attachment, operation.connector, { rid: request.rid, kind: 'attach' }, now)
  const reserved = changeAttachment(peer, out, owned, id, attachment, null, now)
  endWell(peer, out, request.rid, reserved.volume, attachment, now)
}

/** Why the volume can have no attachment more; null if it can. */
export function refuseAnother({ id, multiattach, status }: Volume, action: string): Failure | null {
  const allowed: readonly VolumeStatus[] = multiattach ? ['available', 'reserved', 'attaching', 'in-use'] : ['available']
  return allowed.includes(status) ? null : { code: 'invalid-status', volume: id, action, status, allowed }
}

/** Named by its id, an attachment is made once, also when the answer to the first request has been forgotten. */
function attachAgain(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  request: OperationRequest,
  operation: Op<'attach'>,
  known: Attachment,
  now: Now,
): void {
  if (operation.connector === null || known.status !== 'reserved') {
    return answerNow(out, from, request.rid, withSecret(peer, success({ ...NO_VALUE, volume: owned.volume, attachment: known })))
  }
  waitFor(peer, request.rid, from)
  startExport(peer, out, owned, known, operation.connector, { rid: request.rid, kind: 'connect' }, now)
}

export function startConnect(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  request: OperationRequest,
  operation: Op<'connect'>,
  now: Now,
): void {
  const attachment = attachmentOf(owned, operation.attachment)
  if (attachment === null)
    return answerNow(out, from, request.rid, failure({ code: 'attachment-not-found', attachment: operation.attachment }))
  const isSame = attachment.connector?.initiator === operation.connector.initiator
  if (attachment.export === 'exported' && isSame) {
    return answerNow(out, from, request.rid, withSecret(peer, success({ ...NO_VALUE, volume: owned.volume, attachment })))
  }
  if (attachment.status !== 'reserved') return answerNow(out, from, request.rid, failure(wrongStatus(attachment, 'connect')))
  if (peer.unread.has(owned.volume.project)) return answerNow(out, from, request.rid, failure(recovering(peer)))
  waitFor(peer, request.rid, from)
  startExport(peer, out, owned, attachment, operation.connector, { rid: request.rid, kind: 'connect' }, now)
}

export function complete(peer: Peer, out: Out, from: PeerId, owned: Owned, request: OperationRequest, id: AttachmentId, now: Now): void {
  const attachment = attachmentOf(owned, id)
  if (attachment === null) return answerNow(out, from, request.rid, failure({ code: 'attachment-not-found', attachment: id }))
  const isReady = attachment.export === 'exported' && (attachment.status === 'attaching' || attachment.status === 'attached')
  if (!isReady) return answerNow(out, from, request.rid, failure(wrongStatus(attachment, 'complete')))
  const attached: Attachment = { ...attachment, status: 'attached', attachedAtMs: attachment.attachedAtMs ?? now.wallMs }
  const changed = changeAttachment(peer, out, owned, id, attached, null, now)
  waitFor(peer, request.rid, from)
  endWell(peer, out, request.rid, changed.volume, attached, now)
}

export function startDetach(
  peer: Peer,
  out: Out,
  from: PeerId,
  owned: Owned,
  request: OperationRequest,
  operation: Op<'detach'>,
  now: Now,
): void {
  const attachment = attachmentOf(owned, operation.attachment)
  if (attachment === null)
    return answerNow(out, from, request.rid, failure({ code: 'attachment-not-found', attachment: operation.attachment }))
  const facts = refuseUnsafe(attachment, operation.allowUnsafe)
  if (facts !== null) return answerNow(out, from, request.rid, failure(facts))
  letGo(peer, out, from, owned, request, attachment, now)
}

/** Its export is fenced first, if it has one. */
export function letGo(peer: Peer, out: Out, from: PeerId, owned: Owned, { rid }: OperationRequest, attachment: Attachment, now: Now): void {
  waitFor(peer, rid, from)
  if (attachment.export === 'none') return endWell(peer, out, rid, removeAttachment(peer, out, owned, attachment.id, now), null, now)
  startFence(peer, out, owned, { ...attachment, status: 'detaching' }, { rid, kind: 'detach' }, now)
}

/** A server's own attachment goes only at a service's word (CVE-2023-2088). */
export function refuseUnsafe({ id, status, instance }: Attachment, allowUnsafe: boolean): Failure | null {
  return allowUnsafe || status !== 'attached' || instance === null ? null : { code: 'unsafe-detach', attachment: id, instance }
}

export function readConnection(peer: Peer, out: Out, from: PeerId, owned: Owned, request: OperationRequest, id: AttachmentId): void {
  const attachment = attachmentOf(owned, id)
  if (attachment === null) return answerNow(out, from, request.rid, failure({ code: 'attachment-not-found', attachment: id }))
  answerNow(out, from, request.rid, withSecret(peer, success({ ...NO_VALUE, volume: owned.volume, attachment })))
}

function wrongStatus(attachment: Attachment, action: string): Failure {
  return { code: 'attachment-status', attachment: attachment.id, action, status: attachment.status satisfies AttachmentStatus }
}
