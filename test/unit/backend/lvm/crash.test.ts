/**
 * A host dies before and after every single command of every call, thick and thin; then the call is repeated, as the rules do.
 *
 * Whatever lies there then is whole, reads what it should, and nobody's bytes or room were lost on the way.
 */
import t, { type Test } from 'tap'
import { projectId, requestId, snapshotId, volumeId } from '../../../../lib/model/ids.ts'
import type { Backend } from '../../../../lib/ports/backend.ts'
import type { Outcome } from '../../../../lib/ports/outcome.ts'
import { createFakeLvm, type FakeLvm } from '../../../contract/fake-lvm.ts'
import { lvmBackendOn } from '../../../contract/lvm-backend.ts'

const GIB = 1024 ** 3
const inTime = new AbortController().signal
const TAGS = { project: projectId('tenant'), rid: requestId('0123456789abcdef0123456789abcdef') }
const VOLUME = { id: volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'), pool: 'pool', sizeBytes: 2 * GIB }
const REVERT = requestId('fedcba9876543210fedcba9876543210')
const LARGER = { ...VOLUME, sizeBytes: 3 * GIB }
const SNAPSHOT = { id: snapshotId('11111111-6a6f-4c39-9d0b-0d2f3c1b7a10'), volume: VOLUME.id, pool: 'pool', sizeBytes: 2 * GIB }
const COPY = { ...VOLUME, id: volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d'), sizeBytes: 3 * GIB }
const COPY_LV = `volume-${COPY.id}`
const LV = `volume-${VOLUME.id}`
const SNAPSHOT_LV = `_snapshot-${SNAPSHOT.id}`
const OTHER_SNAPSHOT = { ...SNAPSHOT, id: snapshotId('22222222-6a6f-4c39-9d0b-0d2f3c1b7a10') }
const OTHER_SNAPSHOT_LV = `_snapshot-${OTHER_SNAPSHOT.id}`
const SECRET = 'a tenant wrote this'

interface Story {
  readonly name: string
  readonly before: (backend: Backend, lvm: FakeLvm) => Promise<void>
  readonly call: (backend: Backend) => Promise<Outcome<void>>
  /** Sizes in GiB that the volume, its snapshot and its copy may be seen with after the crash; 0: not there. */
  readonly seen: readonly string[]
  readonly after: (t: Test, backend: Backend, lvm: FakeLvm) => Promise<unknown>
  /** Of what lies there and is no volume when all is done: it is taken in as the copy, so that it can be removed. */
  readonly left?: string
}

const made = async (backend: Backend, lvm: FakeLvm): Promise<void> => {
  good(await backend.create(VOLUME, TAGS, inTime))
  lvm.write(LV, SECRET)
}
const readsZero = (t: Test, blocks: readonly string[]): boolean => t.same(new Set(blocks), new Set(['']), 'reads zero everywhere')
const readsSecret = (t: Test, blocks: readonly string[]): boolean => t.same(new Set(blocks), new Set([SECRET]), 'reads what was written')

const FOUND = 'found'
const laid = async (_: Backend, lvm: FakeLvm): Promise<void> => lvm.lay(FOUND, VOLUME.sizeBytes, SECRET)
const things = async (backend: Backend): Promise<readonly object[]> => good(await backend.listExisting(inTime))

const STORIES: readonly Story[] = [
  {
    name: 'create',
    before: async () => undefined,
    call: (backend) => backend.create(VOLUME, TAGS, inTime),
    seen: ['0 0 0', '2 0 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.list(inTime)), [{ ...VOLUME, tags: TAGS }])
      readsZero(t, lvm.read(LV))
      t.ok(lvm.lv(LV).isActive, 'it has its device')
    },
  },
  {
    name: 'extend',
    before: made,
    call: (backend) => backend.extend(LARGER, inTime),
    seen: ['2 0 0', '3 0 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.list(inTime)), [{ ...LARGER, tags: TAGS }])
      readsSecret(t, lvm.read(LV).slice(0, 8))
      readsZero(t, lvm.read(LV).slice(8))
    },
  },
  {
    name: 'extend while it is in use',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      lvm.lv(LV).isOpen = true
    },
    call: (backend) => backend.extend(LARGER, inTime),
    seen: ['2 0 0', '3 0 0'],
    after: async (t, _backend, lvm) => {
      readsSecret(t, lvm.read(LV).slice(0, 8))
      readsZero(t, lvm.read(LV).slice(8))
    },
  },
  {
    name: 'a volume with a snapshot becomes another project’s',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      good(await backend.createSnapshot(SNAPSHOT, TAGS, inTime))
    },
    call: (backend) => backend.retag(VOLUME.id, projectId('another'), inTime),
    seen: ['2 2 0'],
    after: async (t, backend, lvm) => {
      const tags = { ...TAGS, project: projectId('another') }
      t.same(good(await backend.list(inTime)), [{ ...VOLUME, tags }])
      t.same(good(await backend.listSnapshots(inTime)), [{ ...SNAPSHOT, tags }])
      readsSecret(t, lvm.read(LV))
    },
  },
  {
    name: 'remove',
    before: made,
    call: (backend) => backend.remove(VOLUME.id, inTime),
    seen: ['0 0 0', '2 0 0'],
    after: async (t, backend) => t.same(good(await backend.list(inTime)), []),
  },
  {
    name: 'remove of what is half grown',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      await died(lvm, lvm.commands.length + 2, true, () => backend.extend(LARGER, inTime))
      lvm.boot()
    },
    call: (backend) => backend.remove(VOLUME.id, inTime),
    seen: ['0 0 0', '2 0 0', '3 0 0'],
    after: async (t, backend) => t.same(good(await backend.list(inTime)), []),
  },
  {
    name: 'snapshot',
    before: made,
    call: (backend) => backend.createSnapshot(SNAPSHOT, TAGS, inTime),
    seen: ['2 0 0', '2 2 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.listSnapshots(inTime)), [{ ...SNAPSHOT, tags: TAGS }])
      good(await backend.inspect(VOLUME.id, inTime))
      lvm.write(LV, 'written later')
      readsSecret(t, lvm.read(SNAPSHOT_LV))
    },
  },
  {
    name: 'removal of a snapshot',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      good(await backend.createSnapshot(SNAPSHOT, TAGS, inTime))
    },
    call: (backend) => backend.removeSnapshot(SNAPSHOT, inTime),
    seen: ['2 0 0', '2 2 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.listSnapshots(inTime)), [])
      readsSecret(t, lvm.read(LV))
    },
  },
  {
    name: 'a larger copy of a snapshot',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      good(await backend.createSnapshot(SNAPSHOT, TAGS, inTime))
      lvm.write(LV, 'written later')
    },
    call: (backend) => backend.copy(COPY, { kind: 'snapshot', snapshot: SNAPSHOT }, TAGS, inTime),
    seen: ['2 2 0', '2 2 3'],
    after: async (t, backend, lvm) => {
      t.match(await backend.inspect(COPY.id, inTime), { value: { ...COPY, tags: TAGS } })
      readsSecret(t, lvm.read(COPY_LV).slice(0, 8))
      readsZero(t, lvm.read(COPY_LV).slice(8))
      t.ok(lvm.lv(COPY_LV).isActive, 'it has its device')
    },
  },
  {
    name: 'a copy of a volume',
    before: made,
    call: (backend) => backend.copy({ ...COPY, sizeBytes: 2 * GIB }, { kind: 'volume', volume: VOLUME.id }, TAGS, inTime),
    seen: ['2 0 0', '2 0 2'],
    after: async (t, backend, lvm) => {
      good(await backend.inspect(VOLUME.id, inTime))
      lvm.write(LV, 'written later')
      readsSecret(t, lvm.read(COPY_LV))
      t.ok(lvm.lv(COPY_LV).isActive, 'it has its device')
    },
  },
  {
    name: 'adoption',
    before: laid,
    call: (backend) => backend.adopt(VOLUME, FOUND, TAGS, inTime),
    seen: ['0 0 0', '2 0 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.list(inTime)), [{ ...VOLUME, tags: TAGS }])
      readsSecret(t, lvm.read(LV))
      t.ok(lvm.lv(LV).isActive, 'it has its device')
      t.same(await things(backend), [])
    },
  },
  {
    name: 'adoption of what was set aside',
    before: async (backend, lvm) => {
      good(await backend.create({ ...COPY, sizeBytes: 2 * GIB }, TAGS, inTime))
      lvm.write(COPY_LV, SECRET)
      good(await backend.quarantine(COPY.id, inTime))
    },
    call: (backend) => backend.adopt(VOLUME, `quarantine-${COPY_LV}`, TAGS, inTime),
    seen: ['0 0 0', '2 0 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.list(inTime)), [{ ...VOLUME, tags: TAGS }])
      readsSecret(t, lvm.read(LV))
      t.same(await things(backend), [])
    },
  },
  {
    name: 'release',
    before: made,
    call: (backend) => backend.release(VOLUME.id, inTime),
    seen: ['0 0 0', '2 0 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.list(inTime)), [])
      t.match(await things(backend), [{ name: LV, sizeBytes: 2 * GIB, hindrance: null, former: null }])
      readsSecret(t, lvm.read(LV))
      t.same(lvm.lv(LV).tags, [])
    },
    left: LV,
  },
  {
    name: 'release of what was only marked',
    before: async (backend, lvm) => {
      await laid(backend, lvm)
      await died(lvm, lvm.commands.length + 1, true, () => backend.adopt(VOLUME, FOUND, TAGS, inTime))
      lvm.boot()
    },
    call: (backend) => backend.release(VOLUME.id, inTime),
    seen: ['0 0 0'],
    after: async (t, backend, lvm) => {
      t.match(await things(backend), [{ name: FOUND, sizeBytes: 2 * GIB, hindrance: null }])
      readsSecret(t, lvm.read(FOUND))
      t.same(lvm.lv(FOUND).tags, [])
    },
    left: FOUND,
  },
  {
    name: 'release of a snapshot',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      good(await backend.createSnapshot(SNAPSHOT, TAGS, inTime))
    },
    call: (backend) => backend.releaseSnapshot(SNAPSHOT, inTime),
    seen: ['2 2 0', '2 0 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.listSnapshots(inTime)), [])
      t.match(await things(backend), [{ name: SNAPSHOT_LV, sizeBytes: 2 * GIB, hindrance: null, origin: { name: LV, volume: VOLUME.id } }])
      readsSecret(t, lvm.read(SNAPSHOT_LV))
      t.same(lvm.lv(SNAPSHOT_LV).tags, [`scoria.copy-of=${VOLUME.id}`])
    },
    left: SNAPSHOT_LV,
  },
  {
    name: 'adoption of a snapshot',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      good(await backend.createSnapshot(OTHER_SNAPSHOT, TAGS, inTime))
      good(await backend.releaseSnapshot(OTHER_SNAPSHOT, inTime))
    },
    call: (backend) => backend.adoptSnapshot(SNAPSHOT, OTHER_SNAPSHOT_LV, TAGS, inTime),
    seen: ['2 0 0', '2 2 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.listSnapshots(inTime)), [{ ...SNAPSHOT, tags: TAGS }])
      readsSecret(t, lvm.read(SNAPSHOT_LV))
      t.same(await things(backend), [])
    },
  },
  {
    name: 'release of a snapshot that was only marked',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      good(await backend.createSnapshot(OTHER_SNAPSHOT, TAGS, inTime))
      good(await backend.releaseSnapshot(OTHER_SNAPSHOT, inTime))
      await died(lvm, lvm.commands.length + 1, true, () => backend.adoptSnapshot(SNAPSHOT, OTHER_SNAPSHOT_LV, TAGS, inTime))
      lvm.boot()
    },
    call: (backend) => backend.releaseSnapshot(SNAPSHOT, inTime),
    seen: ['2 0 0'],
    after: async (t, backend, lvm) => {
      t.match(await things(backend), [{ name: OTHER_SNAPSHOT_LV, hindrance: null, origin: { volume: VOLUME.id } }])
      t.same(lvm.lv(OTHER_SNAPSHOT_LV).tags, [`scoria.copy-of=${VOLUME.id}`])
      readsSecret(t, lvm.read(OTHER_SNAPSHOT_LV))
    },
    left: OTHER_SNAPSHOT_LV,
  },
  {
    name: 'revert to a snapshot',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      good(await backend.createSnapshot(SNAPSHOT, TAGS, inTime))
      lvm.write(LV, 'written later')
    },
    call: (backend) => backend.revert(VOLUME, SNAPSHOT, REVERT, inTime),
    seen: ['2 2 0'],
    after: async (t, backend, lvm) => {
      readsSecret(t, lvm.read(LV))
      readsSecret(t, lvm.read(SNAPSHOT_LV))
      t.ok(lvm.lv(LV).isActive, 'it has its device')
      t.same(good(await backend.list(inTime)), [{ ...VOLUME, tags: TAGS }])
      t.same(good(await backend.listSnapshots(inTime)), [{ ...SNAPSHOT, tags: TAGS }])
      lvm.write(LV, 'written after it')
      good(await backend.revert(VOLUME, SNAPSHOT, REVERT, inTime))
      t.same(new Set(lvm.read(LV)), new Set(['written after it']), 'it is reverted once')
      good(await backend.revert(VOLUME, SNAPSHOT, TAGS.rid, inTime))
      readsSecret(t, lvm.read(LV))
    },
  },
  {
    name: 'removal of a volume that is half reverted',
    before: async (backend, lvm) => {
      await made(backend, lvm)
      good(await backend.createSnapshot(SNAPSHOT, TAGS, inTime))
      await died(lvm, lvm.commands.length + 2, true, () => backend.revert(VOLUME, SNAPSHOT, REVERT, inTime))
      lvm.boot()
    },
    call: (backend) => backend.remove(VOLUME.id, inTime),
    seen: ['2 2 0', '0 2 0'],
    after: async (t, backend) => t.same(good(await backend.list(inTime)), []),
  },
  {
    name: 'quarantine',
    before: made,
    call: (backend) => backend.quarantine(VOLUME.id, inTime),
    seen: ['0 0 0', '2 0 0'],
    after: async (t, backend, lvm) => {
      t.same(good(await backend.list(inTime)), [])
      readsSecret(t, lvm.read(`quarantine-${LV}`))
    },
  },
]

