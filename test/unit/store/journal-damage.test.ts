import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Level } from 'level'
import t from 'tap'
import { JournalDamaged } from '../../../agent/store/damage.ts'
import { databaseFiles, flipByte, folder, open } from './fixture.ts'

const BATCHES = 300

/** A journal of 300 batches, closed; all of it still in LevelDB's log. */
async function written(): Promise<string> {
  const directory = folder()
  const journal = await open(directory)
  for (let n = 0; n < BATCHES; n += 1) await journal.write([{ key: `volume/${n % 100}`, value: { n, fill: `${n}-`.repeat(20) } }])
  await journal.close()
  return directory
}

async function opening(directory: string): Promise<JournalDamaged | number> {
  try {
    const journal = await open(directory)
    const found = journal.entries().length
    await journal.close()
    return found
  } catch (error) {
    if (error instanceof JournalDamaged) return error
    throw error
  }
}

t.test('one flipped byte anywhere in the log is noticed, at the first start and at each later one', async (t) => {
  const good = await written()
  const [log = ''] = databaseFiles(good, '.log')
  const sizeBytes = statSync(log).size
  for (const part of [0.01, 0.25, 0.5, 0.75, 0.99, 0.9999]) {
    const directory = join(folder(), 'copy')
    cpSync(good, directory, { recursive: true })
    flipByte(join(directory, 'db', log.slice(log.lastIndexOf('/') + 1)), Math.floor(sizeBytes * part))
    for (const start of ['first', 'second'])
      t.ok((await opening(directory)) instanceof JournalDamaged, `${part} of the log, ${start} start`)
  }
})

t.test('a log that lost its end is noticed', async (t) => {
  const directory = await written()
  const [log = ''] = databaseFiles(directory, '.log')
  truncateSync(log, statSync(log).size - 10)
  t.match(await opening(directory), { facts: { what: 'cut-off', seq: BATCHES - 1 } })
})

t.test('a flipped byte in a table is noticed, or has changed nothing', async (t) => {
  const good = await written()
  t.equal(await opening(good), 100)
  const [table = ''] = databaseFiles(good, '.ldb')
  const sizeBytes = statSync(table).size
  let noticed = 0
  for (let at = 100; at < sizeBytes; at += Math.floor(sizeBytes / 24)) {
    const directory = join(folder(), 'copy')
    cpSync(good, directory, { recursive: true })
    flipByte(join(directory, 'db', table.slice(table.lastIndexOf('/') + 1)), at)
    const found = await opening(directory)
    if (found instanceof JournalDamaged) noticed += 1
    else t.equal(found, 100, `byte ${at} of ${sizeBytes}`)
  }
  t.ok(noticed > 12, `${noticed} flips were noticed`)
})

t.test('a deleted CURRENT is damage, not an empty journal', async (t) => {
  const directory = await written()
  unlinkSync(join(directory, 'db', 'CURRENT'))
  const error = await opening(directory)
  t.match(error, { facts: { what: 'missing' }, remedy: /move it away/ })
  t.ok(error instanceof JournalDamaged)
})

t.test('a deleted database, or an empty one in its place, is damage', async (t) => {
  const directory = await written()
  rmSync(join(directory, 'db'), { recursive: true })
  t.ok((await opening(directory)) instanceof JournalDamaged)
  const empty = new Level(join(directory, 'db'))
  await empty.open()
  await empty.close()
  t.match(await opening(directory), { facts: { what: 'cut-off' } })
})

t.test('any missing file of the database is damage', async (t) => {
  const good = await written()
  t.equal(await opening(good), 100)
  for (const name of readdirSync(join(good, 'db')).filter((file) => /^MANIFEST|\.ldb$/.test(file))) {
    const directory = join(folder(), 'copy')
    cpSync(good, directory, { recursive: true })
    unlinkSync(join(directory, 'db', name))
    t.ok((await opening(directory)) instanceof JournalDamaged, name)
  }
})

t.test('values changed behind the journal are noticed, and a chain entry put in by hand too', async (t) => {
  const good = await written()
  const changes: Record<string, (db: Level) => Promise<void>> = {
    'a changed value': (db) => db.put('s!volume/7', '{"n":1}'),
    'a new key': (db) => db.put('s!volume/x', '1'),
    'a removed key': (db) => db.del('s!volume/7'),
    'a removed chain entry': (db) => db.del(`j!${String(BATCHES - 3).padStart(16, '0')}`),
    'a removed last entry': (db) => db.del(`j!${String(BATCHES).padStart(16, '0')}`),
    'an entry of another chain': (db) =>
      db.put(`j!${String(BATCHES + 1).padStart(16, '0')}`, JSON.stringify({ prev: 'x', hash: 'y', ops: [], digest: 'z' })),
  }
  for (const [title, change] of Object.entries(changes)) {
    const directory = join(folder(), 'copy')
    cpSync(good, directory, { recursive: true })
    const db = new Level(join(directory, 'db'))
    await change(db)
    await db.close()
    t.ok((await opening(directory)) instanceof JournalDamaged, title)
  }
})

t.test('an older copy of the database under a newer witness is noticed', async (t) => {
  const directory = await written()
  const older = join(folder(), 'older')
  cpSync(join(directory, 'db'), older, { recursive: true })
  const journal = await open(directory)
  await journal.write([{ key: 'volume/new', value: 1 }])
  await journal.close()
  rmSync(join(directory, 'db'), { recursive: true })
  cpSync(older, join(directory, 'db'), { recursive: true })
  t.match(await opening(directory), { facts: { what: 'cut-off', seq: BATCHES } })
  t.match(readFileSync(join(directory, 'witness'), 'latin1'), /^301 /, 'and what is known of it stays for the next start')
})
