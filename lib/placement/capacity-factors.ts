/**
 * How much a pool can still give out: Cinder's capacity factors, from what the pool reports about itself.
 *
 * The same arithmetic in the same order as Cinder (floats, the reserve floored, results rounded to hundredths), so that
 * a pool at its edge gets the verdict that Cinder would give.
 *
 * Sources: cinder/scheduler/sched_utils.py; defaults of missing reports: cinder/scheduler/host_manager.py.
 */
import type { Json } from '../model/json.ts'
import type { Capabilities } from '../model/placement.ts'
import type { VolumeType } from '../model/volume-type.ts'
import { pythonFloat, roundToHundredths } from './python-values.ts'

/** GiB; or Cinder's words for a pool that cannot tell; or null if nothing usable was reported. */
export type ReportedGiB = number | 'infinite' | 'unknown' | null
export type Provisioning = 'thin' | 'thick'

/** What a pool reports, with Cinder's default for what it leaves out. */
export interface ReportedCapacity {
  readonly totalGiB: ReportedGiB
  readonly freeGiB: ReportedGiB
  readonly provisionedGiB: number
  readonly reservedPercentage: number
  readonly isThin: boolean
  /** max_over_subscription_ratio in force; 1 for a pool without thin provisioning; NaN if what is reported is no number. */
  readonly ratio: number
}

export interface CapacityFactors {
  readonly provisioning: Provisioning
  /** 1 if `provisioning` is thick. */
  readonly ratio: number
  /** Whole GiB kept back. */
  readonly reservedGiB: number
  /** What all volumes together may have, GiB, hundredths. */
  readonly availableGiB: number
  /** What is left of it, GiB, hundredths; below 0 if more is given out already. */
  readonly virtualFreeGiB: number
}

/** Cinder's default of `max_over_subscription_ratio`, and of 'auto' for a pool that holds nothing yet. */
const DEFAULT_RATIO = 20

export function readCapacity(capabilities: Capabilities): ReportedCapacity {
  const totalGiB = asGiB(capabilities['total_capacity_gb'])
  const freeGiB = asGiB(capabilities['free_capacity_gb'])
  const provisionedGiB = asNumber(capabilities['provisioned_capacity_gb']) ?? asNumber(capabilities['allocated_capacity_gb']) ?? 0
  const isThin = capabilities['thin_provisioning_support'] === true
  return {
    totalGiB,
    freeGiB,
    provisionedGiB,
    reservedPercentage: asNumber(capabilities['reserved_percentage']) ?? 0,
    isThin,
    ratio: isThin ? overSubscriptionRatio(capabilities, totalGiB, freeGiB, provisionedGiB) : 1,
  }
}

/**
 * Cinder's `calculate_capacity_factors`.
 *
 * @param wanted  what the volume type asks for; `thin` counts only on a pool that can do it
 * @returns null if total or free capacity is not a number
 */
export function capacityFactors(capacity: ReportedCapacity, wanted: Provisioning): CapacityFactors | null {
  const { totalGiB, freeGiB, provisionedGiB, isThin } = capacity
  if (typeof totalGiB !== 'number' || typeof freeGiB !== 'number') return null
  const provisioning = wanted === 'thin' && isThin ? 'thin' : 'thick'
  const ratio = provisioning === 'thin' ? capacity.ratio : 1
  const reservedGiB = Math.floor(totalGiB * (capacity.reservedPercentage / 100))
  const available = (totalGiB - reservedGiB) * ratio
  const unassigned = available - provisionedGiB
  const virtualFree = provisioning === 'thick' && freeGiB < unassigned ? freeGiB : unassigned
  return {
    provisioning,
    ratio,
    reservedGiB,
    availableGiB: roundToHundredths(available),
    virtualFreeGiB: roundToHundredths(virtualFree),
  }
}

/** `provisioning:type: thick` in a type asks for room that is really there; anything else takes what the pool offers. */
export function provisioningOf(type: VolumeType | null): Provisioning {
  return type?.extraSpecs['provisioning:type'] === 'thick' ? 'thick' : 'thin'
}

/**
 * What a pool can still give out by its own report, over-subscription included.
 *
 * @returns GiB in hundredths, below 0 if over-committed; null if the pool reports no numbers
 */
export function virtualFreeGiB(capabilities: Capabilities, wanted: Provisioning = 'thin'): number | null {
  return capacityFactors(readCapacity(capabilities), wanted)?.virtualFreeGiB ?? null
}

/** The number that was reported, or null for anything else. */
export function asNumber(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null
}

function asGiB(value: Json | undefined): ReportedGiB {
  return typeof value === 'number' || value === 'infinite' || value === 'unknown' ? value : null
}

/** Cinder's `calculate_max_over_subscription_ratio`: 'auto' follows how densely the pool's volumes are really used. */
function overSubscriptionRatio(capabilities: Capabilities, total: ReportedGiB, free: ReportedGiB, provisionedGiB: number): number {
  if (typeof total !== 'number' || typeof free !== 'number') return 1
  // 0, '' and null are "not set" to Cinder.
  const reported = capabilities['max_over_subscription_ratio'] || DEFAULT_RATIO
  if (reported !== 'auto') return pythonFloat(reported) ?? Number.NaN
  return provisionedGiB === 0 ? DEFAULT_RATIO : 1 + provisionedGiB / (total - free + 1)
}
