/**
 * How an export comes and goes: T1 export T2, and T3 fence T4.
 *
 * The journal says `exporting` before a target exists and `none` only after it is verified gone, so that what the
 * target serves is always a part of what the journal knows. Each export has a name and a secret of its own.
 */
import type { Attachment, Connector } from '../../model/attachment.ts'
import { exportIqn } from '../../model/attachment.ts'
import type { AttachmentId, RequestId, VolumeId } from '../../model/ids.ts'
import { isDetachingBegun, statusFromAttachments, type Volume, withDetached } from '../../model/volume.ts'
import { note, type Out, timer } from '../out.ts'
import { publishOwned } from '../spread/publish.ts'
import type { Now, TargetOutcome } from '../step.ts'
import type { Peer } from '../tables.ts'
import { recovering } from './forgotten.ts'
import type { Owned, Working } from './owned.ts'
import { attachmentOf, endBadly, endWell, mayTryAgain, takeTrouble, target, usernameOf, withAttachment } from './work.ts'

/** Exports are told apart by chance and not by counting: a host that has forgotten may not use a name twice either. */
const GENERATIONS = 2 ** 40

/** T1. Whoever waits for `rid` gets the attachment at T2. */
export function startExport(
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
    status: attachment.status === 'attached' ? 'attached' : 'attaching',
    export: 'exporting',
    generation,
    mode: owned.volume.readOnly === true ? 'ro' : attachment.mode,
    connector,
    mountpoint: connector.mountpoint ?? attachment.mountpoint,
  }
  const working: Working = { ...reason, attachment: attachment.id, before: owned.volume.status }
  changeAttachment(peer, out, owned, attachment.id, exporting, working, now)
  exposeAgain(peer, out, exporting)
}

/** T3. `revoked`: with the status that it has meanwhile; at T4 it is gone, or without an export. */
export function startFence(
  peer: Peer,
  out: Out,
  owned: Owned,
  revoked: Attachment,
  reason: { readonly rid: RequestId; readonly kind: 'detach' | 'terminate' },
  now: Now,
): void {
  const revoking: Attachment = { ...revoked, export: 'revoking' }
  changeAttachment(peer, out, owned, revoking.id, revoking, { ...reason, attachment: revoking.id, before: owned.volume.status }, now)
  fence(out, revoking)
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
    const changed = changeAttachment(peer, out, owned, attachment.id, exported, null, now)
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
    if (working.kind === 'detach' || working.kind === 'terminate') {
      if (mayTryAgain(peer, what)) return timer(out, what, peer.options.timings.retryMs)
      const stuck: Attachment = { ...attachment, status: 'error_detaching' }
      changeAttachment(peer, out, owned, attachment.id, stuck, null, now)
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
  if (working.kind === 'detach') return endWell(peer, out, working.rid, removeAttachment(peer, out, owned, attachment.id, now), null, now)
  // What was made for the connection alone goes with it, and what came to nothing may be asked for again.
  const left = working.kind === 'attach' || attachment.by === 'connection' ? onlyIfHeld(attachment) : withoutExport(attachment)
  if (working.kind === 'terminate') return endTerminate(peer, out, owned, working.rid, attachment.id, left, now)
  changeAttachment(peer, out, owned, attachment.id, left, null, now)
  // Without a word of a tool it was a crash that cut the attach off: nothing is wrong, and asking again will do.
  const trouble = takeTrouble(peer, owned.volume.id)
  endBadly(peer, out, working.rid, trouble === null ? recovering(peer) : { code: 'export-failed', volume: owned.volume.id, ...trouble })
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

/** The consumer who was written down stays so, and may be connected again. */
function withoutExport(attachment: Attachment): Attachment {
  const { attachedAtMs } = attachment
  if (attachedAtMs !== null) return { ...attachment, status: 'attached', export: 'none' }
  return { ...attachment, status: 'reserved', export: 'none', connector: null }
}

function onlyIfHeld(attachment: Attachment): Attachment | null {
  return attachment.attachedAtMs === null ? null : withoutExport(attachment)
}

function endTerminate(peer: Peer, out: Out, owned: Owned, rid: RequestId, id: AttachmentId, left: Attachment | null, now: Now): void {
  const volume =
    left === null ? removeAttachment(peer, out, owned, id, now) : changeAttachment(peer, out, owned, id, left, null, now).volume
  endWell(peer, out, rid, volume, left, now)
}

/** T4: it is gone, and remembered as such. */
export function removeAttachment(peer: Peer, out: Out, owned: Owned, id: AttachmentId, now: Now): Volume {
  const volume = { ...owned.volume, detached: withDetached(owned.volume, id) }
  return changeAttachment(peer, out, { ...owned, volume }, id, null, null, now).volume
}

/** Changes one attachment, or takes it out (`to` null), and whatever of the volume follows from it. */
export function changeAttachment(
  peer: Peer,
  out: Out,
  owned: Owned,
  id: AttachmentId,
  to: Attachment | null,
  working: Working | null,
  now: Now,
): Owned {
  const attachments = withAttachment(owned, id, to)
  const follows = statusFromAttachments(attachments)
  // That it is about to be detached holds until somebody has been.
  const status = to !== null && follows === 'in-use' && isDetachingBegun(owned.volume) ? 'detaching' : follows
  return publishOwned(peer, out, { ...owned, working, volume: { ...owned.volume, attachments, status } }, now)
}
