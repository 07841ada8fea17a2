/** Which snapshots a list shows, and in which order. */
import type { Snapshot } from '../../model/snapshot.ts'
import type { Parsed } from './input.ts'
import { type ItemKind, selectItems } from './item-list.ts'
import type { ListKeys, ListQuery } from './list-query.ts'

const FIELDS: Readonly<Record<string, (snapshot: Snapshot) => string | number | null>> = {
  id: (snapshot) => snapshot.id,
  name: (snapshot) => snapshot.name,
  display_name: (snapshot) => snapshot.name,
  description: (snapshot) => snapshot.description,
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

export const SNAPSHOT_KEYS: ListKeys = { sorts: Object.keys(FIELDS), filters: [...Object.keys(FIELDS), 'metadata', 'group_snapshot_id'] }

const KIND: ItemKind<Snapshot> = { fields: FIELDS, flags: ['consumes_quota'], never: ['group_snapshot_id'] }

/** `snapshots` come newest first. */
export function selectSnapshots(snapshots: readonly Snapshot[], query: ListQuery, microversion: number): Parsed<readonly Snapshot[]> {
  return selectItems(snapshots, query, KIND, microversion)
}
