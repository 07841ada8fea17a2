/**
 * One short life of a volume, with a crash at every single point of it: before, in and after each batch, before and
 * after each effect, on every host. Wherever it falls, the cluster comes to rest and every promise holds.
 */
import t from 'tap'
import { SIM_TIMINGS } from './options.ts'
import { attach, available, cluster, operate, shownAs } from './scenario.ts'
import { Random } from './random.ts'
import type { Simulation } from './simulation.ts'
import { Violation } from './violation.ts'

t.setTimeout(600_000)

/** Hosts die in the middle of it, so every step may be answered with an error, or not at all. */
function life(simulation: Simulation): void {
  const { id } = available(simulation, 'a', 2)
  const { id: attachment, initiator, connection } = attach(simulation, 'b', id)
  for (const { exports } of simulation.nodes) exports.login(initiator, connection.iqn, connection.username, connection.password)
  operate(simulation, 'c', id, { kind: 'complete', attachment })
  operate(simulation, 'a', id, { kind: 'detach', attachment, allowUnsafe: true })
  operate(simulation, 'b', id, { kind: 'extend', sizeGiB: 3 })
  shownAs(simulation, id, 'c', 'available')
  operate(simulation, 'c', id, { kind: 'delete', force: false })
}

/** What went wrong that may not, or null. */
function faultOf(crashAt: readonly number[], onEnd: (simulation: Simulation) => void = () => {}): string | null {
  let simulation: Simulation | null = null
  try {
    simulation = cluster({ timings: FAST }, crashAt)
    try {
      life(simulation)
    } catch (error) {
      // The life was cut short: that is what a crash does. Anything that a checker says is not.
      if (error instanceof Violation && error.invariant !== 'convergence') throw error
    }
    simulation.heal()
    simulation.comeToRest()
    onEnd(simulation)
    return null
  } catch (error) {
    const trace = simulation === null ? [] : simulation.world.trace.last(40)
    return `${error instanceof Error ? error.message : String(error)} ${error instanceof Violation ? JSON.stringify(error.facts) : ''}\n${trace.join('\n')}`
  }
}

const PAIRS = 1000
const FAST = { ...SIM_TIMINGS, resolveMs: 2000, operateMs: 3000 }

let points = 0

t.test('a crash at any one point of a volume’s life breaks nothing', async (t) => {
  const calm = faultOf([], (simulation) => {
    points = simulation.points.passed
  })
  t.equal(calm, null, 'without a crash all is well')
  const faults: string[] = []
  for (let point = 0; point < points; point += 1) {
    const fault = faultOf([point])
    if (fault !== null) faults.push(`at point ${point}: ${fault}`)
  }
  t.comment(`${points} points`)
  t.ok(points > 400, 'there are hundreds of points')
  t.same(faults.slice(0, 2), [], `${faults.length} of ${points} crashes broke something`)
})

t.test('a second crash, in the recovery from the first or later, breaks nothing either', async (t) => {
  const random = new Random('pairs')
  const faults: string[] = []
  for (let n = 0; n < PAIRS; n += 1) {
    const first = random.below(points)
    // Half of them soon after: that is where the recovery is.
    const second = first + 1 + random.below(n % 2 === 0 ? 40 : points)
    const fault = faultOf([first, second])
    if (fault !== null) faults.push(`at points ${first} and ${second}: ${fault}`)
  }
  t.same(faults.slice(0, 2), [], `${faults.length} of ${PAIRS} pairs broke something`)
})
