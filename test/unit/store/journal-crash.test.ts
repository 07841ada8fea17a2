import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import t from 'tap'
import { folder, open } from './fixture.ts'

const WRITER = new URL(`./journal-writer${extname(import.meta.url)}`, import.meta.url)

interface Told {
  readonly acknowledged?: string
  readonly fatal?: string
  readonly ended?: readonly string[]
}

/** Runs the writer; `until` is asked after each acknowledged batch whether it is time to kill it. */
function start(directory: string): { readonly child: ChildProcess; readonly acked: string[]; readonly told: Told[] } {
  const child = fork(WRITER, [directory])
  const acked: string[] = []
  const told: Told[] = []
  child.on('message', (message: Told) => {
    // A test runner may talk over this channel too.
    if (message.acknowledged !== undefined) acked.push(message.acknowledged)
    else if (message.fatal !== undefined || message.ended !== undefined) told.push(message)
  })
  return { child, acked, told }
}

async function keysThere(directory: string): Promise<Set<string>> {
  const journal = await open(directory)
  const keys = new Set(journal.entries().map(([key]) => key))
  await journal.close()
  return keys
}

t.test('a process killed in mid-writing has lost no acknowledged batch and left no half one', async (t) => {
  const directory = folder()
  for (const atLeast of [40, 200, 500]) {
    const { child, acked } = start(directory)
    child.on('message', () => {
      if (acked.length >= atLeast) child.kill('SIGKILL')
    })
    await once(child, 'exit')
    const there = await keysThere(directory)
    t.same(
      acked.filter((key) => !there.has(`${key}/a`)),
      [],
      `all of ${acked.length} acknowledged batches are there`,
    )
    const halves = [...there].filter((key) => !there.has(key.endsWith('/a') ? key.replace(/a$/, 'b') : key.replace(/b$/, 'a')))
    t.same(halves, [], 'batches are whole')
  }
})

t.test('a full disk ends the journal at its first error, and loses nothing that was acknowledged', async (t) => {
  const mount = join(folder(), 'small')
  mkdirSync(mount)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount])
  t.teardown(() => execFileSync('umount', ['-l', mount]))
  const filler = join(mount, 'filler')
  writeFileSync(filler, Buffer.alloc(1024 ** 2))
  const directory = join(mount, 'journal')

  const { child, acked, told } = start(directory)
  const ended = new Promise<void>((resolve) => {
    child.on('message', (message: Told) => {
      // room comes back as soon as the error shows: what would be written now could be lost without a word
      if (message.fatal !== undefined) rmSync(filler)
      if (message.ended !== undefined) resolve()
    })
  })
  await ended
  const exited = once(child, 'exit')
  child.send('exit')
  await exited

  t.equal(told.filter(({ fatal }) => fatal !== undefined).length, 1, 'told once')
  t.match(told.find(({ fatal }) => fatal !== undefined)?.fatal, /No space left/)
  t.same(told.find(({ ended: how }) => how !== undefined)?.ended, Array(5).fill('rejected'), 'every later write is refused')
  t.ok(acked.length > 100, `${acked.length} batches fitted`)
  const there = await keysThere(directory)
  t.same(
    acked.filter((key) => !there.has(`${key}/a`) || !there.has(`${key}/b`)),
    [],
  )
  t.notOk(there.has('late'))
  const journal = await open(directory)
  await journal.write([{ key: 'afterwards', value: 'goes on' }])
  await journal.close()
})
