/** Why something is not done with a group, its snapshots, or what is in it. */
import type { GroupSnapshotStatus } from './group.ts'
import type { GroupId, GroupSnapshotId, SnapshotId, VolumeId } from './ids.ts'
import type { VolumeStatus } from './volume.ts'

export type GroupRefusal =
  | { readonly code: 'group-not-found'; readonly group: GroupId }
  | { readonly code: 'group-snapshot-not-found'; readonly groupSnapshot: GroupSnapshotId }
  | {
      readonly code: 'group-status'
      readonly group: GroupId
      readonly action: string
      readonly status: VolumeStatus
      readonly allowed: readonly VolumeStatus[]
    }
  /** Whoever deletes it has not said that its volumes go with it. */
  | { readonly code: 'group-has-volumes'; readonly group: GroupId; readonly volumes: number }
  | { readonly code: 'group-has-snapshots'; readonly group: GroupId; readonly snapshots: number }
  /** A volume of it is attached, or has snapshots. */
  | { readonly code: 'group-volume-held'; readonly group: GroupId; readonly volume: VolumeId; readonly by: 'attachments' | 'snapshots' }
  | { readonly code: 'group-empty'; readonly group: GroupId }
  | { readonly code: 'group-full'; readonly group: GroupId; readonly of: 'volumes' | 'snapshots'; readonly limit: number }
  /** A volume that cannot be put in, or taken out. */
  | { readonly code: 'group-volume'; readonly group: GroupId; readonly volume: VolumeId; readonly why: GroupVolumeProblem }
  | { readonly code: 'group-unchanged'; readonly group: GroupId }
  /** No host copies anything to another place. */
  | { readonly code: 'group-not-replicated'; readonly group: GroupId }
  /** A volume of this type cannot be in it; null: the volume has none. */
  | { readonly code: 'group-type'; readonly group: GroupId; readonly type: string | null }
  /** What it is in decides about it. */
  | { readonly code: 'volume-in-group'; readonly volume: VolumeId; readonly group: GroupId; readonly action: string }
  | { readonly code: 'snapshot-in-group'; readonly snapshot: SnapshotId; readonly groupSnapshot: GroupSnapshotId }
  | {
      readonly code: 'group-snapshot-status'
      readonly groupSnapshot: GroupSnapshotId
      readonly action: string
      readonly status: GroupSnapshotStatus
      readonly allowed: readonly GroupSnapshotStatus[]
    }

export type GroupVolumeProblem =
  | { readonly kind: 'absent' }
  | { readonly kind: 'to-be-in-and-out' }
  | { readonly kind: 'not-in-it' }
  | { readonly kind: 'in-another'; readonly group: GroupId }
  | { readonly kind: 'type'; readonly type: string | null }
  | { readonly kind: 'status'; readonly status: VolumeStatus; readonly allowed: readonly VolumeStatus[] }
  /** It lies with another host, or on another backend of it. */
  | { readonly kind: 'elsewhere' }
