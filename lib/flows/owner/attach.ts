/**
 * Attaching and detaching: T1 export T2, and T3 fence T4.
 *
 * The journal says `exporting` before a target exists and `none` only after it is verified gone, so that what the
 * target serves is always a part of what the journal knows. Each export has a name and a secret of its own.
 */
import type { Attachment, AttachmentStatus, Connector } from '../../model/attachment.ts'
import { exportIqn } from '../../model/attachment.ts'
import { failure, type Failure, success } from '../../model/failure.ts'
import type { AttachmentId, PeerId, VolumeId } from '../../model/ids.ts'
import { hostName } from '../../model/manifest.ts'
import { NO_VALUE, type Operation, type OperationRequest } from '../../model/request.ts'
import { statusFromAttachments, type Volume, type VolumeStatus, withDetached } from '../../model/volume.ts'
import { note, type Out, timer } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now, TargetOutcome } from '../step.ts'
import type { Peer } from '../tables.ts'
import type { Owned, Working } from './owned.ts'
import {
  answerNow,
  attachmentOf,
  endBadly,
  endWell,
  mayTryAgain,
  takeTrouble,
  target,
  usernameOf,
  waitFor,
  withAttachment,
  withConnection,
} from './work.ts'

type Op<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

/** Exports are told apart by chance and not by counting: a host that has forgotten may not use a name twice either. */
const GENERATIONS = 2 ** 40

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
  if (peer.unread.has(volume.project)) return answerNow(out, from, request.rid, failure(stillRecovering(peer)))
  const known = attachmentOf(owned, operation.attachment)
  // An attachment that was removed is not made again by a repeat that comes late, whatever has been forgotten since.
  if (known === null && volume.detached.includes(operation.attachment))
    return answerNow(out, from, request.rid, failure({ code: 'attachment-not-found', attachment: operation.attachment }))
  if (known !== null) return attachAgain(peer, out, from, owned, request, operation, known, now)
  const allowed: readonly VolumeStatus[] = volume.multiattach ? ['available', 'reserved', 'attaching', 'in-use'] : ['available']
  if (!allowed.includes(volume.status)) {
    return answerNow(
      out,
      from,
      request.rid,
      failure({ code: 'invalid-status', volume: volume.id, action: 'attach', status: volume.status, allowed }),
    )
  }
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
  const reserved = change(peer, out, owned, id, attachment, null, now)
  endWell(peer, out, request.rid, reserved.volume, attachment, now)
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
    return answerNow(out, from, request.rid, withConnection(peer, success({ ...NO_VALUE, volume: owned.volume, attachment: known })))
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
    return answerNow(out, from, request.rid, withConnection(peer, success({ ...NO_VALUE, volume: owned.volume, attachment })))
  }
  if (attachment.status !== 'reserved') return answerNow(out, from, request.rid, failure(wrongStatus(attachment, 'connect')))
  if (peer.unread.has(owned.volume.project)) return answerNow(out, from, request.rid, failure(stillRecovering(peer)))
  waitFor(peer, request.rid, from)
  startExport(peer, out, owned, attachment, operation.connector, { rid: request.rid, kind: 'connect' }, now)
}

export function complete(peer: Peer, out: Out, from: PeerId, owned: Owned, request: OperationRequest, id: AttachmentId, now: Now): void {
  const attachment = attachmentOf(owned, id)
  if (attachment === null) return answerNow(out, from, request.rid, failure({ code: 'attachment-not-found', attachment: id }))
  const isReady = attachment.export === 'exported' && (attachment.status === 'attaching' || attachment.status === 'attached')
  if (!isReady) return answerNow(out, from, request.rid, failure(wrongStatus(attachment, 'complete')))
  const attached: Attachment = { ...attachment, status: 'attached', attachedAtMs: attachment.attachedAtMs ?? now.wallMs }
  const changed = change(peer, out, owned, id, attached, null, now)
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
  if (!operation.allowUnsafe && attachment.status === 'attached' && attachment.instance !== null) {
    return answerNow(out, from, request.rid, failure({ code: 'unsafe-detach', attachment: attachment.id, instance: attachment.instance }))
  }
  waitFor(peer, request.rid, from)
  if (attachment.export === 'none') {
    return endWell(peer, out, request.rid, detach(peer, out, owned, attachment.id, now), null, now)
  }
  const revoking: Attachment = { ...attachment, status: 'detaching', export: 'revoking' }
  const working: Working = { rid: request.rid, kind: 'detach', attachment: attachment.id, before: owned.volume.status }
  change(peer, out, owned, attachment.id, revoking, working, now)
  fence(out, revoking)
}

