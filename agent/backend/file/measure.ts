/**
 * What a folder of sparse files reports of itself, under Cinder's keys.
 *
 * Whole GiB, rounded down. Free is what the file system could still take: promises are the agent's to count.
 */
import { statfs } from 'node:fs/promises'
import type { PoolMeasure } from '../../../lib/ports/backend.ts'
import type { FileBackendOptions } from './options.ts'
import { imagesIn } from './volume-file.ts'

const GIB = 1024 ** 3
const DRIVER_VERSION = '1.0.0'

export async function measurePool(options: FileBackendOptions): Promise<PoolMeasure> {
  const { name, directory, pool, capacityGiB } = options
  const { bsize, blocks, bavail } = await statfs(directory)
  const fileSystemGiB = Math.floor((blocks * bsize) / GIB)
  const totalGiB = capacityGiB === null ? fileSystemGiB : Math.min(capacityGiB, fileSystemGiB)
  const freeHereGiB = Math.floor((bavail * bsize) / GIB)
  const freeGiB = capacityGiB === null ? freeHereGiB : Math.min(freeHereGiB, totalGiB - (await usedGiB(directory)))
  return {
    pool,
    state: 'up',
    totalGiB,
    capabilities: {
      volume_backend_name: name,
      pool_name: pool,
      vendor_name: 'Scoria',
      driver_version: DRIVER_VERSION,
      storage_protocol: 'iSCSI',
      total_capacity_gb: totalGiB,
      free_capacity_gb: Math.max(0, freeGiB),
      reserved_percentage: options.reservedPercentage,
      max_over_subscription_ratio: options.maxOverSubscriptionRatio,
      thin_provisioning_support: true,
      thick_provisioning_support: false,
      sparse_copy_volume: true,
      // Each attachment has a target of its own; all of them reach the bytes through one page cache.
      multiattach: true,
      QoS_support: false,
      // Whether whoever uses it sees that it has grown is up to the target.
      online_extend_support: true,
      backend_state: 'up',
      location_info: `FileBackend:${directory}`,
    },
  }
}

/** What the volumes and snapshots take of the disk, in GiB rounded up: files of others in a shared file system do not count. */
async function usedGiB(directory: string): Promise<number> {
  const usedBytes = (await imagesIn(directory)).reduce((sum, image) => sum + image.usedBytes, 0)
  return Math.ceil(usedBytes / GIB)
}
