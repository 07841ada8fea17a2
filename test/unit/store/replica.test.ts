import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Level } from 'level'
import t from 'tap'
import { openReplica, type ReplicaStore } from '../../../agent/store/replica.ts'
import { peerId, volumeId } from '../../../lib/model/ids.ts'
import type { PublishedRecord } from '../../../lib/model/message.ts'
import { databaseFiles, folder, listening, quiet } from './fixture.ts'

const ANNA = peerId('anna')
const BERT = peerId('bert')

const record = (seq: number): PublishedRecord => {
  return { seq, id: volumeId(`00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`), volume: null }
}
const open = (directory: string): Promise<ReplicaStore> => openReplica({ directory, log: quiet })

/** What is there after the store has been closed and opened again. */
async function reopened(directory: string): Promise<{ heads: unknown; seqs: unknown }> {
  const store = await open(directory)
  const { heads, records } = store.load()
  await store.close()
  return { heads, seqs: records.map(({ owner, record: { seq } }) => `${owner} ${seq}`) }
}

t.test('heads and the newest record of each volume are there after a restart', async (t) => {
  const directory = folder()
  const store = await open(directory)
  store.put(ANNA, 3, 2, [record(1), record(2)])
  store.put(BERT, 1, 1, [record(1)])
  store.put(ANNA, 3, 9, [{ ...record(1), seq: 9 }])
  store.remove(ANNA, [record(2).id])
  await store.close()
  t.same(await reopened(directory), {
    heads: [
      { owner: ANNA, epoch: 3, seq: 9 },
      { owner: BERT, epoch: 1, seq: 1 },
    ],
    seqs: ['anna 9', 'bert 1'],
  })
})

t.test('a forgotten owner is gone; what it publishes afterwards stays', async (t) => {
  const directory = folder()
  const store = await open(directory)
  store.put(ANNA, 1, 2, [record(1), record(2)])
  store.put(BERT, 1, 1, [record(1)])
  store.forget(ANNA)
  store.put(ANNA, 2, 1, [record(3)])
  store.forget(BERT)
  await store.close()
  t.same(await reopened(directory), { heads: [{ owner: ANNA, epoch: 2, seq: 1 }], seqs: ['anna 3'] })
})

t.test('an owner of whom a record is missing or changed is dropped, the others stay', async (t) => {
  for (const harm of ['missing', 'changed'] as const) {
    const directory = folder()
    const store = await open(directory)
    store.put(ANNA, 1, 2, [record(1), record(2)])
    store.put(BERT, 1, 1, [record(1)])
    await store.close()
    const db = new Level(join(directory, 'db'))
    const key = `r!anna!${record(2).id}`
    await (harm === 'missing' ? db.del(key) : db.put(key, `00000000${JSON.stringify(record(2))}`))
    await db.close()
    const expected = { heads: [{ owner: BERT, epoch: 1, seq: 1 }], seqs: ['bert 1'] }
    t.same(await reopened(directory), expected, harm)
    t.same(await reopened(directory), expected, `${harm}, and it does not come back`)
  }
})

t.test('a damaged replica is thrown away and works again', async (t) => {
  const directory = folder()
  const store = await open(directory)
  store.put(ANNA, 1, 1, [record(1)])
  await store.close()
  for (const file of databaseFiles(directory, '').filter((name) => name.includes('MANIFEST'))) writeFileSync(file, 'rubbish')
  const { log, events } = listening()
  const again = await openReplica({ directory, log })
  t.same(again.load(), { heads: [], records: [] })
  t.same(events, ['replica.discarded'])
  again.put(ANNA, 2, 1, [record(1)])
  await again.close()
  t.same(await reopened(directory), { heads: [{ owner: ANNA, epoch: 2, seq: 1 }], seqs: ['anna 1'] })
})

t.test('a replica that another process uses is left alone', async (t) => {
  const directory = folder()
  const store = await open(directory)
  await t.rejects(open(directory))
  store.put(ANNA, 1, 1, [record(1)])
  await store.close()
  t.same(await reopened(directory), { heads: [{ owner: ANNA, epoch: 1, seq: 1 }], seqs: ['anna 1'] })
})
