/**
 * Every operation on a volume, with a crash at every single point of it: before, in and after each batch and each call
 * of a tool, before and after each effect, on every host. Wherever it falls, the cluster comes to rest and every promise
 * holds.
 */
import t from 'tap'
import { crashEverywhere, describeFault, pointNames } from './crash/everywhere.ts'

t.setTimeout(600_000)

const PAIRS = 1000

/** Without these something would not have been cut off at all. */
const MUST_BE_POINTS = [
  'before a batch',
  'in a batch, killed',
  'in a batch, power cut',
  'after a batch',
  'before send',
  'after send, killed',
  'after send, power cut',
  'before a backend call',
  'in a backend call',
  'after a backend call',
  'before a target call',
  'in a target call',
  'after a target call',
  'before reply',
  'after reply',
]

t.test('a crash at any point of any operation breaks nothing, nor does a second one in what follows', async (t) => {
  const { calm, singles, pairs } = await crashEverywhere({ pairs: PAIRS, jobs: 2, seed: 'test' })
  for (const { life, passed, fault } of calm) t.equal(fault, null, `without a crash all is well: ${life}, ${passed} points`)
  const names = pointNames(calm)
  t.comment([...names].map(([name, count]) => `${count} ${name}`).join(', '))
  for (const name of MUST_BE_POINTS) t.ok((names.get(name) ?? 0) > 0, `hosts die ${name}`)
  for (const [what, runs] of Object.entries({ singles, pairs })) {
    const faulty = runs.filter(({ fault }) => fault !== null)
    t.same(faulty.slice(0, 2).map(describeFault), [], `${faulty.length} of ${runs.length} ${what} broke something`)
  }
})
