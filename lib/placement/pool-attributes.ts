/**
 * A pool under the names that Cinder's scheduler has for it, for the two languages that may ask for them: the queries
 * of hints and the functions of backends.
 *
 * Names: cinder/scheduler/host_manager.py (PoolState); those of functions: filters/driver_filter.py.
 */
import type { Json } from '../model/json.ts'
import type { PoolView } from '../model/placement.ts'

/** What functions call `stats`, and what of it a pool reports. */
const STATS: ReadonlySet<string> = new Set([
  'volume_backend_name',
  'vendor_name',
  'driver_version',
  'storage_protocol',
  'QoS_support',
  'total_capacity_gb',
  'allocated_capacity_gb',
  'free_capacity_gb',
  'reserved_percentage',
])
/** What a query may ask for besides. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  ...STATS,
  'provisioned_capacity_gb',
  'max_over_subscription_ratio',
  'thin_provisioning_support',
  'thick_provisioning_support',
  'online_extend_support',
  'multiattach',
  'filter_function',
  'goodness_function',
])

/** @returns null where the pool reports nothing; undefined if there is no such name */
export function statOf({ name, capabilities }: PoolView, key: string): Json | undefined {
  if (key === 'host' || key === 'backend_id') return name
  return STATS.has(key) ? (capabilities[key] ?? null) : undefined
}

/** @returns null where the pool reports nothing or there is no such name */
export function attributeOf(pool: PoolView, name: string): Json {
  if (name === 'capabilities') return pool.capabilities
  if (name === 'host' || name === 'backend_id') return pool.name
  return ATTRIBUTES.has(name) ? (pool.capabilities[name] ?? null) : null
}

/** Only what a pool reports itself: a client may ask for `constructor`. */
export function ownCapability({ capabilities }: Pick<PoolView, 'capabilities'>, key: string): Json | undefined {
  return Object.hasOwn(capabilities, key) ? capabilities[key] : undefined
}
