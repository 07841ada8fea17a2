/**
 * What every backend promises (lib/ports/backend.ts), as tests that the real ones and the simulator's pass alike.
 */
import type { Test } from 'tap'
import { projectId, requestId, snapshotId, type VolumeId, volumeId } from '../../lib/model/ids.ts'
import type { Backend, BackendSnapshot, BackendVolume, FoundVolume, VolumeTags } from '../../lib/ports/backend.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'

export interface BackendUnderTest {
  readonly backend: Backend
  readonly pool: string
}

export interface DurableBackendUnderTest extends BackendUnderTest {
  /** The same backend in a new process after a crash. */
  restarted(): Backend
}

export type MakeBackend<Made extends BackendUnderTest = BackendUnderTest> = (t: Test) => Promise<Made>

const GIB = 1024 ** 3
const inTime: AbortSignal = new AbortController().signal

const FIRST = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const SECOND = volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d')

const TAGS: VolumeTags = { project: projectId('a project'), rid: requestId('0123456789abcdef0123456789abcdef') }
const OTHER_TAGS: VolumeTags = { project: projectId('größer "als" gedacht'), rid: requestId('fedcba9876543210fedcba9876543210') }

const SNAPSHOT = snapshotId('11111111-6a6f-4c39-9d0b-0d2f3c1b7a10')
const OTHER_SNAPSHOT = snapshotId('22222222-6a6f-4c39-9d0b-0d2f3c1b7a10')

/** Volumes and snapshots of so many units: a real disk takes its time for a GiB, and the contract is about none. */
function sizedBy(unitBytes: number) {
  return {
    volume: (pool: string, units: number, id: VolumeId = FIRST): BackendVolume => ({ id, pool, sizeBytes: units * unitBytes }),
    snapshotOf: (pool: string, units: number, id = SNAPSHOT): BackendSnapshot => ({
      id,
      volume: FIRST,
      pool,
      sizeBytes: units * unitBytes,
    }),
  }
}

const found = (volume: BackendVolume, tags: VolumeTags = TAGS): FoundVolume => ({ ...volume, tags })

function value<Value>(outcome: Outcome<Value>): Value {
  if (outcome.kind === 'ok') return outcome.value
  throw new Error(`expected ok: ${JSON.stringify(outcome)}`)
}

