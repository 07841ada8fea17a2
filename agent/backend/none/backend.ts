/**
 * A backend that stores nothing: for measuring the control plane, for trying the API without a disk, and for drills.
 *
 * It remembers what it was asked to make: in memory, which a restart forgets, or in a drill in a file. Where it has
 * forgotten, `inspect` and `list` know nothing: a build that was cut off is made again at no cost, and no volume can be
 * found that nobody knows. There are no bytes here, so none can be lost, and its path is one that no target opens.
 */
import type { Existing, Former } from '../../../lib/model/existing.ts'
import type { ProjectId, SnapshotId, VolumeId } from '../../../lib/model/ids.ts'
import type {
  Backend,
  BackendSnapshot,
  BackendVolume,
  FoundSnapshot,
  FoundVolume,
  PoolMeasure,
  VolumeTags,
} from '../../../lib/ports/backend.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'

export interface NoneBackendOptions {
  readonly name: string
  readonly pool: string
  readonly capacityGiB: number
}

export interface NoneMemory {
  readonly volumes: Map<VolumeId, FoundVolume>
  readonly snapshots: Map<SnapshotId, FoundSnapshot>
  /** What is no volume: given back, or set aside. */
  readonly existing: Map<string, Existing>
  /** Outlives a restart: what is not there was never made. */
  readonly isLasting: boolean
  /** Called after each change. */
  save(): void
}

export function createNoneBackend(options: NoneBackendOptions, memory: NoneMemory = newMemory()): Backend {
  const { volumes, snapshots, existing, isLasting } = memory
  const pool = poolOf(options)
  const changed = (): Outcome<void> => {
    memory.save()
    return done(undefined)
  }
  const made = (volume: BackendVolume, tags: VolumeTags): Outcome<void> => {
    const known = volumes.get(volume.id)
    if (known !== undefined && known.sizeBytes !== volume.sizeBytes)
      return refused(`there with ${known.sizeBytes} bytes, not ${volume.sizeBytes}`)
    volumes.set(volume.id, { ...volume, tags })
    return changed()
  }
  const setAside = (name: string, sizeBytes: number, of: Partial<Pick<Existing, 'former' | 'origin'>>): void => {
    existing.set(name, { name, sizeBytes, hindrance: null, former: null, origin: null, sinceMs: null, ...of })
  }
  const snapshotMade = (snapshot: BackendSnapshot, tags: VolumeTags): Outcome<void> => {
    const known = snapshots.get(snapshot.id)
    if (known !== undefined && known.sizeBytes !== snapshot.sizeBytes)
      return refused(`there with ${known.sizeBytes} bytes, not ${snapshot.sizeBytes}`)
    snapshots.set(snapshot.id, known ?? { ...snapshot, tags })
    return changed()
  }
  return {
    name: options.name,
    isLasting,
    measure: async () => done([pool]),
    create: async (volume, tags) => made(volume, tags),
    async copy(volume, source, tags) {
      const from = source.kind === 'volume' ? volumes.get(source.volume) : snapshots.get(source.snapshot.id)
      if (isLasting && from === undefined && !volumes.has(volume.id)) return refused('what it is to be a copy of is not there')
      if (from !== undefined && from.sizeBytes > volume.sizeBytes) return refused(`what it is to be a copy of has ${from.sizeBytes} bytes`)
      return made(volume, tags)
    },
    async extend(volume) {
      const known = volumes.get(volume.id)
      if (known === undefined && isLasting) return refused(`volume ${volume.id} is not there`)
      // Without a memory that lasts, one that was made before the last restart is taken at its word.
      if (known === undefined || known.sizeBytes < volume.sizeBytes) volumes.set(volume.id, { ...volume, tags: known?.tags ?? null })
      return changed()
    },
    async revert(volume, snapshot) {
      const found = [volumes.get(volume.id), snapshots.get(snapshot.id)]
      if (isLasting && found.includes(undefined)) return refused('the volume or its snapshot is not there')
      const other = found.find((one) => one !== undefined && one.sizeBytes !== volume.sizeBytes)
      return other === undefined ? changed() : refused(`there with ${other.sizeBytes} bytes, not ${volume.sizeBytes}`)
    },
    async retag(id, project) {
      const volume = volumes.get(id)
      if (volume !== undefined) volumes.set(id, { ...volume, tags: movedTo(project, volume.tags) })
      for (const snapshot of snapshots.values())
        if (snapshot.volume === id) snapshots.set(snapshot.id, { ...snapshot, tags: movedTo(project, snapshot.tags) })
      return changed()
    },
    async remove(volume) {
      volumes.delete(volume)
      return changed()
    },
    async adopt(volume, name, tags) {
      const known = volumes.get(volume.id)
      const found = existing.get(name)
      if (known !== undefined || (found === undefined && !isLasting)) return made(volume, tags)
      if (found?.sizeBytes !== volume.sizeBytes) return refused(`${name} is not there, or not with ${volume.sizeBytes} bytes`)
      existing.delete(name)
      return made(volume, tags)
    },
    async release(volume) {
      const known = volumes.get(volume)
      if (known !== undefined) setAside(`unmanaged-${volume}`, known.sizeBytes, {})
      volumes.delete(volume)
      return changed()
    },
    listExisting: async () => done([...existing.values()].map((one) => ({ ...one, pool: options.pool })).sort(byName)),
    inspect: async (volume) => done(volumes.get(volume) ?? null),
    list: async () => done([...volumes.values()].sort((a, b) => (a.id < b.id ? -1 : 1))),
    async quarantine(volume) {
      const known = volumes.get(volume)
      const former = { volume, snapshot: null, ...ownerOf(known?.tags ?? null) }
      if (known !== undefined) setAside(`quarantine-volume-${volume}`, known.sizeBytes, { former })
      volumes.delete(volume)
      return changed()
    },
    async createSnapshot(snapshot, tags) {
      return isLasting && !volumes.has(snapshot.volume) && !snapshots.has(snapshot.id)
        ? refused(`volume ${snapshot.volume} is not there`)
        : snapshotMade(snapshot, tags)
    },
    async adoptSnapshot(snapshot, name, tags) {
      const found = existing.get(name)
      if (snapshots.has(snapshot.id) || (found === undefined && !isLasting)) return snapshotMade(snapshot, tags)
      if (found?.origin?.volume !== snapshot.volume || found.sizeBytes !== snapshot.sizeBytes)
        return refused(`${name} is not there, or not as a snapshot of ${snapshot.volume} with ${snapshot.sizeBytes} bytes`)
      existing.delete(name)
      return snapshotMade(snapshot, tags)
    },
    async releaseSnapshot({ id, volume }) {
      const known = snapshots.get(id)
      const origin = { name: `volume-${volume}`, volume }
      if (known !== undefined) setAside(`unmanaged-snapshot-${id}`, known.sizeBytes, { origin })
      snapshots.delete(id)
      return changed()
    },
    async removeSnapshot({ id }) {
      snapshots.delete(id)
      return changed()
    },
    inspectSnapshot: async ({ id }) => done(snapshots.get(id) ?? null),
    listSnapshots: async () => done([...snapshots.values()].sort((a, b) => (a.id < b.id ? -1 : 1))),
    async quarantineSnapshot({ id }) {
      const known = snapshots.get(id)
      if (known !== undefined) {
        const former = { volume: known.volume, snapshot: id, ...ownerOf(known.tags) }
        setAside(`quarantine-snapshot-${id}`, known.sizeBytes, { former })
      }
      snapshots.delete(id)
      return changed()
    },
    devicePath: (volume) => `none:volume-${volume}`,
    wake: async () => done(undefined),
  }
}

