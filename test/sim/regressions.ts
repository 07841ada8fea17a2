/** The faults that seeds have shown: regressions.json, which keeps each with what it was and where its story is told. */
import { readFileSync } from 'node:fs'

export interface Regression {
  readonly seed: number
  readonly why: string
  /** What was wrong was a checker or the simulated operator. Everything else was a fault of the rules. */
  readonly of?: 'the simulator'
  /** "file below test > name of a test": what went wrong, told so that it can be read, and without chance. Null if nobody has told it. */
  readonly story: string | readonly string[] | null
}

export function savedRegressions(): readonly Regression[] {
  return JSON.parse(readFileSync(new URL('../../../test/sim/regressions.json', import.meta.url), 'utf8'))
}
