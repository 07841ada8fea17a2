/**
 * How much a peer trusts its own ears (Lifeguard, Local Health Multiplier).
 *
 * A detector that is slow itself hears answers too late and would slander the others. So what hints at its own slowness
 * stretches its time-outs and its probe interval by `health + 1`: probes that fail without a word from the relays, having
 * to refute, and a late event loop. Successful probes shrink them again.
 */
import type { Membership } from './membership.ts'
import { DIRECT_TIMEOUT_MS } from './timing.ts'

export const HEALTH_WORST = 8
/** An event loop later than this at the 99th percentile is ill. */
const LAG_MS = 100

/** By how much this peer's time-outs and its probe interval are longer now. */
export function stretchOf(membership: Membership): number {
  return membership.health + 1
}

/** Raises (by > 0) or lowers the multiplier within its bounds. */
export function shiftHealth(membership: Membership, by: number): void {
  membership.health = Math.min(HEALTH_WORST, Math.max(0, membership.health + by))
}

/**
 * The delay of the own event loop since the last call, 99th percentile; call it about once a second.
 *
 * Above 100 ms it costs one point, and at least as many that a direct time-out lasts longer than the delay.
 */
export function onLag(membership: Membership, p99Ms: number): void {
  if (p99Ms <= LAG_MS) return
  const enough = Math.ceil(p99Ms / DIRECT_TIMEOUT_MS)
  shiftHealth(membership, Math.max(1, enough - membership.health))
}
