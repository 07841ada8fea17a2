/** A seed means something else when draws change; a story does not. So every fault of the rules that a seed has shown has one. */
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { savedRegressions } from './regressions.ts'

const SAVED = savedRegressions()
const KEYS = ['seed', 'why', 'of', 'story']

t.test('a seed is kept once, with what it showed, and whose fault that was', async (t) => {
  t.equal(new Set(SAVED.map(({ seed }) => seed)).size, SAVED.length)
  for (const regression of SAVED) {
    const { seed, why, of, story } = regression
    t.ok(Number.isSafeInteger(seed) && why.length > 0, `${seed}`)
    t.same(
      Object.keys(regression).filter((key) => !KEYS.includes(key)),
      [],
      `${seed}: nothing else`,
    )
    t.ok(of === undefined || of === 'the simulator', `${seed}: of the rules, or of the simulator`)
    t.ok(of === 'the simulator' || (story !== null && story.length > 0), `${seed}: a fault of the rules has a story`)
  }
})

t.test('every story is the name of one test in the file that is said', async (t) => {
  const missing = SAVED.flatMap(({ seed, story }) =>
    story === null ? [] : [story].flat().flatMap((one) => (timesTold(one) === 1 ? [] : [`${seed}: ${one}`])),
  )
  t.same(missing, [])
})

/** How many tests of that file have exactly this name. */
function timesTold(story: string): number {
  const [file = '', ...name] = story.split(' > ')
  const path = new URL(`../../../test/${file}`, import.meta.url)
  if (!existsSync(path)) return 0
  const named = [...readFileSync(path, 'utf8').matchAll(/^\s*t\.test\(\s*(['"`])(.*?)\1,/gm)]
  return named.filter(([, , title]) => title === name.join(' > ')).length
}
