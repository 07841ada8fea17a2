/** All snapshots of a project: those in the records of its volumes, and those that only the project's register knows yet. */
import type { VolumeId } from '../../lib/model/ids.ts'
import type { Binding } from '../../lib/model/ledger.ts'
import type { Snapshot } from '../../lib/model/snapshot.ts'
import type { Volume } from '../../lib/model/volume.ts'
import { grantedSnapshot } from '../../lib/flows/shape.ts'
import { newestFirst } from '../../lib/wire/cinder/item-list.ts'
import type { Call, Edge } from './call.ts'
import { shownSnapshot } from './shown-volume.ts'
import { listVolumes, LOOKUPS_MAX, type VolumeList } from './volume-list.ts'

export interface SnapshotList extends Pick<VolumeList, 'partial'> {
  /** Newest first. */
  readonly snapshots: readonly Snapshot[]
  /** Those that they are of, as far as they are known here. */
  readonly volumes: ReadonlyMap<VolumeId, Volume>
}

/** @param allProjects only for callers who may see them */
export async function listSnapshots(edge: Edge, call: Call, allProjects: boolean): Promise<SnapshotList> {
  const { volumes, ledgers, partial } = await listVolumes(edge, call, allProjects)
  const manifest = edge.service.manifest()
  const seen = volumes.flatMap((volume) => volume.snapshots.map((snapshot) => shownSnapshot(manifest, volume, snapshot)))
  const known = new Set(seen.map(({ id }) => id))
  const grants = ledgers.flatMap(({ bound }) => bound).filter(({ snapshot }) => snapshot !== null && !known.has(snapshot.id))
  // What goes with its volume to another project is no more in this one's list.
  const ours = grants.filter(
    ({ snapshot, volume }) => (edge.service.volume(volume)?.volume.project ?? snapshot?.project) === snapshot?.project,
  )
  const granted = await Promise.all(ours.map((binding, index) => (index < LOOKUPS_MAX ? lookUp(edge, binding) : grantedSnapshot(binding))))
  const snapshots = [...seen, ...granted.filter((snapshot) => snapshot !== null)].sort(newestFirst)
  return { snapshots, volumes: new Map(volumes.map((volume) => [volume.id, volume])), partial }
}

/** A grant may have been let go since it was read, and its snapshot deleted. */
async function lookUp(edge: Edge, binding: Binding): Promise<Snapshot | null> {
  const { snapshot } = binding
  if (snapshot === null) return null
  const { result } = await edge.service.ask({ kind: 'find-snapshot', project: snapshot.project, snapshot: snapshot.id, isOwn: true })
  if (result.ok) return result.value
  return result.failure.code === 'snapshot-not-found' ? null : grantedSnapshot(binding)
}
