/** Groups and group snapshots as Cinder's clients read them, for each microversion. The key set of a version is fixed. */
import type { GroupSnapshot } from '../../model/group.ts'
import type { GroupId, VolumeId } from '../../model/ids.ts'
import type { Volume } from '../../model/volume.ts'
import { cinderDate } from './dates.ts'

const SNAPSHOTS_SINCE = 14
const VOLUMES_SINCE = 25
const REPLICATION_SINCE = 38
const PROJECT_SINCE = 58

export interface GroupViewer {
  readonly isAdmin: boolean
  readonly microversion: number
}

/** In lists without detail, and what a create answers with. */
export function groupSummary({ id, name }: Volume): object {
  return { id, name }
}

/** @param volumes what is in it, if it is to be listed */
export function groupDetail(group: Volume, volumes: readonly VolumeId[] | null, { isAdmin, microversion }: GroupViewer): object {
  const { holds } = group
  const source = holds?.source ?? null
  return {
    id: group.id,
    status: group.status,
    availability_zone: group.availabilityZone,
    created_at: cinderDate(group.createdAtMs),
    name: group.name,
    description: group.description,
    group_type: holds?.groupType ?? null,
    volume_types: holds?.volumeTypes ?? [],
    ...(microversion >= SNAPSHOTS_SINCE
      ? {
          group_snapshot_id: source?.kind === 'group-snapshot' ? source.groupSnapshot : null,
          source_group_id: source?.kind === 'group' ? source.group : null,
        }
      : {}),
    ...(microversion >= VOLUMES_SINCE && volumes !== null ? { volumes } : {}),
    ...(microversion >= REPLICATION_SINCE ? { replication_status: 'not-capable' } : {}),
    ...(microversion >= PROJECT_SINCE && isAdmin ? { project_id: group.project } : {}),
  }
}

/** A group snapshot with what it is of, as it is listed and shown. */
export interface ListedGroupSnapshot {
  readonly id: string
  readonly createdAtMs: number
  readonly group: Volume
  readonly snapshot: GroupSnapshot
}

export function listedGroupSnapshot(group: Volume, snapshot: GroupSnapshot): ListedGroupSnapshot {
  return { id: snapshot.id, createdAtMs: snapshot.createdAtMs, group, snapshot }
}

export function groupSnapshotSummary({ id, snapshot }: ListedGroupSnapshot): object {
  return { id, name: snapshot.name }
}

/** What a create answers with. */
export function groupSnapshotCreated(listed: ListedGroupSnapshot): object {
  return { ...groupSnapshotSummary(listed), group_type_id: typeOf(listed.group) }
}

export function groupSnapshotDetail({ id, group, snapshot }: ListedGroupSnapshot, { isAdmin, microversion }: GroupViewer): object {
  return {
    id,
    group_id: group.id,
    group_type_id: typeOf(group),
    status: snapshot.status,
    created_at: cinderDate(snapshot.createdAtMs),
    name: snapshot.name,
    description: snapshot.description,
    ...(microversion >= PROJECT_SINCE && isAdmin ? { project_id: group.project } : {}),
  }
}

function typeOf({ holds }: Volume): string | null {
  return holds?.groupType ?? null
}

/** Of these volumes, those that are in each group. */
export function volumesByGroup(volumes: readonly Volume[]): ReadonlyMap<GroupId, readonly VolumeId[]> {
  const found = new Map<GroupId, VolumeId[]>()
  for (const { id, group } of volumes) if (group !== undefined) found.set(group, [...(found.get(group) ?? []), id])
  return found
}
