/** A simulator that finds nothing proves nothing: each planted bug is found within a thousand seeds. */
import t from 'tap'
import { PLANTED } from './bugs/planted.ts'
import { seedsFrom } from './seeds.ts'
import { runSwarm } from './swarm.ts'

const SEEDS_MAX = 1000

t.setTimeout(1_800_000)

for (const { number, title } of PLANTED) {
  t.test(`planted bug ${number} is found: ${title}`, async (t) => {
    const { failed } = await runSwarm({ seeds: seedsFrom(1, SEEDS_MAX), jobs: 2, bug: number, stopAtFirst: true })
    const [first] = failed
    t.ok(first !== undefined, `found within ${SEEDS_MAX} seeds`)
    if (first !== undefined) t.comment(`bug ${number} took ${first.seed} seeds: ${first.failure.message}`)
  })
}
