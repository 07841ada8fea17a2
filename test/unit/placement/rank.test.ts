/** What a ranking says, in its two orders and under each weigher, and one whole ranking pinned digit by digit. */
import t from 'tap'
import { requestId } from '../../../lib/model/ids.ts'
import type { PlacementOptions, PoolView } from '../../../lib/model/placement.ts'
import { logOfInteger, minusLog, ONE } from '../../../lib/placement/fixed-log.ts'
import { absorbText, absorbWord } from '../../../lib/placement/mixing-hash.ts'
import { DEFAULT_PLACEMENT, rank } from '../../../lib/placement/rank.ts'
import { poolOf, requestOf, typeOf } from './pool.ts'

const BEST: PlacementOptions = { ...DEFAULT_PLACEMENT, order: 'best' }

function hostsOf(pools: readonly PoolView[], options: PlacementOptions): readonly string[] {
  return rank(pools, requestOf(), options).candidates.map(({ pool }) => pool.slice(0, pool.indexOf('@')))
}

t.test('best: the most virtual free capacity first, as Cinder', async (t) => {
  const pools = [
    poolOf('small', { free_capacity_gb: 20 }),
    poolOf('large', { free_capacity_gb: 90 }),
    poolOf('middle', { free_capacity_gb: 50 }, { queue: 9 }),
  ]
  t.same(hostsOf(pools, BEST), ['large', 'middle', 'small'])
})

t.test('a weight is the virtual free capacity in hundredths of GiB, divided by the queue', async (t) => {
  const pools = [poolOf('idle', { free_capacity_gb: 30.25 }), poolOf('busy', { free_capacity_gb: 30.25 }, { queue: 2 })]
  const weights = new Map(rank(pools, requestOf(), DEFAULT_PLACEMENT).candidates.map((candidate) => [String(candidate.pool), candidate]))
  t.match(weights.get('idle@lvm#pool'), { weight: 3025, weighers: { CapacityWeigher: 30.25 } })
  t.match(weights.get('busy@lvm#pool'), { weight: 1008, weighers: { CapacityWeigher: 30.25 } })
})

t.test('a negative multiplier packs: the fullest first', async (t) => {
  const pools = [poolOf('full', { free_capacity_gb: 12 }), poolOf('empty'), poolOf('half', { free_capacity_gb: 50 })]
  t.same(hostsOf(pools, { ...BEST, weighers: { ...DEFAULT_PLACEMENT.weighers, CapacityWeigher: -1, AllocatedCapacityWeigher: 0 } }), [
    'full',
    'half',
    'empty',
  ])
})

t.test('two weighers are scaled to 0..1,000,000 and added, as Cinder adds them', async (t) => {
  const pools = [
    poolOf('a', { free_capacity_gb: 100, allocated_capacity_gb: 40 }),
    poolOf('b', { free_capacity_gb: 60, allocated_capacity_gb: 0 }),
    poolOf('c', { free_capacity_gb: 20, allocated_capacity_gb: 10 }),
  ]
  const { candidates } = rank(pools, requestOf(), {
    ...BEST,
    weighers: { ...DEFAULT_PLACEMENT.weighers, CapacityWeigher: 1, AllocatedCapacityWeigher: -2 },
  })
  // Capacity 1, 0.5, 0; allocated -2 x (1, 0, 0.25), lifted by 2; in thousandths of the multiplier.
  t.same(
    candidates.map(({ pool, weight }) => [pool[0], weight]),
    [
      ['b', 2_500_000_000],
      ['c', 1_500_000_000],
      ['a', 1_000_000_000],
    ],
  )
  t.same(candidates[0]?.weighers, { CapacityWeigher: 60, AllocatedCapacityWeigher: 0 })
})

