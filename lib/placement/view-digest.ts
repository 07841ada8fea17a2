/**
 * A fingerprint of what a ranking was computed from, to be kept with the decision.
 *
 * It covers all that the filters and weighers read: name, peer, zone, state, queue, capacities, what the request's type
 * and query and the backends' functions ask for, and where the volumes of its hints lie. Each pool is hashed alone and the hashes are added up, so that the order of the
 * pools does not matter and nothing has to be sorted.
 */
import type { QueryTerm } from '../model/hints.ts'
import type { Json } from '../model/json.ts'
import { canonicalJson } from '../model/json.ts'
import type { PlaceRequest, PoolView } from '../model/placement.ts'
import { capabilityAt, isForeign } from './filters/capabilities.ts'
import { readingOf } from './function-values.ts'
import type { KnownFunctions } from './known-functions.ts'
import { absorbNumber, absorbText, absorbWord, settle } from './mixing-hash.ts'
import type { Lanes } from './mixing-hash.ts'
import { attributeOf, ownCapability } from './pool-attributes.ts'

/** Words that keep values of different types apart; a number, the usual case, has none. */
const TAG = { missing: 0x3c6ef372, text: 0x1b873593, other: 0x7f4a7c15 }

const FUNCTIONS = ['filter_function', 'goodness_function'] as const

/** Takes the pools of one view one by one, in any order. */
export interface ViewDigest {
  add(pool: PoolView): void
  /** 16 hex digits. Equal for equal views in any order; different for different ones but for a chance of 2^-64. */
  hex(): string
}

/** Starts the digest of a view for `request`; of the request only what it asks of pools counts. */
export function viewDigest(request: PlaceRequest, functions: KnownFunctions): ViewDigest {
  const demanded = Object.keys(request.type?.extraSpecs ?? {})
    .filter((key) => !isForeign(key))
    .sort()
  const asked = attributesIn(request.hints.query)
  const sum: Lanes = hinted(request)
  const lanes: Lanes = { high: 0, low: 0 }

  /** The text, and what it reads of the pool. */
  function absorbFunction(pool: PoolView, key: string): void {
    const text = pool.capabilities[key]
    absorbValue(lanes, text)
    const known = typeof text === 'string' ? functions(text) : null
    for (const reading of known?.reads ?? []) absorbValue(lanes, readingOf(reading, pool, request))
  }

  return {
    add(pool): void {
      lanes.high = 0
      lanes.low = 0
      absorbPool(lanes, pool, demanded)
      for (const [name, key] of asked) absorbValue(lanes, key === undefined ? attributeOf(pool, name) : ownCapability(pool, key))
      for (const key of FUNCTIONS) absorbFunction(pool, key)
      settle(lanes)
      sum.high = (sum.high + lanes.high) | 0
      sum.low = (sum.low + lanes.low) | 0
    },
    hex(): string {
      const total: Lanes = { ...sum }
      settle(total)
      return [total.high, total.low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
    },
  }
}

/** Where the volumes of the hints lie: nothing of it leaves the sum as if there were no hints. */
function hinted({ hints: { sameBackends, differentBackends } }: PlaceRequest): Lanes {
  const lanes: Lanes = { high: 0, low: 0 }
  if (sameBackends === null && differentBackends === null) return lanes
  for (const backends of [sameBackends, differentBackends]) {
    absorbNumber(lanes, backends?.size ?? -1)
    for (const backend of [...(backends ?? [])].sort()) absorbText(lanes, backend)
  }
  settle(lanes)
  return lanes
}

/** An attribute of a pool, or one key of its capabilities: all of these would cost more than the ranking. */
type Asked = readonly [name: string, key?: string]

/** What a query reads of a pool. */
function attributesIn(query: QueryTerm | null): readonly Asked[] {
  if (query === null || query.kind === 'value') return []
  if (query.kind === 'call') return query.terms.flatMap(attributesIn)
  const [name = '', key] = query.path
  return [name === 'capabilities' && key !== undefined ? [name, key] : [name]]
}

function absorbPool(lanes: Lanes, { name, peer, zone, state, queue, capabilities }: PoolView, demanded: readonly string[]): void {
  absorbText(lanes, name)
  absorbText(lanes, peer)
  absorbText(lanes, zone)
  absorbText(lanes, state)
  absorbNumber(lanes, queue)
  // What filters and weighers read by name, spelled out: a loop over keys would cost most of the time of a digest.
  absorbValue(lanes, capabilities['total_capacity_gb'])
  absorbValue(lanes, capabilities['free_capacity_gb'])
  absorbValue(lanes, capabilities['provisioned_capacity_gb'])
  absorbValue(lanes, capabilities['allocated_capacity_gb'])
  absorbValue(lanes, capabilities['reserved_percentage'])
  absorbValue(lanes, capabilities['max_over_subscription_ratio'])
  absorbValue(lanes, capabilities['thin_provisioning_support'])
  absorbValue(lanes, capabilities['thin_data_percent'])
  absorbValue(lanes, capabilities['thin_metadata_percent'])
  absorbValue(lanes, capabilities['total_volumes'])
  for (const key of demanded) absorbValue(lanes, capabilityAt(capabilities, key))
}

function absorbValue(lanes: Lanes, value: Json | undefined): void {
  if (typeof value === 'number') {
    absorbNumber(lanes, value)
  } else if (typeof value === 'string') {
    absorbWord(lanes, TAG.text)
    absorbText(lanes, value)
  } else if (value === undefined) {
    absorbWord(lanes, TAG.missing)
  } else {
    absorbWord(lanes, TAG.other)
    absorbText(lanes, typeof value === 'boolean' ? String(value) : canonicalJson(value))
  }
}
