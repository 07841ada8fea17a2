/**
 * A group of volumes: Cinder's generic volume group, and the snapshots that are taken of all of its volumes together.
 *
 * A group is a record among its owner's volumes, without bytes: `holds` says that a record is one. So it is granted, published, taken back
 * and deleted like a volume. What is in it says so itself (`Volume.group`) and lies with the same owner, which alone decides about all of it.
 */
import { hashHex } from './hash.ts'
import {
  type GroupId,
  type GroupSnapshotId,
  type RequestId,
  requestId,
  type SnapshotId,
  snapshotId,
  type VolumeId,
  volumeId,
} from './ids.ts'
import type { CopySource } from './volume-source.ts'

/** What makes a record a group. */
export interface Holds {
  /** Id of its group type. */
  readonly groupType: string
  /** Ids of the types that its volumes may have. */
  readonly volumeTypes: readonly string[]
  /** What it began as a copy of. */
  readonly source: GroupSource | null
  /** Volumes that are made together with it; none once they are. */
  readonly members: readonly GroupMember[]
}

export type GroupSource =
  | { readonly kind: 'group'; readonly group: GroupId }
  | { readonly kind: 'group-snapshot'; readonly groupSnapshot: GroupSnapshotId; readonly group: GroupId }

/** A volume that a group begins with. */
export interface GroupMember {
  readonly id: VolumeId
  readonly sizeGiB: number
  readonly source: CopySource
  readonly type: string | null
  readonly typeId: string | null
  readonly multiattach: boolean
}

export type GroupSnapshotStatus = 'creating' | 'available' | 'deleting' | 'error'

/** What a client asked for. */
export interface GroupSnapshotSpec {
  readonly id: GroupSnapshotId
  readonly name: string | null
  readonly description: string | null
  readonly user: string
  /** Unix milliseconds at the coordinator, for display. */
  readonly createdAtMs: number
}

/** One volume's part of a group snapshot: an ordinary snapshot in that volume's record. `sizeGiB`: as large as the volume was. */
export interface SnapshotMember {
  readonly volume: VolumeId
  readonly snapshot: SnapshotId
  readonly sizeGiB: number
}

export interface GroupSnapshot extends GroupSnapshotSpec {
  readonly status: GroupSnapshotStatus
  readonly rid: RequestId
  /** Hash of the request's body: a repeat with another body is refused. */
  readonly bodyHash: string
  readonly members: readonly SnapshotMember[]
}

/** What a register grants for a group snapshot. */
export interface GroupSnapshotGrant extends GroupSnapshotSpec {
  readonly members: readonly SnapshotMember[]
}

/** A group is deleted, and its snapshots are taken, in one batch. */
export const MEMBERS_MAX = 64
/** The record of a group has an end, like a volume's. */
export const GROUP_SNAPSHOTS_MAX = 64

/** The part of a record that makes it a group. */
interface Holding {
  readonly holds?: Holds
  readonly groupSnapshots?: readonly GroupSnapshot[]
}

/** Whether this record is a group, and no volume. */
export function isGroup<Of extends Holding>(record: Of): record is Of & { readonly holds: Holds } {
  return record.holds !== undefined
}

export function groupSnapshotOf({ groupSnapshots }: Holding, id: GroupSnapshotId): GroupSnapshot | null {
  return groupSnapshots?.find((one) => one.id === id) ?? null
}

/** The group with one of its snapshots changed, added, or taken out (`to` null). */
export function withGroupSnapshot<Of extends Holding>(group: Of, id: GroupSnapshotId, to: GroupSnapshot | null): Of {
  const known = group.groupSnapshots ?? []
  const others = known.filter((one) => one.id !== id)
  if (to === null) return { ...group, groupSnapshots: others }
  const isThere = known.length > others.length
  return { ...group, groupSnapshots: isThere ? known.map((one) => (one.id === id ? to : one)) : [...known, to] }
}

/** The volume in this group, or in none (null). */
export function withGroup<Of extends { readonly group?: GroupId }>(volume: Of, group: GroupId | null): Of {
  const moved = { ...volume, ...(group === null ? {} : { group }) }
  if (group === null) Reflect.deleteProperty(moved, 'group')
  return moved
}

/** Room for the volume, or for all the volumes that a group begins with. */
export function sizeWithMembers({ sizeGiB, holds }: { readonly sizeGiB: number; readonly holds?: Holds }): number {
  return (holds?.members ?? []).reduce((sum, member) => sum + member.sizeGiB, sizeGiB)
}

/** A group snapshot that is promised and not made yet. */
export function creatingGroupSnapshot(
  { members, ...spec }: GroupSnapshotGrant,
  { rid, bodyHash }: Pick<GroupSnapshot, 'rid' | 'bodyHash'>,
): GroupSnapshot {
  return { ...spec, status: 'creating', rid, bodyHash, members }
}

/** Names of what follows from a request about a group are the same whoever works them out, and whenever. */
export function memberVolumeId(group: GroupId, source: VolumeId): VolumeId {
  return volumeId(uuidOf('member', group, source))
}

export function memberSnapshotId(groupSnapshot: GroupSnapshotId, volume: VolumeId): SnapshotId {
  return snapshotId(uuidOf('member', groupSnapshot, volume))
}

export function memberRid(rid: RequestId, member: VolumeId | SnapshotId): RequestId {
  return requestId(hashHex('member', rid, member).slice(0, 32))
}

/** In the form of a UUID of version 8 (RFC 9562, 5.8). */
function uuidOf(...parts: readonly string[]): string {
  const hex = hashHex(...parts)
  const variant = '89ab'[Number.parseInt(hex.slice(16, 17), 16) % 4] ?? '8'
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
