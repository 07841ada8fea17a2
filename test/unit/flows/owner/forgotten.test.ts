/** What a start does when the others know more of this host than its own journal. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { poolName } from '../../../../lib/model/ids.ts'
import type { Json } from '../../../../lib/model/json.ts'
import type { ClientRequest } from '../../../../lib/model/request.ts'
import { Fleet } from '../fleet.ts'
import { create, createOn, groupOf, ledger, manifestOf, operate, outcomeOf, PROJECT, remove, volumeNamed } from '../requests.ts'

function started(names: string): Fleet {
  const fleet = new Fleet(manifestOf(names))
  fleet.startAll()
  return fleet
}

/** The host begins a new life with another journal. */
function restart(fleet: Fleet, name: string, journal: ReadonlyMap<string, Json>): void {
  fleet.stop(name)
  fleet.host(name).journal = new Map(journal)
  fleet.start(name)
  fleet.settle()
}

const BLANK = new Map<string, Json>()

t.test('a host that is put back to an old journal takes its own records back from the others', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  createOn(fleet, 'a', 2)
  const backup = new Map(fleet.host('a').journal)
  fleet.ask('a', operate(3, 1, { kind: 'update', name: 'renamed' }))
  fleet.ask('a', remove(4, 2))
  createOn(fleet, 'a', 5)
  const before = fleet.host('a').tables
  restart(fleet, 'a', backup)
  fleet.pass(5000)
  const { tables, notes } = fleet.host('a')
  t.ok(notes.includes('memory-lost'))
  t.same([...tables.owned.keys()].sort(), [volumeNamed(1), volumeNamed(5)])
  t.equal(tables.owned.get(volumeNamed(1))?.volume.name, 'renamed')
  t.ok(tables.epoch > before.epoch, 'an epoch that nobody has seen')
  t.same(ledger(fleet, 'b').used, { volumes: 2, snapshots: 0, gigabytes: 2, groups: 0 }, 'each is counted once')
})

t.test('a host without its journal takes its records and its bytes back, and goes on from there', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  const { epoch } = fleet.host('a').tables
  restart(fleet, 'a', BLANK)
  fleet.pass(5000)
  const { tables, volumes } = fleet.host('a')
  t.equal(tables.owned.get(volumeNamed(1))?.volume.status, 'available')
  t.ok(volumes.has(volumeNamed(1)), 'its bytes are where they were')
  t.ok(tables.epoch > epoch)
  t.same(ledger(fleet, 'b').used, { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 })
  t.equal(createOn(fleet, 'a', 2).owner, 'a')
  t.equal(fleet.host('c').tables.view.volumes.get(volumeNamed(2))?.volume.status, 'available', 'the others follow its log')
})

t.test('what lies in a pool is not taken in for a grant that was forgotten when somebody else has been promised it since', async (t) => {
  const fleet = started('abc')
  fleet.pass(1000)
  const pool = poolName('a', 'fake', 'p')
  const manage = (n: number): ClientRequest => ({
    ...create(n, { source: { kind: 'existing', name: 'old-db' } }),
    sourceAt: { owner: fleet.host('a').id, pool },
  })
  fleet.loses = ({ message }) => message.kind === 'commit'
  t.equal(outcomeOf(fleet.ask('b', manage(1))()), 'ok', 'granted, and its host has not heard of it')
  // The register is read in vain until the second one has its place.
  fleet.loses = ({ to, message }) => to === 'a' && (message.kind === 'changed' || message.kind === 'commit')
  restart(fleet, 'a', BLANK)
  fleet.pass(2 * TIMINGS.recallMs)
  fleet.host('a').tables.unread.clear()
  const second = fleet.ask('b', manage(2))
  // A round that still counted on votes of the life before is begun anew.
  fleet.pass(100)
  t.equal(outcomeOf(second()), 'ok')
  fleet.loses = () => false
  fleet.pass(3 * TIMINGS.watchMs)
  const { owned } = fleet.host('a').tables
  t.match(owned.get(volumeNamed(1))?.volume, { status: 'error', failure: { kind: 'lost' } })
  t.match(owned.get(volumeNamed(2))?.volume, { status: 'available', failure: null })
})

t.test('an open grant of a host that lost its journal is made good', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  for (const name of 'bc') fleet.feed(fleet.host(name), { kind: 'measured', pools: [] })
  fleet.pass(1000)
  fleet.loses = ({ to, message }) => to === 'a' && message.kind === 'commit'
  const answer = fleet.ask('b', create(2))
  fleet.stop('a')
  t.equal(outcomeOf(answer()), 'ok', 'the client has its answer, the host never heard of it')
  fleet.loses = () => false
  fleet.host('a').journal.clear()
  fleet.start('a')
  fleet.pass(5000)
  t.ok(fleet.host('a').volumes.has(volumeNamed(2)), 'made')
  t.equal(fleet.host('c').tables.view.volumes.get(volumeNamed(2))?.volume.status, 'available')
})

