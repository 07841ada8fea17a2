/** A delete whose owner is away: taken by the register, and honoured or refused by the owner when it is back. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { attachmentId } from '../../../../lib/model/ids.ts'
import type { ClientRequest } from '../../../../lib/model/request.ts'
import type { Volume } from '../../../../lib/model/volume.ts'
import { Fleet } from '../fleet.ts'
import { createOn, ledger, manifestOf, operate, outcomeOf, remove, volumeNamed } from '../requests.ts'

const ID = volumeNamed(1)
const INITIATOR = { initiator: 'iqn.x:y', host: null, ip: null, multipath: false, mountpoint: null }

/** Three hosts and a volume of `a`. */
function withVolume(): Fleet {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  return fleet
}

function attach(n: number, connector: typeof INITIATOR | null = INITIATOR): ClientRequest {
  const attachment = attachmentId(volumeNamed(700 + n))
  return operate(n, 1, { kind: 'attach', attachment, instance: null, mode: 'rw', connector, mountpoint: null })
}

function cutOff(fleet: Fleet): void {
  fleet.cut('a', 'b')
  fleet.cut('a', 'c')
}

function backAgain(fleet: Fleet): void {
  fleet.mend('a', 'b')
  fleet.mend('a', 'c')
}

const shownAt = (fleet: Fleet, host: string): Volume | undefined => fleet.host(host).tables.view.volumes.get(ID)?.volume

t.test('it is taken at once and shown as deleting, and done when the owner comes back', async (t) => {
  const fleet = withVolume()
  fleet.stop('a')
  t.match(fleet.ask('b', remove(2, 1))(), { kind: 'operate', result: { ok: true, value: { volume: { id: ID, status: 'deleting' } } } })
  t.match(ledger(fleet, 'c').intents, [{ volume: ID, host: 'a' }], 'every reader of the register can show it so')
  fleet.start('a')
  fleet.pass(2000)
  t.equal(fleet.host('a').volumes.size, 0, 'its bytes are gone')
  for (const name of 'abc') t.equal(shownAt(fleet, name), undefined, `gone at ${name}`)
  fleet.pass(2 * TIMINGS.watchMs)
  const { intents, used } = ledger(fleet, 'b')
  t.same([intents, used], [[], { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }])
})

t.test('an owner that comes back exports nothing of the project before it has read what was asked for', async (t) => {
  const fleet = withVolume()
  fleet.stop('a')
  fleet.ask('b', remove(2, 1))
  fleet.loses = ({ to, message }) => to === 'a' && message.kind === 'changed'
  fleet.start('a')
  fleet.pass(2000)
  t.ok(fleet.host('a').isReady)
  t.equal(outcomeOf(fleet.ask('a', attach(3))()), 'recovering')
  t.equal(fleet.host('a').exports.size, 0)
  fleet.loses = () => false
  fleet.pass(3 * TIMINGS.askMs + TIMINGS.retryMs)
  t.equal(fleet.host('a').volumes.size, 0, 'read, and done')
})

t.test('an owner that was away from some only is told by the members that look after such deletes', async (t) => {
  const fleet = withVolume()
  cutOff(fleet)
  t.equal(outcomeOf(fleet.ask('b', remove(2, 1))()), 'ok')
  fleet.pass(500)
  backAgain(fleet)
  fleet.pass(2 * TIMINGS.watchMs)
  t.equal(fleet.host('a').volumes.size, 0)
  t.same(ledger(fleet, 'c').intents, [])
})

t.test('a volume that was attached meanwhile stays, and says that a delete was refused', async (t) => {
  const fleet = withVolume()
  cutOff(fleet)
  t.equal(outcomeOf(fleet.ask('a', attach(3))()), 'ok', 'its owner alone can do that')
  t.equal(outcomeOf(fleet.ask('b', remove(2, 1))()), 'ok', 'by all that is known here it may go')
  backAgain(fleet)
  fleet.pass(2 * TIMINGS.watchMs)
  t.ok(fleet.host('a').volumes.has(ID))
  t.equal(fleet.host('a').exports.size, 1, 'and is exported as before')
  for (const name of 'abc') {
    t.match(shownAt(fleet, name), { status: 'attaching', failure: { kind: 'delete-refused', attachments: 1 } }, `at ${name}`)
  }
  t.same(ledger(fleet, 'b').intents, [], 'it is not tried again')
  const { seq } = fleet.host('a').tables.log
  fleet.pass(3 * TIMINGS.watchMs)
  t.equal(fleet.host('a').tables.log.seq, seq, 'said once')
})

t.test('a volume that is known to be attached is not taken: only its owner can say that it may go', async (t) => {
  const fleet = withVolume()
  fleet.ask('a', attach(3))
  fleet.pass(500)
  fleet.stop('a')
  t.match(fleet.ask('b', remove(2, 1))(), { result: { ok: false, failure: { code: 'owner-unreachable', host: 'a' } } })
  t.same(ledger(fleet, 'b').intents, [])
})

t.test('without a majority of the register nothing is taken', async (t) => {
  const fleet = withVolume()
  fleet.stop('a')
  fleet.stop('c')
  const answer = fleet.ask('b', remove(2, 1))
  fleet.pass(20_000)
  t.equal(outcomeOf(answer()), 'owner-unreachable')
})

t.test('everything else needs the owner', async (t) => {
  const fleet = withVolume()
  fleet.stop('a')
  const requests = [operate(2, 1, { kind: 'update', name: 'new' }), attach(3), operate(4, 1, { kind: 'extend', sizeGiB: 2, online: false })]
  for (const request of requests) {
    const answer = fleet.ask('b', request)
    fleet.pass(TIMINGS.operateMs)
    t.equal(outcomeOf(answer()), 'owner-unreachable', request.kind === 'operate' ? request.request.operation.kind : '')
  }
})

t.test('a repeat is taken as the same delete, and one that comes after it is done finds nothing', async (t) => {
  const fleet = withVolume()
  fleet.stop('a')
  for (const by of 'bcb') t.equal(outcomeOf(fleet.ask(by, remove(2, 1))()), 'ok', `through ${by}`)
  t.equal(ledger(fleet, 'b').intents.length, 1)
  fleet.start('a')
  fleet.pass(2000)
  t.equal(outcomeOf(fleet.ask('a', remove(2, 1))()), 'volume-not-found')
})

t.test('an owner that dies before it is asked is away too', async (t) => {
  const fleet = withVolume()
  // Nobody has been told yet: the connection seems to be up.
  fleet.host('a').peer = null
  t.match(fleet.ask('b', remove(2, 1))(), { result: { ok: true, value: { volume: { status: 'deleting' } } } })
  t.equal(ledger(fleet, 'c').intents.length, 1)
})

t.test('a volume of a host that is lost for good can be deleted, and nothing else', async (t) => {
  const fleet = withVolume()
  fleet.stop('a')
  const manifest = manifestOf('abc')
  const hosts = manifest.hosts.map((host) => (host.peer === 'a' ? { ...host, state: 'lost' as const } : host))
  fleet.spread({ ...manifest, epoch: 2, hosts })
  t.match(fleet.ask('b', operate(2, 1, { kind: 'update', name: 'new' }))(), {
    result: { ok: false, failure: { code: 'host-lost', host: 'a' } },
  })
  t.equal(outcomeOf(fleet.ask('b', remove(3, 1))()), 'ok')
  const { gone, used } = ledger(fleet, 'c')
  t.same([gone, used], [[ID], { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }])
})
