/** The sums that stand for a host's volumes: always those that counting every record would give. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type Counted, noHoldings, poolSums, recount } from '../../../lib/flows/holdings.ts'
import type { GroupMember } from '../../../lib/model/group.ts'
import { poolName, projectId, volumeId } from '../../../lib/model/ids.ts'
import { addUsage, NO_USAGE } from '../../../lib/model/quota.ts'
import { usageOfRecord } from '../../../lib/model/snapshot.ts'

const POOLS = [poolName('a', 'lvm', 'one'), poolName('a', 'lvm', 'two')]
const PROJECTS = ['p', 'q'].map(projectId)
const TYPES = ['fast', 'slow']

const record = fc.record({
  volume: fc.record({
    pool: fc.constantFrom(...POOLS, null),
    project: fc.constantFrom(...PROJECTS),
    sizeGiB: fc.integer({ min: 1, max: 50 }),
    typeId: fc.constantFrom(...TYPES, null),
    snapshots: fc.array(
      fc.record({
        sizeGiB: fc.integer({ min: 1, max: 9 }),
        status: fc.constantFrom('creating' as const, 'available' as const, 'error' as const),
      }),
      { maxLength: 3 },
    ),
  }),
  step: fc.constantFrom('reserved', 'committed', 'built', 'deleting', 'failed') satisfies fc.Arbitrary<Counted['step']>,
  pending: fc.option(
    fc.record({
      kind: fc.constantFrom('extend' as const, 'snapshot' as const),
      sizeGiB: fc.integer({ min: 1, max: 100 }),
      committed: fc.boolean(),
    }),
  ),
})
const change = fc.record({ id: fc.integer({ min: 0, max: 5 }), record: fc.option(record, { nil: undefined }) })

t.test('whatever happens to the records, pools and projects add up to what they count', async (t) => {
  const isKept = fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
    const holdings = noHoldings()
    const records = new Map<number, Counted>()
    for (const { id, record } of changes) {
      recount(holdings, records.get(id), record)
      if (record === undefined) records.delete(id)
      else records.set(id, record)
    }
    const all = [...records.values()]
    for (const pool of POOLS) {
      const there = all.filter((one) => one.volume.pool === pool)
      assert.deepEqual(poolSums(holdings, pool), {
        provisionedGiB: sum(there, roomOf),
        volumes: there.length,
        queue: there.filter(({ step }) => step === 'reserved' || step === 'committed').length,
      })
    }
    for (const project of PROJECTS) {
      const settled = all.filter((one) => one.volume.project === project && !['reserved', 'committed'].includes(one.step))
      const snapshots = settled.flatMap(({ volume }) => volume.snapshots.filter(({ status }) => status !== 'creating'))
      const gigabytes = [...settled.map(({ volume }) => volume), ...snapshots].reduce((total, { sizeGiB }) => total + sizeGiB, 0)
      const { types = {}, ...used } = holdings.projects.get(project) ?? NO_USAGE
      assert.deepEqual(used, { volumes: settled.length, snapshots: snapshots.length, gigabytes, groups: 0 })
      const ofTypes = TYPES.flatMap((type) => {
        const of = settled.filter(({ volume }) => volume.typeId === type).map(({ volume }) => usageOfRecord(volume))
        return of.length === 0 ? [] : [[type, of.reduce(addUsage, NO_USAGE).types?.[type]] as const]
      })
      assert.deepEqual(Object.entries(types), ofTypes)
    }
  })
  t.doesNotThrow(() => fc.assert(isKept, { numRuns: 200 }))
})

t.test('a project that has nothing left leaves nothing behind', async (t) => {
  const holdings = noHoldings()
  const volume: Counted = {
    volume: { pool: null, project: projectId('p'), sizeGiB: 3, typeId: 'fast', snapshots: [] },
    step: 'built',
    pending: null,
  }
  recount(holdings, undefined, volume)
  recount(holdings, volume, undefined)
  t.equal(holdings.projects.size, 0, 'projects')
})

t.test('a group keeps room for what it begins with until that has records, and counts as a group alone', async (t) => {
  const holdings = noHoldings()
  const holds = { groupType: 't', volumeTypes: [], source: null, members: [memberOf(5), memberOf(7)] }
  const of = (step: Counted['step']): Counted => ({
    volume: { pool: POOLS[0] ?? null, project: projectId('p'), sizeGiB: 0, typeId: null, snapshots: [], holds },
    step,
    pending: null,
  })
  const pool = poolName('a', 'lvm', 'one')
  recount(holdings, undefined, of('reserved'))
  t.match(poolSums(holdings, pool), { provisionedGiB: 12, volumes: 0 })
  recount(holdings, of('reserved'), of('committed'))
  t.match(poolSums(holdings, pool), { provisionedGiB: 0, volumes: 0 })
  t.equal(holdings.projects.size, 0, 'the register counts it')
  recount(holdings, of('committed'), of('built'))
  t.same(holdings.projects.get(projectId('p')), { volumes: 0, snapshots: 0, gigabytes: 0, groups: 1 })
})

function memberOf(sizeGiB: number): GroupMember {
  const id = volumeId(`00000000-0000-4000-8000-00000000000${sizeGiB}`)
  return { id, sizeGiB, source: { kind: 'volume', volume: id }, type: null, typeId: null, multiattach: false }
}

/** What is reserved for a snapshot, until it is in the record; a volume at the size that it has or will have. */
function roomOf({ volume, pending }: Counted): number {
  const taken = volume.snapshots.reduce((total, { sizeGiB }) => total + sizeGiB, 0)
  if (pending?.kind === 'snapshot') return volume.sizeGiB + taken + (pending.committed ? 0 : pending.sizeGiB)
  return Math.max(volume.sizeGiB, pending?.kind === 'extend' ? pending.sizeGiB : 0) + taken
}

function sum(records: readonly Counted[], of: (record: Counted) => number): number {
  return records.reduce((total, one) => total + of(one), 0)
}
