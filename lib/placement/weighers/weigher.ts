/** A weigher: one number that says how much there is of something in a pool. */
import type { PlaceRequest, PoolView } from '../../model/placement.ts'
import type { KnownFunctions } from '../known-functions.ts'

/** Whole hundredths of what is counted; null if the pool cannot tell (`infinite`, `unknown`). Pure; throws never. */
export type Weigher = (pool: PoolView, request: PlaceRequest, functions: KnownFunctions) => number | null

/** Whole hundredths: from here on all arithmetic is on integers. */
export function hundredths(count: number): number {
  return Math.round(count * 100)
}
