/**
 * npm run sim -- [--runs N] [--seed S] [--bug K] [--jobs J] [--verbose]
 *
 * npm run sim -- --pairs N [--seed S] [--bug K]
 *
 * Without a seed, fresh ones; with one, that seed alone unless --runs says otherwise. With --pairs, every single crash point
 * of every life and so many pairs of them instead. Exit code 1 if anything was wrong.
 */
import { parseArgs } from 'node:util'
import { plantedBug } from './bugs/planted.ts'
import { crashEverywhere, faultsIn, formatEverywhere } from './crash/everywhere.ts'
import { faultCounts } from './faults.ts'
import { formatFailure, formatSwarm } from './report.ts'
import { runSeed } from './run.ts'
import { freshSeed, seedsFrom } from './seeds.ts'
import { runSwarm } from './swarm.ts'

const SHOWN_MAX = 3
/** So many seeds must hit every fault. */
const ENOUGH_FOR_ALL = 1000

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    bug: { type: 'string' },
    pairs: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    verbose: { type: 'boolean', default: false },
  },
})

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const bug = values.bug === undefined ? null : Number(values.bug)
const seed = values.seed === undefined ? freshSeed() : Number(values.seed)
const runs = Number(values.runs ?? (values.seed === undefined ? 1000 : 1))

if (values.pairs !== undefined) {
  const result = await crashEverywhere({ pairs: Number(values.pairs), jobs: Number(values.jobs), seed: String(seed), bug })
  print(formatEverywhere(result))
  process.exitCode = faultsIn(result).length > 0 ? 1 : 0
} else if (values.verbose && runs === 1) {
  const verdict = runSeed(seed, { bug: bug === null ? null : plantedBug(bug), print })
  print(verdict.failure === null ? `seed ${seed}: all is well` : formatFailure({ ...verdict, failure: verdict.failure }, bug))
  process.exitCode = verdict.failure === null ? 0 : 1
} else {
  const result = await runSwarm({ seeds: seedsFrom(seed, runs), jobs: Number(values.jobs), bug, stopAtFirst: bug !== null })
  for (const failed of result.failed.slice(0, SHOWN_MAX)) print(`${formatFailure(failed, bug)}\n`)
  print(formatSwarm(result))
  if (result.failed.length > 0) print(`failed seeds: ${result.failed.map((failed) => failed.seed).join(' ')}`)
  const missed = runs < ENOUGH_FOR_ALL || bug !== null ? [] : faultCounts(result.hits).filter(({ hits }) => hits === 0)
  if (missed.length > 0) print(`faults that never hit: ${missed.map(({ fault }) => fault).join(', ')}`)
  process.exitCode = result.failed.length > 0 || missed.length > 0 ? 1 : 0
}
