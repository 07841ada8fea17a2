/**
 * A volume as every peer may show it: Cinder's fields and Cinder's status words.
 *
 * Written by its owner alone. A volume without an owner (`pool` null) is one that found no room; it lives in its
 * project's register until it is deleted.
 */
import type { Attachment } from './attachment.ts'
import type { GroupSnapshot, Holds } from './group.ts'
import type { AttachmentId, GroupId, PeerId, PoolName, ProjectId, RequestId, VolumeId } from './ids.ts'
import type { Rejection } from './placement.ts'
import type { Snapshot } from './snapshot.ts'
import { openTransfer, type Transfer } from './transfer.ts'
import type { VolumeFlags } from './volume-flags.ts'
import type { VolumeSource } from './volume-source.ts'

export type VolumeStatus =
  | 'creating'
  | 'available'
  | 'reserved'
  | 'attaching'
  | 'in-use'
  | 'detaching'
  | 'extending'
  | 'reverting'
  | 'awaiting-transfer'
  | 'deleting'
  | 'unmanaging'
  | 'error'
  | 'error_deleting'
  | 'error_extending'

/** What a client asked for. `sizeGiB` is a whole number of GiB, at least 1; of a group 0. */
export interface VolumeSpec {
  readonly id: VolumeId
  readonly project: ProjectId
  readonly user: string
  readonly name: string | null
  readonly description: string | null
  readonly sizeGiB: number
  /** Zone asked for, or null for any. */
  readonly zone: string | null
  /** Name of the volume type, or null. */
  readonly type: string | null
  readonly typeId: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly multiattach: boolean
  /** What it began as a copy of, or what is to be taken in as it; null for an empty volume. */
  readonly source: VolumeSource | null
  /** The group that it is in; absent if it is in none. */
  readonly group?: GroupId
  /** This is no volume, but a group (group.ts). It has no size of its own. */
  readonly holds?: Holds
  /** Unix milliseconds at the coordinator, for display; never compared between hosts. */
  readonly createdAtMs: number
}

export interface Volume extends VolumeSpec, VolumeFlags {
  readonly status: VolumeStatus
  readonly rid: RequestId
  readonly owner: PeerId | null
  readonly pool: PoolName | null
  /** Zone of the pool that holds it; the zone asked for while there is none. */
  readonly availabilityZone: string
  readonly updatedAtMs: number | null
  readonly attachments: readonly Attachment[]
  readonly snapshots: readonly Snapshot[]
  /** The attachments that were removed last, so that everybody knows whose they were and none is made again. The newest is last. */
  readonly detached: readonly AttachmentId[]
  /** The newest offer to another project, whatever has become of it; null if there never was one. */
  readonly transfer: Transfer | null
  /** Of a group: the snapshots of all of its volumes together; absent until there was one. */
  readonly groupSnapshots?: readonly GroupSnapshot[]
  readonly failure: VolumeFailure | null
}

export const FAILURE_KINDS: readonly VolumeFailure['kind'][] = ['no-room', 'backend', 'lost', 'missing', 'delete-refused', 'retype-refused']

/** What the backend was at; `unmanage`: the volume is there and well. */
export type BackendStep = 'create' | 'delete' | 'extend' | 'revert' | 'manage' | 'unmanage'

/** Why a volume is in `error`. `isDismissed`: its user has read the message that tells of it, and wants to see it no more. */
export type VolumeFailure = FailureFacts & { readonly isDismissed?: boolean }

/** Facts, of which the edge makes a sentence. */
type FailureFacts =
  | { readonly kind: 'no-room'; readonly rejected: readonly Rejection[] }
  | { readonly kind: 'backend'; readonly step: BackendStep; readonly tool: string; readonly detail: string }
  | { readonly kind: 'lost' }
  /** Its bytes were there and are not any more; it is well again when they are. */
  | { readonly kind: 'missing' }
  /** It is there and well: a delete that was taken while its host was away found it in use, or with snapshots. */
  | { readonly kind: 'delete-refused'; readonly attachments: number; readonly snapshots: number }
  /** It is there and well, and of the type that it was of: its pool is none for the one that was asked for last. */
  | { readonly kind: 'retype-refused'; readonly type: string; readonly mayMove: boolean; readonly rejection: Rejection }

/**
 * Volume status that follows from its attachments: attached > attaching > detaching > reserved > available.
 *
 * One that os-reserve made shows as `attaching` until os-attach, whoever else uses the volume, so that there is one at a time.
 */
export function statusFromAttachments(attachments: readonly Attachment[]): VolumeStatus {
  const has = (status: Attachment['status']): boolean => attachments.some((attachment) => attachment.status === status)
  if (attachments.some(({ by, status }) => by === 'reserve' && (status === 'reserved' || status === 'attaching'))) return 'attaching'
  if (has('attached')) return 'in-use'
  if (has('attaching') || has('error_attaching')) return 'attaching'
  if (has('detaching') || has('error_detaching')) return 'detaching'
  return has('reserved') ? 'reserved' : 'available'
}

/** os-begin_detaching says it of the volume, and of none of its attachments. */
export function isDetachingBegun({ status, attachments }: Pick<Volume, 'status' | 'attachments'>): boolean {
  return status === 'detaching' && !attachments.some((one) => one.status === 'detaching' || one.status === 'error_detaching')
}

/** Status of a volume that was made, while nothing is being done with it. */
export function restingStatus(volume: Pick<Volume, 'attachments' | 'transfer'>): VolumeStatus {
  return openTransfer(volume) === null ? statusFromAttachments(volume.attachments) : 'awaiting-transfer'
}

/** As many as a client that repeats itself may be behind. */
const DETACHED_MAX = 16

export function withDetached({ detached }: Pick<Volume, 'detached'>, id: AttachmentId): readonly AttachmentId[] {
  return [...detached.filter((one) => one !== id), id].slice(-DETACHED_MAX)
}
