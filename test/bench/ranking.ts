/** How long a ranking takes, and whether twice the pools cost twice the time. */
import { peerId, poolName, requestId } from '../../lib/model/ids.ts'
import type { PoolView } from '../../lib/model/placement.ts'
import { DEFAULT_PLACEMENT, rank } from '../../lib/placement/rank.ts'
import { type Figure, round } from './figure.ts'
import { median } from './quantiles.ts'

const SIZES = [100, 1000, 10_000]
const ROUNDS = 60
const TARGET_MS = 20
/** What a sort and the caches of a processor may add to linear. */
const PER_POOL_RATIO_MAX = 1.5

export async function ranking(): Promise<readonly Figure[]> {
  const ms = SIZES.map((size) => medianMs(poolsOf(size)))
  const perPool = ms.map((time, index) => time / (SIZES[index] ?? 1))
  const first = perPool[1] ?? Number.NaN
  const last = perPool[2] ?? Number.NaN
  const figures = SIZES.map((size, index): Figure => {
    const against = `median of ${ROUNDS}; ${round((perPool[index] ?? 0) * 1e6)} ns a pool`
    return {
      what: `ranking ${size} pools`,
      value: ms[index] ?? 0,
      unit: 'ms',
      against,
      target: size === 10_000 ? { atMost: TARGET_MS } : null,
    }
  })
  const linear: Figure = {
    what: 'ranking: cost of one pool among 10000',
    value: last / first,
    unit: 'times',
    against: 'the cost of one among 1000',
    target: { atMost: PER_POOL_RATIO_MAX },
  }
  return [...figures, linear]
}

function medianMs(pools: readonly PoolView[]): number {
  const times: number[] = []
  for (let round = -10; round < ROUNDS; round += 1) {
    const rid = requestId(round.toString(16).padStart(32, '0'))
    const hints = { sameBackends: null, differentBackends: null, query: null }
    const request = { rid, sizeGiB: 10, zones: ['zone-1', 'zone-2'], type: null, hints, volume: {}, qos: {} }
    const beganMs = performance.now()
    rank(pools, request, DEFAULT_PLACEMENT)
    if (round >= 0) times.push(performance.now() - beganMs)
  }
  return median(times)
}

/** Two thirds fit: some are in another zone, some full. */
function poolsOf(count: number): readonly PoolView[] {
  return Array.from({ length: count }, (_, n): PoolView => {
    const free = n % 10 === 0 ? 1 : 100 + ((n * 7919) % 900)
    return {
      name: poolName(`host-${n}`, 'lvm', 'pool'),
      peer: peerId(`peer${n}`),
      zone: `zone-${n % 4 === 0 ? 3 : n % 2 === 0 ? 2 : 1}`,
      state: 'up',
      queue: n % 3,
      capabilities: {
        volume_backend_name: 'lvm',
        vendor_name: 'Scoria',
        storage_protocol: 'iSCSI',
        total_capacity_gb: 1000,
        free_capacity_gb: free,
        allocated_capacity_gb: 1000 - free,
        provisioned_capacity_gb: 1000 - free,
        reserved_percentage: 0,
        max_over_subscription_ratio: 1,
        thin_provisioning_support: false,
        thick_provisioning_support: true,
      },
    }
  })
}