export function backendContract(t: Test, makeBackend: MakeBackend, unitBytes = GIB): void {
  const { volume, snapshotOf } = sizedBy(unitBytes)

  t.test('a volume that was created is there, at its size and in its pool', async (t) => {
    const { backend, pool } = await makeBackend(t)
    t.equal(value(await backend.inspect(FIRST, inTime)), null, 'not there before')
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    t.same(value(await backend.inspect(FIRST, inTime)), found(volume(pool, 1)))
    t.same(value(await backend.list(inTime)), [found(volume(pool, 1))])
  })

  t.test('a create that is repeated succeeds and makes nothing more', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    t.same(value(await backend.list(inTime)), [found(volume(pool, 1))])
  })

  t.test('a create of another size under a name that is taken is refused, and what is there stays', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 2), TAGS, inTime))
    t.equal((await backend.create(volume(pool, 1), TAGS, inTime)).kind, 'failed')
    t.same(value(await backend.list(inTime)), [found(volume(pool, 2))])
  })

  t.test('creates of different volumes at once do not get in each other’s way', async (t) => {
    const { backend, pool } = await makeBackend(t)
    const both = [volume(pool, 1, FIRST), volume(pool, 2, SECOND)]
    for (const outcome of await Promise.all(both.map((each) => backend.create(each, TAGS, inTime)))) value(outcome)
    t.same(
      value(await backend.list(inTime)),
      both.map((each) => found(each)),
      'sorted by id',
    )
    t.not(backend.devicePath(FIRST), backend.devicePath(SECOND), 'each has its own path')
  })

  t.test('an extend grows to the absolute size, however often it is asked, and never shrinks', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    for (const units of [3, 3, 2]) {
      value(await backend.extend(volume(pool, units), inTime))
      t.same(value(await backend.inspect(FIRST, inTime)), found(volume(pool, 3)), `after an extend to ${units}`)
    }
  })

  t.test('a remove leaves nothing, however often it is asked, and touches no other volume', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1, FIRST), TAGS, inTime))
    value(await backend.create(volume(pool, 1, SECOND), TAGS, inTime))
    value(await backend.remove(FIRST, inTime))
    value(await backend.remove(FIRST, inTime))
    t.equal(value(await backend.inspect(FIRST, inTime)), null)
    t.same(value(await backend.list(inTime)), [found(volume(pool, 1, SECOND))])
  })

  t.test('a volume in quarantine is out of sight, and its name is free', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    value(await backend.quarantine(FIRST, inTime))
    value(await backend.quarantine(FIRST, inTime))
    t.equal(value(await backend.inspect(FIRST, inTime)), null)
    t.same(value(await backend.list(inTime)), [])
    value(await backend.create(volume(pool, 2), TAGS, inTime))
    t.same(value(await backend.list(inTime)), [found(volume(pool, 2))])
  })

  t.test('each volume keeps the tags of the create that made it, and of no other', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1, FIRST), TAGS, inTime))
    value(await backend.create(volume(pool, 1, SECOND), OTHER_TAGS, inTime))
    value(await backend.extend(volume(pool, 2, SECOND), inTime))
    t.same(value(await backend.list(inTime)), [found(volume(pool, 1, FIRST)), found(volume(pool, 2, SECOND), OTHER_TAGS)])
    for (const away of ['remove', 'quarantine'] as const) {
      value(await backend[away](FIRST, inTime))
      value(await backend.create(volume(pool, 1, FIRST), OTHER_TAGS, inTime))
      t.same(value(await backend.inspect(FIRST, inTime)), found(volume(pool, 1, FIRST), OTHER_TAGS), `made again after ${away}`)
      value(await backend.remove(FIRST, inTime))
      value(await backend.create(volume(pool, 1, FIRST), TAGS, inTime))
    }
  })

  t.test(
    'a volume that becomes another project’s has its tags with its snapshots, however often it is asked, and no other has',
    async (t) => {
      const { backend, pool } = await makeBackend(t)
      value(await backend.retag(FIRST, OTHER_TAGS.project, inTime))
      t.same(value(await backend.list(inTime)), [], 'of what is not there nothing comes')
      for (const id of [FIRST, SECOND]) value(await backend.create(volume(pool, 1, id), TAGS, inTime))
      value(await backend.createSnapshot(snapshotOf(pool, 1), { ...TAGS, rid: OTHER_TAGS.rid }, inTime))
      const project = projectId(`${'weit weg/'.repeat(25)}ü`)
      for (const to of [project, OTHER_TAGS.project, project, project]) value(await backend.retag(FIRST, to, inTime))
      const moved = found(volume(pool, 1), { ...TAGS, project })
      t.same(value(await backend.list(inTime)), [moved, found(volume(pool, 1, SECOND))])
      t.same(value(await backend.inspect(FIRST, inTime)), moved, 'the request that made it stays')
      t.same(value(await backend.listSnapshots(inTime)), [{ ...snapshotOf(pool, 1), tags: { project, rid: OTHER_TAGS.rid } }])
      value(await backend.extend(volume(pool, 2), inTime))
      t.same(value(await backend.inspect(FIRST, inTime)), { ...moved, sizeBytes: 2 * unitBytes })
    },
  )

  t.test('a volume is reverted to its snapshot of the same size, once for each request, and the snapshot stays', async (t) => {
    const { backend, pool } = await makeBackend(t)
    const snapshot = snapshotOf(pool, 1)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    value(await backend.createSnapshot(snapshot, OTHER_TAGS, inTime))
    for (const rid of [TAGS.rid, TAGS.rid, OTHER_TAGS.rid]) {
      value(await backend.revert(volume(pool, 1), snapshot, rid, inTime))
      t.same(value(await backend.list(inTime)), [found(volume(pool, 1))], 'it is who it was')
      t.same(value(await backend.listSnapshots(inTime)), [{ ...snapshot, tags: OTHER_TAGS }])
    }
    value(await backend.extend(volume(pool, 2), inTime))
    t.equal((await backend.revert(volume(pool, 2), snapshot, TAGS.rid, inTime)).kind, 'failed', 'their sizes differ')
    t.same(value(await backend.inspect(FIRST, inTime)), found(volume(pool, 2)), 'and nothing has changed')
    value(await backend.removeSnapshot(snapshot, inTime))
    value(await backend.remove(FIRST, inTime))
    t.same([value(await backend.list(inTime)), value(await backend.listSnapshots(inTime))], [[], []], 'nothing is left of it')
  })

  t.test('a snapshot that was made is there, at the size that its volume had, with its tags, and is no volume', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    const snapshot = snapshotOf(pool, 1)
    t.equal(value(await backend.inspectSnapshot(snapshot, inTime)), null, 'not there before')
    value(await backend.createSnapshot(snapshot, OTHER_TAGS, inTime))
    value(await backend.createSnapshot(snapshot, OTHER_TAGS, inTime))
    value(await backend.extend(volume(pool, 2), inTime))
    value(await backend.createSnapshot(snapshot, OTHER_TAGS, inTime))
    t.same(value(await backend.inspectSnapshot(snapshot, inTime)), { ...snapshot, tags: OTHER_TAGS })
    t.same(value(await backend.listSnapshots(inTime)), [{ ...snapshot, tags: OTHER_TAGS }], 'one, however often it was asked for')
    t.same(value(await backend.list(inTime)), [found(volume(pool, 2))])
    t.equal((await backend.createSnapshot(snapshotOf(pool, 3), TAGS, inTime)).kind, 'failed', 'another size under a name that is taken')
  })

  t.test('a snapshot is removed or set aside by its own name, and leaves its volume and the others alone', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    const [one, other] = [snapshotOf(pool, 1), snapshotOf(pool, 1, OTHER_SNAPSHOT)]
    value(await backend.createSnapshot(one, TAGS, inTime))
    value(await backend.createSnapshot(other, TAGS, inTime))
    value(await backend.removeSnapshot(one, inTime))
    value(await backend.removeSnapshot(one, inTime))
    t.equal(value(await backend.inspectSnapshot(one, inTime)), null)
    t.same(value(await backend.listSnapshots(inTime)), [{ ...other, tags: TAGS }])
    value(await backend.quarantineSnapshot(other, inTime))
    value(await backend.quarantineSnapshot(other, inTime))
    t.same(value(await backend.listSnapshots(inTime)), [])
    t.same(value(await backend.list(inTime)), [found(volume(pool, 1))])
    value(await backend.createSnapshot(one, TAGS, inTime))
    t.same(value(await backend.listSnapshots(inTime)), [{ ...one, tags: TAGS }], 'the name is free again')
  })

  t.test('a copy of a volume or of a snapshot is a volume of its own, as large as was asked for', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    const snapshot = snapshotOf(pool, 1)
    value(await backend.createSnapshot(snapshot, TAGS, inTime))
    const larger = volume(pool, 2, SECOND)
    value(await backend.copy(larger, { kind: 'snapshot', snapshot }, OTHER_TAGS, inTime))
    value(await backend.copy(larger, { kind: 'snapshot', snapshot }, OTHER_TAGS, inTime))
    t.same(value(await backend.inspect(SECOND, inTime)), found(larger, OTHER_TAGS), 'repeated, it is the same')
    value(await backend.removeSnapshot(snapshot, inTime))
    value(await backend.remove(FIRST, inTime))
    t.same(value(await backend.list(inTime)), [found(larger, OTHER_TAGS)], 'it needs nothing of its source')
    const equal = volume(pool, 2)
    value(await backend.copy(equal, { kind: 'volume', volume: SECOND }, TAGS, inTime))
    t.same(value(await backend.inspect(FIRST, inTime)), found(equal))
  })

  t.test('what is larger than its copy would be is not copied, and nothing is left of it', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 2), TAGS, inTime))
    t.equal((await backend.copy(volume(pool, 1, SECOND), { kind: 'volume', volume: FIRST }, TAGS, inTime)).kind, 'failed')
    t.same(value(await backend.list(inTime)), [found(volume(pool, 2))])
  })

  t.test('the pool says what placement needs to know of it', async (t) => {
    const { backend, pool } = await makeBackend(t)
    const [measured] = value(await backend.measure(inTime))
    t.match(measured, { pool, state: 'up', totalGiB: Number })
    t.match(measured?.capabilities, {
      total_capacity_gb: measured?.totalGiB,
      free_capacity_gb: Number,
      reserved_percentage: Number,
      max_over_subscription_ratio: Number,
      thin_provisioning_support: Boolean,
      thick_provisioning_support: Boolean,
      volume_backend_name: backend.name,
      storage_protocol: 'iSCSI',
      vendor_name: 'Scoria',
      driver_version: String,
      multiattach: Boolean,
    })
  })
}

