/** Laws of the ranking, over generated views with a fixed seed. */
import fc from 'fast-check'
import t from 'tap'
import { requestId } from '../../../lib/model/ids.ts'
import type { PlaceHints, PlacementOptions, PoolView } from '../../../lib/model/placement.ts'
import { DEFAULT_PLACEMENT, fits, rank } from '../../../lib/placement/rank.ts'
import { NOWHERE, poolOf, requestOf, typeOf } from './pool.ts'

const RUNS = { seed: 20_240_607, numRuns: 150 }

const capacity = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 80_000 }).map((n) => n / 100) },
  { weight: 1, arbitrary: fc.constantFrom('infinite', 'unknown') },
)

const pool = fc
  .record({
    host: fc.integer({ min: 0, max: 9999 }),
    total: capacity,
    free: capacity,
    allocated: fc.integer({ min: 0, max: 300 }),
    isThin: fc.boolean(),
    ratio: fc.constantFrom(1, 1.5, '20.0', 'auto'),
    queue: fc.integer({ min: 0, max: 5 }),
    state: fc.constantFrom('up', 'up', 'up', 'up', 'down', 'stalled'),
    zone: fc.constantFrom('a', 'b'),
    multiattach: fc.boolean(),
  })
  .map(
    ({ host, total, free, allocated, isThin, ratio, queue, state, zone, multiattach }): PoolView =>
      poolOf(
        `host-${host}`,
        {
          total_capacity_gb: total,
          free_capacity_gb: free,
          allocated_capacity_gb: allocated,
          provisioned_capacity_gb: allocated,
          thin_provisioning_support: isThin,
          max_over_subscription_ratio: ratio,
          multiattach,
        },
        { queue, state, zone },
      ),
  )

const view = fc.uniqueArray(pool, { selector: ({ name }) => name, maxLength: 25 })

const request = fc
  .record({ n: fc.nat(), sizeGiB: fc.integer({ min: 1, max: 50 }), zones: fc.constantFrom([], [], ['a']), isTyped: fc.boolean() })
  .map(({ n, sizeGiB, zones, isTyped }) =>
    requestOf({ rid: requestId(`rid-${n}`), sizeGiB, zones, type: isTyped ? typeOf({ multiattach: '<is> True' }) : null }),
  )

const options = fc
  .record({
    order: fc.constantFrom('spread' as const, 'best' as const),
    free: fc.constantFrom(1, 0, -1, 0.5),
    allocated: fc.constantFrom(0, 0, -1, 1),
  })
  .map(
    ({ order, free, allocated }): PlacementOptions => ({
      ...DEFAULT_PLACEMENT,
      order,
      weighers: { ...DEFAULT_PLACEMENT.weighers, CapacityWeigher: free, AllocatedCapacityWeigher: allocated },
    }),
  )

t.test('the order of the pools in the view does not matter', async (t) => {
  const shuffled = view.chain((pools) => fc.tuple(fc.constant(pools), fc.shuffledSubarray(pools, { minLength: pools.length })))
  fc.assert(
    fc.property(shuffled, request, options, ([pools, others], asked, how) => {
      t.strictSame(rank(others, asked, how), rank(pools, asked, how), 'same ranking')
    }),
    RUNS,
  )
})

t.test('an equal view that came over the wire, its keys in another order, gives an equal list', async (t) => {
  const received = (pools: readonly PoolView[]): readonly PoolView[] =>
    pools.map((one) => ({ ...structuredClone(one), capabilities: Object.fromEntries(Object.entries(one.capabilities).reverse()) }))
  fc.assert(
    fc.property(view, request, options, (pools, asked, how) => {
      t.strictSame(rank(received(pools), asked, how), rank(pools, asked, how), 'same ranking')
    }),
    RUNS,
  )
})

t.test('each pool is a candidate or rejected, once, as its owner would say', async (t) => {
  fc.assert(
    fc.property(view, request, options, (pools, asked, how) => {
      const { candidates, rejected } = rank(pools, asked, how)
      const refused = pools.flatMap((one) => fits(one, asked, how) ?? [])
      t.equal(candidates.length + rejected.length, pools.length, 'none lost')
      t.strictSame(new Set(rejected), new Set(refused), 'the same refusals')
      t.strictSame(new Set([...candidates, ...rejected].map((one) => one.pool)), new Set(pools.map(({ name }) => name)), 'the same pools')
    }),
    RUNS,
  )
})

t.test('weights and scores are whole, safe and not below zero, and the scores fall', async (t) => {
  fc.assert(
    fc.property(view, request, options, (pools, asked, how) => {
      let last = Number.MAX_SAFE_INTEGER
      for (const { weight, score } of rank(pools, asked, how).candidates) {
        t.ok(Number.isSafeInteger(weight) && weight >= 0, `weight ${weight}`)
        t.ok(Number.isSafeInteger(score) && score >= 0 && score <= last, `score ${score} after ${last}`)
        last = score
      }
    }),
    RUNS,
  )
})

t.test('a pool that comes or goes moves no other', async (t) => {
  const parts = view.chain((pools) => fc.tuple(fc.constant(pools), fc.subarray([...pools])))
  fc.assert(
    fc.property(parts, request, ([pools, some], asked) => {
      const names = new Set(some.map(({ name }) => name))
      const among = rank(pools, asked, DEFAULT_PLACEMENT).candidates.filter((candidate) => names.has(candidate.pool))
      t.strictSame(rank(some, asked, DEFAULT_PLACEMENT).candidates, among, 'same order, same scores')
    }),
    RUNS,
  )
})

