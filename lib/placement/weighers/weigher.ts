/** A weigher: one number that says how much there is of something in a pool. */
import type { PlaceRequest, PoolView } from '../../model/placement.ts'

/** Whole hundredths of GiB; null if the pool cannot tell (`infinite`, `unknown`). Pure; throws never. */
export type Weigher = (pool: PoolView, request: PlaceRequest) => number | null

/** Whole hundredths: from here on all arithmetic is on integers. */
export function hundredths(sizeGiB: number): number {
  return Math.round(sizeGiB * 100)
}
