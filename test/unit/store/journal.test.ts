import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { JournalDamaged, JournalLocked } from '../../../agent/store/damage.ts'
import { CHAIN_KEPT } from '../../../agent/store/chain.ts'
import { Ballast } from '../../../agent/store/space.ts'
import { folder, listening, open } from './fixture.ts'

t.test('what was written is there after a restart, sorted by key; what was deleted is not', async (t) => {
  const directory = folder()
  const first = await open(directory)
  await first.write([
    { key: 'volume/2', value: { name: 'zwei', size: 2 } },
    { key: 'volume/1', value: [1, 'ü', null, true] },
  ])
  await first.write([
    { key: 'volume/2', value: undefined },
    { key: 'epoch', value: 7 },
  ])
  await first.close()
  const second = await open(directory)
  t.same(second.entries(), [
    ['epoch', 7],
    ['volume/1', [1, 'ü', null, true]],
  ])
  await second.close()
})

t.test('batches are applied in the order of their calls, also within one group', async (t) => {
  const directory = folder()
  const journal = await open(directory)
  const writes = Array.from({ length: 100 }, (_, n) => journal.write([{ key: 'counter', value: n }]))
  await Promise.all(writes)
  await journal.close()
  const again = await open(directory)
  t.same(again.entries(), [['counter', 99]])
  await again.close()
})

t.test('batches that come while a sync runs share the next one', async (t) => {
  const directory = folder()
  const journal = await open(directory)
  const running = journal.write([{ key: 'first', value: 0 }])
  await Promise.resolve()
  await Promise.resolve()
  const during = Array.from({ length: 50 }, (_, n) => journal.write([{ key: `during/${n}`, value: n }]))
  await Promise.all([running, ...during])
  t.same(journal.counts(), { batches: 51, groups: 2 })
  await journal.close()
  const again = await open(directory)
  t.equal(again.entries().length, 51)
  await again.close()
})

t.test('an empty batch resolves after the ones before it', async (t) => {
  const journal = await open(folder())
  const order: string[] = []
  await Promise.all([
    journal.write([{ key: 'a', value: 1 }]).then(() => order.push('full')),
    journal.write([]).then(() => order.push('empty')),
  ])
  t.same(order, ['full', 'empty'])
  await journal.close()
})

t.test('a journal much longer than the chain that is kept opens again', async (t) => {
  const directory = folder()
  const journal = await open(directory)
  for (let round = 0; round < 3; round += 1) {
    const writes = Array.from({ length: CHAIN_KEPT / 2 }, (_, n) => journal.write([{ key: `k${n % 10}`, value: round * CHAIN_KEPT + n }]))
    await Promise.all(writes)
  }
  await journal.close()
  const again = await open(directory)
  t.equal(again.entries().length, 10)
  await again.write([{ key: 'more', value: true }])
  await again.close()
})

t.test('a second opener is told that the journal is in use, and does no harm', async (t) => {
  const directory = folder()
  const journal = await open(directory)
  await journal.write([{ key: 'a', value: 1 }])
  await t.rejects(open(directory), JournalLocked)
  await journal.write([{ key: 'b', value: 2 }])
  await journal.close()
  const again = await open(directory)
  t.same(again.entries(), [
    ['a', 1],
    ['b', 2],
  ])
  await again.close()
})

t.test('ballast is made where there is room, and given up at the start that finds none', async (t) => {
  const directory = folder()
  const sizeBytes = 3 * 1024 ** 2 + 5
  const file = join(directory, 'ballast')
  const ballast = new Ballast(file, sizeBytes)
  await ballast.fill((error) => t.fail(String(error)))
  t.equal(statSync(file).size, sizeBytes)

  const { log, events } = listening()
  const moreThanAnyDisk = Number.MAX_SAFE_INTEGER
  const short = await open(directory, { ballastBytes: moreThanAnyDisk, log })
  t.ok(events.includes('journal.ballast-released'))
  t.notOk(readdirSync(directory).includes('ballast'))
  await short.close()
})

t.test('space is short below the limit', async (t) => {
  const journal = await open(folder(), { minFreeBytes: Number.MAX_SAFE_INTEGER })
  t.match(await journal.space(), { isShort: true, freeBytes: Number, totalBytes: Number })
  await journal.close()
})

t.test('a file in the place of the directory is an error of its own, not damage', async (t) => {
  const file = join(folder(), 'file')
  writeFileSync(file, '')
  const error = await rejection(open(file))
  t.ok(error instanceof Error && !(error instanceof JournalDamaged))
})

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  return null
}
