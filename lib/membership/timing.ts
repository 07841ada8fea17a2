/**
 * How long the failure detector waits, in milliseconds.
 *
 * The numbers are memberlist's for a LAN (config.go, suspicion.go), so that their published experience holds here; what
 * differs says so.
 */

/** Between two probes of one peer. */
export const PROBE_INTERVAL_MS = 1000
/** For a direct answer, before others are asked to try. Stretched by the own health, as in the paper; in memberlist it is not. */
export const DIRECT_TIMEOUT_MS = 500
/** Members that are asked to try. */
export const RELAYS = 3
/**
 * A relay that has heard nothing for so long says that at least it is alive: 80 % of the direct time-out, as the
 * Lifeguard paper has it (arXiv 1707.00788). memberlist waits the whole of it, and its nack comes too late to count.
 */
export const NACK_AFTER_MS = 400
/** Continuous `alive` before a member counts as steady. */
export const STEADY_AFTER_MS = 10_000
/** A timer that fires later than this says that we slept, and that answers may be waiting to be read. */
export const LATE_MS = 100
/** Time to read them. */
export const GRACE_MS = 200

const SUSPICION_MULTIPLIER = 4
const SUSPICION_MAX_FACTOR = 6
const RETRANSMIT_MULTIPLIER = 4

/** Suspecters besides the first that make a suspicion as short as it gets; 0 where there are not enough members to ask. */
function confirmationsWanted(members: number): number {
  const wanted = SUSPICION_MULTIPLIER - 2
  return members - 2 < wanted ? 0 : wanted
}

/**
 * Time from the first suspicion to `down` (Lifeguard, Dynamic Suspicion Timeouts): long while one member alone suspects,
 * shorter with each that confirms it.
 *
 * @param members        all members, the own peer included
 * @param confirmations  different members that suspect it, besides the first
 */
export function suspicionMs(members: number, confirmations: number): number {
  const min = SUSPICION_MULTIPLIER * Math.max(1, Math.log10(members)) * PROBE_INTERVAL_MS
  const wanted = confirmationsWanted(members)
  if (confirmations >= wanted) return Math.ceil(min)
  const max = SUSPICION_MAX_FACTOR * min
  return Math.ceil(max - (Math.log(confirmations + 1) / Math.log(wanted + 1)) * (max - min))
}

/** How often one peer passes a rumour on. */
export function retransmitsOf(members: number): number {
  return RETRANSMIT_MULTIPLIER * Math.ceil(Math.log10(members + 1))
}
