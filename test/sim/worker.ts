/** A thread of the swarm: runs the lots of seeds that it is given. */
import { parentPort } from 'node:worker_threads'
import { plantedBug } from './bugs/planted.ts'
import { runSeed, type Verdict } from './run.ts'
import { type Lot, type LotResult, sum } from './swarm.ts'

const REPEAT_EVERY = 100

parentPort?.on('message', (lot: Lot) => {
  parentPort?.postMessage(sum(lot.seeds.map((seed) => runOne(seed, lot.bug))))
})

function runOne(seed: number, bugNumber: number | null): LotResult {
  const bug = bugNumber === null ? null : plantedBug(bugNumber)
  const isRepeated = seed % REPEAT_EVERY === 0
  const verdict = runSeed(seed, { bug, hashes: isRepeated })
  const failure = verdict.failure ?? (isRepeated ? difference(verdict, runSeed(seed, { bug, hashes: true })) : null)
  const { options, events, elapsedMs, restMs, hits } = verdict
  return {
    failed: failure === null ? [] : [{ seed, options, failure: { ...failure, facts: JSON.parse(JSON.stringify(failure.facts)) } }],
    runs: 1,
    events,
    elapsedMs,
    repeated: isRepeated ? 1 : 0,
    restMs: restMs === null ? [] : [restMs],
    hits,
  }
}

function difference(first: Verdict, second: Verdict): Verdict['failure'] {
  if (first.hash === second.hash) return null
  return { invariant: 'rules', message: 'the same seed ran in two ways', facts: { first: first.hash, second: second.hash }, trace: [] }
}
