/**
 * npm run sim -- [--runs N] [--seed S] [--bug K] [--jobs J] [--verbose]
 *
 * Without a seed, fresh ones; with one, that seed alone unless --runs says otherwise. Exit code 1 if any seed failed.
 */
import { parseArgs } from 'node:util'
import { plantedBug } from './bugs/planted.ts'
import { formatFailure, formatSwarm } from './report.ts'
import { runSeed } from './run.ts'
import { freshSeed, seedsFrom } from './seeds.ts'
import { runSwarm } from './swarm.ts'

const SHOWN_MAX = 3

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string' },
    bug: { type: 'string' },
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

if (values.verbose && runs === 1) {
  const verdict = runSeed(seed, { bug: bug === null ? null : plantedBug(bug), print })
  print(verdict.failure === null ? `seed ${seed}: all is well` : formatFailure({ ...verdict, failure: verdict.failure }, bug))
  process.exitCode = verdict.failure === null ? 0 : 1
} else {
  const result = await runSwarm({ seeds: seedsFrom(seed, runs), jobs: Number(values.jobs), bug, stopAtFirst: bug !== null })
  for (const failed of result.failed.slice(0, SHOWN_MAX)) print(`${formatFailure(failed, bug)}\n`)
  print(formatSwarm(result))
  if (result.failed.length > 0) print(`failed seeds: ${result.failed.map((failed) => failed.seed).join(' ')}`)
  process.exitCode = result.failed.length > 0 ? 1 : 0
}
