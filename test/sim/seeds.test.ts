/** A thousand worlds that nobody has seen before, and those that once showed a bug: nothing may be wrong in any of them. */
import t from 'tap'
import { faultCounts } from './faults.ts'
import { savedRegressions } from './regressions.ts'
import { formatFailure, formatSwarm } from './report.ts'
import { seedOfRules, seedsFrom } from './seeds.ts'
import { runSwarm } from './swarm.ts'

const FRESH = 1000

t.setTimeout(600_000)

t.test('fresh seeds keep every invariant and come to rest', async (t) => {
  const result = await runSwarm({ seeds: seedsFrom(seedOfRules(), FRESH), jobs: 2 })
  t.comment(formatSwarm(result))
  for (const failed of result.failed.slice(0, 3)) t.comment(formatFailure(failed, null))
  t.same(
    result.failed.map(({ seed, failure }) => `${seed}: ${failure.message}`),
    [],
    `${FRESH} seeds`,
  )
  t.equal(result.repeated, FRESH / 100, 'one in a hundred ran twice, with equal traces')
  for (const { group, fault, hits } of faultCounts(result.hits)) t.ok(hits > 0, `this fault hit: ${group}, ${fault}`)
})

t.test('seeds that once showed a bug show none', async (t) => {
  const result = await runSwarm({ seeds: savedRegressions().map(({ seed }) => seed), jobs: 2 })
  for (const failed of result.failed) t.comment(formatFailure(failed, null))
  t.same(
    result.failed.map(({ seed }) => seed),
    [],
  )
})