export function readConnection(peer: Peer, out: Out, from: PeerId, owned: Owned, request: OperationRequest, id: AttachmentId): void {
  const attachment = attachmentOf(owned, id)
  if (attachment === null) return answerNow(out, from, request.rid, failure({ code: 'attachment-not-found', attachment: id }))
  answerNow(out, from, request.rid, withConnection(peer, success({ ...NO_VALUE, volume: owned.volume, attachment })))
}

/** Makes the export of an attachment that the journal says is exported, under the same name and secret; one that is there follows its volume. */
export function exposeAgain(peer: Peer, out: Out, attachment: Attachment, job: 'expose' | 'follow' = 'expose'): void {
  if (attachment.connector === null)
    return note(out, 'error', 'export-without-connector', { attachment: attachment.id, volume: attachment.volume })
  const iqn = exportIqn(attachment.volume, attachment.generation)
  target(out, attachment.volume, `${job}/${attachment.id}`, {
    kind: 'expose',
    iqn,
    initiator: attachment.connector.initiator,
    username: usernameOf(attachment),
    password: peer.options.secretOf(iqn),
    readOnly: attachment.mode === 'ro',
  })
}

export function fence(out: Out, attachment: Attachment): void {
  target(out, attachment.volume, `fence/${attachment.id}`, { kind: 'fence', iqn: exportIqn(attachment.volume, attachment.generation) })
}

export function onExposed(peer: Peer, out: Out, owned: Owned, attachment: Attachment, outcome: TargetOutcome, now: Now): void {
  const { working } = owned
  const isAwaited = attachment.export === 'exporting' && working !== null && working.attachment === attachment.id
  if (!isAwaited) return onExposedAgain(peer, out, attachment, outcome)
  const what = `expose/${attachment.id}`
  if (outcome.kind === 'ok') {
    peer.tries.delete(what)
    const exported: Attachment = { ...attachment, export: 'exported' }
    const changed = change(peer, out, owned, attachment.id, exported, null, now)
    return endWell(peer, out, working.rid, changed.volume, exported, now)
  }
  if (outcome.kind === 'unknown' && mayTryAgain(peer, what)) return exposeAgain(peer, out, attachment)
  peer.tries.delete(what)
  peer.troubles.set(owned.volume.id, { tool: outcome.tool, detail: outcome.detail })
  fence(out, attachment)
}

export function onFenced(peer: Peer, out: Out, owned: Owned, attachment: Attachment, outcome: TargetOutcome, now: Now): void {
  const { working } = owned
  const what = `fence/${attachment.id}`
  if (working === null || working.attachment !== attachment.id) return
  if (outcome.kind !== 'ok') {
    if (working.kind === 'detach') {
      if (mayTryAgain(peer, what)) return timer(out, what, peer.options.timings.retryMs)
      const stuck: Attachment = { ...attachment, status: 'error_detaching' }
      change(peer, out, owned, attachment.id, stuck, null, now)
      return endBadly(peer, out, working.rid, {
        code: 'export-failed',
        volume: owned.volume.id,
        tool: outcome.tool,
        detail: outcome.detail,
      })
    }
    // A half-made export must not stay: nothing else is done with this volume until it is gone. Who asked need not wait for that.
    endBadly(peer, out, working.rid, { code: 'export-failed', volume: owned.volume.id, tool: outcome.tool, detail: outcome.detail })
    return timer(out, what, peer.options.timings.retryMs)
  }
  peer.tries.delete(what)
  if (working.kind === 'connect') {
    change(peer, out, owned, attachment.id, { ...attachment, status: 'reserved', export: 'none', connector: null }, null, now)
  } else {
    if (working.kind === 'detach') return endWell(peer, out, working.rid, detach(peer, out, owned, attachment.id, now), null, now)
    // It came to nothing, and may be asked for again.
    change(peer, out, owned, attachment.id, null, null, now)
  }
  // Without a word of a tool it was a crash that cut the attach off: nothing is wrong, and asking again will do.
  const trouble = takeTrouble(peer, owned.volume.id)
  endBadly(
    peer,
    out,
    working.rid,
    trouble === null ? stillRecovering(peer) : { code: 'export-failed', volume: owned.volume.id, ...trouble },
  )
}

