/**
 * What lists may be filtered by, by resource: the answer of `GET resource_filters` (3.33), and the rule for callers who
 * are no admins. Cinder's own defaults, with the names that may be asked for in part (`~`), as its configuration allows.
 */
export const RESOURCE_FILTERS = {
  volume: [
    'name~',
    'status',
    'metadata',
    'bootable',
    'migration_status',
    'availability_zone',
    'group_id',
    'size',
    'created_at',
    'updated_at',
    'consumes_quota',
  ],
  snapshot: ['name~', 'status', 'volume_id', 'metadata', 'availability_zone', 'consumes_quota'],
  group: [],
  group_snapshot: ['status', 'group_id'],
  attachment: ['volume_id', 'status', 'instance_id', 'attach_status'],
  message: ['resource_uuid', 'resource_type', 'event_id', 'request_id', 'message_level'],
  pool: ['name', 'volume_type'],
  volume_type: ['is_public', 'extra_specs'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** @param resource one alone, or absent for all; nothing is known of a resource that is not here */
export function resourceFiltersBody(resource: string | undefined): object {
  const rows = Object.entries(RESOURCE_FILTERS).filter(([name]) => resource === undefined || name === resource)
  return { resource_filters: rows.map(([name, filters]) => ({ filters, resource: name })) }
}
