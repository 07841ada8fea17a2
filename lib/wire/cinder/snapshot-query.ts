/** Which snapshots a list shows, and in which order. Where a snapshot lies is its volume's to say. */
import type { VolumeId } from '../../model/ids.ts'
import type { Snapshot } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'
import type { Parsed } from './input.ts'
import { type ItemKind, mapTest, newestFirst, type Selection, selectItems, TIMES_SINCE } from './item-list.ts'
import type { ListKeys, ListQuery } from './list-query.ts'
import { RESOURCE_FILTERS } from './resource-filters.ts'

type Fields = ItemKind<Snapshot>['fields']

const FIELDS: Fields = {
  id: (snapshot) => snapshot.id,
  name: (snapshot) => snapshot.name,
  display_name: (snapshot) => snapshot.name,
  description: (snapshot) => snapshot.description,
  display_description: (snapshot) => snapshot.description,
  status: (snapshot) => snapshot.status,
  volume_id: (snapshot) => snapshot.volume,
  volume_size: (snapshot) => snapshot.sizeGiB,
  size: (snapshot) => snapshot.sizeGiB,
  user_id: (snapshot) => snapshot.user,
  project_id: (snapshot) => snapshot.project,
  created_at: (snapshot) => snapshot.createdAtMs,
  updated_at: (snapshot) => snapshot.updatedAtMs,
  consumes_quota: () => 'true',
}

const KIND: ItemKind<Snapshot> = {
  fields: FIELDS,
  flags: ['consumes_quota'],
  times: ['created_at', 'updated_at'],
  tests: mapTest('metadata', ({ metadata }) => metadata),
  order: newestFirst,
}

export const SNAPSHOT_KEYS: ListKeys = {
  sorts: Object.keys(FIELDS),
  allowed: RESOURCE_FILTERS.snapshot,
  allowedBefore: ['name', 'status', 'volume_id', 'metadata'],
  strictSince: 31,
  since: { metadata: 22, consumes_quota: 65, ...TIMES_SINCE },
  hasCount: true,
}

/** `snapshots` come newest first; `volumes` are those that they are of, as far as they are known. */
export function selectSnapshots(
  snapshots: readonly Snapshot[],
  volumes: ReadonlyMap<VolumeId, Volume>,
  query: Pick<ListQuery, 'filters' | 'sorts'>,
  microversion: number,
): Parsed<Selection<Snapshot>> {
  const placed: Fields = {
    availability_zone: ({ volume }) => volumes.get(volume)?.availabilityZone ?? null,
    host: ({ volume }) => volumes.get(volume)?.pool ?? null,
  }
  return selectItems(snapshots, query, { ...KIND, fields: { ...FIELDS, ...placed } }, microversion)
}
