/** What a backend says that it can do, for those who write extra specs. */
import type { PoolView } from '../../model/placement.ts'
import { poolCapabilities } from './pool.ts'

/** @param backend `host@backend` */
export function capabilitiesBody(backend: string, pool: PoolView): object {
  const own = poolCapabilities(pool)
  return {
    namespace: `OS::Storage::Capabilities::${backend}`,
    vendor_name: own['vendor_name'],
    volume_backend_name: own['volume_backend_name'],
    pool_name: own['pool_name'],
    driver_version: own['driver_version'],
    storage_protocol: own['storage_protocol'],
    display_name: null,
    description: null,
    visibility: null,
    replication_targets: [],
    properties: {
      thin_provisioning: property('Thin Provisioning', 'Sets thin provisioning.'),
      compression: property('Compression', 'Enables compression.'),
      qos: property('QoS', 'Enables QoS.'),
      replication_enabled: property('Replication', 'Enables replication.'),
    },
  }
}

function property(title: string, description: string): object {
  return { title, description, type: 'boolean' }
}
