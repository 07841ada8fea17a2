/**
 * A snapshot of a volume as every peer may show it: Cinder's fields and Cinder's status words.
 *
 * It lives in the record of its volume, on the volume's host and pool, and is decided by the volume's owner alone. It
 * counts in its project's quota from its grant until it is gone, with the size that the volume had.
 */
import type { Holds } from './group.ts'
import { NO_USAGE, type Usage, usageOfType } from './quota.ts'
import type { GroupSnapshotId, ProjectId, RequestId, SnapshotId, VolumeId } from './ids.ts'

/** `restoring`: its volume is being reverted to it. `unmanaging`: its bytes are being given back. */
export type SnapshotStatus = 'creating' | 'available' | 'restoring' | 'deleting' | 'unmanaging' | 'error' | 'error_deleting'

/** In which nothing is being done with it. */
export type RestingSnapshot = Extract<SnapshotStatus, 'available' | 'error' | 'error_deleting'>
export const RESTING_SNAPSHOTS: readonly RestingSnapshot[] = ['available', 'error', 'error_deleting']

/** What a client asked for. `sizeGiB` is the volume's size when the room was set aside. */
export interface SnapshotSpec {
  readonly id: SnapshotId
  readonly volume: VolumeId
  readonly project: ProjectId
  readonly user: string
  readonly name: string | null
  readonly description: string | null
  readonly metadata: Readonly<Record<string, string>>
  /** Unix milliseconds at the coordinator, for display; never compared between hosts. */
  readonly createdAtMs: number
  /** What is to be taken in as it. Gone once it is the snapshot's, and never there in one that is made of its volume. */
  readonly existing?: ExistingSnapshot
  /** The group snapshot that it is a part of; absent if it is of none. It goes with that, and not alone. */
  readonly groupSnapshot?: GroupSnapshotId
}

/** What lies in the volume's pool already, as its tool names it. While it stands in a record nothing is removed for the snapshot's sake. */
export interface ExistingSnapshot {
  readonly name: string
  readonly sizeGiB: number
}

export interface Snapshot extends SnapshotSpec {
  readonly status: SnapshotStatus
  readonly sizeGiB: number
  readonly rid: RequestId
  /** Hash of the request's body: a repeat with another body is refused. */
  readonly bodyHash: string
  readonly updatedAtMs: number | null
  /** By which request its volume was reverted to it last, or is being; null if it never was. */
  readonly revert: RequestId | null
  readonly failure: SnapshotFailure | null
}

/** Why a snapshot is in `error`: what the tool said. `unmanage`: it is there and well. */
export interface SnapshotFailure {
  readonly step: 'create' | 'delete' | 'manage' | 'unmanage'
  readonly tool: string
  readonly detail: string
}

/** A volume with all its snapshots is one record, which has to fit into one message. */
export const SNAPSHOTS_MAX = 256
/** Characters of a record as JSON, so that it fits one message of 256 KiB with what goes around it. Names and metadata may be long. */
export const RECORD_CHARS_MAX = 160 * 1024

/** The parts of a volume's record that count. */
export interface Recorded {
  readonly sizeGiB: number
  readonly typeId: string | null
  readonly snapshots: readonly Pick<Snapshot, 'sizeGiB' | 'status'>[]
  readonly holds?: Holds
}

/** A snapshot that is promised and not made yet. */
export function creatingSnapshot(spec: SnapshotSpec, { rid, sizeGiB, bodyHash }: Pick<Snapshot, 'rid' | 'sizeGiB' | 'bodyHash'>): Snapshot {
  return { ...spec, rid, sizeGiB, bodyHash, status: 'creating', updatedAtMs: null, revert: null, failure: null }
}

/** GiB that a snapshot will have. @param volumeGiB as large as its volume is */
export function sizeOfNew({ existing }: Pick<SnapshotSpec, 'existing'>, volumeGiB: number): number {
  return existing?.sizeGiB ?? volumeGiB
}

/** Its bytes are its own from now on. */
export function takenIn({ existing: _, ...snapshot }: Snapshot): Snapshot {
  return snapshot
}

/** Whether the bytes under the snapshot's name, if there are any, are to be given back and not removed. */
export function givesSnapshotBack({ status, existing }: Pick<Snapshot, 'status' | 'existing'>): boolean {
  return status === 'unmanaging' || existing !== undefined
}

/** It goes, and is not taken for a part of its volume any more. */
export function isLeaving({ status }: Pick<Snapshot, 'status'>): boolean {
  return status === 'deleting' || status === 'unmanaging'
}

/** The part of a volume's record that is its snapshots. */
interface Snapshots {
  readonly snapshots: readonly Snapshot[]
}

/** What a volume's record counts: the volume, and those of its snapshots that were made or have failed. Promised ones count as grants. */
export function usageOfRecord({ sizeGiB, typeId, snapshots, holds }: Recorded): Usage {
  if (holds !== undefined) return { ...NO_USAGE, groups: 1 }
  const settled = snapshots.filter(({ status }) => status !== 'creating')
  const gigabytes = settled.reduce((sum, snapshot) => sum + snapshot.sizeGiB, sizeGiB)
  return usageOfType(typeId, { volumes: 1, snapshots: settled.length, gigabytes })
}

export function snapshotOf({ snapshots }: Snapshots, id: SnapshotId): Snapshot | null {
  return snapshots.find((snapshot) => snapshot.id === id) ?? null
}

/** The one that was taken last, of those that are not on their way out; the record has them in that order. */
export function latestSnapshot({ snapshots }: Snapshots): Snapshot | null {
  return snapshots.findLast((snapshot) => !isLeaving(snapshot)) ?? null
}

/** The volume with one snapshot changed, added, or taken out (`to` null). */
export function withSnapshot<Of extends Snapshots>(volume: Of, id: SnapshotId, to: Snapshot | null): Of {
  const isThere = snapshotOf(volume, id) !== null
  const { snapshots } = volume
  if (to === null) return { ...volume, snapshots: snapshots.filter((snapshot) => snapshot.id !== id) }
  return { ...volume, snapshots: isThere ? snapshots.map((snapshot) => (snapshot.id === id ? to : snapshot)) : [...snapshots, to] }
}
