import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isNewHost, withMarker } from '../../agent/new-host.ts'
import { type OpenedJournal, openJournal } from '../../agent/store/journal.ts'
import { folder, quiet } from './store/fixture.ts'

interface Host {
  readonly marker: string
  readonly journal: OpenedJournal
}

async function start(directory: string): Promise<Host & { readonly isNew: boolean }> {
  const marker = join(directory, 'new')
  const onFatal = (error: Error): void => {
    throw error
  }
  const journal = await openJournal({ directory: join(directory, 'journal'), log: quiet, onFatal, minFreeBytes: 0, ballastBytes: 0 })
  return { marker, journal, isNew: await isNewHost(marker, journal) }
}

function madeHost(): string {
  const directory = folder()
  writeFileSync(join(directory, 'new'), '')
  return directory
}

t.test('a host is new until its first batch is durable, over any number of starts', async (t) => {
  const directory = madeHost()
  for (const time of ['first', 'second']) {
    const { isNew, journal } = await start(directory)
    t.equal(isNew, true, `${time} start`)
    await journal.close()
  }
  const { journal, marker } = await start(directory)
  const guarded = withMarker(journal, marker)
  const writing = guarded.write([{ key: 'host', value: 1 }])
  t.ok(existsSync(marker))
  await writing
  t.notOk(existsSync(marker), 'gone before anybody is told that it is written')
  await guarded.write([{ key: 'host', value: 2 }])
  await guarded.close()
  const after = await start(directory)
  t.equal(after.isNew, false)
  t.same(after.journal.entries(), [['host', 2]])
  await after.journal.close()
})

t.test('an empty journal without a marker is a lost one', async (t) => {
  const { isNew, journal } = await start(folder())
  t.equal(isNew, false)
  await journal.close()
})

t.test('a marker that a crash left beside a journal makes nobody new, now or later', async (t) => {
  const directory = madeHost()
  const first = await start(directory)
  await first.journal.write([{ key: 'host', value: 1 }])
  await first.journal.close()
  const second = await start(directory)
  t.equal(second.isNew, false)
  t.notOk(existsSync(second.marker))
  await second.journal.close()
})

t.test('a host whose first journal was damaged is not new', async (t) => {
  const directory = madeHost()
  const first = await start(directory)
  await first.journal.close()
  writeFileSync(join(directory, 'journal', 'witness'), '7 abc\n')
  for (const time of ['at the start that finds it', 'and at the next']) {
    const { isNew, journal, marker } = await start(directory)
    t.same(journal.entries(), [])
    t.equal(isNew, false, time)
    t.notOk(existsSync(marker))
    await journal.close()
  }
})
