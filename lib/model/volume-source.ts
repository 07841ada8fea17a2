/**
 * What a new volume begins as a copy of: a snapshot, or another volume as it is at that moment.
 *
 * The copy is made on the source's own pool, by the owner of both. Once it is made nothing ties the two together.
 */
import type { PeerId, PoolName, SnapshotId, VolumeId } from './ids.ts'

export type VolumeSource =
  /** `volume`: whose snapshot it is. */
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotId; readonly volume: VolumeId }
  | { readonly kind: 'volume'; readonly volume: VolumeId }

/** Where a source lies. */
export interface SourcePlace {
  readonly owner: PeerId
  readonly pool: PoolName
}
