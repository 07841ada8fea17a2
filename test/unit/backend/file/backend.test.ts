/** What sparse files promise beyond the contract of backends: bytes, crashes between two calls, and a sick file system. */
import { constants } from 'node:fs'
import { link, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createFileBackend } from '../../../../agent/backend/file/backend.ts'
import { checkFileBackend } from '../../../../agent/backend/file/check.ts'
import { createExec } from '../../../../agent/system/exec.ts'
import { projectId, requestId, volumeId } from '../../../../lib/model/ids.ts'
import type { Backend } from '../../../../lib/ports/backend.ts'

const EXEC = createExec({ log: { debug() {}, info() {}, warn() {}, error() {} } })
const GIB = 1024 ** 3
const ID = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const VOLUME = { id: ID, pool: 'pool', sizeBytes: GIB }
const TAGS = { project: projectId('tenant'), rid: requestId('0123456789abcdef0123456789abcdef') }
const inTime = new AbortController().signal
const DONE = { kind: 'ok', value: undefined }
const IMAGE = `volume-${ID}.img`
const SIDECAR = `volume-${ID}.json`

async function folder(t: Test): Promise<{ directory: string; path: string; backend: Backend }> {
  const directory = await mkdtemp(join(tmpdir(), 'scoria-file-backend-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return { directory, path: join(directory, `volume-${ID}.img`), backend: backendIn(directory) }
}

function backendIn(directory: string, capacityGiB: number | null = null): Backend {
  return createFileBackend({
    name: 'file',
    directory,
    pool: 'pool',
    capacityGiB,
    maxOverSubscriptionRatio: 2,
    reservedPercentage: 5,
    exec: EXEC,
  })
}

async function writeAt(path: string, text: string, position: number): Promise<void> {
  const handle = await open(path, constants.O_RDWR)
  await handle.write(text, position)
  await handle.close()
}

async function readAt(path: string, length: number, position: number): Promise<Buffer> {
  const handle = await open(path, 'r')
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, position)
  await handle.close()
  return buffer
}

t.test('a new volume reads zero, takes no room, and is closed to other users', async (t) => {
  const { backend, path } = await folder(t)
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  t.equal(backend.devicePath(ID), path)
  const { size, blocks, mode } = await stat(path)
  t.same({ size, blocks, mode: mode & 0o777 }, { size: GIB, blocks: 0, mode: 0o600 })
  t.same(await readAt(path, 4096, GIB - 4096), Buffer.alloc(4096))
})

t.test('a volume made again after its removal shows nothing of the first', async (t) => {
  const { backend, path } = await folder(t)
  await backend.create(VOLUME, TAGS, inTime)
  await writeAt(path, 'secret of a tenant', 0)
  await backend.remove(ID, inTime)
  await backend.create(VOLUME, TAGS, inTime)
  t.same(await readAt(path, 4096, 0), Buffer.alloc(4096))
})

t.test('repeating create and growing leave the bytes alone', async (t) => {
  const { backend, path } = await folder(t)
  await backend.create(VOLUME, TAGS, inTime)
  await writeAt(path, 'data', 0)
  await backend.create(VOLUME, TAGS, inTime)
  await backend.extend({ ...VOLUME, sizeBytes: 2 * GIB }, inTime)
  t.equal((await readAt(path, 4, 0)).toString(), 'data')
})

t.test('a create that a crash cut off between name and size is finished', async (t) => {
  const { backend, path } = await folder(t)
  await writeFile(path, '')
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  t.equal((await stat(path)).size, GIB)
})

t.test('a smaller file that somebody wrote to is no leftover: create refuses and leaves it', async (t) => {
  const { backend, path } = await folder(t)
  await writeFile(path, 'data')
  t.match(await backend.create(VOLUME, TAGS, inTime), { kind: 'failed', detail: /there with 4 bytes/ })
  t.equal(await readFile(path, 'utf8'), 'data')
})

t.test('only files named like a volume are volumes', async (t) => {
  const { backend, directory, path } = await folder(t)
  await mkdir(join(directory, 'lost+found'))
  await writeFile(join(directory, `volume-${ID}.img.bak`), '')
  await writeFile(join(directory, `volume-${ID.toUpperCase()}.img`), '')
  await writeFile(join(directory, `quarantine-volume-${ID}.img`), '')
  await symlink('/etc/hostname', path)
  t.same(await backend.list(inTime), { kind: 'ok', value: [] })
})

t.test('a link in the place of a volume is never followed', async (t) => {
  const { backend, directory, path } = await folder(t)
  const elsewhere = join(directory, 'elsewhere')
  await writeFile(elsewhere, 'mine')
  await symlink(elsewhere, path)
  for (const outcome of [
    await backend.create(VOLUME, TAGS, inTime),
    await backend.extend(VOLUME, inTime),
    await backend.inspect(ID, inTime),
  ]) {
    t.match(outcome, { kind: 'failed', detail: /not a regular file/ })
  }
  t.equal(await readFile(elsewhere, 'utf8'), 'mine')
})

t.test('quarantine overwrites nothing: each time a name of its own', async (t) => {
  const { backend, directory, path } = await folder(t)
  for (const text of ['first', 'second', 'third']) {
    await writeFile(path, text)
    t.same(await backend.quarantine(ID, inTime), DONE, text)
  }
  const names = (await readdir(directory)).sort()
  t.same(names, [`quarantine-2-volume-${ID}.img`, `quarantine-3-volume-${ID}.img`, `quarantine-volume-${ID}.img`])
  t.same(await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8'))), ['second', 'third', 'first'])
})

t.test('a quarantine that a crash cut off between its two names is finished under the same name', async (t) => {
  const { backend, directory, path } = await folder(t)
  await writeFile(path, 'data')
  await writeFile(join(directory, SIDECAR), 'tags')
  for (const name of [IMAGE, SIDECAR]) await link(join(directory, name), join(directory, `quarantine-${name}`))
  t.same(await backend.quarantine(ID, inTime), DONE)
  t.same((await readdir(directory)).sort(), [`quarantine-${IMAGE}`, `quarantine-${SIDECAR}`])
})

t.test('tags without bytes are no volume: the next create replaces them, the next remove takes them away', async (t) => {
  const { backend, directory } = await folder(t)
  const leftovers = { [SIDECAR]: '{"project":"earlier","rid":"00000000000000000000000000000000"}', [`.${SIDECAR}.draft`]: '{"proj' }
  const leave = async (): Promise<void> => {
    for (const [name, text] of Object.entries(leftovers)) await writeFile(join(directory, name), text)
  }
  await leave()
  t.same(await backend.list(inTime), { kind: 'ok', value: [] })
  t.same(await backend.inspect(ID, inTime), { kind: 'ok', value: null })
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  t.same(await backend.inspect(ID, inTime), { kind: 'ok', value: { ...VOLUME, tags: TAGS } })
  t.same((await readdir(directory)).sort(), [IMAGE, SIDECAR])
  await backend.remove(ID, inTime)
  await leave()
  t.same(await backend.remove(ID, inTime), DONE)
  t.same(await readdir(directory), [])
})

t.test('bytes without tags, or with tags that cannot be read, are listed as nobody’s; a create gives them theirs', async (t) => {
  const { backend, directory, path } = await folder(t)
  await writeFile(path, '')
  await truncate(path, GIB)
  const sidecar = join(directory, SIDECAR)
  const harms: Record<string, () => Promise<void>> = {
    missing: () => rm(sidecar, { force: true }),
    'cut off': () => writeFile(sidecar, '{"project":"te'),
    empty: () => writeFile(sidecar, ''),
    'of another shape': () => writeFile(sidecar, '{"project":7,"rid":null}'),
    'with a name that no request has': () => writeFile(sidecar, '{"project":"tenant","rid":"../../etc"}'),
    'far too long': () => writeFile(sidecar, JSON.stringify({ ...TAGS, more: 'x'.repeat(10_000) })),
    'a link': async () => {
      await rm(sidecar)
      await writeFile(join(directory, 'elsewhere'), JSON.stringify(TAGS))
      await symlink(join(directory, 'elsewhere'), sidecar)
    },
  }
  for (const [title, harm] of Object.entries(harms)) {
    await harm()
    t.same(await backend.list(inTime), { kind: 'ok', value: [{ ...VOLUME, tags: null }] }, title)
    t.same(await backend.inspect(ID, inTime), { kind: 'ok', value: { ...VOLUME, tags: null } }, title)
  }
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  t.same(await backend.list(inTime), { kind: 'ok', value: [{ ...VOLUME, tags: TAGS }] })
  t.same(JSON.parse(await readFile(join(directory, 'elsewhere'), 'utf8')), TAGS, 'and a link is not followed')
})

t.test('tags go aside with their bytes, and never to the bytes of another time', async (t) => {
  const { backend, directory, path } = await folder(t)
  const text = (name: string): Promise<string> => readFile(join(directory, name), 'utf8')
  await backend.create(VOLUME, TAGS, inTime)
  const tags = await text(SIDECAR)
  t.same(await backend.quarantine(ID, inTime), DONE)
  t.same((await readdir(directory)).sort(), [`quarantine-${IMAGE}`, `quarantine-${SIDECAR}`])
  t.equal(await text(`quarantine-${SIDECAR}`), tags)
  await rm(join(directory, `quarantine-${IMAGE}`))
  await writeFile(path, 'later')
  await writeFile(join(directory, SIDECAR), 'later tags')
  t.same(await backend.quarantine(ID, inTime), DONE)
  t.same((await readdir(directory)).sort(), [`quarantine-2-${IMAGE}`, `quarantine-2-${SIDECAR}`, `quarantine-${SIDECAR}`].sort())
  t.equal(await text(`quarantine-2-${SIDECAR}`), 'later tags')
})

t.test('while the folder is away nothing is taken for removed or lost', async (t) => {
  const { directory } = await folder(t)
  const backend = backendIn(join(directory, 'not-mounted'))
  const outcomes = {
    create: await backend.create(VOLUME, TAGS, inTime),
    extend: await backend.extend(VOLUME, inTime),
    remove: await backend.remove(ID, inTime),
    inspect: await backend.inspect(ID, inTime),
    list: await backend.list(inTime),
    quarantine: await backend.quarantine(ID, inTime),
    measure: await backend.measure(inTime),
  }
  for (const [name, outcome] of Object.entries(outcomes)) t.match(outcome, { kind: 'failed', tool: 'file system', detail: /ENOENT/ }, name)
})

t.test('a size that the file system cannot hold is refused and leaves no file', async (t) => {
  const { backend, directory } = await folder(t)
  t.match(await backend.create({ ...VOLUME, sizeBytes: 2 ** 53 - 1 }, TAGS, inTime), { kind: 'failed', detail: /EFBIG|EINVAL|ENOSPC/ })
  t.same(await readdir(directory), [])
})

t.test('a call whose time limit has passed begins nothing and says that it does not know', async (t) => {
  const { backend, directory } = await folder(t)
  t.match(await backend.create(VOLUME, TAGS, AbortSignal.abort()), { kind: 'unknown' })
  t.same(await readdir(directory), [])
})

t.test('free room is what the disk has left and the volumes have not taken of the capacity', async (t) => {
  const { directory, path, backend } = await folder(t)
  await backend.create({ ...VOLUME, sizeBytes: 3 * GIB }, TAGS, inTime)
  t.match(
    await backendIn(directory, 2).measure(inTime),
    { value: [{ totalGiB: 2, capabilities: { total_capacity_gb: 2, free_capacity_gb: 2 } }] },
    'a sparse volume takes none',
  )
  await writeAt(path, 'data', GIB)
  t.match(await backendIn(directory, 2).measure(inTime), {
    value: [{ capabilities: { free_capacity_gb: 1, reserved_percentage: 5, max_over_subscription_ratio: 2 } }],
  })
  await truncate(path, 0)
})

t.test('the check before the start names what to do', async (t) => {
  const { directory } = await folder(t)
  const file = join(directory, 'file')
  await writeFile(file, '')
  t.equal(await checkFileBackend(directory), null)
  t.match(await checkFileBackend(join(directory, 'absent')), /does not exist: mkdir -p/)
  t.match(await checkFileBackend(file), /not a folder/)
  t.match(await checkFileBackend('/tmp/a,b'), /comma/)
})

t.test('a create that outlives its time limit is over before the next call for its volume looks', async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const { backend, directory } = await folder(t)
    const limit = new AbortController()
    const given = backend.create(VOLUME, TAGS, limit.signal)
    limit.abort()
    t.match(await given, { kind: 'unknown' })
    t.same(await backend.remove(ID, inTime), DONE)
    t.same(await readdir(directory), [], `round ${round}: what was removed does not come back`)
  }
})