t.test('a weigher of goodness follows what backends say of themselves, one of volumes how many there are', async (t) => {
  const pools = [
    poolOf('none'),
    poolOf('far', { goodness_function: '10', total_volumes: 1 }),
    poolOf('half', { goodness_function: 'stats.free_capacity_gb / 2', total_volumes: 7 }),
    poolOf('true', { goodness_function: 'volume.size < 50', total_volumes: 3 }),
    poolOf('broken', { goodness_function: 'stats.nothing', total_volumes: 5 }),
    poolOf('beyond', { goodness_function: '101', total_volumes: 2 }),
    poolOf('text', { goodness_function: '"good"', total_volumes: 2 }),
  ]
  const only = { CapacityWeigher: 0, AllocatedCapacityWeigher: 0, GoodnessWeigher: 0, VolumeNumberWeigher: 0 }
  const { candidates } = rank(pools, requestOf(), { ...BEST, weighers: { ...only, GoodnessWeigher: 1 } })
  t.same(
    candidates.slice(0, 3).map(({ pool, weighers }) => [pool.split('@')[0], weighers]),
    [
      ['true', { GoodnessWeigher: 100 }],
      ['half', { GoodnessWeigher: 50 }],
      ['far', { GoodnessWeigher: 10 }],
    ],
  )
  t.same(
    [...new Set(candidates.slice(3).map(({ weighers }) => weighers['GoodnessWeigher']))],
    [0],
    'whatever cannot be computed is worth nothing',
  )
  const counted = hostsOf(pools, { ...BEST, weighers: { ...only, VolumeNumberWeigher: -1 } })
  t.same([counted[0], counted.at(-1)], ['none', 'half'], 'Cinder’s multiplier is below 0: the fewest first')
})

t.test('a pool that cannot tell its capacity is wanted least', async (t) => {
  const pools = [poolOf('unknown', { free_capacity_gb: 'unknown' }), poolOf('tiny', { free_capacity_gb: 10 }), poolOf('big')]
  t.same(hostsOf(pools, BEST), ['big', 'tiny', 'unknown'], 'spreading: behind the smallest')
  t.equal(hostsOf(pools, DEFAULT_PLACEMENT).at(-1), 'unknown', 'by rendezvous: weight 0, still a candidate')
  t.match(rank(pools, requestOf(), DEFAULT_PLACEMENT).candidates.at(-1), { weight: 0, score: 0, weighers: { CapacityWeigher: -1 } })
  const packed = rank(pools, requestOf(), {
    ...BEST,
    weighers: { ...DEFAULT_PLACEMENT.weighers, CapacityWeigher: -1, AllocatedCapacityWeigher: 0 },
  }).candidates
  t.match(packed.at(-1), { pool: 'unknown@lvm#pool', weighers: { CapacityWeigher: 9100 } }, 'packing: max + 100 x (max - min)')
})

t.test('with no weigher every pool is as good as any other, and the request decides', async (t) => {
  const pools = ['a', 'b', 'c', 'd'].map((host) => poolOf(host))
  const options: PlacementOptions = {
    ...DEFAULT_PLACEMENT,
    weighers: { ...DEFAULT_PLACEMENT.weighers, CapacityWeigher: 0, AllocatedCapacityWeigher: 0 },
  }
  const firsts = new Set<string>()
  for (let n = 0; n < 60; n += 1) firsts.add(rank(pools, requestOf({ rid: requestId(`r${n}`) }), options).candidates[0]?.pool ?? '')
  t.equal(firsts.size, 4)
})

t.test('equal weights in best order are shuffled by the request, not by name', async (t) => {
  const pools = ['a', 'b', 'c', 'd', 'e'].map((host) => poolOf(host))
  const orders = ['r1', 'r2', 'r3', 'r4'].map((rid) =>
    rank(pools, requestOf({ rid: requestId(rid) }), BEST)
      .candidates.map(({ pool }) => pool)
      .join(),
  )
  t.ok(new Set(orders).size > 1)
})

t.test('no pool at all is an answer', async (t) => {
  t.match(rank([], requestOf(), DEFAULT_PLACEMENT), { candidates: [], rejected: [], viewDigest: /^[0-9a-f]{16}$/ })
})

t.test('what was left out is listed by name, by code unit', async (t) => {
  const pools = ['b', 'a', 'B', 'é', 'c10', 'c9'].map((host) => poolOf(host, {}, { state: 'down' }))
  t.same(
    rank(pools, requestOf(), DEFAULT_PLACEMENT).rejected.map(({ pool }) => pool),
    ['B@lvm#pool', 'a@lvm#pool', 'b@lvm#pool', 'c10@lvm#pool', 'c9@lvm#pool', 'é@lvm#pool'],
  )
})

