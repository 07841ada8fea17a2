/**
 * A filter: one question about one pool, with the two values that decided it.
 *
 * The texts are the filter's own and are made where the verdict is made, so an explanation can never tell another
 * story than the decision did.
 */
import type { PlacementOptions, PlaceRequest, PoolView, RoomRequest } from '../../model/placement.ts'
import type { KnownFunctions } from '../known-functions.ts'

/** What the pool reported and what was needed: short texts for a person. */
export interface Refusal {
  readonly reported: string
  readonly needed: string
}

/** null lets the pool pass. Pure; throws never. The owner asks it again before it promises anything. */
export type Filter = (pool: PoolView, request: RoomRequest, options: PlacementOptions) => Refusal | null

/** Asked by whoever ranks, and by nobody again: what a client or an operator would like, and what no promise hangs on. */
export type Preference = (pool: PoolView, request: PlaceRequest, functions: KnownFunctions) => Refusal | null
