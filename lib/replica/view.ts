/**
 * A peer's replicated picture of every volume: one log per owner, of which the newest record of each volume is kept.
 *
 * A log's head only grows; a record is applied only on top of what came before it, and never over a newer one. The
 * picture is a hint to everybody but the owner. Applying the same delta twice changes nothing.
 */
import { type AttachmentId, compareText, type PeerId, type ProjectId, type VolumeId } from '../model/ids.ts'
import type { Head, PeerMessage, PublishedRecord } from '../model/message.ts'
import type { Volume } from '../model/volume.ts'

export interface OwnerLog {
  epoch: number
  seq: number
  /** Newest record per volume, tombstones included. */
  readonly records: Map<VolumeId, PublishedRecord>
}

export interface KnownVolume {
  readonly volume: Volume
  readonly owner: PeerId
  /** 0 for a volume that is known only from its grant. */
  readonly seq: number
}

export interface View {
  readonly logs: Map<PeerId, OwnerLog>
  /** Changed by `setKnown` alone. */
  readonly volumes: Map<VolumeId, KnownVolume>
  readonly projects: Map<ProjectId, ProjectVolumes>
  readonly attachments: Map<AttachmentId, VolumeId>
}

/** The volumes of one project, and their order since somebody asked for it. */
interface ProjectVolumes {
  readonly volumes: Map<VolumeId, KnownVolume>
  inOrder: readonly KnownVolume[] | null
}

type Delta = Extract<PeerMessage, { kind: 'delta' }>

export function emptyView(): View {
  return { logs: new Map(), volumes: new Map(), projects: new Map(), attachments: new Map() }
}

/** Newest first: (createdAtMs desc, id asc). Sorted once for as long as nothing of the project changes. */
export function volumesOf(view: View, project: ProjectId): readonly KnownVolume[] {
  const known = view.projects.get(project)
  if (known === undefined) return []
  known.inOrder ??= [...known.volumes.values()].sort(newestFirst)
  return known.inOrder
}

export function newestFirst(a: KnownVolume, b: KnownVolume): number {
  return b.volume.createdAtMs - a.volume.createdAtMs || compareText(a.volume.id, b.volume.id)
}

/** A volume that a register says is bound, until its owner's log shows it. */
export function noteGranted(view: View, volume: Volume, owner: PeerId): void {
  const log = view.logs.get(owner)
  if (view.volumes.has(volume.id) || log?.records.has(volume.id) === true) return
  setKnown(view, volume.id, { volume, owner, seq: 0 })
}

/**
 * Takes a part of an owner's log in.
 *
 * @returns `applied`: the records that were news; `gap`: the part begins after this picture's end, ask for what is between
 */
export function applyDelta(
  view: View,
  delta: Delta,
): { readonly kind: 'applied'; readonly news: readonly PublishedRecord[] } | { readonly kind: 'gap' } {
  const log = logOf(view, delta.owner)
  if (delta.after > log.seq) return { kind: 'gap' }
  const news = delta.records.filter((record) => record.seq > log.seq)
  for (const record of news) showRecord(view, delta.owner, log, record)
  log.seq = Math.max(log.seq, delta.upTo)
  log.epoch = Math.max(log.epoch, delta.epoch)
  return { kind: 'applied', news }
}

export function headsOf(view: View): readonly Head[] {
  return [...view.logs.entries()].map(([owner, log]) => ({ owner, epoch: log.epoch, seq: log.seq }))
}

/** How far this picture knows the owner's log. */
export function headOf(view: View, owner: PeerId): number {
  return view.logs.get(owner)?.seq ?? 0
}

/**
 * What somebody who knows the log up to `after` lacks, in parts of at most `recordsMax` records, at most `partsMax` parts.
 */
export function deltasAfter(view: View, owner: PeerId, after: number, recordsMax: number, partsMax: number): readonly Delta[] {
  const log = view.logs.get(owner)
  if (log === undefined || log.seq <= after) return []
  const missing = [...log.records.values()].filter((record) => record.seq > after).sort((a, b) => a.seq - b.seq)
  const parts: Delta[] = []
  let from = after
  for (let start = 0; start < Math.max(1, missing.length) && parts.length < partsMax; start += recordsMax) {
    const records = missing.slice(start, start + recordsMax)
    const isLast = start + recordsMax >= missing.length
    const upTo = isLast ? log.seq : (records.at(-1)?.seq ?? log.seq)
    parts.push({ kind: 'delta', owner, epoch: log.epoch, after: from, upTo, records })
    from = upTo
  }
  return parts
}

function logOf(view: View, owner: PeerId): OwnerLog {
  const known = view.logs.get(owner)
  if (known !== undefined) return known
  const log: OwnerLog = { epoch: 0, seq: 0, records: new Map() }
  view.logs.set(owner, log)
  return log
}

function showRecord(view: View, owner: PeerId, log: OwnerLog, record: PublishedRecord): void {
  log.records.set(record.id, record)
  const before = view.volumes.get(record.id)
  for (const attachment of before?.volume.attachments ?? []) view.attachments.delete(attachment.id)
  if (record.volume === null) {
    setKnown(view, record.id, null)
    return
  }
  setKnown(view, record.id, { volume: record.volume, owner, seq: record.seq })
  for (const attachment of record.volume.attachments) view.attachments.set(attachment.id, record.id)
}

function setKnown(view: View, id: VolumeId, known: KnownVolume | null): void {
  const project = known?.volume.project ?? view.volumes.get(id)?.volume.project
  if (project === undefined) return
  let of = view.projects.get(project)
  if (of === undefined) {
    of = { volumes: new Map(), inOrder: null }
    view.projects.set(project, of)
  }
  of.inOrder = null
  if (known === null) {
    view.volumes.delete(id)
    of.volumes.delete(id)
    if (of.volumes.size === 0) view.projects.delete(project)
    return
  }
  view.volumes.set(id, known)
  of.volumes.set(id, known)
}
