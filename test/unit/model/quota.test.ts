/** Use and limits by volume type: sums that are written alike when they are equal, and limits that follow one by one. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { addUsage, asOfType, DEFAULT_LIMITS, lessUsage, mergeLimits, NO_USAGE, type Usage, usageOfType } from '../../../lib/model/quota.ts'

const counts = fc.record({
  volumes: fc.integer({ min: 0, max: 3 }),
  snapshots: fc.integer({ min: 0, max: 3 }),
  gigabytes: fc.integer({ min: 0, max: 9 }),
})
const some = fc
  .array(fc.record({ type: fc.constantFrom('a', 'b', 'c', null), of: counts }), { maxLength: 6 })
  .map((parts) => parts.map(({ type, of }) => usageOfType(type, of)))

const sumOf = (parts: readonly Usage[]): Usage => parts.reduce(addUsage, NO_USAGE)

t.test('the order in which it is added does not show, and what is taken away again leaves nothing behind', async (t) => {
  const isKept = fc.property(some, some, (left, right) => {
    const sum = addUsage(sumOf(left), sumOf(right))
    assert.equal(JSON.stringify(sum), JSON.stringify(sumOf([...right, ...left].reverse())))
    assert.equal(JSON.stringify(addUsage(sum, lessUsage(sumOf(right)))), JSON.stringify(sumOf(left)))
  })
  t.doesNotThrow(() => fc.assert(isKept, { numRuns: 500 }))
})

t.test('use is of its type and of all; what gets another type adds to that one alone', async (t) => {
  const use = usageOfType('a', { volumes: 1, gigabytes: 2 })
  t.same(use, { volumes: 1, snapshots: 0, gigabytes: 2, groups: 0, types: { a: { volumes: 1, snapshots: 0, gigabytes: 2 } } })
  t.same(asOfType('b', use), { ...NO_USAGE, types: { b: { volumes: 1, snapshots: 0, gigabytes: 2 } } })
  t.same(usageOfType(null, { volumes: 1 }), { ...NO_USAGE, volumes: 1 }, 'without a type it counts for none')
  t.same(lessUsage(NO_USAGE), { volumes: -0, snapshots: -0, gigabytes: -0, groups: -0 })
})

t.test('each limit of each type follows for itself', async (t) => {
  const under = { ...DEFAULT_LIMITS, types: { a: { volumes: 1, gigabytes: 5 }, b: { volumes: 2 } } }
  t.same(mergeLimits(under, { volumes: 3, types: { a: { volumes: -1 }, c: { snapshots: 0 } } }), {
    ...DEFAULT_LIMITS,
    volumes: 3,
    types: { a: { volumes: -1, gigabytes: 5 }, b: { volumes: 2 }, c: { snapshots: 0 } },
  })
  t.equal(mergeLimits(under, null), under)
  t.same(mergeLimits(under, { volumes: 3 }).types, under.types)
  t.notOk('types' in mergeLimits(DEFAULT_LIMITS, { volumes: 1 }))
})