/** A fence, or the making of an export that must be there, is tried again. */
export function onAttachmentTimer(peer: Peer, out: Out, what: 'fence' | 'expose', id: AttachmentId): void {
  const volume = volumeWith(peer, id)
  const owned = volume === null ? undefined : peer.owned.get(volume)
  const attachment = owned === undefined ? null : attachmentOf(owned, id)
  if (owned === undefined || attachment === null) return
  if (what === 'fence' && owned.working?.attachment === id) fence(out, attachment)
  if (what === 'expose' && attachment.export === 'exported') exposeAgain(peer, out, attachment)
}

function volumeWith(peer: Peer, id: AttachmentId): VolumeId | null {
  for (const owned of peer.owned.values()) if (attachmentOf(owned, id) !== null) return owned.volume.id
  return null
}

function startExport(
  peer: Peer,
  out: Out,
  owned: Owned,
  attachment: Attachment,
  connector: Connector,
  reason: { readonly rid: Working['rid']; readonly kind: 'attach' | 'connect' },
  now: Now,
): void {
  const generation = 1 + peer.options.rng.below(GENERATIONS)
  const exporting: Attachment = {
    ...attachment,
    status: 'attaching',
    export: 'exporting',
    generation,
    connector,
    mountpoint: connector.mountpoint ?? attachment.mountpoint,
  }
  const working: Working = { ...reason, attachment: attachment.id, before: owned.volume.status }
  change(peer, out, owned, attachment.id, exporting, working, now)
  exposeAgain(peer, out, exporting)
}

/** An export that was there before and had to be made again. It is never given up, and the volume is not in error. */
function onExposedAgain(peer: Peer, out: Out, attachment: Attachment, outcome: TargetOutcome): void {
  if (attachment.export !== 'exported' || outcome.kind === 'ok') return
  note(out, 'warn', 'export-not-restored', {
    volume: attachment.volume,
    attachment: attachment.id,
    tool: outcome.tool,
    detail: outcome.detail,
  })
  timer(out, `expose/${attachment.id}`, peer.options.timings.retryMs)
}

/** T4: it is gone, and remembered as such. */
function detach(peer: Peer, out: Out, owned: Owned, id: AttachmentId, now: Now): Volume {
  const volume = { ...owned.volume, detached: withDetached(owned.volume, id) }
  return change(peer, out, { ...owned, volume }, id, null, null, now).volume
}

/** Changes one attachment and whatever of the volume follows from it. */
function change(peer: Peer, out: Out, owned: Owned, id: AttachmentId, to: Attachment | null, working: Working | null, now: Now): Owned {
  const attachments = withAttachment(owned, id, to)
  const status = statusFromAttachments(attachments)
  return publishOwned(peer, out, { ...owned, working, volume: { ...owned.volume, attachments, status } }, now)
}

/** A delete of the volume may be waiting in its register, which nobody could read since the start. */
function stillRecovering(peer: Peer): Failure {
  return { code: 'recovering', host: hostName(peer.options.manifest, peer.self) }
}

function wrongStatus(attachment: Attachment, action: string): Failure {
  return { code: 'attachment-status', attachment: attachment.id, action, status: attachment.status satisfies AttachmentStatus }
}
