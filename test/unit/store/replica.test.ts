import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Level } from 'level'
import t from 'tap'
import { openReplica, type ReplicaStore } from '../../../agent/store/replica.ts'
import { type PeerId, peerId, volumeId } from '../../../lib/model/ids.ts'
import { type LogHead, NEW_LOG, type PublishedRecord } from '../../../lib/model/log.ts'
import { databaseFiles, folder, listening, quiet } from './fixture.ts'

const ANNA = peerId('anna')
const BERT = peerId('bert')

const record = (seq: number): PublishedRecord => {
  return { seq, id: volumeId(`00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`), volume: null }
}
const head = (owner: PeerId, epoch: number, seq: number): LogHead => ({
  ...NEW_LOG,
  owner,
  epoch,
  seq,
  signature: `${owner} ${epoch} ${seq}`,
})
const open = (directory: string): Promise<ReplicaStore> => openReplica({ directory, log: quiet })

/** What is there after the store has been closed and opened again. */
async function reopened(directory: string): Promise<{ heads: unknown; seqs: unknown }> {
  const store = await open(directory)
  const { heads, records } = store.load()
  await store.close()
  return { heads, seqs: records.map(({ owner, record: { seq } }) => `${owner} ${seq}`) }
}

t.test('signed heads and the newest record of each volume are there after a restart, collected ones are not', async (t) => {
  const directory = folder()
  const store = await open(directory)
  store.put(head(ANNA, 3, 2), [record(1), record(2)], [], false)
  store.put(head(BERT, 1, 1), [record(1)], [], false)
  store.put(head(ANNA, 3, 9), [{ ...record(1), seq: 9 }], [], false)
  store.put(head(ANNA, 3, 10), [], [record(2).id], false)
  await store.close()
  t.same(await reopened(directory), { heads: [head(ANNA, 3, 10), head(BERT, 1, 1)], seqs: ['anna 9', 'bert 1'] })
})

t.test('a tombstone that comes and is collected in one part is not there', async (t) => {
  const directory = folder()
  const store = await open(directory)
  store.put(head(ANNA, 1, 3), [record(1), record(2)], [record(2).id], false)
  await store.close()
  t.same(await reopened(directory), { heads: [head(ANNA, 1, 3)], seqs: ['anna 1'] })
})

t.test('a log that was taken whole takes the place of all that was there of its owner, and of nobody else', async (t) => {
  const directory = folder()
  const store = await open(directory)
  store.put(head(ANNA, 1, 2), [record(1), record(2)], [], false)
  store.put(head(BERT, 1, 1), [record(1)], [], false)
  store.put(head(ANNA, 2, 7), [{ ...record(2), seq: 7 }, record(3)], [], true)
  await store.close()
  t.same(await reopened(directory), { heads: [head(ANNA, 2, 7), head(BERT, 1, 1)], seqs: ['anna 7', 'anna 3', 'bert 1'] })
  const later = await open(directory)
  later.put(head(ANNA, 3, 8), [], [], true)
  await later.close()
  t.same(
    await reopened(directory),
    { heads: [head(ANNA, 3, 8), head(BERT, 1, 1)], seqs: ['bert 1'] },
    'also over what an earlier process put',
  )
})

t.test('an owner of whom a record is missing or changed is dropped, the others stay', async (t) => {
  for (const harm of ['missing', 'changed'] as const) {
    const directory = folder()
    const store = await open(directory)
    store.put(head(ANNA, 1, 2), [record(1), record(2)], [], false)
    store.put(head(BERT, 1, 1), [record(1)], [], false)
    await store.close()
    const db = new Level(join(directory, 'db'))
    const key = `r!anna!${record(2).id}`
    await (harm === 'missing' ? db.del(key) : db.put(key, `00000000${JSON.stringify(record(2))}`))
    await db.close()
    const expected = { heads: [head(BERT, 1, 1)], seqs: ['bert 1'] }
    t.same(await reopened(directory), expected, harm)
    t.same(await reopened(directory), expected, `${harm}, and it does not come back`)
  }
})

t.test('a damaged replica is thrown away and works again', async (t) => {
  const directory = folder()
  const store = await open(directory)
  store.put(head(ANNA, 1, 1), [record(1)], [], false)
  await store.close()
  for (const file of databaseFiles(directory, '').filter((name) => name.includes('MANIFEST'))) writeFileSync(file, 'rubbish')
  const { log, events } = listening()
  const again = await openReplica({ directory, log })
  t.same(again.load(), { heads: [], records: [] })
  t.same(events, ['replica.discarded'])
  again.put(head(ANNA, 2, 1), [record(1)], [], false)
  await again.close()
  t.same(await reopened(directory), { heads: [head(ANNA, 2, 1)], seqs: ['anna 1'] })
})

t.test('it says which heads are on the disk: the newest of each owner, and at a start those that were there', async (t) => {
  const directory = folder()
  const store = await open(directory)
  const synced = heard(store)
  store.put(head(ANNA, 1, 1), [record(1)], [], false)
  store.put(head(ANNA, 1, 2), [record(2)], [], false)
  store.put(head(BERT, 1, 1), [], [], false)
  t.same(await synced(), [head(ANNA, 1, 2), head(BERT, 1, 1)])
  store.put(head(BERT, 1, 2), [], [], false)
  t.same(await synced(), [head(BERT, 1, 2)], 'and nothing twice')
  await store.close()
  const later = await open(directory)
  t.same(await heard(later)(), [head(ANNA, 1, 2), head(BERT, 1, 2)])
  await later.close()
})

/** Resolves each time with what is told next. */
function heard(store: ReplicaStore): () => Promise<readonly LogHead[]> {
  const told: (readonly LogHead[])[] = []
  let wake: () => void = () => undefined
  store.watch((heads) => {
    told.push(heads)
    wake()
  })
  return async () => {
    while (told.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    return told.shift() ?? []
  }
}

t.test('a replica that another process uses is left alone', async (t) => {
  const directory = folder()
  const store = await open(directory)
  await t.rejects(open(directory))
  store.put(head(ANNA, 1, 1), [record(1)], [], false)
  await store.close()
  t.same(await reopened(directory), { heads: [head(ANNA, 1, 1)], seqs: ['anna 1'] })
})
