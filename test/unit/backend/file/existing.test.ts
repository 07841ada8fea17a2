/** What in a folder is no volume, and which of it is left alone. */
import { link, mkdtemp, open, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createFileBackend } from '../../../../agent/backend/file/backend.ts'
import { createExec } from '../../../../agent/system/exec.ts'
import { projectId, requestId, volumeId } from '../../../../lib/model/ids.ts'
import type { Backend } from '../../../../lib/ports/backend.ts'

const GIB = 1024 ** 3
const inTime = new AbortController().signal
const ID = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const TAGS = { project: projectId('p'), rid: requestId('0123456789abcdef0123456789abcdef') }

t.setTimeout(120_000)

async function folder(t: Test): Promise<{ readonly directory: string; readonly backend: Backend }> {
  const directory = await mkdtemp(join(tmpdir(), 'scoria-existing-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const exec = createExec({ log: { debug() {}, info() {}, warn() {}, error() {} } })
  const sizes = { capacityGiB: 10, maxOverSubscriptionRatio: 1, reservedPercentage: 0 }
  return { directory, backend: createFileBackend({ name: 'file', directory, pool: 'pool', exec, ...sizes }) }
}

async function lay(directory: string, name: string, sizeBytes = GIB): Promise<void> {
  await writeFile(join(directory, name), 'precious')
  await truncate(join(directory, name), sizeBytes)
}

t.test('images are listed with what keeps them from being volumes; other files are not looked at', async (t) => {
  const { directory, backend } = await folder(t)
  await lay(directory, 'plain.img')
  await lay(directory, 'open.img')
  await lay(directory, 'two-names.img')
  await link(join(directory, 'two-names.img'), join(directory, 'other-name'))
  await symlink('/dev/zero', join(directory, 'link.img'))
  await lay(directory, 'empty.img', 0)
  await lay(directory, 'a name with spaces.img')
  await lay(directory, '.hidden.img')
  await lay(directory, 'notes.txt')
  const handle = await open(join(directory, 'open.img'))
  t.teardown(() => handle.close())
  const listed = await backend.listExisting(inTime)
  const hindrances = listed.kind === 'ok' ? Object.fromEntries(listed.value.map(({ name, hindrance }) => [name, hindrance])) : listed
  t.same(hindrances, {
    'a name with spaces.img': 'name',
    'empty.img': 'size',
    'link.img': 'linked',
    'open.img': 'in-use',
    'plain.img': null,
    'two-names.img': 'linked',
  })
  const before = (await readdir(directory)).sort()
  for (const name of before.filter((one) => one !== 'plain.img'))
    t.equal((await backend.adopt({ id: ID, pool: 'pool', sizeBytes: GIB }, name, TAGS, inTime)).kind, 'failed', name)
  t.same((await readdir(directory)).sort(), before, 'and nothing has changed')
})

t.test('a volume is not given back over a file that has its name', async (t) => {
  const { directory, backend } = await folder(t)
  await backend.create({ id: ID, pool: 'pool', sizeBytes: GIB }, TAGS, inTime)
  await lay(directory, `unmanaged-${ID}.img`)
  t.match(await backend.release(ID, inTime), { kind: 'failed', detail: /is there already: rename it/ })
  t.match(await backend.inspect(ID, inTime), { kind: 'ok', value: { id: ID, tags: TAGS } })
})

t.test('what was set aside says since when, and leaves no tags behind when it is taken in again', async (t) => {
  const { directory, backend } = await folder(t)
  await backend.create({ id: ID, pool: 'pool', sizeBytes: GIB }, TAGS, inTime)
  const before = Date.now()
  await backend.quarantine(ID, inTime)
  const listed = await backend.listExisting(inTime)
  const [thing] = listed.kind === 'ok' ? listed.value : []
  t.ok((thing?.sinceMs ?? 0) >= before - 2000, `${thing?.sinceMs} since ${before}`)
  const other = volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d')
  t.match(await backend.adopt({ id: other, pool: 'pool', sizeBytes: GIB }, thing?.name ?? '', TAGS, inTime), { kind: 'ok' })
  t.same((await readdir(directory)).sort(), [`volume-${other}.img`, `volume-${other}.json`])
})
