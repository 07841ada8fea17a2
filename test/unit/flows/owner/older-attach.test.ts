/** What an owner does with the calls from before attachments were a resource when something comes in between. */
import t, { type Test } from 'tap'
import { attachmentId } from '../../../../lib/model/ids.ts'
import type { OlderAttach } from '../../../../lib/model/older-attach.ts'
import type { Volume } from '../../../../lib/model/volume.ts'
import { Fleet } from '../fleet.ts'
import { createOn, manifestOf, operate, outcomeOf, volumeNamed } from '../requests.ts'

const idOf = (n: number) => attachmentId(`22222222-0000-4000-8000-${String(n).padStart(12, '0')}`)
const connectorOf = (host: string) => ({ initiator: `iqn.2026-01.example:${host}`, host, ip: null, multipath: false, mountpoint: null })
const reserve: OlderAttach = { kind: 'reserve', attachment: idOf(1) }
const initialize = (host: string, n = 2): OlderAttach => ({
  kind: 'initialize',
  attachment: idOf(n),
  connector: connectorOf(host),
  mode: null,
})
const hold = (host: string, n = 3): OlderAttach => ({
  kind: 'hold',
  attachment: idOf(n),
  instance: null,
  host,
  mode: 'rw',
  mountpoint: '/dev/vdb',
})
const terminate = (host: string): OlderAttach => ({
  kind: 'terminate',
  initiator: connectorOf(host).initiator,
  allowUnsafe: true,
})
const letGo: OlderAttach = { kind: 'let-go', which: null, initiator: null, allowUnsafe: true }

interface Scene {
  readonly fleet: Fleet
  ask(n: number, operation: OlderAttach): string
  volume(): Volume | undefined
}

function prepared(isShared = false): Scene {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  const volume = () => fleet.host('a').tables.owned.get(volumeNamed(1))?.volume
  createOn(fleet, 'a', 1, 'a', { multiattach: isShared })
  fleet.pass(5000)
  const ask = (n: number, operation: OlderAttach): string => {
    const answer = fleet.ask('b', operate(n, 1, operation))
    fleet.pass(1000)
    return outcomeOf(answer())
  }
  return { fleet, ask, volume }
}

const exportsOf = ({ fleet }: Scene): number => fleet.host('a').exports.size

/** The owner dies, its journal with it if `forgets`, and comes back. */
function restart({ fleet }: Scene, forgets: boolean): void {
  fleet.stop('a')
  if (forgets) fleet.host('a').journal = new Map()
  fleet.start('a')
  fleet.pass(10_000)
}

for (const forgets of [false, true])
  t.test(`what was written down outlives an owner that ${forgets ? 'has forgotten' : 'has died'}`, async (t: Test) => {
    const scene = prepared()
    for (const [n, call] of [reserve, initialize('h'), hold('h')].entries()) t.equal(scene.ask(n + 5, call), 'ok', call.kind)
    restart(scene, forgets)
    t.match(scene.volume(), { status: 'in-use', attachments: [{ id: idOf(1), by: 'reserve', host: 'h', export: 'exported' }] })
    t.equal(exportsOf(scene), 1)
    t.equal(scene.ask(20, terminate('h')), 'ok')
    t.match(scene.volume(), { status: 'in-use', attachments: [{ status: 'attached', export: 'none' }] })
    t.equal(exportsOf(scene), 0)
    restart(scene, forgets)
    t.equal(scene.ask(21, letGo), 'ok')
    t.match(scene.volume(), { status: 'available', attachments: [] })
    t.equal(scene.ask(22, reserve), 'attachment-not-found', 'an id that was removed is not made again by a late repeat')
    t.equal(scene.ask(23, hold('h', 1)), 'attachment-not-found')
    t.equal(scene.ask(24, initialize('h', 1)), 'attachment-not-found')
  })

t.test('a repeat of each call changes nothing, whether it is the same request or another', async (t) => {
  const scene = prepared()
  const calls = [reserve, initialize('h'), hold('h'), { kind: 'begin-detaching' }, terminate('h')] as const
  for (const [n, call] of calls.entries()) {
    t.equal(scene.ask(n + 5, call), 'ok', call.kind)
    const before = JSON.stringify(scene.volume())
    t.equal(scene.ask(n + 5, call), 'ok', `${call.kind}, the same request`)
    if (call.kind !== 'begin-detaching') t.equal(scene.ask(n + 50, call), 'ok', `${call.kind}, another request`)
    t.equal(JSON.stringify(scene.volume()), before, call.kind)
  }
})

t.test('of a volume of several, what one calls never cuts off another', async (t) => {
  const scene = prepared(true)
  t.equal(scene.ask(5, initialize('one', 1)), 'ok')
  t.equal(scene.ask(6, hold('two', 2)), 'ok', 'written down before it is connected')
  t.equal(scene.ask(7, initialize('two', 3)), 'ok')
  t.equal(scene.ask(8, hold('one', 4)), 'ok')
  t.equal(exportsOf(scene), 2)
  t.match(scene.volume()?.attachments, [
    { id: idOf(1), host: 'one', connector: { host: 'one' } },
    { id: idOf(2), host: 'two', connector: { host: 'two' } },
  ])
  t.equal(scene.ask(9, terminate('one')), 'ok')
  t.equal(scene.ask(10, initialize('three', 5)), 'ok', 'a third takes nobody’s place')
  t.equal(scene.ask(11, { kind: 'let-go', which: idOf(1), initiator: null, allowUnsafe: true }), 'ok')
  t.match(scene.volume()?.attachments, [
    { id: idOf(2), export: 'exported' },
    { id: idOf(5), export: 'exported', connector: { host: 'three' } },
  ])
  t.equal(scene.ask(12, letGo), 'which-attachment')
  t.equal(scene.ask(13, terminate('three')), 'ok')
  t.match(scene.volume(), { status: 'in-use', attachments: [{ id: idOf(2) }] })
})

t.test('a connection whose fence is refused is stuck, stays in the record, and may be terminated again', async (t) => {
  const scene = prepared()
  for (const [n, call] of [initialize('h'), hold('h')].entries()) t.equal(scene.ask(n + 5, call), 'ok', call.kind)
  scene.fleet.refuses = ({ kind }) => kind === 'fence'
  const answer = scene.fleet.ask('b', operate(20, 1, terminate('h')))
  scene.fleet.pass(60_000)
  t.not(outcomeOf(answer()), 'ok')
  t.match(scene.volume(), { status: 'detaching', attachments: [{ status: 'error_detaching', export: 'revoking' }] })
  t.equal(scene.ask(21, initialize('h', 9)), 'invalid-status', 'nobody else gets in')
  scene.fleet.refuses = () => false
  t.equal(scene.ask(22, terminate('h')), 'ok')
  t.match(scene.volume(), { status: 'in-use', attachments: [{ status: 'attached', export: 'none' }] })
})
