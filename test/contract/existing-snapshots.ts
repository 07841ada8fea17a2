/**
 * What every backend promises of snapshots that are taken in and given back (lib/ports/backend.ts): with every byte as it was, and only as
 * a snapshot of the volume that they are one of.
 */
import type { Test } from 'tap'
import { projectId, requestId, snapshotId, type VolumeId, volumeId } from '../../lib/model/ids.ts'
import type { Existing } from '../../lib/model/existing.ts'
import type { Backend, BackendSnapshot, BackendVolume, VolumeTags } from '../../lib/ports/backend.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'
import type { DurableBackendUnderTest, MakeBackend } from './backend.ts'
import type { LaidUnderTest } from './existing.ts'

const GIB = 1024 ** 3
const inTime: AbortSignal = new AbortController().signal

const FIRST = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const SECOND = volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d')
const SNAPSHOT = snapshotId('11111111-6a6f-4c39-9d0b-0d2f3c1b7a10')
const OTHER = snapshotId('22222222-6a6f-4c39-9d0b-0d2f3c1b7a10')
const TAGS: VolumeTags = { project: projectId('a project'), rid: requestId('0123456789abcdef0123456789abcdef') }
const OTHER_TAGS: VolumeTags = { project: projectId('größer'), rid: requestId('fedcba9876543210fedcba9876543210') }

const volume = (pool: string, sizeGiB: number, id: VolumeId = FIRST): BackendVolume => ({ id, pool, sizeBytes: sizeGiB * GIB })
const snapshot = (pool: string, sizeGiB: number, id = SNAPSHOT, of = FIRST): BackendSnapshot => ({
  id,
  volume: of,
  pool,
  sizeBytes: sizeGiB * GIB,
})

function value<Value>(outcome: Outcome<Value>): Value {
  if (outcome.kind === 'ok') return outcome.value
  throw new Error(`expected ok: ${JSON.stringify(outcome)}`)
}

async function onlyThing(backend: Backend): Promise<Existing> {
  const [thing, ...more] = value(await backend.listExisting(inTime))
  if (thing === undefined || more.length > 0) throw new Error(`expected one thing: ${JSON.stringify([thing, ...more])}`)
  return thing
}

/** A volume with a snapshot that was given back. Of one GiB, since on a real disk each is copied. */
async function givenBack(backend: Backend, pool: string): Promise<Existing> {
  value(await backend.create(volume(pool, 1), TAGS, inTime))
  value(await backend.createSnapshot(snapshot(pool, 1), TAGS, inTime))
  value(await backend.releaseSnapshot(snapshot(pool, 1), inTime))
  return onlyThing(backend)
}