t.test('fixed-point logarithms are logarithms', async (t) => {
  const near = 2 ** -36
  for (const value of [
    1,
    2,
    3,
    10,
    255,
    256,
    257,
    65_535,
    1_000_003,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 41 + 1,
    2 ** 42 - 1,
    2 ** 42,
    2 ** 50,
    2 ** 53 - 1,
  ]) {
    t.ok(Math.abs(logOfInteger(value) / ONE - Math.log(value)) < near, `ln ${value}`)
  }
  for (const missing of [1, 2, 511, 2 ** 20, 2 ** 33 + 7, 2 ** 35, 2 ** 41]) {
    t.ok(Math.abs(minusLog(ONE - missing) / ONE + Math.log1p(-missing / ONE)) < near, `-ln(1 - ${missing} / 2^42)`)
  }
  for (const value of [0, -1, 2 ** 53]) t.throws(() => logOfInteger(value), { name: 'InvariantError' }, String(value))
})

t.test('a text is hashed as its words are', async (t) => {
  const [text, words] = [
    { high: 1, low: 2 },
    { high: 1, low: 2 },
  ]
  absorbText(text, 'abc')
  for (const word of [0x62_0061, 0x63, 3]) absorbWord(words, word)
  t.same(text, words)
})

t.test('a whole ranking, pinned: another result here means that peers of two versions disagree', async (t) => {
  const thin = { thin_provisioning_support: true, max_over_subscription_ratio: '1.5', total_capacity_gb: 512.37, free_capacity_gb: 300.11 }
  const pools = [
    poolOf('alpha', { ...thin, provisioned_capacity_gb: 100 }),
    poolOf('beta', { ...thin, provisioned_capacity_gb: 250, reserved_percentage: 5 }, { queue: 1 }),
    poolOf('gamma', { free_capacity_gb: 99.99 }, { zone: 'b' }),
    poolOf('delta', { free_capacity_gb: 5 }),
    poolOf('epsilon', { free_capacity_gb: 'unknown' }),
    poolOf('zeta', { multiattach: false }),
    poolOf('eta', { ...thin, thin_data_percent: 97.5 }),
    poolOf('theta', {}, { state: 'recovering' }),
  ].map((pool) => ({ ...pool, capabilities: { multiattach: true, ...pool.capabilities } }))
  const request = requestOf({ rid: requestId('5f0c0d4b7a9e4c1f8b2d6e3a1c5f7b90'), type: typeOf({ multiattach: '<is> True' }) })
  t.strictSame(rank(pools, request, DEFAULT_PLACEMENT), {
    candidates: [
      { pool: 'alpha@lvm#pool', peer: 'peer-alpha', weight: 66_856, score: 59_601_545_809_751, weighers: { CapacityWeigher: 668.56 } },
      { pool: 'gamma@lvm#pool', peer: 'peer-gamma', weight: 9999, score: 51_717_349_143_436, weighers: { CapacityWeigher: 99.99 } },
      { pool: 'beta@lvm#pool', peer: 'peer-beta', weight: 24_053, score: 51_107_806_399_097, weighers: { CapacityWeigher: 481.06 } },
      { pool: 'epsilon@lvm#pool', peer: 'peer-epsilon', weight: 0, score: 0, weighers: { CapacityWeigher: -1 } },
    ],
    rejected: [
      { pool: 'delta@lvm#pool', filter: 'CapacityFilter', reported: '5.00 GiB free of 100 GiB (ratio 1.0)', needed: '10 GiB' },
      { pool: 'eta@lvm#pool', filter: 'ThinPoolFilter', reported: 'thin data 97.5% full', needed: 'below 95%' },
      { pool: 'theta@lvm#pool', filter: 'StateFilter', reported: 'recovering', needed: 'up' },
      { pool: 'zeta@lvm#pool', filter: 'CapabilitiesFilter', reported: 'multiattach: false', needed: 'multiattach: <is> True' },
    ],
    viewDigest: '7633e3c862e3ebc9',
  })
})
