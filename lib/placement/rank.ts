/**
 * Which pool: filters the pools of a view, weighs what is left, and orders it for one request.
 *
 * Advice only: the owner admits or refuses by its own books. Equal views and requests give equal lists on every peer
 * and processor, and different requests spread over the pools in proportion to their weights, so that many coordinators
 * with the same stale view do not all run to the emptiest host.
 */
import { compareText } from '../model/ids.ts'
import type { Candidate, PlacementOptions, PlaceRequest, PoolView, Ranking, Rejection, RoomRequest } from '../model/placement.ts'
import { differentBackendFilter, sameBackendFilter } from './filters/affinity.ts'
import { availabilityZoneFilter } from './filters/availability-zone.ts'
import { capabilitiesFilter } from './filters/capabilities.ts'
import { capacityFilter } from './filters/capacity.ts'
import { driverFilter } from './filters/driver.ts'
import type { Filter, Preference, Refusal } from './filters/filter.ts'
import { jsonFilter } from './filters/query.ts'
import { stateFilter } from './filters/state.ts'
import { thinPoolFilter } from './filters/thin-pool.ts'
import { knownFunctions, type KnownFunctions } from './known-functions.ts'
import { drawOf, rendezvousScore, seedOf } from './rendezvous.ts'
import type { Draw } from './rendezvous.ts'
import { viewDigest } from './view-digest.ts'
import { weigh } from './weighers/combine.ts'
import type { Weighed } from './weighers/combine.ts'

/**
 * Cinder's weigher, spread instead of strict. A thin pool whose data is full stops the writes of all its volumes, and
 * one whose metadata is full may need repair offline: hence a margin of 5 % of the data and 10 % of the small metadata.
 */
export const DEFAULT_PLACEMENT: PlacementOptions = {
  order: 'spread',
  weighers: { CapacityWeigher: 1, AllocatedCapacityWeigher: 0, GoodnessWeigher: 0, VolumeNumberWeigher: 0 },
  thinDataPercentMax: 95,
  thinMetadataPercentMax: 90,
}

const UNWEIGHED: Weighed = { weight: 0, said: {} }

type Filters = ReadonlyArray<readonly [name: string, filter: Filter]>

/** In order. Cinder's three keep Cinder's names and order. */
const FILTERS: Filters = [
  ['StateFilter', stateFilter],
  ['AvailabilityZoneFilter', availabilityZoneFilter],
  ['CapacityFilter', capacityFilter],
  ['CapabilitiesFilter', capabilitiesFilter],
  ['ThinPoolFilter', thinPoolFilter],
]

/** What of it a volume that has its room already can fail. */
const OF_TYPES: Filters = [
  ['AvailabilityZoneFilter', availabilityZoneFilter],
  ['CapabilitiesFilter', capabilitiesFilter],
]

/** After them, in order. Each says nothing unless a hint or a backend's function asks it to. */
const PREFERENCES: ReadonlyArray<readonly [name: string, preference: Preference]> = [
  ['SameBackendFilter', sameBackendFilter],
  ['DifferentBackendFilter', differentBackendFilter],
  ['JsonFilter', jsonFilter],
  ['DriverFilter', driverFilter],
]

/**
 * Ranks the pools that can hold `request`, best first.
 *
 * Pure: equal arguments give equal results on every peer and every run; the order of `pools` does not matter.
 *
 * @param pools    each name once; capacities in GiB, as last heard (may be stale), less what the caller has in flight there
 * @param request  size in GiB (>= 0), zones, volume type, hints; `rid` seeds the order
 * @param options  `spread`: by weighted rendezvous hashing; `best`: strictly by weight, as Cinder does
 * @returns candidates by score, equal scores by a hash of (rid, pool); weight 0 is last but is a candidate. Every other
 *   pool, by name, with the first filter that refused it and the values that this filter compared
 * @throws never; an empty candidate list is an answer
 * @see Cinder's filters and weighers: cinder/scheduler/filters, cinder/scheduler/weights
 */
export function rank(pools: readonly PoolView[], request: PlaceRequest, options: PlacementOptions): Ranking {
  const passed: PoolView[] = []
  const rejected: Rejection[] = []
  const functions = knownFunctions()
  const digest = viewDigest(request, functions)
  // One pass: a view is larger than a processor's cache, and fetching it costs more than the arithmetic.
  for (const pool of pools) {
    digest.add(pool)
    const rejection = fits(pool, request, options) ?? suits(pool, request, functions)
    if (rejection === null) passed.push(pool)
    else rejected.push(rejection)
  }
  return {
    candidates: inOrder(passed, weigh(passed, { request, options, functions }), request, options.order),
    rejected: rejected.sort((a, b) => compareText(a.pool, b.pool)),
    viewDigest: digest.hex(),
  }
}

/**
 * Tells whether one pool may hold `request`, by what the pool reports. The owner asks this of its own pools.
 *
 * @param request  size to add in GiB (>= 0), zones, volume type
 * @returns null if it may; else the first filter that refused it and the two values which that filter compared
 * @throws never
 */
export function fits(pool: PoolView, request: RoomRequest, options: PlacementOptions): Rejection | null {
  return firstRefusal(FILTERS, pool, request, options)
}

/**
 * Tells whether a volume that lies in the pool may be of the request's type: by what the type demands, where it may lie, and what
 * the backend itself says. It takes no room, and a pool that takes no new volume keeps those that it has.
 *
 * @returns null if it may; else the first filter that refused it
 * @throws never
 */
export function suitsType(pool: PoolView, request: PlaceRequest, options: PlacementOptions): Rejection | null {
  return firstRefusal(OF_TYPES, pool, request, options) ?? suits(pool, request, knownFunctions())
}

function firstRefusal(filters: Filters, pool: PoolView, request: RoomRequest, options: PlacementOptions): Rejection | null {
  for (const [filter, check] of filters) {
    const refusal = check(pool, request, options)
    if (refusal !== null) return rejectionOf(pool, filter, refusal)
  }
  return null
}

function suits(pool: PoolView, request: PlaceRequest, functions: KnownFunctions): Rejection | null {
  for (const [filter, prefers] of PREFERENCES) {
    const refusal = prefers(pool, request, functions)
    if (refusal !== null) return rejectionOf(pool, filter, refusal)
  }
  return null
}

function rejectionOf({ name }: PoolView, filter: string, { reported, needed }: Refusal): Rejection {
  return { pool: name, filter, reported, needed }
}

function inOrder(
  pools: readonly PoolView[],
  weighed: readonly Weighed[],
  request: PlaceRequest,
  order: PlacementOptions['order'],
): readonly Candidate[] {
  const seed = seedOf(request.rid)
  // Side by side in memory: the sort reads scores some hundred thousand times.
  const scores = new Float64Array(pools.length)
  const draws = pools.map((pool) => drawOf(seed, pool.name))
  const candidates = pools.map(({ name, peer }, index): Candidate => {
    const { weight, said } = weighed[index] ?? UNWEIGHED
    const score = order === 'best' ? weight : rendezvousScore(weight, draws[index] ?? seed)
    scores[index] = score
    return { pool: name, peer, weight, score, weighers: said }
  })
  const tie = (a: number, b: number): number =>
    compareDraws(draws[a] ?? seed, draws[b] ?? seed) || compareText(pools[a]?.name ?? '', pools[b]?.name ?? '')
  return candidates
    .map((_, index) => index)
    .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || tie(a, b))
    .flatMap((index) => candidates[index] ?? [])
}

/** As 8 bytes, the largest first. */
function compareDraws(a: Draw, b: Draw): number {
  return b.high - a.high || b.low - a.low
}