/** For backends that keep what they were given. */
export function durableBackendContract(t: Test, makeBackend: MakeBackend<DurableBackendUnderTest>, unitBytes = GIB): void {
  const { volume, snapshotOf } = sizedBy(unitBytes)

  t.test('what was made is there after a crash, with its tags, and what was removed is not', async (t) => {
    const { backend, pool, restarted } = await makeBackend(t)
    const second = volume(pool, 2, SECOND)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    value(await backend.create(second, OTHER_TAGS, inTime))
    value(await backend.remove(FIRST, inTime))
    const after = restarted()
    t.same(value(await after.list(inTime)), [found(second, OTHER_TAGS)])
    value(await after.wake(SECOND, inTime))
    t.same(value(await after.inspect(SECOND, inTime)), found(second, OTHER_TAGS))
    value(await after.create(second, OTHER_TAGS, inTime))
    t.same(value(await after.list(inTime)), [found(second, OTHER_TAGS)], 'made again, it is the same')
    value(await after.retag(SECOND, TAGS.project, inTime))
    t.same(
      value(await restarted().list(inTime)),
      [found(second, { ...OTHER_TAGS, project: TAGS.project })],
      'and whose it has become since',
    )
  })

  t.test('there is no copy of what is not there', async (t) => {
    const { backend, pool } = await makeBackend(t)
    const copy = volume(pool, 1, SECOND)
    t.equal((await backend.copy(copy, { kind: 'volume', volume: FIRST }, TAGS, inTime)).kind, 'failed')
    t.equal((await backend.copy(copy, { kind: 'snapshot', snapshot: snapshotOf(pool, 1) }, TAGS, inTime)).kind, 'failed')
    t.same(value(await backend.list(inTime)), [])
  })

  t.test('a snapshot that was made is there after a crash, with its tags, and one that was removed is not', async (t) => {
    const { backend, pool, restarted } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    const [one, other] = [snapshotOf(pool, 1), snapshotOf(pool, 1, OTHER_SNAPSHOT)]
    value(await backend.createSnapshot(one, TAGS, inTime))
    value(await backend.createSnapshot(other, OTHER_TAGS, inTime))
    value(await backend.removeSnapshot(one, inTime))
    t.same(value(await restarted().listSnapshots(inTime)), [{ ...other, tags: OTHER_TAGS }])
  })

  t.test('a snapshot of a volume that is not there is refused and makes none', async (t) => {
    const { backend, pool } = await makeBackend(t)
    t.equal((await backend.createSnapshot(snapshotOf(pool, 1), TAGS, inTime)).kind, 'failed')
    t.same(value(await backend.listSnapshots(inTime)), [])
    t.same(value(await backend.list(inTime)), [])
  })

  t.test('a revert of a volume, or to a snapshot, that is not there is refused and makes none', async (t) => {
    const { backend, pool } = await makeBackend(t)
    const snapshot = snapshotOf(pool, 1)
    const wanted = volume(pool, 1)
    t.equal((await backend.revert(wanted, snapshot, TAGS.rid, inTime)).kind, 'failed')
    value(await backend.create(wanted, TAGS, inTime))
    t.equal((await backend.revert(wanted, snapshot, TAGS.rid, inTime)).kind, 'failed')
    t.same(value(await backend.list(inTime)), [{ ...wanted, tags: TAGS }])
    t.same(value(await backend.listSnapshots(inTime)), [])
  })

  t.test('an extend of a volume that is not there is refused and makes none', async (t) => {
    const { backend, pool } = await makeBackend(t)
    t.equal((await backend.extend(volume(pool, 1), inTime)).kind, 'failed')
    t.same(value(await backend.list(inTime)), [])
  })
}
