/**
 * A peer's replicated picture of every volume: a copy of each owner's log, and what it shows, by volume, project,
 * attachment and snapshot.
 *
 * A hint to everybody but the owner. Applying the same delta twice changes nothing.
 */
import { hashHex } from '../model/hash.ts'
import {
  type AttachmentId,
  compareText,
  type GroupSnapshotId,
  type PeerId,
  type ProjectId,
  type SnapshotId,
  type TransferId,
  type VolumeId,
} from '../model/ids.ts'
import type { LogHead, LogPosition, PublishedRecord } from '../model/log.ts'
import type { KnownHead } from '../model/message.ts'
import type { Volume } from '../model/volume.ts'
import { type Delta, newOwnerLog, type OwnerLog, positionOf, type Taken, takeDelta } from './log.ts'

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
  /** Of which volume each attachment is, or was until lately. */
  readonly attachments: Map<AttachmentId, VolumeId>
  readonly snapshots: Map<SnapshotId, VolumeId>
  /** The newest transfer of each volume, whatever has become of it. */
  readonly transfers: Map<TransferId, VolumeId>
  /** Of which group each group snapshot is. */
  readonly groupSnapshots: Map<GroupSnapshotId, VolumeId>
  /** Volumes known from their grants alone, by owner. */
  readonly granted: Map<PeerId, Set<VolumeId>>
  /** How often tombstones have been collected, by whomever. */
  collections: number
  /** When an owner's were, counted by `collections`. */
  readonly collected: Map<PeerId, number>
}

/** The volumes of one project, and their order since somebody asked for it. */
interface ProjectVolumes {
  readonly volumes: Map<VolumeId, KnownVolume>
  inOrder: readonly KnownVolume[] | null
}

