/**
 * Weighted rendezvous hashing: each pool draws a number from (request, pool), and its weight bends the draw.
 *
 * A pool is first with a probability in proportion to its weight, and a pool's score knows nothing of the other pools:
 * one that comes or goes moves no other. The score is the logarithm of w / −ln(u), with u in (0, 1) from the hash, which
 * has the same order and fits into a safe integer at equal precision for small and large weights.
 *
 * Method: "Weighted distributed hash tables" (Schindelhauer, Schomaker, 2005); logarithmic form by Jason Resch (2015).
 */
import { hashBytes } from '../model/hash.ts'
import { LN_2, logOfInteger, minusLog, ONE } from './fixed-log.ts'
import { absorbText, settle } from './mixing-hash.ts'
import type { Lanes } from './mixing-hash.ts'

/** −ln(u) is below 2^47 units for every 33-bit u, so that no score is below 0. */
const OFFSET = 47 * LN_2
/** u = (2h + 1) / 2^33 is never 0 nor 1. */
const HALF_DRAW = ONE / 0x2_0000_0000

/** 64 bits that depend on a request and a pool, the upper half first. */
export interface Draw {
  readonly high: number
  readonly low: number
}

/** The state that all draws of one request start from. */
export function seedOf(rid: string): Draw {
  const bytes = hashBytes('placement', rid)
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { high: words.getUint32(0), low: words.getUint32(4) }
}

export function drawOf(seed: Draw, pool: string): Draw {
  const lanes: Lanes = { high: seed.high | 0, low: seed.low | 0 }
  absorbText(lanes, pool)
  settle(lanes)
  return { high: lanes.high >>> 0, low: lanes.low >>> 0 }
}

/**
 * ln(weight / −ln(u)) in units of 2^-42, plus a constant.
 *
 * @param weight  whole number, 0..2^50
 * @returns safe integer; 0 for weight 0 and above 0 for any other
 */
export function rendezvousScore(weight: number, draw: Draw): number {
  if (weight < 1) return 0
  return OFFSET + logOfInteger(weight) - logOfInteger(minusLog((2 * draw.high + 1) * HALF_DRAW))
}
