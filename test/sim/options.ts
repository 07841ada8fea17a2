/**
 * What kind of world a seed is: drawn first, before anything happens in it.
 *
 * Swarm testing: each seed has some faults at high rates and others not at all. A world with everything at once hides
 * what only long calm stretches or one kind of trouble can show.
 */
import { TIMINGS, type Timings } from '../../lib/flows/timings.ts'
import type { Limits } from '../../lib/model/quota.ts'
import { drawTypeLimits } from './default-limits.ts'
import type { Random } from './random.ts'
import { drawRareFaults, NO_RARE_FAULTS, type RareFaults } from './rare-faults.ts'

export interface CallFaults {
  /** Says that it failed, and did nothing. */
  readonly failBefore: number
  /** Says that it failed, and did it. */
  readonly failAfter: number
  /** Does not answer in time, and did nothing. */
  readonly unknownBefore: number
  /** Does not answer in time, and did it. */
  readonly unknownAfter: number
}

export interface SimOptions {
  readonly peers: 1 | 2 | 3 | 4 | 5
  readonly clients: number
  readonly requests: number
  readonly projects: number
  readonly limits: Limits
  readonly poolGiB: number
  readonly sizeGiBMax: number
  /** Whether pools can grow what is in use. */
  readonly onlineExtend: boolean
  /** Length of the phase with faults, virtual milliseconds. */
  readonly faultsMs: number
  readonly timings: Timings
  readonly network: {
    readonly loss: number
    readonly duplicates: number
    readonly delayMsMax: number
    /** Part of the messages that take up to 5 s. */
    readonly stragglers: number
    readonly isOrdered: boolean
    /** Part of the sends to a live peer that are reported as not sent, and are not. */
    readonly falseUnreachable: number
    readonly clogs: boolean
    readonly partition: 'none' | 'isolate-one' | 'split' | 'one-way' | 'mixed'
  }
  readonly journal: {
    readonly syncMsMax: number
    /** Part of the syncs that take 0.1 to 10 s. */
    readonly slowSyncs: number
    /** Chance that a write finds the disk full. */
    readonly full: number
  }
  readonly crash: {
    /** Chance at each journal batch: before it is written, while it is written (torn), after it is durable. */
    readonly atBatch: number
    /** Chance before and after each effect. */
    readonly atEffect: number
    /** Mean time between crashes out of the blue, or null for none. */
    readonly everyMs: number | null
    readonly downMsMax: number
  }
  readonly backend: CallFaults & { readonly latencyMsMax: number }
  readonly target: CallFaults & { readonly latencyMsMax: number; readonly restartsEmptyEveryMs: number | null }
  /** `random` replaces the failure detector: peers come and go in everybody's eyes whatever is true (I11). */
  readonly oracle: 'honest' | 'random'
  readonly wallSkewMs: number
  /** One host forgets what its journal knew, once. */
  readonly amnesia: boolean
  /** Hosts that keep registers change, one at a time. */
  readonly steps: boolean
  /** Among these steps, hosts are lost, join and leave. */
  readonly moves: boolean
  /** Part of the requests that are about volume types. */
  readonly types: number
  /** Part of the requests that are made by clients who know nothing of attachments as a resource. */
  readonly older: number
  /** Part of the requests that are about what lies in the pools; 0: nothing does. */
  readonly manages: number
  /** Part of the requests that give volumes to another project. */
  readonly transfers: number
  /** Part of the requests that change the default limits. */
  readonly defaults: number
  /** Part of the requests that are about groups of volumes. */
  readonly groups: number
  /** Between two times that somebody renames a volume by hand; null: nobody does. */
  readonly handEveryMs: number | null
  readonly rare: RareFaults
}

const NO_FAULTS: CallFaults = { failBefore: 0, failAfter: 0, unknownBefore: 0, unknownAfter: 0 }

/** Waits that fit into a minute of virtual time; proportions as in production. */
export const SIM_TIMINGS: Timings = { ...TIMINGS, resolveMs: 8000, operateMs: 15_000, retryMs: 2000, watchMs: 5000, headsMs: 1500 }

/** A world without trouble: scenarios start from it. */
export const CALM: SimOptions = {
  peers: 3,
  clients: 0,
  requests: 0,
  projects: 1,
  limits: { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: -1 },
  poolGiB: 100,
  sizeGiBMax: 10,
  onlineExtend: true,
  faultsMs: 0,
  timings: SIM_TIMINGS,
  network: { loss: 0, duplicates: 0, delayMsMax: 5, stragglers: 0, isOrdered: true, falseUnreachable: 0, clogs: false, partition: 'none' },
  journal: { syncMsMax: 2, slowSyncs: 0, full: 0 },
  crash: { atBatch: 0, atEffect: 0, everyMs: null, downMsMax: 5000 },
  backend: { ...NO_FAULTS, latencyMsMax: 20 },
  target: { ...NO_FAULTS, latencyMsMax: 10, restartsEmptyEveryMs: null },
  oracle: 'honest',
  wallSkewMs: 0,
  amnesia: false,
  steps: false,
  moves: false,
  types: 0,
  older: 0,
  manages: 0,
  transfers: 0,
  defaults: 0,
  groups: 0,
  handEveryMs: null,
  rare: NO_RARE_FAULTS,
}

