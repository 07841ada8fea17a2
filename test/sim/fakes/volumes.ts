/**
 * A host's volumes and snapshots as the simulator has them: synchronous, and still there after a crash.
 *
 * Keeps the contract of lib/ports/backend.ts; whoever wants failures puts them around it.
 */
import type { Existing, Former, Origin } from '../../../lib/model/existing.ts'
import type { ProjectId, RequestId, SnapshotId, VolumeId } from '../../../lib/model/ids.ts'
import type {
  Backend,
  BackendSnapshot,
  BackendSource,
  BackendVolume,
  FoundSnapshot,
  FoundVolume,
  SnapshotName,
  VolumeTags,
} from '../../../lib/ports/backend.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'

/** What lies in the pool and is no volume. */
export interface FakeExisting extends Pick<Existing, 'sizeBytes' | 'hindrance' | 'former'> {
  readonly bytes: string
  /** Of which volume it is a snapshot; absent if of none. */
  readonly of?: VolumeId
}

export interface VolumeWatcher {
  /** Just before bytes come to be, grow or go. */
  onCreate(volume: BackendVolume): void
  onAdopt(volume: BackendVolume, name: string): void
  onExtend(volume: BackendVolume): void
  onRemove(volume: VolumeId): void
  onSnapshot(snapshot: BackendSnapshot): void
  onSnapshotAdopt(snapshot: BackendSnapshot, name: string): void
  onSnapshotRemove(snapshot: SnapshotName): void
  onRevert(volume: VolumeId, snapshot: SnapshotName): void
}

const GIB = 1024 ** 3

export class FakeVolumes {
  readonly #volumes = new Map<VolumeId, FoundVolume>()
  readonly #snapshots = new Map<SnapshotId, FoundSnapshot>()
  readonly #bytes = new Map<VolumeId | SnapshotId, string>()
  /** All that each volume ever had, and what was taken in as a snapshot of it. */
  readonly #had = new Map<VolumeId, Set<string>>()
  readonly #reverts = new Map<VolumeId, RequestId>()
  #writes = 0
  readonly #existing = new Map<string, FakeExisting>()
  readonly #hidden = new Map<VolumeId, FoundVolume>()
  #wasHidden = false
  readonly #quarantined: (VolumeId | SnapshotId)[] = []
  readonly #capacityGiB: number
  readonly #watcher: VolumeWatcher

  constructor(capacityGiB: number, watcher: VolumeWatcher) {
    this.#capacityGiB = capacityGiB
    this.#watcher = watcher
  }

  get quarantined(): readonly (VolumeId | SnapshotId)[] {
    return this.#quarantined
  }

