/**
 * A host's volumes as the simulator has them: synchronous, and still there after a crash.
 *
 * Keeps the contract of lib/ports/backend.ts; whoever wants failures puts them around it.
 */
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { BackendVolume, FoundVolume, VolumeTags } from '../../../lib/ports/backend.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'

export interface VolumeWatcher {
  /** Just before bytes come to be, grow or go. */
  onCreate(volume: BackendVolume): void
  onExtend(volume: BackendVolume): void
  onRemove(volume: VolumeId): void
}

const GIB = 1024 ** 3

export class FakeVolumes {
  readonly #volumes = new Map<VolumeId, FoundVolume>()
  readonly #quarantined: VolumeId[] = []
  readonly #capacityGiB: number
  readonly #watcher: VolumeWatcher

  constructor(capacityGiB: number, watcher: VolumeWatcher) {
    this.#capacityGiB = capacityGiB
    this.#watcher = watcher
  }

  get quarantined(): readonly VolumeId[] {
    return this.#quarantined
  }

  usedGiB(): number {
    let used = 0
    for (const volume of this.#volumes.values()) used += volume.sizeBytes / GIB
    return used
  }

  create(volume: BackendVolume, tags: VolumeTags): Outcome<null> {
    const known = this.#volumes.get(volume.id)
    const isHusk = known?.sizeBytes === 0
    if (known !== undefined && !isHusk) return known.sizeBytes === volume.sizeBytes ? done(null) : refused('another size is there')
    if (this.usedGiB() + volume.sizeBytes / GIB > this.#capacityGiB) return refused('no room')
    this.#watcher.onCreate(volume)
    this.#volumes.set(volume.id, { ...volume, tags })
    return done(null)
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

  remove(volume: VolumeId): Outcome<null> {
    if (!this.#volumes.has(volume)) return done(null)
    this.#watcher.onRemove(volume)
    this.#volumes.delete(volume)
    return done(null)
  }

  inspect(volume: VolumeId): Outcome<FoundVolume | null> {
    return done(this.#volumes.get(volume) ?? null)
  }

  list(): readonly FoundVolume[] {
    return [...this.#volumes.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  quarantine(volume: VolumeId): Outcome<null> {
    if (this.#volumes.delete(volume)) this.#quarantined.push(volume)
    return done(null)
  }
}

function refused(detail: string): Outcome<never> {
  return { kind: 'failed', tool: 'fake', detail }
}
