/**
 * What every target promises (lib/ports/target.ts), as tests that the real ones and the simulator's pass alike.
 *
 * The initiators of the real ones are real too: what counts is who gets in and whose bytes pass, and not what a target
 * says of itself.
 */
import type { Test } from 'tap'
import { exportIqn } from '../../lib/model/attachment.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { volumeId } from '../../lib/model/ids.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'
import type { ExportSpec, Target } from '../../lib/ports/target.ts'

export interface Credentials {
  readonly iqn: string
  readonly initiator: string
  /** null: the initiator offers no CHAP. */
  readonly chap: { readonly username: string; readonly password: string } | null
}

/** An initiator that is logged in. */
export interface LiveSession {
  /** True if the bytes arrived. */
  write(): Promise<boolean>
  /** Tries once more and gives up; the initiator is gone after it. */
  lastWrite(): Promise<boolean>
}

export interface TargetUnderTest {
  readonly target: Target
  /** Path of a new volume. */
  makeVolume(): Promise<string>
  canLogIn(credentials: Credentials): Promise<boolean>
  logIn(credentials: Credentials): Promise<LiveSession>
  canWrite(credentials: Credentials): Promise<boolean>
  /** The target loses all it knew, as at a restart of its daemon or a boot of its host. */
  restartEmpty(): Promise<void>
}

export type MakeTarget = (t: Test) => Promise<TargetUnderTest>

export const inTime: AbortSignal = new AbortController().signal
const INITIATOR = 'iqn.1993-08.org.debian:01:consumer'

export function value<Value>(outcome: Outcome<Value>): Value {
  if (outcome.kind === 'ok') return outcome.value
  throw new Error(`expected ok: ${JSON.stringify(outcome)}`)
}

export function exportOf(devicePath: string, generation = 1): ExportSpec {
  return {
    // One device, one volume.
    iqn: exportIqn(volumeId(`5f0c2a1e-6a6f-4c39-9d0b-${hashHex(devicePath).slice(0, 12)}`), generation),
    lun: 1,
    devicePath,
    initiator: INITIATOR,
    username: `consumer-${generation}`,
    password: `secret-${generation}-abcdef`,
    readOnly: false,
  }
}

export function credentialsOf({ iqn, initiator, username, password }: ExportSpec): Credentials {
  return { iqn, initiator, chap: { username, password } }
}