export function existingSnapshotContract(t: Test, makeBackend: MakeBackend<DurableBackendUnderTest>): void {
  t.test('a snapshot that was given back is none any more, and says of which volume it was one', async (t) => {
    const { backend, pool } = await makeBackend(t)
    const thing = await givenBack(backend, pool)
    t.match(thing, { pool, sizeBytes: GIB, hindrance: null, former: null, origin: { volume: FIRST } })
    value(await backend.releaseSnapshot(snapshot(pool, 1), inTime))
    t.equal(value(await backend.inspectSnapshot(snapshot(pool, 1), inTime)), null)
    t.same(value(await backend.listSnapshots(inTime)), [])
    t.same(value(await backend.list(inTime)), [{ ...volume(pool, 1), tags: TAGS }], 'its volume is as it was')
    value(await backend.remove(FIRST, inTime))
    t.match(await onlyThing(backend), { name: thing.name, origin: { volume: FIRST } }, 'also when its volume is gone')
  })

  t.test('a snapshot that is taken in has the tags of whom it is now, however often it is asked for', async (t) => {
    const { backend, pool, restarted } = await makeBackend(t)
    const { name } = await givenBack(backend, pool)
    const taken = { ...snapshot(pool, 1, OTHER), tags: OTHER_TAGS }
    for (const each of [backend, backend, restarted()]) {
      value(await each.adoptSnapshot(snapshot(pool, 1, OTHER), name, OTHER_TAGS, inTime))
      t.same(value(await each.inspectSnapshot(taken, inTime)), taken)
      t.same(value(await each.listSnapshots(inTime)), [taken])
      t.same(value(await each.listExisting(inTime)), [])
    }
    t.equal((await backend.adoptSnapshot(snapshot(pool, 1), name, TAGS, inTime)).kind, 'failed', 'and nobody else gets it')
    value(await backend.releaseSnapshot(taken, inTime))
    value(await backend.adoptSnapshot(taken, (await onlyThing(backend)).name, TAGS, inTime))
    t.same(value(await backend.listSnapshots(inTime)), [{ ...taken, tags: TAGS }], 'given back and taken in once more, as the same')
    value(await backend.removeSnapshot(taken, inTime))
    t.same(value(await backend.listExisting(inTime)), [])
  })

  t.test('what is no snapshot of this volume, has another size, or is not there is refused, and stays as it is', async (t) => {
    const { backend, pool } = await makeBackend(t)
    const thing = await givenBack(backend, pool)
    value(await backend.create(volume(pool, 1, SECOND), TAGS, inTime))
    const refused: readonly (readonly [BackendSnapshot, string])[] = [
      [snapshot(pool, 1, OTHER, SECOND), thing.name],
      [snapshot(pool, 2, OTHER), thing.name],
      [snapshot(pool, 1, OTHER), 'nothing'],
      [snapshot(pool, 1, OTHER), 'nothing.img'],
      [snapshot(pool, 1, OTHER), '../../etc/passwd'],
      [snapshot(pool, 1, OTHER), `volume-${SECOND}`],
      [snapshot(pool, 1, OTHER), `volume-${SECOND}.img`],
    ]
    for (const [wanted, name] of refused) {
      t.equal((await backend.adoptSnapshot(wanted, name, TAGS, inTime)).kind, 'failed', `${name} ${JSON.stringify(wanted)}`)
      t.same(value(await backend.listSnapshots(inTime)), [])
      t.same(await onlyThing(backend), thing)
    }
    value(await backend.releaseSnapshot(snapshot(pool, 1, OTHER), inTime))
    t.same(await onlyThing(backend), thing, 'and there is nothing to take back')
    value(await backend.release(SECOND, inTime))
    const volumes = value(await backend.listExisting(inTime)).filter(({ name }) => name !== thing.name)
    for (const { name } of volumes)
      t.equal((await backend.adoptSnapshot(snapshot(pool, 1, OTHER), name, TAGS, inTime)).kind, 'failed', 'nor is a volume a snapshot')
  })

  t.test('what was a snapshot may become a volume', async (t) => {
    const { backend, pool } = await makeBackend(t)
    const { name } = await givenBack(backend, pool)
    value(await backend.adopt(volume(pool, 1, SECOND), name, OTHER_TAGS, inTime))
    t.same(value(await backend.inspect(SECOND, inTime)), { ...volume(pool, 1, SECOND), tags: OTHER_TAGS })
    t.same(value(await backend.listExisting(inTime)), [])
  })

  t.test('a volume was reverted to it: it says of which volume it is a snapshot all the same', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    value(await backend.createSnapshot(snapshot(pool, 1), TAGS, inTime))
    value(await backend.revert(volume(pool, 1), snapshot(pool, 1), OTHER_TAGS.rid, inTime))
    value(await backend.releaseSnapshot(snapshot(pool, 1), inTime))
    const thing = await onlyThing(backend)
    t.match(thing, { origin: { volume: FIRST } })
    value(await backend.adoptSnapshot(snapshot(pool, 1, OTHER), thing.name, TAGS, inTime))
  })
}

/** For backends that keep bytes. */
export function outsideSnapshotContract(t: Test, makeBackend: MakeBackend<LaidUnderTest>): void {
  t.test('a snapshot that somebody else made of a volume is taken in, and volumes are made of it', async (t) => {
    const { backend, pool, outside } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    const name = await outside.laySnapshot('nightly', FIRST)
    t.match(await onlyThing(backend), { name, sizeBytes: GIB, hindrance: null, origin: { volume: FIRST } })
    value(await backend.adoptSnapshot(snapshot(pool, 1), name, TAGS, inTime))
    value(await backend.copy(volume(pool, 1, SECOND), { kind: 'snapshot', snapshot: snapshot(pool, 1) }, TAGS, inTime))
    t.equal(await outside.read(SECOND), '')
    value(await backend.removeSnapshot(snapshot(pool, 1), inTime))
    t.same(value(await backend.listExisting(inTime)), [])
  })

  t.test('no byte of a snapshot changes when it is given back and taken in', async (t) => {
    const { backend, pool, outside, nameFor } = await makeBackend(t)
    await outside.lay(nameFor('disk'), GIB, 'precious')
    value(await backend.adopt(volume(pool, 1), nameFor('disk'), TAGS, inTime))
    value(await backend.adoptSnapshot(snapshot(pool, 1), await outside.laySnapshot('nightly', FIRST), TAGS, inTime))
    value(await backend.releaseSnapshot(snapshot(pool, 1), inTime))
    const { name } = await onlyThing(backend)
    t.equal(await outside.read(name), 'precious')
    value(await backend.adoptSnapshot(snapshot(pool, 1, OTHER), name, TAGS, inTime))
    value(await backend.copy(volume(pool, 1, SECOND), { kind: 'snapshot', snapshot: snapshot(pool, 1, OTHER) }, TAGS, inTime))
    t.equal(await outside.read(SECOND), 'precious')
  })
}
