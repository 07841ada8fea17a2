/**
 * What a client may ask of any peer, after the edge has parsed and authorised it, and what it gets back.
 */
import type { CatalogueChange, KnownType } from './catalogue.ts'
import type { GroupSnapshot, GroupSnapshotSpec, GroupSnapshotStatus } from './group.ts'
import type { Attachment, Connection, Connector } from './attachment.ts'
import type { HostsLooked } from './existing.ts'
import type { Result } from './failure.ts'
import type { Hints } from './hints.ts'
import type { IdentityChange, IdentityFound } from './identity.ts'
import type { AttachmentId, GroupSnapshotId, PeerId, ProjectId, RequestId, SnapshotId, TransferId, VolumeId } from './ids.ts'
import type { LedgerContents } from './ledger.ts'
import type { OlderAttach } from './older-attach.ts'
import type { GroupType } from './group-type.ts'
import type { QosSpecs } from './qos.ts'
import type { Limits } from './quota.ts'
import type { RestingSnapshot, Snapshot, SnapshotSpec } from './snapshot.ts'
import type { TextEdit } from './text-edit.ts'
import type { Transfer } from './transfer.ts'
import type { Volume, VolumeFailure, VolumeSpec } from './volume.ts'
import type { FlagEdit } from './volume-flags.ts'
import type { SourcePlace } from './volume-source.ts'

/** One change of one volume, decided by its owner alone and in order. */
export type Operation =
  | ({ readonly kind: 'update' } & TextEdit)
  /** `cascade`: its snapshots too, or of a group its volumes; without it what has some stays. */
  | { readonly kind: 'delete'; readonly force: boolean; readonly cascade?: boolean }
  /** Forgets the volume and leaves its bytes where they lie. */
  | { readonly kind: 'unmanage' }
  /** An operator's word against the record: it says the status and touches nothing else. */
  | { readonly kind: 'reset-status'; readonly status: 'available' | 'in-use' | 'error' }
  /** `typeVersion`: of the type where it was asked for; its owner knows no older one. `mayMove`: also to another pool. */
  | { readonly kind: 'retype'; readonly typeId: string; readonly typeVersion: number; readonly mayMove: boolean }
  /** `online`: also while the volume is used, where its pool can do that. */
  | { readonly kind: 'extend'; readonly sizeGiB: number; readonly online: boolean }
  /** `force`: also while the volume is used. */
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotSpec; readonly bodyHash: string; readonly force: boolean }
  /** The volume has the bytes of its latest snapshot again. */
  | { readonly kind: 'revert'; readonly snapshot: SnapshotId }
  | ({ readonly kind: 'update-snapshot'; readonly snapshot: SnapshotId } & TextEdit)
  | { readonly kind: 'delete-snapshot'; readonly snapshot: SnapshotId }
  /** Forgets the snapshot and leaves its bytes where they lie. */
  | { readonly kind: 'unmanage-snapshot'; readonly snapshot: SnapshotId }
  /** Of a group: what it is called, and which volumes are in it. */
  | {
      readonly kind: 'change-group'
      readonly name?: string | null
      readonly description?: string | null
      readonly add: readonly VolumeId[]
      readonly remove: readonly VolumeId[]
    }
  /** A snapshot of each of the group's volumes, also of those in use. */
  | { readonly kind: 'group-snapshot'; readonly groupSnapshot: GroupSnapshotSpec; readonly bodyHash: string }
  | { readonly kind: 'delete-group-snapshot'; readonly groupSnapshot: GroupSnapshotId }
  | {
      readonly kind: 'reset-group-snapshot'
      readonly groupSnapshot: GroupSnapshotId
      readonly status: Extract<GroupSnapshotStatus, 'available' | 'error'>
    }
  /** An operator's word against the record, as for a volume. */
  | { readonly kind: 'reset-snapshot'; readonly snapshot: SnapshotId; readonly status: RestingSnapshot }
  /** Offers the volume to whoever knows the key that the answer has. */
  | {
      readonly kind: 'offer'
      readonly transfer: TransferId
      readonly name: string | null
      readonly noSnapshots: boolean
      readonly createdAtMs: number
    }
  | { readonly kind: 'cancel-transfer'; readonly transfer: TransferId }
  /** The request's project takes the volume over. `anyType`: also one whose type is not there for it. */
  | {
      readonly kind: 'accept'
      readonly transfer: TransferId
      readonly proof: string
      readonly user: string
      readonly anyType: boolean
    }
  | {
      readonly kind: 'attach'
      readonly attachment: AttachmentId
      readonly instance: string | null
      readonly mode: 'rw' | 'ro'
      readonly connector: Connector | null
      readonly mountpoint: string | null
    }
  | { readonly kind: 'connect'; readonly attachment: AttachmentId; readonly connector: Connector }
  | { readonly kind: 'complete'; readonly attachment: AttachmentId }
  | { readonly kind: 'detach'; readonly attachment: AttachmentId; readonly allowUnsafe: boolean }
  /** Reads the connection of an attachment; its secret is nowhere but with the owner. */
  | { readonly kind: 'connection'; readonly attachment: AttachmentId }
  /** Its message is shown no more, for as long as the same is wrong with it. */
  | { readonly kind: 'dismiss'; readonly of: VolumeFailure['kind'] }
  | OlderAttach
  | FlagEdit

