/** What snapshots in sparse files promise beyond the contract of backends: bytes, holes, and what a crash leaves in the middle. */
import { constants } from 'node:fs'
import { mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createFileBackend } from '../../../../agent/backend/file/backend.ts'
import { clearCopies } from '../../../../agent/backend/file/copy-file.ts'
import { createExec } from '../../../../agent/system/exec.ts'
import { projectId, requestId, snapshotId, volumeId } from '../../../../lib/model/ids.ts'
import type { Backend } from '../../../../lib/ports/backend.ts'
import type { Exec } from '../../../../lib/ports/exec.ts'

const GIB = 1024 ** 3
const ID = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const VOLUME = { id: ID, pool: 'pool', sizeBytes: GIB }
const SNAPSHOT = { id: snapshotId('11111111-6a6f-4c39-9d0b-0d2f3c1b7a10'), volume: ID, pool: 'pool', sizeBytes: GIB }
const TAGS = { project: projectId('tenant'), rid: requestId('0123456789abcdef0123456789abcdef') }
const STEM = `volume-${ID}.snapshot-${SNAPSHOT.id}`
const COPY = `.${STEM}.img.copy`
const inTime = new AbortController().signal
const DONE = { kind: 'ok', value: undefined }
const realExec = createExec({ log: { debug() {}, info() {}, warn() {}, error() {} } })

async function folder(t: Test, exec: Exec = realExec): Promise<{ directory: string; backend: Backend }> {
  const directory = await mkdtemp(join(tmpdir(), 'scoria-file-snapshots-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const options = { name: 'file', directory, pool: 'pool', capacityGiB: null, maxOverSubscriptionRatio: 2, reservedPercentage: 5, exec }
  const backend = createFileBackend(options)
  await backend.create(VOLUME, TAGS, inTime)
  return { directory, backend }
}

async function writeAt(path: string, text: string, position: number): Promise<void> {
  const handle = await open(path, constants.O_RDWR)
  await handle.write(text, position)
  await handle.close()
}

async function readAt(path: string, length: number, position: number): Promise<string> {
  const handle = await open(path, 'r')
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, position)
  await handle.close()
  return buffer.toString()
}

t.test('a snapshot has the bytes of its time, whatever is written to the volume later, and takes no room for holes', async (t) => {
  const { directory, backend } = await folder(t)
  await writeAt(backend.devicePath(ID), 'first', GIB / 2)
  t.same(await backend.createSnapshot(SNAPSHOT, TAGS, inTime), DONE)
  await writeAt(backend.devicePath(ID), 'later', GIB / 2)
  const image = join(directory, `${STEM}.img`)
  t.equal(await readAt(image, 5, GIB / 2), 'first')
  const { size, blocks, mode } = await stat(image)
  t.same([size, mode & 0o777], [GIB, 0o600])
  t.ok(blocks * 512 < GIB / 100, `sparse: ${blocks} blocks`)
  t.same(await backend.createSnapshot(SNAPSHOT, TAGS, inTime), DONE)
  t.equal(await readAt(image, 5, GIB / 2), 'first', 'a repeat does not copy anew')
  t.same(await backend.remove(ID, inTime), DONE)
  t.equal(await readAt(image, 5, GIB / 2), 'first', 'it needs nothing of its volume')
})

t.test('what a crash left in the middle of a copy is no snapshot, and the next start clears it', async (t) => {
  const { directory, backend } = await folder(t)
  await writeFile(join(directory, COPY), 'half')
  await writeFile(join(directory, `${STEM}.json`), '{"project":"earlier","rid":"00000000000000000000000000000000"}')
  await writeFile(join(directory, '.of-somebody-else.copy'), '')
  t.same(await backend.listSnapshots(inTime), { kind: 'ok', value: [] })
  t.same(await backend.inspectSnapshot(SNAPSHOT, inTime), { kind: 'ok', value: null })
  await clearCopies(directory)
  t.same(
    (await readdir(directory)).filter((name) => name.endsWith('.copy')),
    ['.of-somebody-else.copy'],
  )
  t.same(await backend.createSnapshot(SNAPSHOT, TAGS, inTime), DONE, 'and it is made then')
  t.same(await backend.inspectSnapshot(SNAPSHOT, inTime), { kind: 'ok', value: { ...SNAPSHOT, tags: TAGS } })
})

t.test('a copy that fails leaves nothing, and says what the tool said', async (t) => {
  const noRoom: Exec = async ({ args }) => {
    await writeFile(args.at(-1) ?? '', 'half')
    return { exitCode: 1, stdout: '', stderr: 'cp: No space left on device', timedOut: false, missing: false }
  }
  const { directory, backend } = await folder(t, noRoom)
  t.match(await backend.createSnapshot(SNAPSHOT, TAGS, inTime), { kind: 'failed', detail: /No space left on device/ })
  t.same((await readdir(directory)).sort(), [`volume-${ID}.img`, `volume-${ID}.json`])
})

t.test('a copy that outlasts the time limit goes on; what comes next for the volume waits for its end', async (t) => {
  let copies = 0
  const gate = { open: (): void => undefined }
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve
  })
  const slow: Exec = async (command) => {
    copies += 1
    await opened
    return realExec(command)
  }
  const { directory, backend } = await folder(t, slow)
  const limit = new AbortController()
  const first = backend.createSnapshot(SNAPSHOT, TAGS, limit.signal)
  limit.abort()
  t.match(await first, { kind: 'unknown' })
  const again = backend.createSnapshot(SNAPSHOT, TAGS, inTime)
  const removed = backend.removeSnapshot(SNAPSHOT, inTime)
  gate.open()
  t.same(await again, DONE)
  t.same(await removed, DONE)
  t.equal(copies, 1)
  t.same((await readdir(directory)).sort(), [`volume-${ID}.img`, `volume-${ID}.json`])
})