for (const thinPool of [null, 'thin']) {
  for (const story of STORIES) {
    t.test(`${story.name}, ${thinPool === null ? 'thick' : 'thin'}`, async (t) => {
      const steps = await stepsOf(story, thinPool)
      t.ok(steps > 0, `${steps} commands`)
      for (const death of deathsIn(steps, thinPool !== null)) await t.test(nameOf(death), (t) => oneDeath(t, story, thinPool, death))
    })
  }
}

interface Death {
  /** Which command. */
  readonly at: number
  readonly isDone: boolean | 'promised'
  /** What a start does in the background comes first. */
  readonly isSwept: boolean
}

function deathsIn(steps: number, isThin: boolean): readonly Death[] {
  const ends = isThin ? ([false, true, 'promised'] as const) : ([false, true] as const)
  const all = Array.from({ length: steps }, (_, at) => ends.flatMap((isDone) => [false, true].map((isSwept) => ({ at, isDone, isSwept }))))
  return all.flat()
}

function nameOf({ at, isDone, isSwept }: Death): string {
  const where = isDone === 'promised' ? 'in the middle of' : isDone ? 'after' : 'before'
  return `${where} command ${at}${isSwept ? ', leftovers finished first' : ''}`
}

async function oneDeath(t: Test, story: Story, thinPool: string | null, { at, isDone, isSwept }: Death): Promise<void> {
  const lvm = createFakeLvm({ vg: 'vg', sizeGiB: 16, thinPool })
  const open = () => lvmBackendOn({ exec: lvm.exec, vg: 'vg', thinPool, pool: 'pool' })
  const names = lvm.names()
  const freeGiB = lvm.freeGiB()
  await story.before(open(), lvm)
  const doomed = open()
  good(await doomed.measure(inTime))
  await died(lvm, lvm.commands.length + at, isDone, () => story.call(doomed))
  lvm.boot()

  const backend = open()
  if (isSwept) await backend.finishLeftovers(inTime)
  const volumes = good(await backend.list(inTime))
  const [volume, copy] = [VOLUME, COPY].map(({ id }) => volumes.find((one) => one.id === id))
  const [snapshot] = good(await backend.listSnapshots(inTime))
  const seen = [volume, snapshot, copy].map((one) => (one?.sizeBytes ?? 0) / GIB).join(' ')
  t.ok(story.seen.includes(seen), `seen as ${seen} GiB`)
  t.same(good(await backend.inspect(VOLUME.id, inTime)), volume ?? null, 'a look sees what the list says')
  good(await story.call(backend))
  await story.after(t, backend, lvm)
  t.equal((await story.call(backend)).kind, 'ok', 'and once more')

  if (story.left !== undefined) good(await backend.adopt({ ...COPY, sizeBytes: VOLUME.sizeBytes }, story.left, TAGS, inTime))
  good(await backend.removeSnapshot(SNAPSHOT, inTime))
  good(await backend.remove(VOLUME.id, inTime))
  good(await backend.remove(COPY.id, inTime))
  const isAside = (name: string): boolean => name.startsWith('quarantine-')
  t.same(
    lvm.names().filter((name) => !isAside(name)),
    names,
    'no LV is left',
  )
  if (!lvm.names().some(isAside)) t.equal(lvm.freeGiB(), freeGiB, 'no room is lost')
  t.same(lvm.leaks, [], 'nothing was freed with a tenant’s bytes on it')
  t.same(lvm.exposed, [], 'nothing of anybody’s could be read where a volume grew')
}

async function stepsOf(story: Story, thinPool: string | null): Promise<number> {
  const lvm = createFakeLvm({ vg: 'vg', sizeGiB: 16, thinPool })
  const open = () => lvmBackendOn({ exec: lvm.exec, vg: 'vg', thinPool, pool: 'pool' })
  await story.before(open(), lvm)
  const backend = open()
  good(await backend.measure(inTime))
  const before = lvm.commands.length
  good(await story.call(backend))
  return lvm.commands.length - before
}

/** Of two ends one comes: the process dies, or the call was through before. */
async function died(lvm: FakeLvm, at: number, isDone: boolean | 'promised', call: () => Promise<Outcome<void>>): Promise<void> {
  const death = lvm.crash(at, isDone)
  await Promise.race([death, call()])
}

function good<Value>(outcome: Outcome<Value>): Value {
  if (outcome.kind === 'ok') return outcome.value
  throw new Error(JSON.stringify(outcome))
}
