/**
 * Which pools get_pools shows. The call is for admins alone, and so its filters bind admins too: from 3.31 there are those
 * of `resource_filters` and no others; from 3.28 until then any capability will do, in whatever case.
 */
import type { PoolView } from '../../model/placement.ts'
import { accepted, type Parsed, refused } from './input.ts'
import { RESOURCE_FILTERS } from './resource-filters.ts'

const FILTERS_SINCE = 28
const STRICT_SINCE = 31
const TYPE_SINCE = 35

interface SelectedPools {
  readonly pools: readonly PoolView[]
  /** Name or id of the volume type that they are to be fit for. */
  readonly type: string | null
}

export function selectPools(
  pools: readonly PoolView[],
  query: Readonly<Record<string, string>>,
  microversion: number,
): Parsed<SelectedPools> {
  if (microversion < FILTERS_SINCE) return accepted({ pools, type: null })
  const allowed: readonly string[] = RESOURCE_FILTERS.pool
  const filters = Object.entries(query).filter(([key]) => key !== 'detail')
  const strange = filters.map(([key]) => key).filter((key) => !allowed.includes(key))
  if (microversion >= STRICT_SINCE && strange.length > 0)
    return refused({ code: 'unknown-filter', filters: strange.map((key) => key.slice(0, 80)) })
  const tests = filters.filter(([key]) => key !== 'volume_type')
  return accepted({
    pools: pools.filter((pool) => tests.every(([key, value]) => (key === 'name' ? pool.name === value : reports(pool, key, value)))),
    type: microversion >= TYPE_SINCE ? (query['volume_type'] ?? null) : null,
  })
}

function reports({ capabilities }: PoolView, key: string, value: string): boolean {
  return Object.hasOwn(capabilities, key) && String(capabilities[key]).toLowerCase() === value.toLowerCase()
}
