/**
 * Makes the faults of a run: two lanes that kill agents, and one that does everything else.
 *
 * Each lane draws from a stream of its own. A kill counts only if it hit an agent that had answered, or one that had been
 * starting for a while; which of the two is counted apart.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../sim/random.ts'
import { type FaultKind, FAULTS, type World } from './faults.ts'
import type { Kept } from './keeper.ts'
import { shuffled } from './shuffled.ts'

export interface Plan {
  readonly kills: number
  /** For at least so long. */
  readonly minMs: number
  /** Kinds besides kills; each happens at least once. */
  readonly kinds: readonly FaultKind[]
}

export type Hits = Record<FaultKind | 'kill' | 'kill-starting', number>

export interface Nemesis {
  /** Resolves when the plan is fulfilled, or at the signal, and every fault has ended. */
  readonly done: Promise<void>
  /** How often each kind has happened. */
  readonly hits: Readonly<Hits>
}

const KILL_LANES = 2
const BETWEEN_KILLS_MS_MAX = 300
const DOWN_MS_MAX = 3000
/** An agent that has been up for less has read nothing yet. */
const STARTING_MS = 300
const STARTING_MS_MAX = 1500
const BETWEEN_FAULTS_MS_MAX = 2000
const IDLE_MS = 100

interface Run {
  readonly world: World
  readonly plan: Plan
  readonly hits: Hits
  /** Kinds that have not happened yet. */
  readonly missing: Set<FaultKind>
  readonly untilMs: number
  readonly signal: AbortSignal
}

export function unleash(world: World, plan: Plan, random: Random, signal: AbortSignal): Nemesis {
  const hits: Hits = { kill: 0, 'kill-starting': 0, stop: 0, cut: 0, 'cut-one-way': 0, tgtd: 0, reboot: 0, 'full-disk': 0 }
  const run: Run = { world, plan, hits, missing: new Set(plan.kinds), untilMs: performance.now() + plan.minMs, signal }
  const lanes = Array.from({ length: plan.kills > 0 ? KILL_LANES : 0 }, (_, k) => killAgain(run, random.split(`kills-${k}`)))
  return { done: Promise.all([...lanes, doOthers(run, random.split('others'))]).then(() => undefined), hits }
}

async function killAgain(run: Run, random: Random): Promise<void> {
  while (!isOver(run)) {
    await pause(random.below(BETWEEN_KILLS_MS_MAX))
    const kept = killsAreDue(run) ? run.world.keeper.take(random) : null
    if (kept === null) await pause(IDLE_MS)
    else {
      await killOne(run, kept, random)
      run.world.keeper.giveBack(kept)
    }
  }
}

async function killOne(run: Run, kept: Kept, random: Random): Promise<void> {
  const downMs = random.chance(0.5) ? 0 : random.below(DOWN_MS_MAX)
  const againMs = random.chance(0.2) ? random.between(STARTING_MS, STARTING_MS_MAX) : null
  run.world.tell(`kill ${kept.host.name}, down ${downMs} ms${againMs === null ? '' : `, again after ${againMs} ms`}`)
  await killCounted(run, kept)
  await pause(downMs)
  kept.start()
  if (againMs !== null) {
    await pause(againMs)
    await killCounted(run, kept)
    kept.start()
  }
  await kept.untilReady()
}

async function killCounted({ hits }: Run, kept: Kept): Promise<void> {
  const kind = kept.isReady() ? 'kill' : kept.upMs() >= STARTING_MS ? 'kill-starting' : null
  await kept.kill()
  if (kind !== null) hits[kind] += 1
}

async function doOthers(run: Run, random: Random): Promise<void> {
  const { world, plan, hits, missing } = run
  const first = shuffled(plan.kinds, random)
  while (!isOver(run)) {
    const kind = first.shift() ?? (plan.kinds.length > 0 ? random.pick(plan.kinds) : null)
    if (kind === null) await pause(IDLE_MS)
    else if (await FAULTS[kind](world, random)) {
      hits[kind] += 1
      missing.delete(kind)
    } else if (missing.has(kind)) first.unshift(kind)
    await pause(random.below(BETWEEN_FAULTS_MS_MAX))
  }
}

function isOver(run: Run): boolean {
  return run.signal.aborted || (!killsAreDue(run) && run.missing.size === 0 && performance.now() >= run.untilMs)
}

function killsAreDue({ plan, hits, untilMs }: Run): boolean {
  return hits.kill + hits['kill-starting'] < plan.kills || performance.now() < untilMs
}
