/**
 * Why a request was not done: facts, never sentences. The REST edge turns each into a code and a text, once.
 */
import type { AttachmentStatus } from './attachment.ts'
import type { GroupRefusal } from './group-refusal.ts'
import type { AttachmentId, PeerId, PoolName, ProjectId, SnapshotId, TransferId, VolumeId } from './ids.ts'
import type { CatalogueRefusal } from './catalogue.ts'
import type { IdentityRefusal } from './identity.ts'
import type { Rejection } from './placement.ts'
import type { CountedLimit, LimitName } from './quota.ts'
import type { SnapshotStatus } from './snapshot.ts'
import type { VolumeStatus } from './volume.ts'

export type Failure =
  | { readonly code: 'volume-not-found'; readonly volume: VolumeId }
  | { readonly code: 'attachment-not-found'; readonly attachment: AttachmentId }
  | {
      readonly code: 'invalid-status'
      readonly volume: VolumeId
      readonly action: string
      readonly status: VolumeStatus
      readonly allowed: readonly VolumeStatus[]
    }
  | { readonly code: 'volume-attached'; readonly volume: VolumeId; readonly action: string; readonly attachments: readonly AttachmentId[] }
  | { readonly code: 'volume-has-snapshots'; readonly volume: VolumeId; readonly snapshots: number }
  | { readonly code: 'snapshot-not-found'; readonly snapshot: SnapshotId }
  | {
      readonly code: 'snapshot-status'
      readonly snapshot: SnapshotId
      readonly action: string
      readonly status: SnapshotStatus
      readonly allowed: readonly SnapshotStatus[]
    }
  /** Both have to be available. */
  | {
      readonly code: 'revert-status'
      readonly volume: VolumeId
      readonly status: VolumeStatus
      readonly snapshot: SnapshotId
      readonly snapshotStatus: SnapshotStatus
    }
  | { readonly code: 'snapshot-not-latest'; readonly volume: VolumeId; readonly snapshot: SnapshotId; readonly latest: SnapshotId | null }
  | {
      readonly code: 'revert-size'
      readonly volume: VolumeId
      readonly sizeGiB: number
      readonly snapshot: SnapshotId
      readonly snapshotGiB: number
    }
  | GroupRefusal
  | { readonly code: 'transfer-not-found'; readonly transfer: TransferId }
  /** Whoever accepts does not know its key. */
  | { readonly code: 'transfer-key'; readonly transfer: TransferId }
  /** A snapshot goes where its volume goes. */
  | { readonly code: 'transfer-snapshots'; readonly volume: VolumeId; readonly snapshots: number }
  /** The record of a volume and its snapshots has an end: so many snapshots, or so many characters. */
  | { readonly code: 'record-full'; readonly volume: VolumeId; readonly of: 'snapshots' | 'characters'; readonly limit: number }
  | { readonly code: 'attachment-status'; readonly attachment: AttachmentId; readonly action: string; readonly status: AttachmentStatus }
  /** It has several, and the request does not say which. */
  | { readonly code: 'which-attachment'; readonly volume: VolumeId; readonly attachments: number }
  /** It is read-only. */
  | { readonly code: 'attach-mode'; readonly volume: VolumeId; readonly mode: 'rw' }
  /** A consumer still uses the volume, and only its own service may let go. */
  | { readonly code: 'unsafe-detach'; readonly attachment: AttachmentId; readonly instance: string }
  | { readonly code: 'volume-busy'; readonly volume: VolumeId; readonly running: string }
  /** A copy holds at least what its source does. */
  | { readonly code: 'size-below-source'; readonly source: VolumeId | SnapshotId; readonly sizeGiB: number; readonly requestedGiB: number }
  /** Another request is taking it in. */
  | { readonly code: 'existing-taken'; readonly name: string }
  /** It is in use, and its pool cannot grow what is in use. */
  | { readonly code: 'extend-offline'; readonly volume: VolumeId; readonly pool: PoolName }
  /** It is of that type already. */
  | { readonly code: 'retype-same'; readonly volume: VolumeId; readonly type: string }
  /** Whoever uses it was told otherwise. */
  | { readonly code: 'retype-in-use'; readonly volume: VolumeId; readonly type: string; readonly differs: 'multiattach' | 'qos' }
  | { readonly code: 'size-not-larger'; readonly volume: VolumeId; readonly sizeGiB: number; readonly requestedGiB: number }
  | {
      readonly code: 'over-quota'
      readonly resource: LimitName
      /** Whose limit it is, by name of volume type; absent: of all together. */
      readonly type?: string
      readonly limit: number
      readonly used: number
      readonly requested: number
    }
  | { readonly code: 'request-mismatch'; readonly volume: VolumeId }
  | {
      readonly code: 'no-majority'
      readonly project: ProjectId
      readonly members: readonly string[]
      readonly answered: number
      readonly needed: number
    }
  | { readonly code: 'owner-unreachable'; readonly host: string; readonly sinceMs: number | null }
  /** The volume's host is gone for good, and its bytes with it. */
  | { readonly code: 'host-lost'; readonly volume: VolumeId; readonly host: string }
  /** The host that the volume was promised on has left the cluster, and never made it. */
  | { readonly code: 'host-left'; readonly volume: VolumeId; readonly host: string }
  | {
      readonly code: 'below-use'
      readonly resource: CountedLimit
      /** As above. */
      readonly type?: string
      readonly limit: number
      readonly used: number
    }
  | { readonly code: 'limits-full'; readonly limit: number }
  | { readonly code: 'no-room'; readonly rejected: readonly Rejection[] }
  | { readonly code: 'forming'; readonly joined: number; readonly expect: number }
  | { readonly code: 'recovering'; readonly host: string }
  /** The host knows an older version of the volume types than who asked it, and reads them. */
  | { readonly code: 'types-behind'; readonly host: string }
  | { readonly code: 'export-failed'; readonly volume: VolumeId; readonly tool: string; readonly detail: string }
  | { readonly code: 'overloaded'; readonly queue: string; readonly limit: number }
  | CatalogueFailure
  | IdentityRefusal
  | { readonly code: 'peer-incomplete'; readonly silent: readonly PeerId[] }

/** What is wrong with volume types and what belongs to them. */
export type CatalogueFailure =
  /** By id or name. */
  | { readonly code: 'type-not-found'; readonly type: string }
  | { readonly code: 'type-exists'; readonly name: string }
  | { readonly code: 'type-mismatch'; readonly type: string }
  | { readonly code: 'type-default'; readonly type: string }
  | { readonly code: 'types-full'; readonly limit: number }
  | CatalogueRefusal
  /** Its volumes would have to be encrypted, which no host can. */
  | { readonly code: 'type-encrypted'; readonly type: string }

/** Either a value or the facts of a failure. */
export type Result<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: Failure }

export const success = <Value>(value: Value): Result<Value> => ({ ok: true, value })
export const failure = (facts: Failure): { readonly ok: false; readonly failure: Failure } => ({ ok: false, failure: facts })