t.test('more room never moves a pool back', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 10, max: 900 }), { minLength: 2, maxLength: 12 }),
      fc.integer({ min: 1, max: 500 }),
      request,
      (sizes, more, asked) => {
        const placeOf = (grownBy: number): number => {
          const pools = sizes.map((size, index) =>
            poolOf(`host-${index}`, { total_capacity_gb: 2000, free_capacity_gb: size + (index === 0 ? grownBy : 0) }),
          )
          return rank(pools, requestOf({ rid: asked.rid }), DEFAULT_PLACEMENT).candidates.findIndex(
            ({ pool: name }) => name === 'host-0@lvm#pool',
          )
        }
        t.ok(placeOf(more) <= placeOf(0), `${sizes} and ${more} more`)
      },
    ),
    RUNS,
  )
})

t.test('equal requests spread over the pools in proportion to their free capacity', async (t) => {
  const free = new Map([
    ['one', 100],
    ['two', 200],
    ['five', 500],
    ['eight', 800],
  ])
  const pools = [...free].map(([host, size]) => poolOf(host, { total_capacity_gb: 1000, free_capacity_gb: size }))
  const wins = new Map<string, number>()
  const total = 8000
  for (let n = 0; n < total; n += 1) {
    const first = rank(pools, requestOf({ rid: requestId(`request-${n}`) }), DEFAULT_PLACEMENT).candidates[0]?.pool ?? ''
    wins.set(first, (wins.get(first) ?? 0) + 1)
  }
  for (const [host, size] of free) {
    const share = size / 1600
    const deviation = Math.sqrt(total * share * (1 - share))
    const won = wins.get(`${host}@lvm#pool`) ?? 0
    t.ok(Math.abs(won - total * share) < 3 * deviation, `${host} won ${won} of ${total}, its share is ${share}`)
  }
})

t.test('the digest tells apart whatever a filter or weigher reads', async (t) => {
  const base = poolOf('h', { max_over_subscription_ratio: '1.5', multiattach: true })
  const asked = requestOf({ type: typeOf({ 'capabilities:multiattach': '<is> True' }) })
  const digestOf = (...pools: readonly PoolView[]): string => rank(pools, asked, DEFAULT_PLACEMENT).viewDigest
  const changed = (capabilities: PoolView['capabilities']): PoolView => ({
    ...base,
    capabilities: { ...base.capabilities, ...capabilities },
  })
  const views: readonly (readonly [string, readonly PoolView[]])[] = [
    ['itself', [base]],
    ['name', [{ ...base, name: poolOf('i').name }]],
    ['peer', [{ ...base, peer: poolOf('i').peer }]],
    ['zone', [{ ...base, zone: 'b' }]],
    ['state', [{ ...base, state: 'down' }]],
    ['queue', [{ ...base, queue: 1 }]],
    ['free', [changed({ free_capacity_gb: 99.99 })]],
    ['free, another word', [changed({ free_capacity_gb: 'unknown' })]],
    ['total', [changed({ total_capacity_gb: 101 })]],
    ['total beyond 2^32', [changed({ total_capacity_gb: 100 + 2 ** 32 })]],
    ['provisioned', [changed({ provisioned_capacity_gb: 1 })]],
    ['allocated', [changed({ allocated_capacity_gb: 1 })]],
    ['ratio as a number', [changed({ max_over_subscription_ratio: 1.5 })]],
    ['thin data', [changed({ thin_data_percent: 0 })]],
    ['thin metadata', [changed({ thin_metadata_percent: 0 })]],
    ['demanded capability', [changed({ multiattach: 'true' })]],
    ['volumes', [changed({ total_volumes: 3 })]],
    ['a function', [changed({ filter_function: 'capabilities.load < 5' })]],
    ['what a function reads', [changed({ filter_function: 'capabilities.load < 5', load: 3 })]],
    ['the other function', [changed({ goodness_function: 'capabilities.load < 5', load: 3 })]],
    ['one more', [base, poolOf('i')]],
    ['none', []],
  ]
  const digests = new Map<string, string>()
  for (const [what, pools] of views) {
    const digest = digestOf(...pools)
    t.equal(digests.get(digest), undefined, what)
    digests.set(digest, what)
  }
  const hinted = (hints: Partial<PlaceHints>): string =>
    rank([changed({ vendor_name: 'v' })], { ...asked, hints: { ...NOWHERE, ...hints } }, DEFAULT_PLACEMENT).viewDigest
  const hints: readonly (readonly [string, Partial<PlaceHints>])[] = [
    ['no hint', {}],
    ['same', { sameBackends: new Set(['a@b']) }],
    ['same, elsewhere', { sameBackends: new Set(['b@b']) }],
    ['same, nowhere', { sameBackends: new Set() }],
    ['different', { differentBackends: new Set(['a@b']) }],
    ['a query’s attribute', { query: { kind: 'read', path: ['vendor_name'] } }],
    ['a query’s capability', { query: { kind: 'read', path: ['capabilities', 'multiattach'] } }],
  ]
  t.equal(new Set(hints.map(([, hint]) => hinted(hint))).size, hints.length, 'hints, and where their volumes lie')
  t.equal(digestOf(changed({ location_info: 'elsewhere' })), digestOf(base), 'what nobody reads does not count')
})