function newMemory(): NoneMemory {
  return { volumes: new Map(), snapshots: new Map(), existing: new Map(), isLasting: false, save: () => undefined }
}

const byName = (a: Existing, b: Existing): number => (a.name < b.name ? -1 : 1)

function ownerOf(tags: VolumeTags | null): Pick<Former, 'project' | 'rid'> {
  return { project: tags?.project ?? null, rid: tags?.rid ?? null }
}

function movedTo(project: ProjectId, tags: VolumeTags | null): VolumeTags | null {
  return tags === null ? null : { ...tags, project }
}

const refused = (detail: string): Outcome<void> => ({ kind: 'failed', tool: 'none backend', detail })

function poolOf({ name, pool, capacityGiB }: NoneBackendOptions): PoolMeasure {
  return {
    pool,
    state: 'up',
    totalGiB: capacityGiB,
    capabilities: {
      volume_backend_name: name,
      pool_name: pool,
      vendor_name: 'Scoria',
      driver_version: '1.0.0',
      storage_protocol: 'iSCSI',
      total_capacity_gb: capacityGiB,
      free_capacity_gb: capacityGiB,
      reserved_percentage: 0,
      max_over_subscription_ratio: 1,
      thin_provisioning_support: true,
      thick_provisioning_support: false,
      multiattach: true,
      QoS_support: false,
      online_extend_support: false,
      backend_state: 'up',
      location_info: 'NoneBackend',
    },
  }
}