export function targetContract(t: Test, makeTarget: MakeTarget): void {
  t.test('the named initiator with the right secret gets in, nobody else does', async (t) => {
    const { target, makeVolume, canLogIn } = await makeTarget(t)
    const spec = exportOf(await makeVolume())
    const right = credentialsOf(spec)
    t.notOk(await canLogIn(right), 'nobody before the export')
    value(await target.expose(spec, inTime))
    t.ok(await canLogIn(right), 'the right one')
    t.notOk(await canLogIn({ ...right, initiator: 'iqn.1993-08.org.debian:01:stranger' }), 'another name')
    t.notOk(await canLogIn({ ...right, chap: { username: spec.username, password: 'wrong-wrong-1' } }), 'a wrong secret')
    t.notOk(await canLogIn({ ...right, chap: { username: 'stranger', password: spec.password } }), 'another user')
    t.notOk(await canLogIn({ ...right, chap: null }), 'no secret')
  })

  t.test('one export’s secret opens no other', async (t) => {
    const { target, makeVolume, canLogIn } = await makeTarget(t)
    const [first, second] = [exportOf(await makeVolume(), 1), exportOf(await makeVolume(), 2)]
    for (const spec of [first, second]) value(await target.expose(spec, inTime))
    t.ok(await canLogIn(credentialsOf(second)), 'its own')
    t.notOk(await canLogIn({ ...credentialsOf(second), chap: credentialsOf(first).chap }), 'the other’s')
  })

  t.test('exports that are made at the same time all work', async (t) => {
    const { target, makeVolume, canLogIn } = await makeTarget(t)
    const specs = await Promise.all([1, 2, 3, 4].map(async (generation) => exportOf(await makeVolume(), generation)))
    for (const outcome of await Promise.all(specs.map((spec) => target.expose(spec, inTime)))) value(outcome)
    t.same(value(await target.list(inTime)), specs.map(({ iqn }) => iqn).sort())
    for (const spec of specs) t.ok(await canLogIn(credentialsOf(spec)), spec.iqn)
  })

  t.test('exposing again changes nothing and cuts no session', async (t) => {
    const { target, makeVolume, logIn } = await makeTarget(t)
    const spec = exportOf(await makeVolume())
    value(await target.expose(spec, inTime))
    const session = await logIn(credentialsOf(spec))
    t.ok(await session.write(), 'before')
    value(await target.expose(spec, inTime))
    t.ok(await session.write(), 'after')
    t.same(value(await target.list(inTime)), [spec.iqn])
  })

  t.test('another specification under a name that is taken is refused, and the first goes on', async (t) => {
    const { target, makeVolume, canLogIn } = await makeTarget(t)
    const spec = exportOf(await makeVolume())
    const other = { ...spec, initiator: 'iqn.1993-08.org.debian:01:stranger' }
    value(await target.expose(spec, inTime))
    t.equal((await target.expose(other, inTime)).kind, 'failed')
    t.notOk(await canLogIn(credentialsOf(other)))
    t.ok(await canLogIn(credentialsOf(spec)))
  })

  t.test('a read-only export takes no write', async (t) => {
    const { target, makeVolume, canLogIn, canWrite } = await makeTarget(t)
    const writable = exportOf(await makeVolume(), 1)
    const readOnly = { ...exportOf(await makeVolume(), 2), readOnly: true }
    for (const spec of [writable, readOnly]) value(await target.expose(spec, inTime))
    t.ok(await canWrite(credentialsOf(writable)))
    t.ok(await canLogIn(credentialsOf(readOnly)))
    t.notOk(await canWrite(credentialsOf(readOnly)))
  })

  t.test('after a fence a live session moves no byte and nobody can log in again', async (t) => {
    const { target, makeVolume, canLogIn, logIn } = await makeTarget(t)
    const spec = exportOf(await makeVolume())
    value(await target.expose(spec, inTime))
    const session = await logIn(credentialsOf(spec))
    t.ok(await session.write(), 'before')
    value(await target.fence(spec.iqn, inTime))
    t.same(value(await target.list(inTime)), [])
    t.notOk(await session.lastWrite(), 'the session that was open')
    t.notOk(await canLogIn(credentialsOf(spec)), 'a new one')
  })

  t.test('a fence that is repeated, and one of what was never there, succeed', async (t) => {
    const { target, makeVolume } = await makeTarget(t)
    const spec = exportOf(await makeVolume())
    value(await target.fence(spec.iqn, inTime))
    value(await target.expose(spec, inTime))
    value(await target.fence(spec.iqn, inTime))
    value(await target.fence(spec.iqn, inTime))
    t.same(value(await target.list(inTime)), [])
  })

  t.test('a fence touches no other export', async (t) => {
    const { target, makeVolume, logIn } = await makeTarget(t)
    const [gone, stays] = [exportOf(await makeVolume(), 1), exportOf(await makeVolume(), 2)]
    for (const spec of [gone, stays]) value(await target.expose(spec, inTime))
    const session = await logIn(credentialsOf(stays))
    value(await target.fence(gone.iqn, inTime))
    t.ok(await session.write())
    t.same(value(await target.list(inTime)), [stays.iqn])
  })

  t.test('a target that lost all it knew takes the same exports again', async (t) => {
    const { target, makeVolume, canLogIn, restartEmpty } = await makeTarget(t)
    const spec = exportOf(await makeVolume())
    value(await target.expose(spec, inTime))
    await restartEmpty()
    t.same(value(await target.list(inTime)), [])
    t.notOk(await canLogIn(credentialsOf(spec)))
    value(await target.expose(spec, inTime))
    t.ok(await canLogIn(credentialsOf(spec)))
  })
}
