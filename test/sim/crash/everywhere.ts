/**
 * Every life with a crash at each of its points; and pairs of crashes, the second anywhere in what the first has led to.
 *
 * Half of the seconds come soon after the first, where the recovery is.
 */
import { Random } from '../random.ts'
import { runThreads } from '../threads.ts'
import { LIVES } from './lives.ts'
import { type LifeRun, runLife } from './run-life.ts'
import type { LifeOrder } from './worker.ts'

export interface Everywhere {
  /** Each life without a crash: what its points are. */
  readonly calm: readonly LifeRun[]
  /** One for each point. */
  readonly singles: readonly LifeRun[]
  readonly pairs: readonly LifeRun[]
}

const LOT = 25
const SHOWN_MAX = 3
/** Points within which a recovery begins. */
const SOON = 60

export interface EverywhereOptions {
  readonly pairs: number
  readonly jobs: number
  /** Of the draw of pairs. */
  readonly seed: string
  /** A planted bug, to see that it is found. */
  readonly bug?: number | null
}

export async function crashEverywhere({ pairs, jobs, seed, bug = null }: EverywhereOptions): Promise<Everywhere> {
  const calm = LIVES.map(({ name }) => runLife(name, [], bug))
  const singles = await runAll(
    calm.flatMap(({ life, passed }) => Array.from({ length: passed }, (_, point) => ({ life, at: [point], bug }))),
    jobs,
  )
  return { calm, singles, pairs: await runAll(drawPairs(singles, pairs, new Random(`pairs/${seed}`), bug), jobs) }
}

function drawPairs(singles: readonly LifeRun[], count: number, random: Random, bug: number | null): readonly LifeOrder[] {
  return Array.from({ length: count }, (_, n) => {
    const { life, at, passed } = random.pick(singles)
    const first = at[0] ?? 0
    const left = Math.max(1, passed - first - 1)
    return { life, at: [first, first + 1 + random.below(n % 2 === 0 ? Math.min(SOON, left) : left)], bug }
  })
}

async function runAll(orders: readonly LifeOrder[], jobs: number): Promise<readonly LifeRun[]> {
  const runs: LifeRun[] = []
  let next = 0
  await runThreads<readonly LifeOrder[], readonly LifeRun[]>({
    script: new URL('./worker.js', import.meta.url),
    jobs,
    takeLot: () => {
      if (next >= orders.length) return null
      next += LOT
      return orders.slice(next - LOT, next)
    },
    onResult: (done) => runs.push(...done),
  })
  return runs
}

/** How many points there are of each name, over all lives. */
export function pointNames(calm: readonly LifeRun[]): ReadonlyMap<string, number> {
  const names = new Map<string, number>()
  for (const { counts } of calm) for (const [name, count] of Object.entries(counts)) names.set(name, (names.get(name) ?? 0) + count)
  return names
}

export function faultsIn({ calm, singles, pairs }: Everywhere): readonly LifeRun[] {
  return [...calm, ...singles, ...pairs].filter(({ fault }) => fault !== null)
}

export function formatEverywhere(result: Everywhere): string {
  const { calm, singles, pairs } = result
  const faults = faultsIn(result)
  return [
    ...[...pointNames(calm)].map(([name, count]) => `${String(count).padStart(10)}  ${name}`),
    ...calm.map(({ life, passed }) => `${String(passed).padStart(10)}  points: ${life}`),
    '',
    ...faults.slice(0, SHOWN_MAX).map(describeFault),
    `${singles.length} single crashes and ${pairs.length} pairs: ${faults.length} broke something`,
  ].join('\n')
}

export function describeFault({ life, at, fault }: LifeRun): string {
  return `${life}, crash at ${at.join(' and ')}: ${fault}`
}
