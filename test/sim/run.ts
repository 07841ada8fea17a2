/** Runs one seed from its number to its verdict. */
import type { Bug } from './bugs/distortion.ts'
import { drawOptions, type SimOptions } from './options.ts'
import { Random } from './random.ts'
import { Simulation } from './simulation.ts'
import { type Invariant, Violation } from './violation.ts'

export interface Verdict {
  readonly seed: number
  readonly options: SimOptions
  readonly events: number
  /** Virtual milliseconds. */
  readonly elapsedMs: number
  /** From the end of the troubles to rest; null if it did not get there. */
  readonly restMs: number | null
  readonly hits: Readonly<Record<string, number>>
  /** Hash of the whole trace, if it was asked for. */
  readonly hash: string | null
  readonly failure: {
    readonly invariant: Invariant
    readonly message: string
    readonly facts: unknown
    readonly trace: readonly string[]
  } | null
}

export interface RunOptions {
  readonly bug?: Bug | null
  readonly hashes?: boolean
  readonly print?: ((line: string) => void) | null
}

/** Lines of the trace that a failure shows. */
const SHOWN = 40

export function runSeed(seed: number, { bug = null, hashes = false, print = null }: RunOptions = {}): Verdict {
  const options = drawOptions(new Random(`options/${seed}`))
  const simulation = new Simulation({
    seed: String(seed),
    options,
    hashes,
    print,
    ...(bug === null ? {} : { distortion: bug.distortion() }),
  })
  const { world } = simulation
  let failure: Verdict['failure'] = null
  let restMs: number | null = null
  try {
    restMs = simulation.run()
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    failure = { invariant: error.invariant, message: error.message, facts: error.facts, trace: world.trace.last(SHOWN) }
  }
  return {
    seed,
    options,
    events: world.events,
    elapsedMs: world.nowMs,
    restMs,
    hits: simulation.hits.counts(),
    hash: hashes ? world.trace.hash() : null,
    failure,
  }
}
