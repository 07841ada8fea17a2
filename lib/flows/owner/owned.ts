/**
 * A volume with its owner: the record as everybody sees it, and what only the owner needs.
 *
 * All of it is in the owner's journal; each step of a volume is one synced batch.
 */
import type { GroupSnapshotSpec, SnapshotMember } from '../../model/group.ts'
import type { AttachmentId, ProjectId, RequestId, ReservationId } from '../../model/ids.ts'
import type { SnapshotSpec } from '../../model/snapshot.ts'
import type { TransferGrant } from '../../model/transfer.ts'
import type { Volume, VolumeStatus } from '../../model/volume.ts'

/** Where a volume stands with its owner. Each step is one synced batch (reliability, journal steps). */
export type OwnedStep =
  /** R: room is set aside, nobody has been promised anything. */
  | 'reserved'
  /** C: bound; the backend is at work. */
  | 'committed'
  /** A: made and checked; all later life. */
  | 'built'
  /** D1: will be gone. */
  | 'deleting'
  /** E: came to nothing; kept until it is deleted. */
  | 'failed'

/** What takes more room for a volume, or an account's, in the owner's journal: reserved, and committed once the register has bound it. */
export type Pending = PendingExtend | PendingSnapshot | PendingAccept | PendingRetype | PendingGroupSnapshot

interface PendingRoom {
  readonly rid: RequestId
  readonly reservation: ReservationId
  readonly committed: boolean
}

/** `sizeGiB`: of the volume, once it has grown. */
export interface PendingExtend extends PendingRoom {
  readonly kind: 'extend'
  readonly sizeGiB: number
}

/** `sizeGiB`: of the snapshot. Once it is committed it is in the volume's record, as being made. */
export interface PendingSnapshot extends PendingRoom {
  readonly kind: 'snapshot'
  readonly sizeGiB: number
  readonly snapshot: SnapshotSpec
  readonly bodyHash: string
}

/** Another project has asked for the volume, with the right key. `sizeGiB`: of the volume. Its commit is its end. */
export interface PendingAccept extends PendingRoom {
  readonly kind: 'accept'
  readonly sizeGiB: number
  readonly project: ProjectId
  readonly transfer: TransferGrant
}

/** The volume is to get the type as it was when room was asked for. `sizeGiB`: of the volume. Its commit is its end. */
export interface PendingRetype extends PendingRoom {
  readonly kind: 'retype'
  readonly sizeGiB: number
  readonly type: { readonly id: string; readonly name: string; readonly multiattach: boolean }
}

/** Of a group: the room for its parts is kept by its volumes. Once it is committed it is in the group's record, as being made. */
export interface PendingGroupSnapshot extends PendingRoom {
  readonly kind: 'group-snapshot'
  readonly groupSnapshot: GroupSnapshotSpec
  readonly bodyHash: string
  readonly members: readonly SnapshotMember[]
}

/** How one of several that are made together has ended: `made`, what a tool said, or that it has no room any more and never was begun. */
export type PartEnd = 'made' | 'never' | { readonly tool: string; readonly detail: string }

/** A volume of this host: the record as published, and what only its owner needs. */
export interface Owned {
  readonly volume: Volume
  readonly step: OwnedStep
  readonly reservation: ReservationId
  /** Sequence number of its newest published record; 0 while none. */
  readonly seq: number
  /** Hash of that record, or null while there is none. */
  readonly hash: string | null
  readonly pending: Pending | null
  /** The operation whose backend or target work runs; no other is taken until it ends. */
  readonly working: Working | null
}

export interface Working {
  readonly rid: RequestId
  readonly kind: 'delete' | 'unmanage' | 'extend' | 'snapshot' | 'revert' | 'attach' | 'connect' | 'detach' | 'terminate'
  readonly attachment: AttachmentId | null
  /** Status to go back to if it comes to nothing. */
  readonly before: VolumeStatus
}
