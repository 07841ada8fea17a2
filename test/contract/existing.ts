/**
 * What every backend promises of what is no volume (lib/ports/backend.ts): listed, taken in and given back, with every byte as it was.
 *
 * Whoever can lay something into the pool from outside, or read what a volume holds, shows more.
 */
import type { Test } from 'tap'
import { projectId, requestId, type VolumeId, volumeId } from '../../lib/model/ids.ts'
import type { Existing } from '../../lib/model/existing.ts'
import type { Backend, BackendVolume, VolumeTags } from '../../lib/ports/backend.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'
import type { DurableBackendUnderTest, MakeBackend } from './backend.ts'

const GIB = 1024 ** 3
const inTime: AbortSignal = new AbortController().signal

const FIRST = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const SECOND = volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d')
const TAGS: VolumeTags = { project: projectId('a project'), rid: requestId('0123456789abcdef0123456789abcdef') }
const OTHER_TAGS: VolumeTags = { project: projectId('größer'), rid: requestId('fedcba9876543210fedcba9876543210') }

/** Ways to the pool that are none of the backend's. */
export interface Outside {
  /** Lays something there that nobody made for Scoria. */
  lay(name: string, sizeBytes: number, text: string): Promise<void>
  /** Makes a snapshot of this volume in the way that the pool's own tools, or its operators, have. @returns its name */
  laySnapshot(word: string, of: VolumeId): Promise<string>
  /** What the first bytes of this volume, or of what lies there under this name, are. */
  read(of: VolumeId | string): Promise<string>
}

/** A backend whose pool can be reached from outside, too. */
export type LaidUnderTest = DurableBackendUnderTest & { readonly outside: Outside; readonly nameFor: (word: string) => string }

function value<Value>(outcome: Outcome<Value>): Value {
  if (outcome.kind === 'ok') return outcome.value
  throw new Error(`expected ok: ${JSON.stringify(outcome)}`)
}

async function onlyThing(backend: Backend): Promise<Existing> {
  const [thing, ...more] = value(await backend.listExisting(inTime))
  if (thing === undefined || more.length > 0) throw new Error(`expected one thing: ${JSON.stringify([thing, ...more])}`)
  return thing
}

