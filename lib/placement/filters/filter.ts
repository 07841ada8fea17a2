/**
 * A filter: one question about one pool, with the two values that decided it.
 *
 * The texts are the filter's own and are made where the verdict is made, so an explanation can never tell another
 * story than the decision did.
 */
import type { PlacementOptions, PlaceRequest, PoolView } from '../../model/placement.ts'

/** What the pool reported and what was needed: short texts for a person. */
export interface Refusal {
  readonly reported: string
  readonly needed: string
}

/** null lets the pool pass. Pure; throws never. */
export type Filter = (pool: PoolView, request: PlaceRequest, options: PlacementOptions) => Refusal | null
