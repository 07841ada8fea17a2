/**
 * Whether a host's process dies here: at a point that was picked, or at random.
 *
 * Points are picked one by one in the lives of `crash/lives.ts`; seeds draw. While a host is calm it dies of neither chance.
 */
import type { Random } from '../random.ts'
import type { Manner } from './manner.ts'
import type { CrashPoints } from './points.ts'

export interface FateOptions {
  readonly points: CrashPoints
  readonly random: Random
  readonly crash: (why: string, manner: Manner) => void
}

export class Fate {
  readonly #options: FateOptions
  isCalm = false

  constructor(options: FateOptions) {
    this.#options = options
  }

  /** Ends the process if this is where it dies. There is one point for each manner in which it may. */
  dies(rate: number, why: string, manners: readonly Manner[]): boolean {
    const { points, crash } = this.#options
    const picked = points.isArmed ? manners.filter((manner) => points.pass(manners.length > 1 ? `${why}, ${manner}` : why))[0] : undefined
    if (picked === undefined && !this.#isDrawn(rate)) return false
    crash(why, picked ?? 'drawn')
    return true
  }

  /** The same for whoever ends the process by himself. */
  strikes(rate: number, why: string): boolean {
    return this.#options.points.pass(why) || this.#isDrawn(rate)
  }

  #isDrawn(rate: number): boolean {
    return !this.isCalm && this.#options.random.chance(rate)
  }
}
