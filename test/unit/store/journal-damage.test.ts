import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Level } from 'level'
import t from 'tap'
import { hashEntry, hashValue, StateDigest } from '../../../agent/store/chain.ts'
import { JournalDamaged } from '../../../agent/store/damage.ts'
import { databaseFiles, flipByte, folder, listening, open } from './fixture.ts'

const BATCHES = 300
const KEYS = 100

/** A journal of 300 batches, closed; all of it still in LevelDB's log. Written once, and harmed in copies. */
const GOOD = folder()
const writing = await open(GOOD)
for (let n = 0; n < BATCHES; n += 1) await writing.write([{ key: `volume/${n % KEYS}`, value: { n, fill: `${n}-`.repeat(20) } }])
await writing.close()

function copyOf(good: string): string {
  const directory = folder()
  cpSync(good, directory, { recursive: true })
  return directory
}

interface Opening {
  readonly keys: number
  readonly setAside: readonly string[]
  /** The damage that was told of, or null. */
  readonly told: Readonly<Record<string, unknown>> | null
}

async function opening(directory: string): Promise<Opening> {
  const { log, lines } = listening()
  const journal = await open(directory, { log })
  const { setAside } = journal
  const keys = journal.entries().length
  await journal.close()
  return { keys, setAside, told: lines.find(({ level, event }) => level === 'error' && event === 'journal.damaged')?.fields ?? null }
}

t.test('a damaged journal is kept whole under another name, and an empty one goes on in its place', async (t) => {
  const directory = copyOf(GOOD)
  const [log = ''] = databaseFiles(directory, '.log')
  truncateSync(log, statSync(log).size - 10)
  writeFileSync(join(directory, 'ballast'), 'room')
  const { log: told, lines } = listening()
  const journal = await open(directory, { log: told })
  const keptIn = `${directory}.damaged-1`
  t.same(journal.entries(), [], 'nothing of it is believed')
  t.same(journal.setAside, [keptIn])
  t.match(
    lines.filter(({ level }) => level === 'error'),
    [{ event: 'journal.damaged', fields: { what: 'cut-off', seq: BATCHES - 1, directory, keptIn, detail: /300/ } }],
    'the operator is told what and where',
  )
  t.match(readFileSync(join(keptIn, 'witness'), 'latin1'), /^300 /, 'what was known of it is kept with it')
  t.ok(existsSync(join(keptIn, 'db', 'CURRENT')))
  t.notOk(existsSync(join(keptIn, 'ballast')), 'its ballast gives the room back')
  await journal.write([{ key: 'epoch', value: 8 }])
  await journal.close()

  const again = await open(directory)
  t.same(again.entries(), [['epoch', 8]], 'the new one is a journal like any other')
  t.same(again.setAside, [keptIn], 'and the host still knows of the old one')
  await again.close()
  t.match(readFileSync(join(directory, 'witness'), 'latin1'), /^1 /)
})

t.test('each damaged journal has a name of its own, until there are too many', async (t) => {
  const directory = folder()
  for (let n = 1; n <= 18; n += 1) mkdirSync(`${directory}.damaged-${n}`)
  for (const n of [19, 20]) {
    writeFileSync(join(directory, 'witness'), '7 abc\n')
    const { setAside } = await opening(directory)
    t.equal(setAside.at(-1), `${directory}.damaged-${n}`)
  }
  writeFileSync(join(directory, 'witness'), '7 abc\n')
  const error = await rejection(open(directory))
  t.ok(error instanceof JournalDamaged)
  t.match(error, { message: /move .* away, keep it, and start the agent/, facts: { what: 'cut-off' }, cause: { message: /20 journals/ } })
  t.equal(readdirSync(dirname(directory)).length, 21, 'nothing was deleted or written over')
})