/** What takes room on the volume's pool, or in another project's account, and so is reserved and bound before it is done. */
export type RoomOperation = Extract<Operation, { kind: 'extend' | 'snapshot' | 'accept' | 'group-snapshot' | 'retype' }>

export interface OperationRequest {
  readonly rid: RequestId
  /** null for an operator who may touch any project. */
  readonly project: ProjectId | null
  readonly volume: VolumeId
  readonly operation: Operation
}

export interface OperationValue {
  /** The volume after the operation, without its snapshots, of which there may be many; null if it is gone. */
  readonly volume: Volume | null
  readonly attachment: Attachment | null
  /** The snapshot that the operation was about. */
  readonly snapshot: Snapshot | null
  readonly connection: Connection | null
  /** The transfer that the operation was about. */
  readonly transfer: Transfer | null
  /** The group snapshot that the operation was about; absent if it was about none. */
  readonly groupSnapshot?: GroupSnapshot
  /** Of a transfer that was offered; never remembered. */
  readonly authKey: string | null
}

export const NO_VALUE: OperationValue = {
  volume: null,
  attachment: null,
  snapshot: null,
  connection: null,
  transfer: null,
  authKey: null,
}

export type OperationReply = Result<OperationValue>

export type ClientRequest =
  /** `sourceAt`: where the source lies, if it has one; no other pool is asked. */
  | {
      readonly kind: 'create'
      readonly rid: RequestId
      readonly spec: VolumeSpec
      readonly bodyHash: string
      readonly sourceAt: SourcePlace | null
      readonly hints: Hints
    }
  | { readonly kind: 'operate'; readonly request: OperationRequest }
  /**
   * Finds a volume that the view does not hold: the register, then every reachable log. `isOwn`: it counts only if it is the project's,
   * also where the view shows it as another one's, which may be old.
   */
  | { readonly kind: 'find'; readonly project: ProjectId | null; readonly volume: VolumeId; readonly isOwn: boolean }
  /** Finds the volume of an attachment that the view does not hold. */
  | { readonly kind: 'find-attachment'; readonly attachment: AttachmentId }
  | { readonly kind: 'find-snapshot'; readonly project: ProjectId | null; readonly snapshot: SnapshotId; readonly isOwn: boolean }
  /** Finds the group of a group snapshot that the view does not hold. */
  | { readonly kind: 'find-group-snapshot'; readonly groupSnapshot: GroupSnapshotId }
  /** Finds the volume of a transfer that the view does not hold. */
  | { readonly kind: 'find-transfer'; readonly transfer: TransferId }
  /** Reads a project's register: open grants, unplaced volumes, limits, use. */
  | { readonly kind: 'ledger'; readonly project: ProjectId }
  /** Changes a project's limits (only those named), or takes them back to the defaults (null). */
  | { readonly kind: 'limits'; readonly project: ProjectId; readonly limits: Partial<Limits> | null }
  /** Has one host, or all of them (null), look what lies there that is no volume's. */
  | { readonly kind: 'look'; readonly host: PeerId | null }
  /** Changes the catalogue, or reads it from its register (null). This peer's copy is as new as the answer. */
  | { readonly kind: 'types'; readonly change: CatalogueChange | null }
  /** Changes or reads who may log in. `register`: that of the users and projects, or that of one user's tokens. */
  | { readonly kind: 'identity'; readonly register: ProjectId; readonly change: IdentityChange }

export interface KnownTypes {
  readonly types: readonly KnownType[]
  /** The type that was changed, as it is now or was when it was deleted; null if none was. */
  readonly changed: KnownType | null
  /** By name. */
  readonly groupTypes: readonly GroupType[]
  /** The group type that was changed, likewise. */
  readonly changedGroupType: GroupType | null
  /** The QoS specs that were changed, likewise. */
  readonly changedQos: QosSpecs | null
}

export type ClientReply =
  | { readonly kind: 'create'; readonly result: Result<Volume> }
  | { readonly kind: 'operate'; readonly result: OperationReply }
  | { readonly kind: 'find'; readonly result: Result<Volume> }
  | { readonly kind: 'find-snapshot'; readonly result: Result<Snapshot> }
  | { readonly kind: 'ledger'; readonly result: Result<LedgerContents> }
  | { readonly kind: 'limits'; readonly result: Result<LedgerContents> }
  | { readonly kind: 'look'; readonly result: Result<HostsLooked> }
  | { readonly kind: 'types'; readonly result: Result<KnownTypes> }
  | { readonly kind: 'identity'; readonly result: Result<IdentityFound> }

/** A volume with what the standard body has no room for: whether its host answers, and how old the record is. */
export interface VolumeView {
  readonly volume: Volume
  readonly hostStatus: 'up' | 'down' | 'unknown'
  readonly ageMs: number
}
