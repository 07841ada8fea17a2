/**
 * Makes, grows and removes the bytes of volumes and their snapshots on this host.
 *
 * Each call is idempotent and named by the volume's id: a create that finds its volume at the right size succeeds; a
 * remove that finds nothing succeeds. Each looks before it acts and after. Calls for one volume never overlap (the
 * caller keeps one queue per volume); calls for different volumes may.
 */
import type { Existing } from '../model/existing.ts'
import type { ProjectId, RequestId, SnapshotId, VolumeId } from '../model/ids.ts'
import type { Capabilities } from '../model/placement.ts'
import type { Outcome } from './outcome.ts'

export interface PoolMeasure {
  /** Pool's own name, the part after `#`. */
  readonly pool: string
  readonly state: 'up' | 'stalled'
  /** Total size in whole GiB; what the owner may give out is computed from it. */
  readonly totalGiB: number
  /** What the pool reports about itself under Cinder's keys; the agent adds allocated and provisioned. */
  readonly capabilities: Capabilities
}

export interface BackendVolume {
  readonly id: VolumeId
  /** Pool's own name, the part after `#`. */
  readonly pool: string
  readonly sizeBytes: number
}

export interface SnapshotName {
  readonly id: SnapshotId
  readonly volume: VolumeId
}

/** A volume's bytes as they were at one time. It goes only by its own name, and reading it needs nothing of the volume. */
export interface BackendSnapshot extends SnapshotName {
  /** The volume's pool; a snapshot lies in no other. */
  readonly pool: string
  /** The volume's size when it is made; it stays, whatever the volume grows to. */
  readonly sizeBytes: number
}

/** What a new volume is a copy of; it lies in the same pool. */
export type BackendSource =
  | { readonly kind: 'volume'; readonly volume: VolumeId }
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotName }

/** The volume that is read when this is copied. */
export function volumeBehind(source: BackendSource): VolumeId {
  return source.kind === 'volume' ? source.volume : source.snapshot.volume
}

/** Who a volume or snapshot belongs to, kept beside its bytes: what a host needs to know its volumes again when its journal is gone. */
export interface VolumeTags {
  readonly project: ProjectId
  /** Request that made it. */
  readonly rid: RequestId
}

/** What lies there. `tags` null: it has none, or they cannot be read. */
export interface FoundVolume extends BackendVolume {
  readonly tags: VolumeTags | null
}

export interface FoundSnapshot extends BackendSnapshot {
  readonly tags: VolumeTags | null
}