export function emptyView(): View {
  return {
    logs: new Map(),
    volumes: new Map(),
    projects: new Map(),
    attachments: new Map(),
    snapshots: new Map(),
    transfers: new Map(),
    groupSnapshots: new Map(),
    granted: new Map(),
    collections: 0,
    collected: new Map(),
  }
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

/**
 * A volume that a register says is bound, until its owner's log shows it.
 *
 * @param since `collections` when the register was asked. If the owner has collected tombstones since, the volume's may be
 *   among them, and nothing would ever take it out of the picture again: then it is not noted.
 */
export function noteGranted(view: View, volume: Volume, owner: PeerId, since: number): void {
  if ((view.collected.get(owner) ?? 0) > since) return
  const log = view.logs.get(owner)
  if (view.volumes.has(volume.id) || log?.records.has(volume.id) === true) return
  setKnown(view, volume.id, { volume, owner, seq: 0 })
  const granted = view.granted.get(owner) ?? new Set()
  view.granted.set(owner, granted.add(volume.id))
}

/** Their tombstones may be among those that the owner has collected. If they are not, their register still has them. */
function dropGranted(view: View, owner: PeerId): void {
  for (const id of view.granted.get(owner) ?? []) if (view.volumes.get(id)?.seq === 0) hide(view, owner, id)
  view.granted.delete(owner)
  view.collections += 1
  view.collected.set(owner, view.collections)
}

/** Takes a part of an owner's log in, and shows what it says. */
export function applyDelta(view: View, delta: Delta, isSigned: (head: LogHead) => boolean): Taken {
  const { owner } = delta.head
  const log = logOf(view, owner)
  const before = delta.from === 0 ? [...log.records.values()] : []
  const taken = takeDelta(log, delta, isSigned)
  if (taken.kind !== 'applied') return taken
  // A log that was taken whole takes the place of all that was shown of it.
  for (const { id } of before) if (!log.records.has(id)) hide(view, owner, id)
  if (taken.whole || taken.gone.length > 0) dropGranted(view, owner)
  for (const record of taken.news) showRecord(view, owner, record)
  return taken
}

/** This host's own log, which nobody else can know better. */
export function appendOwn(view: View, head: LogHead, record: PublishedRecord | null, gone: readonly VolumeId[]): void {
  const log = logOf(view, head.owner)
  log.head = head
  for (const id of gone) log.records.delete(id)
  if (gone.length > 0) dropGranted(view, head.owner)
  if (record === null) return
  log.records.set(record.id, record)
  showRecord(view, head.owner, record)
}

/** A whole log takes the place of what was known of it. `head` null: not signed yet in this life. */
export function replaceLog(view: View, owner: PeerId, head: LogHead | null, records: readonly PublishedRecord[]): void {
  const log = logOf(view, owner)
  const kept = new Set(records.map(({ id }) => id))
  for (const id of log.records.keys()) if (!kept.has(id)) hide(view, owner, id)
  dropGranted(view, owner)
  log.records.clear()
  log.head = head
  for (const record of records) {
    log.records.set(record.id, record)
    showRecord(view, owner, record)
  }
}

/** The owner is no host of the cluster any more, and has left nothing behind. */
export function dropLog(view: View, owner: PeerId): void {
  for (const id of [...logOf(view, owner).records.keys()]) hide(view, owner, id)
  dropGranted(view, owner)
  view.logs.delete(owner)
}

export function headsOf(view: View): readonly KnownHead[] {
  return [...view.logs].map(([owner, log]) => positionOf(owner, log))
}

/** Equal on two peers that know the same of every log. */
export function tallyOf(view: View): string {
  const heads = [...view.logs]
    .filter(([, { head }]) => head !== null)
    .map(([owner, { head }]) => `${owner} ${head?.epoch} ${head?.seq} ${head?.chain}`)
  return hashHex('tally', ...heads.sort(compareText)).slice(0, 32)
}

/** How far this picture knows the owner's log. */
export function headOf(view: View, owner: PeerId): LogPosition {
  return view.logs.get(owner)?.head ?? { epoch: 0, seq: 0 }
}

export function logOf(view: View, owner: PeerId): OwnerLog {
  const known = view.logs.get(owner)
  if (known !== undefined) return known
  const log = newOwnerLog()
  view.logs.set(owner, log)
  return log
}

/** The owner does not hold this volume, whatever it said before. */
function hide(view: View, owner: PeerId, id: VolumeId): void {
  const known = view.volumes.get(id)
  if (known === undefined || known.owner !== owner) return
  forgetParts(view, known.volume)
  setKnown(view, id, null)
}

function showRecord(view: View, owner: PeerId, record: PublishedRecord): void {
  if (record.volume === null) return hide(view, owner, record.id)
  const before = view.volumes.get(record.id)
  if (before !== undefined) forgetParts(view, before.volume)
  setKnown(view, record.id, { volume: record.volume, owner, seq: record.seq })
  for (const attachment of attachmentsOf(record.volume)) view.attachments.set(attachment, record.id)
  for (const snapshot of record.volume.snapshots) view.snapshots.set(snapshot.id, record.id)
  if (record.volume.transfer !== null) view.transfers.set(record.volume.transfer.id, record.id)
  for (const { id } of record.volume.groupSnapshots ?? []) view.groupSnapshots.set(id, record.id)
}

function forgetParts(view: View, volume: Volume): void {
  for (const attachment of attachmentsOf(volume)) view.attachments.delete(attachment)
  for (const { id } of volume.snapshots) view.snapshots.delete(id)
  if (volume.transfer !== null) view.transfers.delete(volume.transfer.id)
  for (const { id } of volume.groupSnapshots ?? []) view.groupSnapshots.delete(id)
}

/** Those that are there, and those that were removed last: a repeat of their removal must find its way too. */
function attachmentsOf({ attachments, detached }: Volume): readonly AttachmentId[] {
  return [...attachments.map(({ id }) => id), ...detached]
}

function setKnown(view: View, id: VolumeId, known: KnownVolume | null): void {
  const before = view.volumes.get(id)
  if (before !== undefined && before.volume.project !== known?.volume.project) takeOut(view, before)
  if (known === null) {
    view.volumes.delete(id)
    return
  }
  view.volumes.set(id, known)
  const { project } = known.volume
  const of = view.projects.get(project) ?? { volumes: new Map(), inOrder: null }
  of.inOrder = null
  of.volumes.set(id, known)
  view.projects.set(project, of)
}

/** It is gone, or has become another project's. */
function takeOut(view: View, { volume: { id, project } }: KnownVolume): void {
  const of = view.projects.get(project)
  if (of === undefined) return
  of.inOrder = null
  of.volumes.delete(id)
  if (of.volumes.size === 0) view.projects.delete(project)
}