  usedGiB(): number {
    let used = 0
    for (const { sizeBytes } of [...this.#volumes.values(), ...this.#hidden.values(), ...this.#snapshots.values()]) used += sizeBytes / GIB
    return used + this.existingGiB()
  }

  /** What others have of the pool. */
  existingGiB(): number {
    let taken = 0
    for (const { sizeBytes } of this.#existing.values()) taken += sizeBytes / GIB
    return taken
  }

  get existing(): ReadonlyMap<string, FakeExisting> {
    return this.#existing
  }

  /** Somebody lays something into the pool. */
  lay(name: string, existing: FakeExisting): void {
    this.#existing.set(name, existing)
  }

  /** Somebody takes away what nobody has taken in. */
  takeAway(name: string): void {
    this.#existing.delete(name)
  }

  /** Somebody calls the volume by another name, by hand: the host finds it no more. */
  hide(volume: VolumeId): void {
    const known = this.#volumes.get(volume)
    if (known === undefined) return
    this.#hidden.set(volume, known)
    this.#volumes.delete(volume)
    this.#wasHidden = true
  }

  /** Room may have been given out again that such a volume had, since nobody found it there. */
  get wasHidden(): boolean {
    return this.#wasHidden
  }

  /** … and by its own again. */
  showHidden(): void {
    for (const [id, known] of this.#hidden) this.#volumes.set(id, known)
    this.#hidden.clear()
  }

  adopt(volume: BackendVolume, name: string, tags: VolumeTags): Outcome<null> {
    const known = this.#volumes.get(volume.id)
    if (known !== undefined) return known.sizeBytes === volume.sizeBytes ? done(null) : refused('another size is there')
    const found = this.#existing.get(name)
    if (found === undefined || found.hindrance !== null) return refused(`${name} is not there, or not to be taken in`)
    if (found.sizeBytes !== volume.sizeBytes) return refused(`${name} has another size`)
    this.#watcher.onAdopt(volume, name)
    this.#existing.delete(name)
    this.#volumes.set(volume.id, { ...volume, tags })
    this.#put(volume.id, found.bytes)
    return done(null)
  }

  release(volume: VolumeId): Outcome<null> {
    const known = this.#volumes.get(volume)
    if (known === undefined) return done(null)
    this.#giveAway(volume, `unmanaged-${volume}`, known.sizeBytes, null)
    this.#volumes.delete(volume)
    this.#reverts.delete(volume)
    return done(null)
  }

  listExisting(pool: string): readonly (Existing & { readonly pool: string })[] {
    return [...this.#existing]
      .map(([name, { of, bytes: _, ...facts }]) => ({
        name,
        pool,
        ...facts,
        origin: of === undefined ? null : originOf(of),
        sinceMs: null,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #giveAway(id: VolumeId | SnapshotId, name: string, sizeBytes: number, former: Former | null, of?: VolumeId): void {
    const facts = { sizeBytes, hindrance: null, former, bytes: this.#bytes.get(id) ?? '' }
    this.#existing.set(name, of === undefined ? facts : { ...facts, of })
    this.#bytes.delete(id)
  }

  create(volume: BackendVolume, tags: VolumeTags): Outcome<null> {
    return this.#make(volume, tags, () => `empty ${volume.id}`)
  }

  copy(volume: BackendVolume, source: BackendSource, tags: VolumeTags): Outcome<null> {
    const size = this.#sizeBehind(source)
    const isThere = this.#volumes.has(volume.id)
    if (!isThere && (size === null || size > volume.sizeBytes)) return refused('its source is not there, or larger')
    return this.#make(volume, tags, () => this.#bytesOf(source))
  }

  #make(volume: BackendVolume, tags: VolumeTags, bytes: () => string): Outcome<null> {
    const known = this.#volumes.get(volume.id)
    const isHusk = known?.sizeBytes === 0
    if (known !== undefined && !isHusk) return known.sizeBytes === volume.sizeBytes ? done(null) : refused('another size is there')
    if (this.usedGiB() + volume.sizeBytes / GIB > this.#capacityGiB) return refused('no room')
    this.#watcher.onCreate(volume)
    this.#volumes.set(volume.id, { ...volume, tags })
    this.#put(volume.id, bytes())
    return done(null)
  }

  /** Which bytes it has: a name that goes from copy to copy. */
  bytesOf(volume: VolumeId | SnapshotId): string | null {
    return this.#bytes.get(volume) ?? null
  }

  hasHad(volume: VolumeId, bytes: string): boolean {
    return this.#had.get(volume)?.has(bytes) === true
  }

  hasBeenWritten(volume: VolumeId): boolean {
    return [...(this.#had.get(volume) ?? [])].some((bytes) => bytes.startsWith(`${volume}#`))
  }

  /** Somebody who uses it writes. */
  write(volume: VolumeId): void {
    this.#writes += 1
    this.#put(volume, `${volume}#${this.#writes}`)
  }

  revert(volume: BackendVolume, snapshot: SnapshotName, rid: RequestId): Outcome<null> {
    const [known, source] = [this.#volumes.get(volume.id), this.#snapshots.get(snapshot.id)]
    if (known?.sizeBytes !== volume.sizeBytes || source?.sizeBytes !== volume.sizeBytes) return refused('not there, or of another size')
    if (this.#reverts.get(volume.id) === rid) return done(null)
    this.#watcher.onRevert(volume.id, snapshot)
    this.#put(volume.id, this.bytesOf(snapshot.id) ?? '')
    this.#reverts.set(volume.id, rid)
    return done(null)
  }

  #put(volume: VolumeId, bytes: string): void {
    this.#bytes.set(volume, bytes)
    this.#had.set(volume, (this.#had.get(volume) ?? new Set()).add(bytes))
  }

  /** A create that was cut off: the name is there, and nothing behind it. */
  createHalf(volume: BackendVolume, tags: VolumeTags): void {
    if (this.#volumes.has(volume.id)) return
    this.#watcher.onCreate(volume)
    this.#volumes.set(volume.id, { ...volume, tags, sizeBytes: 0 })
  }

  extend(volume: BackendVolume): Outcome<null> {
    const known = this.#volumes.get(volume.id)
    if (known === undefined) return refused('not there')
    if (known.sizeBytes >= volume.sizeBytes) return done(null)
    if (this.usedGiB() + (volume.sizeBytes - known.sizeBytes) / GIB > this.#capacityGiB) return refused('no room')
    this.#watcher.onExtend(volume)
    this.#volumes.set(volume.id, { ...known, sizeBytes: volume.sizeBytes })
    return done(null)
  }

  retag(volume: VolumeId, project: ProjectId): Outcome<null> {
    const known = this.#volumes.get(volume)
    if (known !== undefined) this.#volumes.set(volume, { ...known, tags: movedTo(project, known.tags) })
    for (const snapshot of this.#snapshots.values())
      if (snapshot.volume === volume) this.#snapshots.set(snapshot.id, { ...snapshot, tags: movedTo(project, snapshot.tags) })
    return done(null)
  }

  remove(volume: VolumeId): Outcome<null> {
    if (!this.#volumes.has(volume)) return done(null)
    this.#watcher.onRemove(volume)
    this.#volumes.delete(volume)
    this.#bytes.delete(volume)
    this.#reverts.delete(volume)
    return done(null)
  }

  inspect(volume: VolumeId): Outcome<FoundVolume | null> {
    return done(this.#volumes.get(volume) ?? null)
  }

  sizeOf(volume: VolumeId): number {
    return this.#volumes.get(volume)?.sizeBytes ?? 0
  }

  list(): readonly FoundVolume[] {
    return [...this.#volumes.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  quarantine(volume: VolumeId): Outcome<null> {
    const known = this.#volumes.get(volume)
    if (known === undefined) return done(null)
    this.#giveAway(volume, `quarantine-volume-${volume}`, known.sizeBytes, formerOf(volume, null, known.tags))
    this.#volumes.delete(volume)
    this.#quarantined.push(volume)
    return done(null)
  }

  #sizeBehind(source: BackendSource): number | null {
    const found = source.kind === 'volume' ? this.#volumes.get(source.volume) : this.#snapshots.get(source.snapshot.id)
    return found === undefined || found.sizeBytes === 0 ? null : found.sizeBytes
  }

  #bytesOf(source: BackendSource): string {
    return this.#bytes.get(source.kind === 'volume' ? source.volume : source.snapshot.id) ?? ''
  }

  createSnapshot(snapshot: BackendSnapshot, tags: VolumeTags): Outcome<null> {
    const known = this.#snapshots.get(snapshot.id)
    if (known !== undefined) return known.sizeBytes === snapshot.sizeBytes ? done(null) : refused('another size is there')
    if (!this.#volumes.has(snapshot.volume)) return refused('there is no such volume')
    if (this.usedGiB() + snapshot.sizeBytes / GIB > this.#capacityGiB) return refused('no room')
    this.#watcher.onSnapshot(snapshot)
    this.#snapshots.set(snapshot.id, { ...snapshot, tags })
    this.#bytes.set(snapshot.id, this.#bytesOf({ kind: 'volume', volume: snapshot.volume }))
    return done(null)
  }

  adoptSnapshot(snapshot: BackendSnapshot, name: string, tags: VolumeTags): Outcome<null> {
    const { id, volume } = snapshot
    const known = this.#snapshots.get(id)
    if (known !== undefined) return known.sizeBytes === snapshot.sizeBytes ? done(null) : refused('another size is there')
    const found = this.#existing.get(name)
    if (found === undefined || found.hindrance !== null || found.of !== volume)
      return refused(`${name} is not there, or not to be taken in as a snapshot of this volume`)
    if (found.sizeBytes !== snapshot.sizeBytes) return refused(`${name} has another size`)
    this.#watcher.onSnapshotAdopt(snapshot, name)
    this.#existing.delete(name)
    this.#snapshots.set(id, { ...snapshot, tags })
    this.#bytes.set(id, found.bytes)
    this.#had.set(volume, (this.#had.get(volume) ?? new Set()).add(found.bytes))
    return done(null)
  }

  releaseSnapshot({ id, volume }: SnapshotName): Outcome<null> {
    const known = this.#snapshots.get(id)
    if (known === undefined) return done(null)
    this.#giveAway(id, `unmanaged-snapshot-${id}`, known.sizeBytes, null, volume)
    this.#snapshots.delete(id)
    return done(null)
  }

  removeSnapshot(name: SnapshotName): Outcome<null> {
    if (!this.#snapshots.has(name.id)) return done(null)
    this.#watcher.onSnapshotRemove(name)
    this.#snapshots.delete(name.id)
    this.#bytes.delete(name.id)
    return done(null)
  }

  inspectSnapshot({ id }: SnapshotName): Outcome<FoundSnapshot | null> {
    return done(this.#snapshots.get(id) ?? null)
  }

  listSnapshots(): readonly FoundSnapshot[] {
    return [...this.#snapshots.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  quarantineSnapshot({ id }: SnapshotName): Outcome<null> {
    const known = this.#snapshots.get(id)
    if (known === undefined) return done(null)
    this.#giveAway(id, `quarantine-snapshot-${id}`, known.sizeBytes, formerOf(known.volume, id, known.tags))
    this.#snapshots.delete(id)
    this.#quarantined.push(id)
    return done(null)
  }
}

function movedTo(project: ProjectId, tags: VolumeTags | null): VolumeTags | null {
  return tags === null ? null : { ...tags, project }
}

function originOf(volume: VolumeId): Origin {
  return { name: `volume-${volume}`, volume }
}

function formerOf(volume: VolumeId, snapshot: SnapshotId | null, tags: VolumeTags | null): Former {
  return { volume, snapshot, project: tags?.project ?? null, rid: tags?.rid ?? null }
}

function refused(detail: string): Outcome<never> {
  return { kind: 'failed', tool: 'fake', detail }
}

/** Watches nothing. */
export const UNWATCHED: VolumeWatcher = {
  onCreate() {},
  onAdopt() {},
  onExtend() {},
  onRemove() {},
  onSnapshot() {},
  onSnapshotAdopt() {},
  onSnapshotRemove() {},
  onRevert() {},
}

/** The part of a backend that is about what is no volume, for tests that put these volumes behind the port. */
export function existingPort(volumes: FakeVolumes, pool: string): Pick<Backend, 'adopt' | 'release' | 'listExisting'> {
  const emptied = (outcome: Outcome<null>): Outcome<void> => (outcome.kind === 'ok' ? done(undefined) : outcome)
  return {
    adopt: async (volume, name, tags) => emptied(volumes.adopt(volume, name, tags)),
    release: async (volume) => emptied(volumes.release(volume)),
    listExisting: async () => done(volumes.listExisting(pool)),
  }
}

/** The part of a backend that is about snapshots, for tests that put these volumes behind the port. */
export function snapshotPort(
  volumes: FakeVolumes,
): Pick<
  Backend,
  | 'revert'
  | 'createSnapshot'
  | 'adoptSnapshot'
  | 'releaseSnapshot'
  | 'removeSnapshot'
  | 'inspectSnapshot'
  | 'listSnapshots'
  | 'quarantineSnapshot'
> {
  const emptied = (outcome: Outcome<null>): Outcome<void> => (outcome.kind === 'ok' ? done(undefined) : outcome)
  return {
    revert: async (volume, snapshot, rid) => emptied(volumes.revert(volume, snapshot, rid)),
    createSnapshot: async (snapshot, tags) => emptied(volumes.createSnapshot(snapshot, tags)),
    adoptSnapshot: async (snapshot, name, tags) => emptied(volumes.adoptSnapshot(snapshot, name, tags)),
    releaseSnapshot: async (name) => emptied(volumes.releaseSnapshot(name)),
    removeSnapshot: async (name) => emptied(volumes.removeSnapshot(name)),
    inspectSnapshot: async (name) => volumes.inspectSnapshot(name),
    listSnapshots: async () => done(volumes.listSnapshots()),
    quarantineSnapshot: async (name) => emptied(volumes.quarantineSnapshot(name)),
  }
}