t.test('one flipped byte anywhere in the log is noticed', async (t) => {
  const [log = ''] = databaseFiles(GOOD, '.log')
  const sizeBytes = statSync(log).size
  for (const part of [0.01, 0.25, 0.5, 0.75, 0.99, 0.9999]) {
    const directory = copyOf(GOOD)
    flipByte(join(directory, 'db', log.slice(log.lastIndexOf('/') + 1)), Math.floor(sizeBytes * part))
    t.match(await opening(directory), { keys: 0, told: { what: String } }, `${part} of the log`)
    t.match(await opening(directory), { keys: 0, told: null, setAside: [/damaged-1$/] }, `${part} of the log, second start`)
  }
})

t.test('a flipped byte in a table is noticed, or has changed nothing', async (t) => {
  const good = copyOf(GOOD)
  t.match(await opening(good), { keys: KEYS, told: null, setAside: [] })
  const [table = ''] = databaseFiles(good, '.ldb')
  const sizeBytes = statSync(table).size
  let noticed = 0
  for (let at = 100; at < sizeBytes; at += Math.floor(sizeBytes / 12)) {
    const directory = copyOf(good)
    flipByte(join(directory, 'db', table.slice(table.lastIndexOf('/') + 1)), at)
    const { keys, told } = await opening(directory)
    if (told !== null) noticed += 1
    else t.equal(keys, KEYS, `byte ${at} of ${sizeBytes}`)
  }
  t.ok(noticed > 6, `${noticed} flips were noticed`)
})

t.test('a deleted CURRENT is damage, not an empty journal', async (t) => {
  const directory = copyOf(GOOD)
  unlinkSync(join(directory, 'db', 'CURRENT'))
  t.match(await opening(directory), { keys: 0, told: { what: 'missing' } })
})

t.test('a deleted database, or an empty one in its place, is damage', async (t) => {
  const without = copyOf(GOOD)
  rmSync(join(without, 'db'), { recursive: true })
  t.match(await opening(without), { told: { what: 'missing' } })
  const directory = copyOf(GOOD)
  rmSync(join(directory, 'db'), { recursive: true })
  const empty = new Level(join(directory, 'db'))
  await empty.open()
  await empty.close()
  t.match(await opening(directory), { told: { what: 'cut-off' } })
})

t.test('any missing file of the database is damage', async (t) => {
  const good = copyOf(GOOD)
  t.match(await opening(good), { keys: KEYS })
  for (const name of readdirSync(join(good, 'db')).filter((file) => /^MANIFEST|\.ldb$/.test(file))) {
    const directory = copyOf(good)
    unlinkSync(join(directory, 'db', name))
    t.match(await opening(directory), { keys: 0, told: { what: String } }, name)
  }
})

t.test('values changed behind the journal are noticed, and a chain entry put in by hand too', async (t) => {
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
    const directory = copyOf(GOOD)
    const db = new Level(join(directory, 'db'))
    await change(db)
    await db.close()
    t.match(await opening(directory), { keys: 0, told: { what: String } }, title)
  }
})

t.test('a value that is no JSON is damage, also where the chain vouches for it', async (t) => {
  const directory = folder()
  const db = new Level(join(directory, 'db'))
  const valueHash = hashValue('volume/1', 'sealed:rubbish')
  const digest = new StateDigest()
  digest.put('volume/1', valueHash)
  const entry = { prev: '', ops: [['volume/1', valueHash] as const], digest: digest.text() }
  await db.put('s!volume/1', 'sealed:rubbish')
  const hash = hashEntry(entry.prev, 1, entry.ops, entry.digest)
  await db.put(`j!${String(1).padStart(16, '0')}`, JSON.stringify({ ...entry, hash }))
  await db.close()
  t.match(await opening(directory), { keys: 0, told: { what: 'value', detail: /volume\/1/ } })
})

t.test('an older copy of the database under a newer witness is noticed', async (t) => {
  const directory = copyOf(GOOD)
  const older = join(folder(), 'older')
  cpSync(join(directory, 'db'), older, { recursive: true })
  const journal = await open(directory)
  await journal.write([{ key: 'volume/new', value: 1 }])
  await journal.close()
  rmSync(join(directory, 'db'), { recursive: true })
  cpSync(older, join(directory, 'db'), { recursive: true })
  t.match(await opening(directory), { keys: 0, told: { what: 'cut-off', seq: BATCHES } })
})

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  return null
}
