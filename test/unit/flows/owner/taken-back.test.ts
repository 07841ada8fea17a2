/** A host whose journal is old or gone, in the middle of something: it is finished, undone, or known to be over. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { attachmentId, poolName } from '../../../../lib/model/ids.ts'
import type { Json } from '../../../../lib/model/json.ts'
import { Fleet } from '../fleet.ts'
import { create, createOn, ledger, manifestOf, operate, outcomeOf, remove, volumeNamed } from '../requests.ts'

const GIB = 1024 ** 3
const ID = volumeNamed(1)

function started(): Fleet {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  return fleet
}

/** Only `a` has room. */
function alone(fleet: Fleet): void {
  for (const name of 'bc') fleet.feed(fleet.host(name), { kind: 'measured', pools: [] })
  fleet.pass(1000)
}

function restart(fleet: Fleet, journal: ReadonlyMap<string, Json>): void {
  fleet.stop('a')
  fleet.host('a').journal = new Map(journal)
  fleet.hangs = () => false
  fleet.start('a')
  fleet.pass(5000)
}

const BLANK = new Map<string, Json>()

/** `a` has set room aside for the volume; its journal from then; made and deleted since, and no tombstone is left. */
function reservedLongAgo(): { readonly fleet: Fleet; readonly backup: ReadonlyMap<string, Json> } {
  const fleet = started()
  alone(fleet)
  fleet.loses = ({ message }) => message.kind === 'change'
  const answer = fleet.ask('b', create(1))
  const backup = new Map(fleet.host('a').journal)
  if (!fleet.host('a').tables.owned.has(ID)) throw new Error('no room is set aside')
  fleet.loses = () => false
  fleet.pass(TIMINGS.askMs)
  if (outcomeOf(answer()) !== 'ok' || !fleet.host('a').volumes.has(ID)) throw new Error('not made')
  fleet.pass(1000)
  fleet.ask('b', remove(2, 1))
  fleet.pass(3 * TIMINGS.watchMs)
  if (fleet.host('a').tables.tombs.size > 0) throw new Error('its tombstone is still there')
  return { fleet, backup }
}

t.test('an export that was being made when the journal was lost is cut, and can be asked for again', async (t) => {
  const fleet = started()
  createOn(fleet, 'a', 1)
  const attachment = attachmentId('00000000-0000-4000-8000-00000000000a')
  const connector = { initiator: 'iqn.x:y', host: null, ip: null, multipath: false, mountpoint: null }
  const attach = operate(2, 1, { kind: 'attach', attachment, instance: null, mode: 'rw', connector, mountpoint: null })
  fleet.hangs = (call) => call.kind === 'expose'
  fleet.ask('b', attach)
  const shown = () => fleet.host('c').tables.view.volumes.get(ID)?.volume.attachments[0]?.export
  t.equal(shown(), 'exporting')
  restart(fleet, BLANK)
  t.not(shown(), 'exporting')
  t.equal(fleet.host('a').exports.size, 0)
  const again = fleet.ask('b', { ...attach, request: { ...attach.request, rid: create(3).rid } })
  fleet.pass(1000)
  t.match(again(), { result: { ok: true, value: { connection: { portal: '192.0.2.1:3260' } } } })
})

t.test('a volume that was renamed while it was made, and then forgotten, is made', async (t) => {
  const fleet = started()
  alone(fleet)
  fleet.hangs = (call) => call.kind === 'create'
  fleet.ask('b', create(1))
  const renamed = fleet.ask('b', operate(2, 1, { kind: 'update', name: 'new' }))
  fleet.pass(1000)
  t.match(renamed(), { result: { ok: true, value: { volume: { name: 'new', status: 'creating' } } } })
  restart(fleet, BLANK)
  t.ok(fleet.host('a').notes.includes('memory-lost'))
  t.ok(fleet.host('a').volumes.has(ID), 'it has bytes')
  t.match(fleet.host('c').tables.view.volumes.get(ID)?.volume, { name: 'new', status: 'available' })
})

