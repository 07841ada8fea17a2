/**
 * What a new volume begins as: a copy of a snapshot, or of another volume as it is at that moment, or what lies in the pool already.
 *
 * It is made on the source's own pool, by the owner of both. Once it is made nothing ties the two together. What exists already is
 * named here only until it is the volume's: while it is, nothing that lies there may be cleared or removed for the volume's sake.
 */
import type { PeerId, PoolName, SnapshotId, VolumeId } from './ids.ts'

export type VolumeSource =
  /** `volume`: whose snapshot it is. */
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotId; readonly volume: VolumeId }
  | { readonly kind: 'volume'; readonly volume: VolumeId }
  | { readonly kind: 'existing'; readonly name: string }

/** A source that is copied. */
export type CopySource = Exclude<VolumeSource, { kind: 'existing' }>

/** Where a source lies. */
export interface SourcePlace {
  readonly owner: PeerId
  readonly pool: PoolName
}