export function existingContract(t: Test, makeBackend: MakeBackend<DurableBackendUnderTest>): void {
  const volume = (pool: string, sizeGiB: number, id: VolumeId = FIRST): BackendVolume => ({ id, pool, sizeBytes: sizeGiB * GIB })

  t.test('a volume that was given back is none any more, and lies there for whoever takes it in', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    t.same(value(await backend.listExisting(inTime)), [], 'volumes are not listed')
    value(await backend.release(FIRST, inTime))
    value(await backend.release(FIRST, inTime))
    t.equal(value(await backend.inspect(FIRST, inTime)), null)
    t.same(value(await backend.list(inTime)), [])
    t.match(await onlyThing(backend), { pool, sizeBytes: GIB, hindrance: null, former: null })
  })

  t.test('what is taken in is a volume with the tags of whom it is now, however often it is asked for', async (t) => {
    const { backend, pool, restarted } = await makeBackend(t)
    value(await backend.create(volume(pool, 2), TAGS, inTime))
    value(await backend.release(FIRST, inTime))
    const { name } = await onlyThing(backend)
    const taken = { ...volume(pool, 2, SECOND), tags: OTHER_TAGS }
    for (const each of [backend, backend, restarted()]) {
      value(await each.adopt(volume(pool, 2, SECOND), name, OTHER_TAGS, inTime))
      t.same(value(await each.inspect(SECOND, inTime)), taken)
      t.same(value(await each.list(inTime)), [taken])
      t.same(value(await each.listExisting(inTime)), [])
    }
    t.equal((await backend.adopt(volume(pool, 2), name, TAGS, inTime)).kind, 'failed', 'and nobody else gets it')
    value(await backend.release(SECOND, inTime))
    value(await backend.adopt(volume(pool, 2), (await onlyThing(backend)).name, TAGS, inTime))
    t.same(value(await backend.list(inTime)), [{ ...volume(pool, 2), tags: TAGS }], 'given back and taken in once more')
  })

  t.test('what is not there, or has another size, is refused, and stays as it is', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 2), TAGS, inTime))
    value(await backend.release(FIRST, inTime))
    const thing = await onlyThing(backend)
    const refused: readonly (readonly [string, number])[] = [
      [thing.name, 1],
      ['nothing', 2],
      ['nothing.img', 2],
      ['..', 2],
      ['../../etc/passwd', 2],
      ['/etc/passwd', 2],
      [`volume-${SECOND}`, 2],
    ]
    for (const [name, sizeGiB] of refused) {
      t.equal((await backend.adopt(volume(pool, sizeGiB, SECOND), name, TAGS, inTime)).kind, 'failed', `${name} with ${sizeGiB} GiB`)
      t.equal(value(await backend.inspect(SECOND, inTime)), null)
      t.same(await onlyThing(backend), thing)
    }
    value(await backend.release(SECOND, inTime))
    t.same(await onlyThing(backend), thing, 'and there is nothing to take back')
  })

  t.test('the name of a volume is no name to take it in by', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    for (const name of [`volume-${FIRST}`, `volume-${FIRST}.img`])
      t.equal((await backend.adopt(volume(pool, 1, SECOND), name, TAGS, inTime)).kind, 'failed', name)
    t.same(value(await backend.list(inTime)), [{ ...volume(pool, 1), tags: TAGS }])
  })

  t.test('what was set aside says what it was and whose, and can be taken in again', async (t) => {
    const { backend, pool } = await makeBackend(t)
    value(await backend.create(volume(pool, 1), TAGS, inTime))
    value(await backend.quarantine(FIRST, inTime))
    const thing = await onlyThing(backend)
    t.match(thing, { sizeBytes: GIB, hindrance: null, former: { volume: FIRST, snapshot: null, ...TAGS } })
    t.match(thing.name, /^quarantine-/)
    value(await backend.adopt(volume(pool, 1, SECOND), thing.name, OTHER_TAGS, inTime))
    t.same(value(await backend.list(inTime)), [{ ...volume(pool, 1, SECOND), tags: OTHER_TAGS }])
    t.same(value(await backend.listExisting(inTime)), [])
  })
}

/** For backends that keep bytes. */
export function outsideContract(t: Test, makeBackend: MakeBackend<LaidUnderTest>): void {
  t.test('no byte of what somebody laid there changes when it is taken in and given back', async (t) => {
    const { backend, pool, outside, nameFor } = await makeBackend(t)
    const name = nameFor('database')
    await outside.lay(name, GIB, 'precious')
    t.match(await onlyThing(backend), { name, pool, sizeBytes: GIB, hindrance: null, former: null, sinceMs: null })
    value(await backend.adopt({ id: FIRST, pool, sizeBytes: GIB }, name, TAGS, inTime))
    t.equal(await outside.read(FIRST), 'precious')
    value(await backend.extend({ id: FIRST, pool, sizeBytes: 2 * GIB }, inTime))
    value(await backend.release(FIRST, inTime))
    t.equal(await outside.read((await onlyThing(backend)).name), 'precious')
  })

  t.test('what is no whole number of GiB is listed with that reason, and not taken in', async (t) => {
    const { backend, pool, outside, nameFor } = await makeBackend(t)
    await outside.lay(nameFor('odd'), 1.5 * GIB, 'precious')
    t.match(await onlyThing(backend), { name: nameFor('odd'), sizeBytes: 1.5 * GIB, hindrance: 'size' })
    for (const sizeBytes of [GIB, 1.5 * GIB, 2 * GIB])
      t.equal((await backend.adopt({ id: FIRST, pool, sizeBytes }, nameFor('odd'), TAGS, inTime)).kind, 'failed')
    t.equal(await outside.read(nameFor('odd')), 'precious')
  })
}
