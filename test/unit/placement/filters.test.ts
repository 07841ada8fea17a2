/** Fixed vectors (pool, request, type) -> verdict, one table a filter. */
import t from 'tap'
import type { Json } from '../../../lib/model/json.ts'
import type { PlaceRequest, PoolView } from '../../../lib/model/placement.ts'
import { DEFAULT_PLACEMENT, fits } from '../../../lib/placement/rank.ts'
import { poolOf, requestOf, typeOf } from './pool.ts'

/** null if the pool passes, else 'filter: reported / needed'. */
function verdict(pool: PoolView, request: PlaceRequest): string | null {
  const rejection = fits(pool, request, DEFAULT_PLACEMENT)
  return rejection && `${rejection.filter}: ${rejection.reported} / ${rejection.needed}`
}

t.test('StateFilter: only a pool that is up', async (t) => {
  t.equal(verdict(poolOf('h'), requestOf()), null, 'up')
  for (const state of ['down', 'recovering', 'disabled', 'stalled'] as const) {
    t.equal(verdict(poolOf('h', {}, { state }), requestOf()), `StateFilter: ${state} / up`, state)
  }
  const sick = poolOf('h', { backend_trouble: 'lvm: the time limit passed' }, { state: 'stalled' })
  t.equal(verdict(sick, requestOf()), 'StateFilter: stalled, lvm: the time limit passed / up', 'an operator hears what is wrong')
})

t.test('AvailabilityZoneFilter: the zones asked for, and those of the type (availability_zone_filter.py)', async (t) => {
  const ofType = typeOf({ 'RESKEY:availability_zones': 'a, b' })
  const rows: readonly (readonly [zone: string, Partial<PlaceRequest>, string | null])[] = [
    ['a', { zones: [] }, null],
    ['a', { zones: ['b', 'a'] }, null],
    ['c', { zones: ['b', 'a'] }, 'AvailabilityZoneFilter: c / b or a'],
    ['a', { type: ofType }, null],
    ['c', { type: ofType }, 'AvailabilityZoneFilter: c / a or b'],
    ['c', { zones: ['c'], type: ofType }, 'AvailabilityZoneFilter: c / a or b'],
    ['a', { zones: ['b'], type: ofType }, 'AvailabilityZoneFilter: a / b'],
    ['c', { type: typeOf({ 'RESKEY:availability_zones': '' }) }, null],
  ]
  for (const [zone, request, expected] of rows) {
    t.equal(verdict(poolOf('h', {}, { zone }), requestOf(request)), expected, `${zone} for ${JSON.stringify(request)}`)
  }
})

t.test('CapacityFilter: room by the rules of capacity_filter.py', async (t) => {
  const thin = { thin_provisioning_support: true, max_over_subscription_ratio: '1.5' }
  const thick = typeOf({ 'provisioning:type': 'thick' })
  const rows: readonly (readonly [string, Readonly<Record<string, Json>>, Partial<PlaceRequest>, string | null])[] = [
    ['exactly enough', { free_capacity_gb: 10 }, {}, null],
    ['too little free', { free_capacity_gb: 3 }, {}, 'CapacityFilter: 3.00 GiB free of 100 GiB (ratio 1.0) / 10 GiB'],
    ['a hundredth short', { free_capacity_gb: 9.99 }, {}, 'CapacityFilter: 9.99 GiB free of 100 GiB (ratio 1.0) / 10 GiB'],
    ['short by less than rounding shows', { free_capacity_gb: 9.996 }, {}, null],
    ['promised already', { provisioned_capacity_gb: 95 }, {}, 'CapacityFilter: 5.00 GiB free of 100 GiB (ratio 1.0) / 10 GiB'],
    ['reserved', { reserved_percentage: 95 }, {}, 'CapacityFilter: 5.00 GiB free of 100 GiB (ratio 1.0, 95 GiB reserved) / 10 GiB'],
    ['nothing to add', { free_capacity_gb: 0 }, { sizeGiB: 0 }, null],
    ['free not reported', { free_capacity_gb: null }, {}, 'CapacityFilter: no free_capacity_gb / 10 GiB'],
    ['free infinite', { free_capacity_gb: 'infinite' }, {}, null],
    ['free unknown', { free_capacity_gb: 'unknown', total_capacity_gb: 0 }, {}, null],
    ['total unknown', { total_capacity_gb: 'unknown' }, {}, null],
    [
      'total unknown, part of it reserved',
      { total_capacity_gb: 'unknown', reserved_percentage: 5 },
      {},
      'CapacityFilter: total capacity unknown, 5% of it reserved / reserved_percentage 0',
    ],
    ['total 0', { total_capacity_gb: 0 }, {}, 'CapacityFilter: total capacity 0 / 10 GiB'],
    ['total not reported', { total_capacity_gb: null }, {}, 'CapacityFilter: total capacity not reported / 10 GiB'],
    ['thin: ratio makes room', { ...thin, provisioned_capacity_gb: 140 }, {}, null],
    ['thin: ratio used up', { ...thin, provisioned_capacity_gb: 141 }, {}, 'CapacityFilter: 9.00 GiB free of 100 GiB (ratio 1.5) / 10 GiB'],
    ['thin: physically free is not read', { ...thin, free_capacity_gb: 1 }, {}, null],
    [
      'thin pool, thick type',
      { ...thin, free_capacity_gb: 1 },
      { type: thick },
      'CapacityFilter: 1.00 GiB free of 100 GiB (ratio 1.0) / 10 GiB',
    ],
    [
      'ratio without thin support',
      { max_over_subscription_ratio: 5, provisioned_capacity_gb: 95 },
      {},
      'CapacityFilter: 5.00 GiB free of 100 GiB (ratio 1.0) / 10 GiB',
    ],
    ['ratio below 1', { ...thin, max_over_subscription_ratio: 0.5 }, {}, 'CapacityFilter: max_over_subscription_ratio 0.5 / at least 1.0'],
    [
      'ratio that is no number',
      { ...thin, max_over_subscription_ratio: 'x' },
      {},
      'CapacityFilter: max_over_subscription_ratio NaN / at least 1.0',
    ],
    [
      'a shortage that rounding hides',
      { thin_provisioning_support: true, max_over_subscription_ratio: 1, provisioned_capacity_gb: 90.004 },
      {},
      'CapacityFilter: 1.00004 of the available capacity provisioned / at most 1.0',
    ],
  ]
  for (const [what, capabilities, request, expected] of rows)
    t.equal(verdict(poolOf('h', capabilities), requestOf(request)), expected, what)
})

