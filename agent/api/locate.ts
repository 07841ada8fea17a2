/**
 * Finds the volume or attachment that a request names, and never says 404 too early.
 *
 * The view comes first. What it does not hold may still exist: just bound elsewhere, without room, or on the other side
 * of a partition; so the register and the logs are asked, and only their no is a 404.
 */
import type { Failure, Result } from '../../lib/model/failure.ts'
import { type AttachmentId, attachmentId, parseUuid, type VolumeId, volumeId } from '../../lib/model/ids.ts'
import { isGroup } from '../../lib/model/group.ts'
import type { Attachment } from '../../lib/model/attachment.ts'
import type { Volume } from '../../lib/model/volume.ts'
import type { VolumeView } from '../../lib/model/request.ts'
import type { Call, Edge } from './call.ts'
import { isVisible, SYSTEM_PROJECT } from './policy.ts'
import { isLostVolume, NO_MARKS, shownView } from './shown-volume.ts'

export type Located = { readonly ok: true; readonly view: VolumeView } | { readonly ok: false; readonly failure: Failure }

/** @param text the id as the client wrote it; what is no UUID cannot exist (clients try names first) */
export async function locateVolume(edge: Edge, call: Call, text: string): Promise<Located> {
  return ofVolume(await locateRecord(edge, call, text, false))
}

/** The same, for one who only looks: also says that a volume whose owner is away is to be deleted. */
export async function locateForDisplay(edge: Edge, call: Call, text: string): Promise<Located> {
  return ofVolume(await locateRecord(edge, call, text, true))
}

/** A group is a record like a volume's, and no volume. */
function ofVolume(found: Located): Located {
  return found.ok && isGroup(found.view.volume) ? notFound({ code: 'volume-not-found', volume: found.view.volume.id }) : found
}

/** A volume or a group. */
export async function locateRecord(edge: Edge, call: Call, text: string, isForDisplay: boolean): Promise<Located> {
  const uuid = parseUuid(text)
  const id = volumeId(uuid ?? text.slice(0, 255))
  if (uuid === null) return notFound({ code: 'volume-not-found', volume: id })
  const known = edge.service.volume(id)
  // Where it is shown as another project's, that may be old: it may have been accepted a moment ago, at another peer.
  if (known !== null && isVisible(call.caller, known.volume.project)) return asShown(edge, { ok: true, view: known }, isForDisplay)
  const result = await find(edge, call, id)
  return result.ok ? asShown(edge, visible(call, freshView(result.value)), isForDisplay) : notFound(result.failure)
}

/**
 * An admin's project is seldom that of the volume. Before he hears that there is none, the hosts are asked in which registers they hold
 * something about it.
 */
async function find({ service }: Edge, { caller: { project, isAdmin } }: Call, volume: VolumeId): Promise<Result<Volume>> {
  const anywhere = { kind: 'find', project: null, volume, isOwn: false } as const
  if (project === SYSTEM_PROJECT) return (await service.ask(anywhere)).result
  const { result } = await service.ask({ kind: 'find', project, volume, isOwn: !isAdmin })
  if (!isAdmin || result.ok || result.failure.code !== 'volume-not-found') return result
  return (await service.ask(anywhere)).result
}

export type LocatedAttachment =
  | { readonly ok: true; readonly view: VolumeView; readonly attachment: Attachment }
  /** `past`: it was removed lately, from this volume. */
  | { readonly ok: false; readonly failure: Failure; readonly past: { readonly volume: Volume; readonly id: AttachmentId } | null }

export async function locateAttachment(edge: Edge, call: Call, text: string): Promise<LocatedAttachment> {
  const uuid = parseUuid(text)
  const id = attachmentId(uuid ?? text.slice(0, 255))
  const absent: Failure = { code: 'attachment-not-found', attachment: id }
  if (uuid === null) return { ok: false, failure: absent, past: null }
  const known = edge.service.volumeOfAttachment(id)
  const view = known ?? (await findAttachment(edge, call))
  if ('code' in view) return { ok: false, failure: view, past: null }
  if (!isVisible(call.caller, view.volume.project)) return { ok: false, failure: absent, past: null }
  const attachment = view.volume.attachments.find((candidate) => candidate.id === id)
  const shown = await asShown(edge, { ok: true, view }, false)
  if (!shown.ok) return { ok: false, failure: absent, past: null }
  if (attachment !== undefined) return { ok: true, view: shown.view, attachment }
  const { volume } = shown.view
  return { ok: false, failure: absent, past: volume.detached.includes(id) ? { volume, id } : null }

  async function findAttachment(from: Edge, by: Call): Promise<VolumeView | Failure> {
    const found = (await from.service.ask({ kind: 'find-attachment', attachment: id })).result
    if (!found.ok) return found.failure.code === 'volume-not-found' ? absent : found.failure
    return isVisible(by.caller, found.value.project) ? freshView(found.value) : absent
  }
}

/** What was just answered by who must know. */
function freshView(volume: Volume): VolumeView {
  return { volume, hostStatus: volume.owner === null ? 'unknown' : 'up', ageMs: 0 }
}

function visible(call: Call, view: VolumeView): Located {
  return isVisible(call.caller, view.volume.project) ? { ok: true, view } : notFound({ code: 'volume-not-found', volume: view.volume.id })
}

/**
 * The volume as the register wants it shown, where its owner cannot say so itself. Whoever changes a volume asks for that
 * only if its host is lost: an owner that is away answers for itself when it is back.
 */
export async function asShown(edge: Edge, found: Located, isForDisplay: boolean): Promise<Located> {
  if (!found.ok) return found
  const { view } = found
  const manifest = edge.service.manifest()
  const isLost = isLostVolume(manifest, view.volume)
  const isAway = view.volume.owner !== null && view.hostStatus !== 'up'
  if (!isLost && !(isForDisplay && isAway)) return found
  const ledger = await edge.ledgers.read(view.volume.project)
  const shown = shownView(manifest, view, ledger.ok ? ledger.value : NO_MARKS)
  return shown === null ? notFound({ code: 'volume-not-found', volume: view.volume.id }) : { ok: true, view: shown }
}

function notFound(failure: Failure): Located {
  return { ok: false, failure }
}
