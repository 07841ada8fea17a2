/**
 * A fingerprint of what a ranking was computed from, to be kept with the decision.
 *
 * It covers all that the filters and weighers read: name, peer, zone, state, queue, capacities, and the capabilities
 * that the request's type demands. Each pool is hashed alone and the hashes are added up, so that the order of the
 * pools does not matter and nothing has to be sorted.
 */
import type { Json } from '../model/json.ts'
import { canonicalJson } from '../model/json.ts'
import type { PlaceRequest, PoolView } from '../model/placement.ts'
import { capabilityAt, isForeign } from './filters/capabilities.ts'
import { absorbNumber, absorbText, absorbWord, settle } from './mixing-hash.ts'
import type { Lanes } from './mixing-hash.ts'

/** Words that keep values of different types apart; a number, the usual case, has none. */
const TAG = { missing: 0x3c6ef372, text: 0x1b873593, other: 0x7f4a7c15 }

/** Takes the pools of one view one by one, in any order. */
export interface ViewDigest {
  add(pool: PoolView): void
  /** 16 hex digits. Equal for equal views in any order; different for different ones but for a chance of 2^-64. */
  hex(): string
}

/** Starts the digest of a view for `request`; of the request only the type's demands count. */
export function viewDigest(request: PlaceRequest): ViewDigest {
  const demanded = Object.keys(request.type?.extraSpecs ?? {})
    .filter((key) => !isForeign(key))
    .sort()
  const sum: Lanes = { high: 0, low: 0 }
  const lanes: Lanes = { high: 0, low: 0 }
  return {
    add(pool): void {
      lanes.high = 0
      lanes.low = 0
      absorbPool(lanes, pool, demanded)
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
