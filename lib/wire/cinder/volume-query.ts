/** Which volumes a list shows, and in which order. */
import type { Volume } from '../../model/volume.ts'
import { accepted, type Parsed } from './input.ts'
import { type ItemKind, mapTest, newestFirst, type Selection, selectItems, TIMES_SINCE } from './item-list.ts'
import type { ListKeys, ListQuery } from './list-query.ts'
import { RESOURCE_FILTERS } from './resource-filters.ts'

const KIND: ItemKind<Volume> = {
  fields: {
    id: (volume) => volume.id,
    name: (volume) => volume.name,
    display_name: (volume) => volume.name,
    description: (volume) => volume.description,
    display_description: (volume) => volume.description,
    status: (volume) => volume.status,
    attach_status: (volume) => (volume.attachments.some(({ status }) => status === 'attached') ? 'attached' : 'detached'),
    size: (volume) => volume.sizeGiB,
    availability_zone: (volume) => volume.availabilityZone,
    created_at: (volume) => volume.createdAtMs,
    updated_at: (volume) => volume.updatedAtMs,
    host: (volume) => volume.pool,
    user_id: (volume) => volume.user,
    project_id: (volume) => volume.project,
    volume_type_id: (volume) => volume.typeId,
    volume_type: (volume) => volume.type,
    snapshot_id: (volume) => (volume.source?.kind === 'snapshot' ? volume.source.snapshot : null),
    source_volid: (volume) => (volume.source?.kind === 'volume' ? volume.source.volume : null),
    bootable: (volume) => String(volume.bootable === true),
    multiattach: (volume) => String(volume.multiattach),
    consumes_quota: () => 'true',
    migration_status: () => null,
    group_id: ({ group }) => group ?? null,
  },
  flags: ['bootable', 'multiattach', 'consumes_quota'],
  times: ['created_at', 'updated_at'],
  tests: {
    ...mapTest<Volume>('metadata', ({ metadata }) => metadata),
    ...mapTest<Volume>('glance_metadata', ({ imageMetadata }) => imageMetadata ?? {}),
    host: hostTest,
  },
  order: newestFirst,
}

export const VOLUME_KEYS: ListKeys = {
  sorts: Object.keys(KIND.fields),
  allowed: RESOURCE_FILTERS.volume,
  allowedBefore: ['name', 'status', 'metadata', 'availability_zone', 'bootable', 'group_id'],
  strictSince: 31,
  since: { glance_metadata: 4, group_id: 10, consumes_quota: 65, ...TIMES_SINCE },
  hasCount: true,
}

/** `volumes` come newest first. */
export function selectVolumes(
  volumes: readonly Volume[],
  query: Pick<ListQuery, 'filters' | 'sorts'>,
  microversion: number,
): Parsed<Selection<Volume>> {
  return selectItems(volumes, query, KIND, microversion)
}

/** A pool, or with `host@backend` each of its pools. */
function hostTest(value: string): Parsed<(volume: Volume) => boolean> {
  return accepted(({ pool }) => pool !== null && (pool === value || pool.startsWith(`${value}#`)))
}
