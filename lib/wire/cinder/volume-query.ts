/** Which volumes a list shows, and in which order. */
import type { Volume } from '../../model/volume.ts'
import type { Parsed } from './input.ts'
import { type ItemKind, selectItems } from './item-list.ts'
import type { ListKeys, ListQuery } from './list-query.ts'

const FIELDS: Readonly<Record<string, (volume: Volume) => string | number | null>> = {
  id: (volume) => volume.id,
  name: (volume) => volume.name,
  display_name: (volume) => volume.name,
  description: (volume) => volume.description,
  status: (volume) => volume.status,
  size: (volume) => volume.sizeGiB,
  availability_zone: (volume) => volume.availabilityZone,
  created_at: (volume) => volume.createdAtMs,
  updated_at: (volume) => volume.updatedAtMs,
  host: (volume) => volume.pool,
  user_id: (volume) => volume.user,
  project_id: (volume) => volume.project,
  volume_type_id: (volume) => volume.typeId,
  volume_type: (volume) => volume.type,
  bootable: () => 'false',
  multiattach: (volume) => String(volume.multiattach),
  migration_status: () => null,
  group_id: () => null,
}

export const VOLUME_KEYS: ListKeys = { sorts: Object.keys(FIELDS), filters: [...Object.keys(FIELDS), 'metadata', 'glance_metadata'] }

/** Of an image: no volume is made from one. */
const KIND: ItemKind<Volume> = { fields: FIELDS, flags: ['bootable', 'multiattach'], never: ['glance_metadata'] }

/** The volumes that all filters let through, in the order asked for. `volumes` come newest first. */
export function selectVolumes(volumes: readonly Volume[], query: ListQuery, microversion: number): Parsed<readonly Volume[]> {
  return selectItems(volumes, query, KIND, microversion)
}
