/** A pool in scheduler-stats: its own report under Cinder's keys, and what every client expects to find besides. */
import type { PoolView } from '../../model/placement.ts'
import type { Json } from '../../model/json.ts'
import { cinderDateOrNull } from './dates.ts'

export function poolSummary(pool: PoolView): object {
  return { name: pool.name }
}

/** @param heardAtMs when the report came, or null if it never did */
export function poolDetail(pool: PoolView, heardAtMs: number | null): object {
  const capabilities = {
    ...poolCapabilities(pool),
    timestamp: cinderDateOrNull(heardAtMs),
    backend_state: pool.state === 'up' || pool.state === 'disabled' ? 'up' : 'down',
  }
  return { name: pool.name, capabilities }
}

export function poolCapabilities(pool: PoolView): Readonly<Record<string, Json>> {
  const [backend, ownName] = pool.name.slice(pool.name.indexOf('@') + 1).split('#')
  const protocol = pool.capabilities['storage_protocol']
  return {
    volume_backend_name: backend ?? '',
    pool_name: ownName ?? '',
    vendor_name: 'Scoria',
    driver_version: '1.0',
    reserved_percentage: 0,
    max_over_subscription_ratio: '1.0',
    thin_provisioning_support: false,
    thick_provisioning_support: false,
    QoS_support: false,
    multiattach: true,
    location_info: null,
    filter_function: null,
    goodness_function: null,
    ...pool.capabilities,
    // Some backends report a list of names for one protocol; Cinder shows the first.
    storage_protocol: Array.isArray(protocol) ? (protocol[0] ?? 'iSCSI') : (protocol ?? 'iSCSI'),
  }
}
