/**
 * Troubles that come on top of those in `options.ts`, each in a part of the seeds only.
 *
 * Drawn from a stream of their own, so that a seed keeps the world that it had before one of these was thought of. All
 * times are mean times between two, in virtual milliseconds; null means never.
 */
import type { Random } from './random.ts'

/** `ring`: everybody sees a majority, and no two the same one. `flapping`: a split that comes and goes. */
export type RarePartition = 'ring' | 'flapping'

export interface RareFaults {
  readonly journal: {
    /** Chance that a sync fails, and that the journal cannot be opened. */
    readonly syncErrors: number
    readonly openErrors: number
    /** A block of the journal rots: a bit flips, or synced batches are gone. Noticed at the next start. */
    readonly rotsEveryMs: number | null
  }
  readonly calls: {
    /** Part of the calls that time out and have their effect later, when nobody waits any more. */
    readonly late: number
    /** Part of the calls that take very long and then do not answer. */
    readonly hangs: number
    /** Part of the listings that make no sense. */
    readonly garbage: number
  }
  readonly poolTroublesEveryMs: number | null
  readonly daemonTroublesEveryMs: number | null
  /** Stops of a process (SIGSTOP, 1 to 120 s), and stalls of its event loop. */
  readonly pausesEveryMs: number | null
  readonly stallsEveryMs: number | null
  /** All hosts are restarted, one after the other. */
  readonly rollsEveryMs: number | null
  readonly clockJumpsEveryMs: number | null
  /** Ten times the load for a moment. */
  readonly burstsEveryMs: number | null
  readonly partition: RarePartition | null
  /** Connections that break and come back. */
  readonly resetsEveryMs: number | null
  /** Every message is parsed as it comes off the wire. */
  readonly isWireChecked: boolean
  /** Part of the clients' requests that come from another project than the volume's. */
  readonly trespasses: number
  /** Part of the reservations for which a host claims a grant that it has made up. */
  readonly forgeries: number
  /** Part of the messages that come once more, from another cluster or under an older manifest. */
  readonly strays: number
}

export const NO_RARE_FAULTS: RareFaults = {
  journal: { syncErrors: 0, openErrors: 0, rotsEveryMs: null },
  calls: { late: 0, hangs: 0, garbage: 0 },
  poolTroublesEveryMs: null,
  daemonTroublesEveryMs: null,
  pausesEveryMs: null,
  stallsEveryMs: null,
  rollsEveryMs: null,
  clockJumpsEveryMs: null,
  burstsEveryMs: null,
  partition: null,
  resetsEveryMs: null,
  isWireChecked: false,
  trespasses: 0,
  forgeries: 0,
  strays: 0,
}

export function drawRareFaults(random: Random): RareFaults {
  const sometimes = (part: number, fromMs: number, toMs: number): number | null =>
    random.chance(part) ? random.between(fromMs, toMs) : null
  return {
    journal: {
      syncErrors: random.chance(0.15) ? 0.001 : 0,
      openErrors: random.chance(0.2) ? 0.3 : 0,
      rotsEveryMs: sometimes(0.1, 8000, 20_000),
    },
    calls: {
      late: random.chance(0.25) ? 0.1 : 0,
      hangs: random.chance(0.15) ? 0.05 : 0,
      garbage: random.chance(0.2) ? 0.1 : 0,
    },
    poolTroublesEveryMs: sometimes(0.2, 5000, 15_000),
    daemonTroublesEveryMs: sometimes(0.15, 5000, 15_000),
    pausesEveryMs: sometimes(0.15, 4000, 15_000),
    stallsEveryMs: sometimes(0.15, 1000, 5000),
    rollsEveryMs: sometimes(0.1, 10_000, 20_000),
    clockJumpsEveryMs: sometimes(0.2, 3000, 15_000),
    burstsEveryMs: sometimes(0.08, 10_000, 20_000),
    partition: random.chance(0.12) ? random.pick(['ring', 'flapping']) : null,
    resetsEveryMs: sometimes(0.2, 1000, 5000),
    isWireChecked: random.chance(0.25),
    trespasses: random.chance(0.5) ? 0.05 : 0,
    forgeries: random.chance(0.1) ? 0.1 : 0,
    strays: random.chance(0.2) ? 0.05 : 0,
  }
}