t.test('CapabilitiesFilter: every demand of the type that is meant for it (capabilities_filter.py)', async (t) => {
  const capabilities = {
    volume_backend_name: 'lvm',
    storage_protocol: 'iSCSI',
    multiattach: true,
    tiers: ['gold', 'silver'],
    nothing: null,
    qos: { limits: { iops: 500 } },
    none: [],
  }
  const rows: readonly (readonly [Readonly<Record<string, string>>, string | null])[] = [
    [{}, null],
    [{ volume_backend_name: 'lvm', multiattach: '<is> True' }, null],
    [{ volume_backend_name: 'ceph' }, 'CapabilitiesFilter: volume_backend_name: lvm / volume_backend_name: ceph'],
    [{ replication_enabled: '<is> False' }, 'CapabilitiesFilter: replication_enabled: not reported / replication_enabled: <is> False'],
    [{ nothing: '<is> False' }, 'CapabilitiesFilter: nothing: null / nothing: <is> False'],
    [{ 'provisioning:type': 'thick', 'vendor:speed': '9' }, null],
    [{ storage_protocol: 'iscsi' }, null],
    [{ 'capabilities:storage_protocol': '<or> FC <or> iSCSI' }, null],
    [{ storage_protocol: 'FC' }, 'CapabilitiesFilter: storage_protocol: iSCSI / storage_protocol: FC'],
    [{ 'capabilities:volume_backend_name': 'lvm' }, null],
    [{ 'capabilities:qos:limits:iops': '>= 400' }, null],
    [
      { 'capabilities:qos:limits:iops': '>= 600' },
      'CapabilitiesFilter: capabilities:qos:limits:iops: 500 / capabilities:qos:limits:iops: >= 600',
    ],
    [
      { 'capabilities:volume_backend_name:deeper': 'x' },
      'CapabilitiesFilter: capabilities:volume_backend_name:deeper: not reported / capabilities:volume_backend_name:deeper: x',
    ],
    [{ tiers: 'silver' }, null],
    [{ tiers: '<or> bronze <or> gold' }, null],
    [{ tiers: 'bronze' }, 'CapabilitiesFilter: tiers: ["gold","silver"] / tiers: bronze'],
    [{ none: 's!= x' }, 'CapabilitiesFilter: none: [] / none: s!= x'],
    [{ constructor: '<in> x' }, 'CapabilitiesFilter: constructor: not reported / constructor: <in> x'],
    [{ tiers: 'bronze', multiattach: '<is> False' }, 'CapabilitiesFilter: multiattach: true / multiattach: <is> False'],
    [{ multiattach: '<is> False', tiers: 'bronze' }, 'CapabilitiesFilter: multiattach: true / multiattach: <is> False'],
  ]
  for (const [extraSpecs, expected] of rows) {
    t.equal(verdict(poolOf('h', capabilities), requestOf({ type: typeOf(extraSpecs) })), expected, JSON.stringify(extraSpecs))
  }
})

t.test('ThinPoolFilter: a thin pool that is physically almost full takes nothing', async (t) => {
  const thin = { thin_provisioning_support: true }
  const rows: readonly (readonly [Readonly<Record<string, Json>>, string | null])[] = [
    [{ ...thin, thin_data_percent: 94.9, thin_metadata_percent: 89.9 }, null],
    [{ ...thin, thin_data_percent: 95 }, 'ThinPoolFilter: thin data 95% full / below 95%'],
    [{ ...thin, thin_metadata_percent: 90 }, 'ThinPoolFilter: thin metadata 90% full / below 90%'],
    [{ ...thin, free_capacity_gb: 0 }, 'ThinPoolFilter: 0.00 GiB physically free / more than 0 GiB physically free'],
    [{ ...thin, free_capacity_gb: 0.01 }, null],
    [{ ...thin, free_capacity_gb: 'unknown' }, null],
  ]
  for (const [capabilities, expected] of rows)
    t.equal(verdict(poolOf('h', capabilities), requestOf()), expected, JSON.stringify(capabilities))
})

t.test('the first filter in order is the one that is told', async (t) => {
  const hopeless = poolOf('h', { free_capacity_gb: 0 }, { state: 'down', zone: 'z' })
  const request = requestOf({ zones: ['a'], type: typeOf({ missing: 'x' }) })
  t.match(fits(hopeless, request, DEFAULT_PLACEMENT), { pool: 'h@lvm#pool', filter: 'StateFilter' })
  t.match(fits({ ...hopeless, state: 'up' }, request, DEFAULT_PLACEMENT), { filter: 'AvailabilityZoneFilter' })
  t.match(fits({ ...hopeless, state: 'up', zone: 'a' }, request, DEFAULT_PLACEMENT), { filter: 'CapacityFilter' })
})
