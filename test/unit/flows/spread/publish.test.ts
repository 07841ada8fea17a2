/** How long the owner of a log keeps the tombstones in it, and for whom. */
import t from 'tap'
import { collectTombs } from '../../../../lib/flows/spread/publish.ts'
import { newOut } from '../../../../lib/flows/out.ts'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { ledger, createOn, manifestOf, outcomeOf, remove, volumeNamed } from '../requests.ts'
import { Fleet } from '../fleet.ts'

/** Long enough that tombstones are looked at, whatever else is waited for. */
const LOOK_MS = 2 * TIMINGS.watchMs

/** Three hosts, and a volume of `a` that has come and gone. */
function withTombstone(): Fleet {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  const gone = fleet.ask('a', remove(2, 1))
  fleet.pass(500)
  if (outcomeOf(gone()) !== 'ok') throw new Error('not deleted')
  return fleet
}

t.test('a tombstone that every host has seen is collected, the floor rises, and the others let it go too', async (t) => {
  const fleet = withTombstone()
  const { tables } = fleet.host('a')
  t.ok(tables.tombs.has(volumeNamed(1)), 'at first it is kept')
  const { seq } = tables.log
  fleet.pass(LOOK_MS)
  t.equal(tables.tombs.size, 0)
  t.ok(tables.log.floor > 0 && tables.log.floor <= tables.log.seq)
  t.ok(tables.log.seq > seq, 'that is an entry of its own')
  t.notOk(
    [...fleet.host('a').journal.keys()].some((key) => key.startsWith('tomb/')),
    'nothing of it stays in the journal',
  )
  for (const name of 'abc') {
    const log = fleet.host(name).tables.view.logs.get(tables.self)
    t.equal(log?.records.size, 0, `${name} has no record of it`)
    t.equal(log?.head?.digest, tables.log.digest, `${name} has the newest head`)
  }
})

t.test('as long as one host of the cluster has not seen it, even one that is away, a tombstone stays', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.stop('c')
  fleet.ask('a', remove(2, 1))
  fleet.pass(5 * LOOK_MS)
  const { tables } = fleet.host('a')
  t.ok(tables.tombs.has(volumeNamed(1)))
  t.equal(tables.log.floor, 0)
  fleet.start('c')
  fleet.pass(LOOK_MS)
  t.equal(tables.tombs.size, 0, 'gone when it has come back and seen it')
  t.notOk(fleet.host('c').tables.view.volumes.has(volumeNamed(1)))
})

t.test('a host that is lost for good is not waited for', async (t) => {
  const manifest = manifestOf('abc')
  const fleet = new Fleet(manifest)
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.stop('c')
  fleet.ask('a', remove(2, 1))
  fleet.pass(LOOK_MS)
  t.equal(fleet.host('a').tables.tombs.size, 1)
  const hosts = manifest.hosts.map((host) => (host.peer === 'c' ? { ...host, voter: false, state: 'lost' as const } : host))
  fleet.spread({ ...manifest, epoch: 2, hosts })
  fleet.pass(LOOK_MS)
  t.equal(fleet.host('a').tables.tombs.size, 0)
})

t.test('a tombstone outlives the grant of its volume: until that is folded, it alone says that the volume is gone', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  fleet.loses = ({ message }) => message.kind === 'change' && message.change.kind === 'fold'
  createOn(fleet, 'a', 1)
  fleet.ask('a', remove(2, 1))
  fleet.pass(5 * LOOK_MS)
  const { tables } = fleet.host('a')
  t.ok(tables.tombs.has(volumeNamed(1)), 'every host has seen it, and still it stays')
  fleet.loses = () => false
  fleet.pass(2 * LOOK_MS)
  t.same(ledger(fleet, 'b').bound, [], 'folded')
  t.equal(tables.tombs.size, 0)
})

t.test('of too many tombstones the oldest go early, and the floor rises over them', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  createOn(fleet, 'a', 1)
  fleet.stop('c')
  const { tables } = fleet.host('a')
  const tombs = 8192
  const before = tables.log
  // As after so many deletes: each of them has its place in the log.
  for (let n = 0; n < tombs + 3; n += 1) tables.tombs.set(volumeNamed(1000 + n), { seq: before.seq + 1 + n, hash: '0'.repeat(64) })
  tables.log = { ...before, seq: before.seq + tombs + 3 }
  tables.settled.clear()
  collectTombs(tables, newOut())
  t.equal(tables.tombs.size, tombs, 'the most that are kept')
  t.notOk(tables.tombs.has(volumeNamed(1002)), 'the oldest three are gone')
  t.ok(tables.tombs.has(volumeNamed(1003)))
  t.equal(tables.log.floor, before.seq + 3, 'the floor is at the last one of them')
})
