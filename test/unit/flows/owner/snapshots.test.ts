/** What an owner does with snapshots beyond the plain way: the ends of a record, and bytes that no record explains. */
import t from 'tap'
import type { volumeId } from '../../../../lib/model/ids.ts'
import { RECORD_CHARS_MAX, SNAPSHOTS_MAX, snapshotOf } from '../../../../lib/model/snapshot.ts'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { Fleet, type Letter } from '../fleet.ts'
import { createOn, ledger, manifestOf, operate, outcomeOf, PROJECT, snapshotNamed, take, volumeNamed } from '../requests.ts'

const GIB = 1024 ** 3

function started(names: string): Fleet {
  const fleet = new Fleet(manifestOf(names))
  fleet.startAll()
  return fleet
}

function restartBlank(fleet: Fleet, name: string): void {
  fleet.stop(name)
  fleet.host(name).journal = new Map()
  fleet.start(name)
  fleet.pass(5000)
}

t.test('a volume has so many snapshots and no more, and says so', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  const host = fleet.host('a')
  fleet.feed(host, { kind: 'measured', pools: [...host.tables.pools.values()].map((pool) => ({ ...pool, totalGiB: 1000 })) })
  const outcomes = new Map<string, number>()
  for (let n = 1000; n <= 1000 + SNAPSHOTS_MAX; n += 1) {
    const outcome = outcomeOf(fleet.ask('a', take(n, 1))())
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  t.same(Object.fromEntries(outcomes), { ok: SNAPSHOTS_MAX, 'record-full': 1 })
})

t.test('a record never grows beyond what a message holds, by names or by metadata', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  const long = Object.fromEntries(Array.from({ length: 145 }, (_, n) => [`key-${n}`, 'v'.repeat(200)]))
  const outcomes: string[] = []
  for (let n = 10; n < 16; n += 1) {
    const answer = fleet.ask('a', take(n, 1, long))
    fleet.pass(500)
    outcomes.push(outcomeOf(answer()))
  }
  t.same(outcomes, ['ok', 'ok', 'ok', 'ok', 'ok', 'record-full'])
  const small = fleet.ask('a', take(20, 1))
  fleet.pass(500)
  t.equal(outcomeOf(small()), 'ok')
  const more = fleet.ask('a', operate(21, 1, { kind: 'update-snapshot', snapshot: snapshotNamed(20), metadata: long }))
  fleet.pass(500)
  t.equal(outcomeOf(more()), 'record-full')
  const own = fleet.ask('a', operate(22, 1, { kind: 'update', metadata: long }))
  t.equal(outcomeOf(own()), 'record-full', "the volume's own metadata is part of it")
  t.ok(JSON.stringify(fleet.host('a').tables.owned.get(volumeNamed(1))?.volume).length <= RECORD_CHARS_MAX)
})

t.test('snapshots without a record are adopted by a host that has forgotten, by what their tags say', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  const tags = { project: PROJECT, rid: operate(7, 1, { kind: 'delete', force: false }).request.rid }
  const id = snapshotNamed(7)
  fleet.host('a').snapshots.set(id, { id, volume: volumeNamed(1), pool: 'p', sizeBytes: GIB, tags })
  restartBlank(fleet, 'a')
  const { tables, notes, snapshots } = fleet.host('a')
  const volume = tables.owned.get(volumeNamed(1))?.volume
  t.match(volume === undefined ? null : snapshotOf(volume, id), { status: 'available', sizeGiB: 1, project: PROJECT })
  t.ok(notes.includes('snapshot-adopted'))
  t.ok(snapshots.has(id))
  t.same(ledger(fleet, 'b').used, { volumes: 1, snapshots: 1, gigabytes: 2, groups: 0 }, 'and it counts')
})

t.test('snapshots that a host with its memory does not know are set aside, and those of a volume that is gone are removed', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  createOn(fleet, 'a', 2)
  const host = fleet.host('a')
  const tags = { project: PROJECT, rid: operate(7, 1, { kind: 'delete', force: false }).request.rid }
  const put = (n: number, volume: ReturnType<typeof volumeId>, known: typeof tags | null): void => {
    host.snapshots.set(snapshotNamed(n), { id: snapshotNamed(n), volume, pool: 'p', sizeBytes: GIB, tags: known })
  }
  fleet.ask('a', operate(3, 2, { kind: 'delete', force: false }))
  fleet.stop('a')
  put(7, volumeNamed(1), tags)
  put(8, volumeNamed(1), null)
  put(9, volumeNamed(2), tags)
  fleet.start('a')
  fleet.pass(5000)
  t.equal(host.notes.filter((note) => note === 'snapshot-quarantined').length, 2, 'with tags and without')
  t.equal(host.snapshots.size, 0)
  t.same(ledger(fleet, 'b').used, { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 })
})

t.test('a snapshot that is deleted before its room is counted goes as soon as it is', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  fleet.pass(5000)
  const host = fleet.host('a')
  t.equal(outcomeOf(fleet.ask('a', take(7, 1))()), 'ok')
  t.equal(outcomeOf(fleet.ask('a', operate(8, 1, { kind: 'delete-snapshot', snapshot: snapshotNamed(7) }))()), 'ok')
  t.equal(host.snapshots.size, 1, 'its grant is open')
  fleet.pass(3 * TIMINGS.seenMs)
  t.equal(host.snapshots.size, 0)
  fleet.pass(5000)
  t.same(ledger(fleet, 'b').used, { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 })
})

t.test('an answer of the register that is older than its end makes no deleted snapshot again', async (t) => {
  const fleet = started('abc')
  createOn(fleet, 'a', 1)
  fleet.pass(5000)
  const host = fleet.host('a')
  t.equal(outcomeOf(fleet.ask('a', take(7, 1))()), 'ok')
  const late: Letter[] = []
  fleet.loses = (letter) => {
    const { to, message } = letter
    const isRead =
      to === 'a' && message.kind === 'changed' && message.outcome.kind === 'decided' && message.outcome.answer.kind === 'contents'
    if (isRead) late.push(letter)
    return isRead
  }
  fleet.say('b', 'a', { kind: 'intent', project: PROJECT, volume: volumeNamed(1) })
  const [answer] = late
  if (answer === undefined) throw new Error('the owner has not read its register')
  t.equal(outcomeOf(fleet.ask('a', operate(8, 1, { kind: 'delete-snapshot', snapshot: snapshotNamed(7) }))()), 'ok')
  fleet.pass(1000)
  t.equal(host.snapshots.size, 0, 'its grant has ended, and so has it')
  fleet.say(answer.from, 'a', answer.message)
  t.equal(host.snapshots.size, 0)
  t.same(host.tables.owned.get(volumeNamed(1))?.volume.snapshots, [])
})
