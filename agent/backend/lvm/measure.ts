/**
 * What a volume group or a thin pool reports of itself under Cinder's keys, and the care that a thin pool needs.
 *
 * Thick: what the group has free and what our LVs take is what may be given out; LVs of others, and what was set aside, are not.
 * Thin: the pool's own size. A pool that something is wrong with is `stalled`: it keeps what it has and takes nothing new.
 */
import type { PoolMeasure } from '../../../lib/ports/backend.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import { allOurs } from './look-up.ts'
import type { LvmBackendOptions } from './options.ts'
import { type Lv, poolNamed, type VgState } from './report.ts'
import { FILLING_PERCENT, growthOf, isFilling } from './thin-pool.ts'

const GIB = 1024 ** 3
const DRIVER_VERSION = '1.0.0'

export interface Measuring {
  /** Grows the thin pool if it has to be. */
  measure(): Promise<Outcome<readonly PoolMeasure[]>>
}

export function createMeasuring(options: LvmBackendOptions): Measuring {
  const { vg, place, log } = options
  let wasFilling = false

  function tell(pool: Lv): void {
    const filling = isFilling(pool.dataPercent) || isFilling(pool.metadataPercent)
    if (filling === wasFilling) return
    wasFilling = filling
    const { dataPercent, metadataPercent } = pool
    const fields = { vg: vg.name, pool: pool.name, dataPercent, metadataPercent }
    if (filling)
      log.warn('thin-pool-filling', {
        ...fields,
        fromPercent: FILLING_PERCENT,
        remedy: 'give it room: lvextend, or backends[].thinPoolMaxGiB',
      })
    else log.info('thin-pool-has-room', fields)
  }

  /** @returns whether anything was changed, so that it has to be looked at again */
  async function care(pool: Lv, state: VgState): Promise<boolean> {
    const path = `${vg.name}/${pool.name}`
    // Without its device it says nothing of how full it is.
    if (!pool.isActive) return (await vg.change(['lvchange', '--activate', 'y', path])).kind === 'ok'
    let hasGrown = false
    const maxBytes = options.thinPoolMaxGiB === null ? null : options.thinPoolMaxGiB * GIB
    for (const size of growthOf(pool, state, maxBytes)) {
      const grown = await vg.change(['lvextend', ...size, path])
      if (grown.kind === 'ok') log.info('thin-pool-grown', { vg: vg.name, pool: pool.name, by: size[1] ?? '' })
      else log.warn('thin-pool-not-grown', { vg: vg.name, pool: pool.name, tool: grown.tool, detail: grown.detail })
      hasGrown = hasGrown || grown.kind === 'ok'
    }
    return hasGrown
  }

  return {
    async measure() {
      const seen = await vg.read()
      if (seen.kind !== 'ok' || place.thinPool === null) return seen.kind === 'ok' ? done([thickMeasure(options, seen.value)]) : seen
      const pool = poolNamed(seen.value, place.thinPool)
      const after = pool !== undefined && (await care(pool, seen.value)) ? await vg.read() : seen
      if (after.kind !== 'ok') return after
      const now = poolNamed(after.value, place.thinPool)
      if (now === undefined)
        return { kind: 'failed', tool: 'lvm', detail: `thin pool ${vg.name}/${place.thinPool} is not there: see lvs ${vg.name}` }
      tell(now)
      return done([thinMeasure(options, after.value, now)])
    },
  }
}

function thickMeasure(options: LvmBackendOptions, state: VgState): PoolMeasure {
  const oursBytes = allOurs(options.place, state).reduce((sum, { lv }) => sum + lv.sizeBytes, 0)
  const totalGiB = Math.floor((state.freeBytes + oursBytes) / GIB)
  const freeGiB = hundredths(state.freeBytes / GIB)
  return measured(options, state.missingPvs === 0, totalGiB, freeGiB, {
    thin_provisioning_support: false,
    thick_provisioning_support: true,
    location_info: `LvmBackend:${options.vg.name}:thick`,
  })
}

function thinMeasure(options: LvmBackendOptions, state: VgState, pool: Lv): PoolMeasure {
  const { dataPercent, metadataPercent } = pool
  const isUp = state.missingPvs === 0 && pool.health === '' && pool.isZeroing && dataPercent !== null && metadataPercent !== null
  const freeGiB = hundredths((pool.sizeBytes * (100 - (dataPercent ?? 100))) / 100 / GIB)
  return measured(options, isUp, Math.floor(pool.sizeBytes / GIB), freeGiB, {
    thin_provisioning_support: true,
    thick_provisioning_support: false,
    ...(dataPercent === null ? {} : { thin_data_percent: dataPercent }),
    ...(metadataPercent === null ? {} : { thin_metadata_percent: metadataPercent }),
    location_info: `LvmBackend:${options.vg.name}:thin:${pool.name}`,
  })
}

function measured(
  options: LvmBackendOptions,
  isUp: boolean,
  totalGiB: number,
  freeGiB: number,
  more: PoolMeasure['capabilities'],
): PoolMeasure {
  return {
    pool: options.pool,
    state: isUp ? 'up' : 'stalled',
    totalGiB,
    capabilities: {
      volume_backend_name: options.name,
      pool_name: options.pool,
      vendor_name: 'Scoria',
      driver_version: DRIVER_VERSION,
      storage_protocol: 'iSCSI',
      total_capacity_gb: totalGiB,
      free_capacity_gb: Math.max(0, freeGiB),
      reserved_percentage: options.reservedPercentage,
      max_over_subscription_ratio: options.maxOverSubscriptionRatio,
      // Each attachment has a target of its own; all of them reach the bytes through one device.
      multiattach: true,
      QoS_support: false,
      // Whether whoever uses it sees that it has grown is up to the target.
      online_extend_support: true,
      backend_state: isUp ? 'up' : 'down',
      ...more,
    },
  }
}

const hundredths = (value: number): number => Math.floor(value * 100) / 100
