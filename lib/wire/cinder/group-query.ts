/** Which groups and group snapshots a list shows, and in which order. Pages of group snapshots came with 3.29; before it the list is whole. */
import type { Volume } from '../../model/volume.ts'
import type { ListedGroupSnapshot } from './group.ts'
import type { Parsed } from './input.ts'
import { type ItemKind, newestFirst, type Selection, selectItems } from './item-list.ts'
import type { ListKeys, ListQuery } from './list-query.ts'
import { RESOURCE_FILTERS } from './resource-filters.ts'

const SNAPSHOT_PAGES_SINCE = 29

const GROUPS: ItemKind<Volume> = {
  fields: {
    id: ({ id }) => id,
    name: ({ name }) => name,
    description: ({ description }) => description,
    status: ({ status }) => status,
    availability_zone: ({ availabilityZone }) => availabilityZone,
    created_at: ({ createdAtMs }) => createdAtMs,
    updated_at: ({ updatedAtMs }) => updatedAtMs,
    group_type_id: ({ holds }) => holds?.groupType ?? null,
    host: ({ pool }) => pool,
    project_id: ({ project }) => project,
    user_id: ({ user }) => user,
    group_snapshot_id: ({ holds }) => (holds?.source?.kind === 'group-snapshot' ? holds.source.groupSnapshot : null),
    source_group_id: ({ holds }) => (holds?.source?.kind === 'group' ? holds.source.group : null),
  },
  flags: [],
  times: ['created_at', 'updated_at'],
  tests: {},
  order: newestFirst,
}

const SNAPSHOTS: ItemKind<ListedGroupSnapshot> = {
  fields: {
    id: ({ id }) => id,
    name: ({ snapshot }) => snapshot.name,
    description: ({ snapshot }) => snapshot.description,
    status: ({ snapshot }) => snapshot.status,
    group_id: ({ group }) => group.id,
    group_type_id: ({ group }) => group.holds?.groupType ?? null,
    project_id: ({ group }) => group.project,
    user_id: ({ snapshot }) => snapshot.user,
    created_at: ({ createdAtMs }) => createdAtMs,
  },
  flags: [],
  times: ['created_at'],
  tests: {},
  order: newestFirst,
}

export const GROUP_KEYS: ListKeys = {
  sorts: Object.keys(GROUPS.fields),
  allowed: RESOURCE_FILTERS.group,
  allowedBefore: ['id', 'name', 'status', 'availability_zone', 'group_type_id'],
  strictSince: 31,
  since: {},
  hasCount: false,
}

export const GROUP_SNAPSHOT_KEYS: ListKeys = {
  sorts: Object.keys(SNAPSHOTS.fields),
  allowed: RESOURCE_FILTERS.group_snapshot,
  allowedBefore: ['id', 'name', 'status', 'group_id'],
  strictSince: 31,
  since: {},
  hasCount: false,
}

type Raw = Readonly<Record<string, string>>

/** `list_volume` says how each is shown, and not which are. */
export function groupParameters({ list_volume: _, ...others }: Raw): Raw {
  return others
}

/** The parameters that count at this version. */
export function groupSnapshotParameters(raw: Raw, microversion: number): Raw {
  if (microversion >= SNAPSHOT_PAGES_SINCE) return raw
  return raw['all_tenants'] === undefined ? {} : { all_tenants: raw['all_tenants'] }
}

/** `groups` come newest first. */
export function selectGroups(
  groups: readonly Volume[],
  query: Pick<ListQuery, 'filters' | 'sorts'>,
  microversion: number,
): Parsed<Selection<Volume>> {
  return selectItems(groups, query, GROUPS, microversion)
}

/** `snapshots` come newest first. */
export function selectGroupSnapshots(
  snapshots: readonly ListedGroupSnapshot[],
  query: Pick<ListQuery, 'filters' | 'sorts'>,
  microversion: number,
): Parsed<Selection<ListedGroupSnapshot>> {
  return selectItems(snapshots, query, SNAPSHOTS, microversion)
}