t.test('a vote that another has counted and this host does not know makes it give up its votes', async (t) => {
  const fleet = started('abc')
  const [first, second] = groupOf(manifestOf('abc'))
  if (first === undefined || second === undefined) throw new Error('a group of three')
  fleet.ask(first, { kind: 'limits', project: PROJECT, limits: { volumes: 5 } })
  // The one that is put back only votes; the first of the group proposes.
  const backup = new Map(fleet.host(second).journal)
  const { seq } = fleet.host(second).tables.log
  fleet.ask(first, { kind: 'limits', project: PROJECT, limits: { volumes: 6 } })
  fleet.ask(first, { kind: 'limits', project: PROJECT, limits: { volumes: 7 } })
  t.equal(fleet.host(second).tables.log.seq, seq, 'its own log has nothing new')
  restart(fleet, second, backup)
  t.ok(fleet.host(second).notes.includes('memory-lost'))
  t.ok(fleet.host(second).tables.isLost)
  ledger(fleet, first)
  fleet.pass(TIMINGS.recallMs)
  fleet.stop(first)
  t.equal(ledger(fleet, second).limits.volumes, 7, 'what it had voted for is read from the others before it votes again')
})

t.test('one forgotten vote is enough, also one under the ballot that came with the vote before it', async (t) => {
  const manifest = manifestOf('abc')
  const fleet = new Fleet(manifest)
  fleet.startAll()
  const [first, second, third] = groupOf(manifest)
  if (first === undefined || second === undefined || third === undefined) throw new Error('a group of three')
  fleet.ask(first, { kind: 'limits', project: PROJECT, limits: { volumes: 5 } })
  const backup = new Map(fleet.host(second).journal)
  fleet.cut(first, third)
  // The first proposes, the second votes, the third misses it.
  fleet.ask(first, { kind: 'limits', project: PROJECT, limits: { volumes: 7 } })
  fleet.stop(second)
  fleet.host(second).journal = backup
  fleet.start(second)
  fleet.pass(5000)
  t.ok(fleet.host(second).notes.includes('memory-lost'), 'the first has counted its vote')
  fleet.stop(first)
  fleet.pass(5000)
  t.equal(ledger(fleet, third).limits.volumes, 7)
})

t.test('a new host that stops before it has begun is still new, and has lost nothing', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.start('a')
  fleet.settle()
  t.equal(fleet.host('a').isReady, false, 'it has heard nobody')
  fleet.stop('a')
  t.ok(fleet.host('a').journal.size > 0)
  fleet.startAll()
  fleet.pass(5000)
  t.notOk(fleet.host('a').notes.includes('memory-lost'))
  t.equal(createOn(fleet, 'a', 1).owner, 'a')
})

/** `a` has promised room and is put back to a journal from before, unnoticed; only then does the register bind the request to it. */
function boundAndForgotten(fleet: Fleet, first: ClientRequest): void {
  const backup = new Map(fleet.host('a').journal)
  fleet.loses = ({ from, message }) => from === 'b' && message.kind === 'change'
  fleet.ask('b', first)
  restart(fleet, 'a', backup)
  if (fleet.host('a').notes.includes('memory-lost')) throw new Error('it was noticed')
  fleet.loses = ({ to, message }) =>
    to === 'a' && message.kind !== 'changed' && message.kind !== 'reserve' && message.kind !== 'reserve-room'
  fleet.pass(5000)
  if (ledger(fleet, 'b').bound.length !== 1) throw new Error('not bound')
}

/** The same key with another body, and a start: the host hears what was bound before it hears what became of its reservation. */
function reservedAgain(fleet: Fleet, other: ClientRequest): void {
  fleet.loses = ({ from, message }) => from === 'a' && message.kind === 'change'
  fleet.ask('a', other)
  fleet.loses = ({ from, message }) => from === 'a' && message.kind === 'change' && message.change.kind === 'resolve'
  restart(fleet, 'a', fleet.host('a').journal)
  fleet.pass(5000)
}

t.test('what the register has bound is made, not what the same key asked for after the bound one was forgotten', async (t) => {
  const fleet = started('abc')
  for (const name of 'bc') fleet.feed(fleet.host(name), { kind: 'measured', pools: [] })
  fleet.pass(1000)
  boundAndForgotten(fleet, create(1))
  reservedAgain(fleet, create(1, { sizeGiB: 3 }))
  t.equal(fleet.host('c').tables.view.volumes.get(volumeNamed(1))?.volume.sizeGiB, 1)
  t.same(ledger(fleet, 'b').used, { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 })
})

t.test('nor does a volume grow to what the same key asked for later', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  boundAndForgotten(fleet, operate(2, 1, { kind: 'extend', sizeGiB: 2, online: false }))
  reservedAgain(fleet, operate(2, 1, { kind: 'extend', sizeGiB: 4, online: false }))
  t.equal(fleet.host('c').tables.view.volumes.get(volumeNamed(1))?.volume.sizeGiB, 2)
  t.same(ledger(fleet, 'b').used, { volumes: 1, snapshots: 0, gigabytes: 2, groups: 0 })
})