export interface Backend {
  /** Name of the backend, the part between `@` and `#`. */
  readonly name: string
  /** What it made is there after a restart: what it does not list is gone. */
  readonly isLasting: boolean
  measure(signal: AbortSignalLike): Promise<Outcome<readonly PoolMeasure[]>>
  /** A volume that reads zero until written, and its tags with it. `sizeBytes` > 0, a multiple of 1 GiB. */
  create(volume: BackendVolume, tags: VolumeTags, signal: AbortSignalLike): Promise<Outcome<void>>
  /**
   * The same, but with the bytes that `source` has now, and zero beyond them; all of it or none, also after a crash. A volume that is
   * there at this size is left alone. Refused if the source is not there, or larger. Runs in the queue of the source's volume; may go on
   * after the time limit, and the next call for either volume then waits for its end.
   */
  copy(volume: BackendVolume, source: BackendSource, tags: VolumeTags, signal: AbortSignalLike): Promise<Outcome<void>>
  /**
   * Grows to the absolute size, also while it is in use if the pool reports `online_extend_support`; what is new reads zero from the
   * first look. A volume that has the size already is left alone. Never shrinks.
   */
  extend(volume: BackendVolume, signal: AbortSignalLike): Promise<Outcome<void>>
  /**
   * The volume has the bytes of its snapshot again, which stays as it is. Named by the request: once it was done for `rid` a repeat does
   * nothing, whatever was written since. Cut off, it is repeated before anything else is asked of the volume. Refused if either is not
   * there, or they differ in size; nobody uses the volume. Runs in its queue; may go on after the time limit, and the next call for
   * the volume then waits for its end.
   */
  revert(volume: BackendVolume, snapshot: SnapshotName, rid: RequestId, signal: AbortSignalLike): Promise<Outcome<void>>
  /** The volume and its snapshots are this project's from now on; the requests in their tags stay. What has no tags gets none. Nothing there: nothing to do. */
  retag(volume: VolumeId, project: ProjectId, signal: AbortSignalLike): Promise<Outcome<void>>
  /** After `ok` no byte of it can be read again through this backend. */
  remove(volume: VolumeId, signal: AbortSignalLike): Promise<Outcome<void>>
  /**
   * Makes what lies in the pool under this name the volume, with every byte as it is; all of it or nothing of it, also after a crash. A
   * volume that is there at this size is left alone. Refused, and nothing changed, if there is none of this name, of another size, or
   * one with a hindrance. What was set aside may be taken in again.
   */
  adopt(volume: BackendVolume, name: string, tags: VolumeTags, signal: AbortSignalLike): Promise<Outcome<void>>
  /**
   * The volume is nobody's any more, and lies there with every byte as it is under a name that can be adopted again. Also takes back
   * what an adoption that was cut off has marked. Nothing there: nothing to do.
   */
  release(volume: VolumeId, signal: AbortSignalLike): Promise<Outcome<void>>
  /** What lies in the pool, or where its volumes lie, and is none of them; sorted by name. */
  listExisting(signal: AbortSignalLike): Promise<Outcome<readonly (Existing & { readonly pool: string })[]>>
  /** What is there under this id: the volume, or null. */
  inspect(volume: VolumeId, signal: AbortSignalLike): Promise<Outcome<FoundVolume | null>>
  /** Everything of ours that is there, in quarantine excepted. */
  list(signal: AbortSignalLike): Promise<Outcome<readonly FoundVolume[]>>
  /** Sets aside what nobody knows, under a name starting with `quarantine-`. Deletes nothing. */
  quarantine(volume: VolumeId, signal: AbortSignalLike): Promise<Outcome<void>>
  /**
   * The volume's bytes as they are now, under the snapshot's name; all of them or none, also after a crash. A snapshot that
   * is there at this size is left alone: a repeat makes nothing anew. Refused if the volume is not there. Runs in its
   * volume's queue; may go on after the time limit, and the next call for the volume then waits for its end.
   */
  createSnapshot(snapshot: BackendSnapshot, tags: VolumeTags, signal: AbortSignalLike): Promise<Outcome<void>>
  /** As `remove`; leaves the volume and its other snapshots alone. */
  removeSnapshot(snapshot: SnapshotName, signal: AbortSignalLike): Promise<Outcome<void>>
  /** Null also while it is being made. */
  inspectSnapshot(snapshot: SnapshotName, signal: AbortSignalLike): Promise<Outcome<FoundSnapshot | null>>
  listSnapshots(signal: AbortSignalLike): Promise<Outcome<readonly FoundSnapshot[]>>
  /**
   * As `adopt`, of what the pool has as a snapshot of this very volume; anything else is refused. Whether it is a copy of the volume, and
   * of when, nobody looks.
   */
  adoptSnapshot(snapshot: BackendSnapshot, name: string, tags: VolumeTags, signal: AbortSignalLike): Promise<Outcome<void>>
  /** As `release`. Of which volume it is a snapshot stays known with the bytes, so that it can be adopted again. */
  releaseSnapshot(snapshot: SnapshotName, signal: AbortSignalLike): Promise<Outcome<void>>
  quarantineSnapshot(snapshot: SnapshotName, signal: AbortSignalLike): Promise<Outcome<void>>
  /** Path that a target can open, once the volume was woken. */
  devicePath(volume: VolumeId): string
  /** After `ok` the volume's device is there, also after a boot that has left it without one. Of a volume that is not there it says nothing. */
  wake(volume: VolumeId, signal: AbortSignalLike): Promise<Outcome<void>>
}

/** The part of AbortSignal that a port may use; the rules know no DOM types. */
export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}
