/** Runs one life with crashes at given points, to rest, and says what was wrong. */
import { UNDISTORTED } from '../bugs/distortion.ts'
import { plantedBug } from '../bugs/planted.ts'
import { SIM_TIMINGS } from '../options.ts'
import { cluster } from '../scenario.ts'
import type { Simulation } from '../simulation.ts'
import { Violation } from '../violation.ts'
import { LIVES } from './lives.ts'
import { CrashPoints } from './points.ts'

export interface LifeRun {
  readonly life: string
  readonly at: readonly number[]
  /** What was wrong, with the last events; null if nothing was. */
  readonly fault: string | null
  /** Points passed until all was at rest. */
  readonly passed: number
  readonly counts: Readonly<Record<string, number>>
}

const FAST = { ...SIM_TIMINGS, resolveMs: 2000, operateMs: 3000 }
const SHOWN = 40

export function runLife(name: string, at: readonly number[], bug: number | null = null): LifeRun {
  const life = LIVES.find((one) => one.name === name)
  if (life === undefined) throw new RangeError(`no life called ${name}`)
  const points = new CrashPoints(at)
  const distortion = bug === null ? UNDISTORTED : plantedBug(bug).distortion()
  const simulation = cluster({ timings: FAST, poolGiB: life.poolGiB }, { points, distortion })
  const fault = faultIn(simulation, () => {
    const act = life.prepare(simulation)
    points.arm()
    act()
    simulation.heal()
    simulation.comeToRest()
  })
  return { life: name, at, fault, passed: points.passed, counts: points.counts() }
}

function faultIn(simulation: Simulation, act: () => void): string | null {
  try {
    act()
    return null
  } catch (error) {
    const facts = error instanceof Violation ? JSON.stringify(error.facts) : ''
    return `${error instanceof Error ? error.message : String(error)} ${facts}\n${simulation.world.trace.last(SHOWN).join('\n')}`
  }
}