t.test('an extend that was promised and then forgotten is done after all', async (t) => {
  const fleet = started()
  createOn(fleet, 'a', 1)
  fleet.pass(1000)
  fleet.loses = ({ to, message }) => to === 'a' && message.kind === 'commit'
  const answer = fleet.ask('b', operate(2, 1, { kind: 'extend', sizeGiB: 3, online: false }))
  fleet.pass(2000)
  t.equal(outcomeOf(answer()), 'ok')
  fleet.loses = () => false
  restart(fleet, BLANK)
  t.equal(fleet.host('a').volumes.get(ID)?.sizeBytes, 3 * GIB)
  t.equal(fleet.host('c').tables.view.volumes.get(ID)?.volume.sizeGiB, 3)
  t.same(ledger(fleet, 'b').used, { volumes: 1, snapshots: 0, gigabytes: 3, groups: 0 })
})

t.test('an extend that is granted after it was forgotten is done although somebody is attaching the volume by then', async (t) => {
  const fleet = started()
  createOn(fleet, 'a', 1)
  fleet.pass(1000)
  fleet.loses = ({ from, message }) => from === 'b' && message.kind === 'change'
  const extend = operate(2, 1, { kind: 'extend', sizeGiB: 3, online: false })
  fleet.ask('b', extend)
  const bind = fleet.letters('change').at(-1)
  if (bind === undefined) throw new Error('nobody was asked to bind it')
  restart(fleet, BLANK)
  const pool = {
    name: poolName('a', 'fake', 'p'),
    pool: 'p',
    state: 'up',
    totalGiB: 100,
    capabilities: { online_extend_support: true },
  } as const
  fleet.feed(fleet.host('a'), { kind: 'measured', pools: [pool] })
  const attachment = attachmentId('00000000-0000-4000-8000-00000000000a')
  const connector = { initiator: 'iqn.x:y', host: null, ip: null, multipath: false, mountpoint: null }
  fleet.ask('b', operate(3, 1, { kind: 'attach', attachment, instance: null, mode: 'rw', connector, mountpoint: null }))
  const shown = () => fleet.host('c').tables.view.volumes.get(ID)?.volume
  t.match(shown(), { status: 'attaching', sizeGiB: 1 })
  fleet.loses = () => false
  fleet.say(bind.from, bind.to, bind.message)
  fleet.pass(3 * TIMINGS.watchMs)
  t.match(shown(), { status: 'attaching', sizeGiB: 3, failure: null, attachments: [{ status: 'attaching', export: 'exported' }] })
  t.equal(fleet.host('a').volumes.get(ID)?.sizeBytes, 3 * GIB)
  t.same(ledger(fleet, 'b').used, { volumes: 1, snapshots: 0, gigabytes: 3, groups: 0 })
  t.equal(outcomeOf(fleet.ask('b', extend)()), 'ok', 'who asks again is told so')
})

t.test('a reservation in an old journal, whose volume was made and deleted since, builds nothing again', async (t) => {
  const { fleet, backup } = reservedLongAgo()
  restart(fleet, backup)
  t.equal(fleet.host('a').volumes.size, 0)
  t.notOk(fleet.host('a').tables.owned.has(ID), 'its room is free')
  t.same(ledger(fleet, 'b').used, { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 })
})

t.test('a COMMIT is not heeded before the host knows what became of what it owned', async (t) => {
  const { fleet, backup } = reservedLongAgo()
  const [commit] = fleet.letters('commit')
  if (commit === undefined) throw new Error('nobody has committed')
  fleet.stop('a')
  fleet.host('a').journal = new Map(backup)
  fleet.start('a', { lacksList: true })
  fleet.pass(TIMINGS.recallMs)
  fleet.say(commit.from, 'a', commit.message)
  t.equal(fleet.host('a').volumes.size, 0)
  fleet.list('a')
  fleet.pass(5000)
  t.ok(fleet.host('a').isReady)
  t.equal(fleet.host('a').volumes.size, 0)
})