export function drawOptions(random: Random): SimOptions {
  const peers = Number(random.weighted({ 1: 5, 2: 3, 3: 52, 4: 10, 5: 30 })) as SimOptions['peers']
  const faultsMs = random.between(15_000, 45_000)
  const isOrdered = random.chance(0.3)
  const isTight = random.chance(0.4)
  const rare = drawRareFaults(random.split('rare'))
  const types = drawTypes(random.split('types'))
  const drawn: Omit<SimOptions, 'handEveryMs'> = {
    peers,
    clients: random.between(1, 4),
    requests: random.between(20, 90),
    projects: random.weighted({ 1: 3, 2: 1 }) === '1' ? 1 : 2,
    limits: drawLimits(random, isTight, types),
    poolGiB: random.chance(0.4) ? random.between(10, 40) : 1000,
    sizeGiBMax: random.between(1, 10),
    onlineExtend: random.split('online').chance(0.8),
    faultsMs,
    timings: {
      ...SIM_TIMINGS,
      resolveMs: random.pick([1000, 3000, 8000]),
      operateMs: random.pick([3000, 8000, 15_000]),
      watchMs: random.pick([2000, 5000]),
    },
    network: {
      loss: random.chance(0.5) ? random.pick([0.01, 0.03, 0.1, 0.3]) : 0,
      duplicates: random.chance(0.5) ? random.pick([0.02, 0.1, 0.5]) : 0,
      delayMsMax: random.pick([2, 5, 20, 200]),
      stragglers: isOrdered || random.chance(0.6) ? 0 : random.pick([0.01, 0.03, 0.08]),
      isOrdered,
      falseUnreachable: random.chance(0.3) ? 0.05 : 0,
      clogs: random.chance(0.3),
      partition: random.chance(0.5) ? random.pick(['isolate-one', 'split', 'one-way', 'mixed']) : 'none',
    },
    journal: {
      syncMsMax: random.pick([1, 3, 10, 50]),
      slowSyncs: random.chance(0.2) ? 0.02 : 0,
      full: random.chance(0.15) ? 0.001 : 0,
    },
    crash: {
      atBatch: random.chance(0.4) ? random.pick([0.0005, 0.002, 0.006]) : 0,
      atEffect: random.chance(0.4) ? random.pick([0.0001, 0.0004, 0.001]) : 0,
      everyMs: random.chance(0.4) ? random.between(5000, 30_000) : null,
      downMsMax: random.pick([500, 3000, 15_000]),
    },
    backend: { ...drawCallFaults(random), latencyMsMax: random.pick([2, 50, 500]) },
    target: {
      ...drawCallFaults(random),
      latencyMsMax: random.pick([2, 30, 300]),
      restartsEmptyEveryMs: random.chance(0.2) ? random.between(5000, 20_000) : null,
    },
    oracle: random.chance(0.15) ? 'random' : 'honest',
    wallSkewMs: random.chance(0.3) ? random.between(0, 7_200_000) - 3_600_000 : 0,
    // In a smaller cluster nobody is left to remember.
    amnesia: peers >= 3 && random.chance(0.3),
    steps: peers > 1 && random.chance(0.25),
    moves: random.split('moves').chance(0.5),
    types,
    older: drawOlder(random.split('older')),
    ...drawManages(random.split('manages')),
    transfers: drawTransfers(random.split('transfers')),
    defaults: drawDefaults(random.split('defaults'), isTight),
    groups: drawGroups(random.split('groups')),
    rare,
  }
  const isRemembered = !drawn.amnesia && rare.journal.rotsEveryMs === null
  return { ...drawn, handEveryMs: isRemembered ? drawHand(random.split('hand')) : null }
}

function drawHand(random: Random): number | null {
  return random.chance(0.3) ? random.between(3000, 15_000) : null
}

/** Of what others have in the pools much is known only where the pools are full. */
function drawManages(random: Random): Pick<SimOptions, 'manages'> & Partial<Pick<SimOptions, 'poolGiB'>> {
  if (random.chance(0.5)) return { manages: 0 }
  const manages = random.pick([0.1, 0.3])
  return random.chance(0.4) ? { manages, poolGiB: random.between(6, 14) } : { manages }
}

function drawTransfers(random: Random): number {
  return random.chance(0.4) ? random.pick([0.1, 0.25]) : 0
}

/** Mostly where there are limits. */
function drawDefaults(random: Random, isTight: boolean): number {
  return random.chance(isTight ? 0.5 : 0.1) ? random.pick([0.05, 0.15]) : 0
}

function drawGroups(random: Random): number {
  return random.chance(0.4) ? random.pick([0.15, 0.4]) : 0
}

function drawTypes(random: Random): number {
  return random.chance(0.4) ? random.pick([0.1, 0.3]) : 0
}

function drawOlder(random: Random): number {
  return random.chance(0.3) ? random.pick([0.1, 0.4]) : 0
}

function drawLimits(random: Random, isTight: boolean, types: number): Limits {
  return {
    volumes: isTight ? random.between(2, 8) : -1,
    snapshots: isTight ? random.between(0, 6) : -1,
    gigabytes: isTight && random.chance(0.5) ? random.between(10, 60) : -1,
    per_volume_gigabytes: random.chance(0.2) ? 8 : -1,
    groups: isTight ? random.split('groups').between(1, 4) : -1,
    ...(isTight && types > 0 ? drawTypeLimits(random.split('type limits')) : {}),
  }
}

function drawCallFaults(random: Random): CallFaults {
  const rate = (): number => (random.chance(0.5) ? random.below(20) / 100 : 0)
  if (random.chance(0.5)) return NO_FAULTS
  return { failBefore: rate(), failAfter: rate(), unknownBefore: rate(), unknownAfter: rate() }
}
