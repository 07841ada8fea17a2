/** Cinder's capacity factors: cinder/scheduler/sched_utils.py. Rounding as printed by CPython 3.11 `round(x, 2)`. */
import t from 'tap'
import type { Json } from '../../../lib/model/json.ts'
import { capacityFactors, readCapacity, virtualFreeGiB } from '../../../lib/placement/capacity-factors.ts'
import { roundToHundredths } from '../../../lib/placement/python-values.ts'

const THIN = { total_capacity_gb: 100, free_capacity_gb: 60, thin_provisioning_support: true }

t.test('rounding to hundredths is that of Python: exact value, ties to even', async (t) => {
  const rows: readonly (readonly [number, number])[] = [
    [0.125, 0.12],
    [0.375, 0.38],
    [0.625, 0.62],
    [-0.125, -0.12],
    [2.675, 2.67],
    [1.005, 1],
    [0.285, 0.28],
    [300.125, 300.12],
    [300.375, 300.38],
    [1234.005, 1234.01],
    [1425.555, 1425.56],
    [-300.125, -300.12],
    [99_999.995, 99_999.99],
    [1e6 + 0.625, 1_000_000.62],
    [7, 7],
  ]
  for (const [value, rounded] of rows) t.equal(roundToHundredths(value), rounded, String(value))
})

t.test('the ratio is the pool’s own, or 20; 1 without thin provisioning', async (t) => {
  const rows: readonly (readonly [string, Readonly<Record<string, Json>>, number])[] = [
    ['number', { ...THIN, max_over_subscription_ratio: 1.5 }, 1.5],
    ['text', { ...THIN, max_over_subscription_ratio: '2.0' }, 2],
    ['not reported', THIN, 20],
    ['0 is not set', { ...THIN, max_over_subscription_ratio: 0 }, 20],
    ['null is not set', { ...THIN, max_over_subscription_ratio: null }, 20],
    ['auto on an empty pool', { ...THIN, max_over_subscription_ratio: 'auto', provisioned_capacity_gb: 0 }, 20],
    ['auto: 1 + provisioned / (used + 1)', { ...THIN, max_over_subscription_ratio: 'auto', provisioned_capacity_gb: 82 }, 3],
    ['auto counts allocated if provisioned is missing', { ...THIN, max_over_subscription_ratio: 'auto', allocated_capacity_gb: 41 }, 2],
    ['thick pool', { ...THIN, thin_provisioning_support: false, max_over_subscription_ratio: 5 }, 1],
    ['capacity unknown', { ...THIN, free_capacity_gb: 'unknown', max_over_subscription_ratio: 'auto' }, 1],
  ]
  for (const [what, capabilities, ratio] of rows) t.equal(readCapacity(capabilities).ratio, ratio, what)
  t.ok(Number.isNaN(readCapacity({ ...THIN, max_over_subscription_ratio: 'many' }).ratio), 'text that is no number')
})

t.test('a thin pool gives (total - reserved) x ratio - provisioned, whatever is physically free', async (t) => {
  const capacity = readCapacity({
    ...THIN,
    reserved_percentage: 7,
    max_over_subscription_ratio: '1.5',
    provisioned_capacity_gb: 30,
    free_capacity_gb: 1,
  })
  t.match(capacityFactors(capacity, 'thin'), {
    provisioning: 'thin',
    ratio: 1.5,
    reservedGiB: 7,
    availableGiB: 139.5,
    virtualFreeGiB: 109.5,
  })
})

t.test('thick takes the smaller of what is free and what is not provisioned', async (t) => {
  const free = { total_capacity_gb: 100, provisioned_capacity_gb: 30 }
  t.equal(virtualFreeGiB({ ...free, free_capacity_gb: 50 }), 50, 'less is free')
  t.equal(virtualFreeGiB({ ...free, free_capacity_gb: 90 }), 70, 'more is free')
  t.equal(virtualFreeGiB({ ...free, free_capacity_gb: 90, thin_provisioning_support: true }, 'thick'), 70, 'a thin pool asked for thick')
})

t.test('the reserve is floored to whole GiB', async (t) => {
  t.equal(virtualFreeGiB({ total_capacity_gb: 99.99, free_capacity_gb: 99.99, reserved_percentage: 10 }), 90.99)
})

t.test('an over-committed pool is below zero; one that reports no numbers has no answer', async (t) => {
  t.equal(virtualFreeGiB({ total_capacity_gb: 100, free_capacity_gb: 50, provisioned_capacity_gb: 120.5 }), -20.5)
  t.equal(virtualFreeGiB({ total_capacity_gb: 'infinite', free_capacity_gb: 'infinite' }), null)
  t.equal(virtualFreeGiB({ total_capacity_gb: 100, free_capacity_gb: 'unknown' }), null)
  t.equal(virtualFreeGiB({}), null)
})
