/**
 * Makes one whole number per pool out of what the weighers say.
 *
 * CapacityWeigher alone with a positive multiplier (the default) needs no scale: the weight is the virtual free capacity
 * in hundredths of GiB, and knows nothing of the other pools. Any other setting is Cinder's sum: each weigher scaled
 * min–max over the candidates to 0..1_000_000, times its multiplier, added up; then lifted by a constant, so that no
 * weight is below 0. A negative multiplier therefore prefers the least ("pack").
 *
 * With `spread` a queue of builds divides the weight by 1 + its length; `best` is Cinder's order, which knows no queue.
 *
 * Sources: cinder/scheduler/base_weight.py, cinder/scheduler/weights/capacity.py.
 */
import type { PlacementOptions, PlaceRequest, PoolView, WeigherName } from '../../model/placement.ts'
import type { KnownFunctions } from '../known-functions.ts'
import { allocatedCapacityWeigher } from './allocated-capacity.ts'
import { capacityWeigher } from './capacity.ts'
import { goodnessWeigher } from './goodness.ts'
import { volumeNumberWeigher } from './volume-number.ts'
import type { Weigher } from './weigher.ts'

export interface Weighed {
  /** Whole number, 0..2^50. */
  readonly weight: number
  /** By each weigher that has a multiplier: GiB, volumes, or goodness; -1 from one that prefers much and was told `infinite` or `unknown`. */
  readonly said: Readonly<Record<string, number>>
}

export interface Weighing {
  readonly request: PlaceRequest
  readonly options: PlacementOptions
  readonly functions: KnownFunctions
}

interface Column {
  readonly name: WeigherName
  readonly multiplier: number
  /** Hundredths of what it counts, one for each pool. */
  readonly values: readonly number[]
}

const WEIGHERS: ReadonlyArray<readonly [WeigherName, Weigher]> = [
  ['CapacityWeigher', capacityWeigher],
  ['AllocatedCapacityWeigher', allocatedCapacityWeigher],
  ['GoodnessWeigher', goodnessWeigher],
  ['VolumeNumberWeigher', volumeNumberWeigher],
]

/** Normalised weights are 0..SCALE. */
const SCALE = 1_000_000
/** A multiplier counts in thousandths. */
const MULTIPLIER_SCALE = 1000
/** Beyond the capacity of any pool; keeps all sums and logarithms in safe integers. */
const WEIGHT_MAX = 2 ** 50
/** Cinder's OFFSET_MULT and OFFSET_MIN: how far a pool without a known capacity lies beyond the largest known. */
const BEYOND_FACTOR = 100
const BEYOND_MIN = 10_000 * 100

/**
 * Weighs the pools that passed the filters.
 *
 * @param options  multipliers from -1000 to 1000; a weigher with 0 is not asked
 * @returns one entry for each pool, in their order
 * @throws never
 */
export function weigh(pools: readonly PoolView[], { request, options, functions }: Weighing): readonly Weighed[] {
  const columns = WEIGHERS.filter(([name]) => options.weighers[name] !== 0).map(([name, weigher]): Column => {
    const multiplier = options.weighers[name]
    const said = pools.map((pool) => weigher(pool, request, functions))
    return { name, multiplier, values: fillUnknown(said, multiplier) }
  })
  const [only, second] = columns
  const isPlain = only !== undefined && second === undefined && only.name === 'CapacityWeigher' && only.multiplier > 0
  const weights = isPlain ? only.values : cinderSum(columns, pools.length)
  return pools.map((pool, index) => {
    const said: Record<string, number> = {}
    for (const { name, values } of columns) said[name] = (values[index] ?? 0) / 100
    const share = options.order === 'spread' ? 1 + Math.max(0, pool.queue) : 1
    return { weight: Math.min(WEIGHT_MAX, Math.max(0, Math.floor((weights[index] ?? 0) / share))), said }
  })
}

/** Cinder's place for `infinite` and `unknown`: the least wanted end, whichever that is. */
function fillUnknown(said: readonly (number | null)[], multiplier: number): readonly number[] {
  const known = said.filter((value) => value !== null)
  if (known.length === said.length) return known
  if (multiplier > 0) return said.map((value) => value ?? -100)
  const [least, most] = extent(known)
  const beyond = most + (most > least ? (most - least) * BEYOND_FACTOR : BEYOND_MIN)
  return said.map((value) => value ?? beyond)
}

function cinderSum(columns: readonly Column[], count: number): readonly number[] {
  const sums = new Array<number>(count).fill(0)
  for (const { multiplier, values } of columns) {
    const factor = Math.round(multiplier * MULTIPLIER_SCALE)
    const lift = factor < 0 ? -factor * SCALE : 0
    const [least, most] = extent(values)
    for (const [index, value] of values.entries()) {
      const scaled = most === least ? 0 : Math.floor(((value - least) * SCALE) / (most - least))
      sums[index] = (sums[index] ?? 0) + factor * scaled + lift
    }
  }
  return sums
}

function extent(values: readonly number[]): readonly [least: number, most: number] {
  let [least, most] = [values[0] ?? 0, values[0] ?? 0]
  for (const value of values) {
    if (value < least) least = value
    if (value > most) most = value
  }
  return [least, most]
}