t.test('a snapshot has the size of its record, also if the file of its volume has grown beyond', async (t) => {
  const { backend } = await folder(t)
  await backend.extend({ ...VOLUME, sizeBytes: 2 * GIB }, inTime)
  t.same(await backend.createSnapshot(SNAPSHOT, TAGS, inTime), DONE)
  t.match(await backend.inspectSnapshot(SNAPSHOT, inTime), { value: { sizeBytes: GIB } })
})

t.test('a revert brings back the bytes of the snapshot, once for each request, and is all or nothing', async (t) => {
  let isFull = false
  const exec: Exec = async (command) => {
    if (!isFull) return realExec(command)
    await writeFile(command.args.at(-1) ?? '', 'half')
    return { exitCode: 1, stdout: '', stderr: 'cp: No space left on device', timedOut: false, missing: false }
  }
  const { directory, backend } = await folder(t, exec)
  const [device, image] = [backend.devicePath(ID), join(directory, `${STEM}.img`)]
  const writeAll = async (text: string): Promise<void> => {
    for (const at of [0, GIB / 2]) await writeAt(device, text, at)
  }
  const read = async (): Promise<readonly string[]> => Promise.all([readAt(device, 5, 0), readAt(device, 5, GIB / 2), readAt(image, 5, 0)])
  const revert = (digit: string) => backend.revert(VOLUME, SNAPSHOT, requestId(digit.repeat(32)), inTime)
  await writeAll('first')
  t.same(await backend.createSnapshot(SNAPSHOT, TAGS, inTime), DONE)
  await writeAll('later')
  t.same(await revert('1'), DONE)
  t.same(await read(), ['first', 'first', 'first'])
  t.match(await stat(device), { size: GIB })
  await writeAll('again')
  t.same(await revert('1'), DONE)
  t.same(await read(), ['again', 'again', 'first'], 'what was done is not done twice')
  isFull = true
  t.match(await revert('2'), { kind: 'failed', detail: /No space left/ })
  t.same(await read(), ['again', 'again', 'first'])
  isFull = false
  t.same(await revert('2'), DONE)
  t.same(await read(), ['first', 'first', 'first'])
  await writeFile(join(directory, `.volume-${ID}.img.copy`), 'half')
  await clearCopies(directory)
  t.same(await backend.remove(ID, inTime), DONE)
  t.same((await readdir(directory)).sort(), [`${STEM}.img`, `${STEM}.json`], 'nothing of the volume is left')
})
