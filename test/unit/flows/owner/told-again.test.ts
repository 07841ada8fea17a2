/** What a host that has forgotten says, and what the registers hear of it, until it has read what they hold for it. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { logOf } from '../../../../lib/replica/view.ts'
import { Fleet, type Letter } from '../fleet.ts'
import { create, createOn, ledger, manifestOf, outcomeOf, operate, remove, take } from '../requests.ts'

const NOTHING = { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }
const isFold = ({ message }: Letter): boolean => message.kind === 'change' && message.change.kind === 'fold'
/** The registers do not answer `a`. */
const isUnread = ({ to, message }: Letter): boolean => to === 'a' && message.kind === 'changed'

function started(): Fleet {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  return fleet
}

/** The register has granted a second volume to `a`, which has not heard of it. */
function granted(): Fleet {
  const fleet = started()
  createOn(fleet, 'a', 1)
  for (const name of 'bc') fleet.feed(fleet.host(name), { kind: 'measured', pools: [] })
  fleet.pass(1000)
  fleet.loses = ({ message }) => message.kind === 'commit'
  if (outcomeOf(fleet.ask('b', create(2))()) !== 'ok') throw new Error('not granted')
  return fleet
}

/** The journal of `a` is gone. */
function forget(fleet: Fleet): void {
  fleet.stop('a')
  fleet.host('a').journal.clear()
  fleet.start('a')
  fleet.pass(2 * TIMINGS.recallMs)
  if (!fleet.host('a').isReady) throw new Error('it takes part')
}

t.test('a register is not told what a loss of power could take from all the others', async (t) => {
  const fleet = started()
  fleet.syncs = () => false
  createOn(fleet, 'a', 1)
  fleet.pass(5000)
  const [b, c] = [fleet.host('b'), fleet.host('c')]
  t.same(
    [b, c].map((host) => host.tables.view.volumes.size),
    [1, 1],
    'both have seen the record',
  )
  t.equal(ledger(fleet, 'b').bound.length, 1, 'and neither has it on disk')
  const { head } = logOf(b.tables.view, fleet.host('a').id)
  fleet.feed(b, { kind: 'kept', heads: head === null ? [] : [head] })
  fleet.pass(5000)
  t.same([ledger(fleet, 'b').bound, ledger(fleet, 'b').used], [[], { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 }], 'now it has')
})

t.test('totals are not told before it is known which grants they contain: nothing is counted twice', async (t) => {
  const fleet = started()
  fleet.loses = isFold
  createOn(fleet, 'a', 1)
  t.equal(ledger(fleet, 'b').bound.length, 1, 'made, and its grant is open')
  fleet.loses = isUnread
  forget(fleet)
  const one = { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 }
  t.same(ledger(fleet, 'b').used, one, 'before the register was read')
  fleet.loses = () => false
  fleet.pass(3 * TIMINGS.retryMs)
  t.same(ledger(fleet, 'b').used, one, 'and after')
  t.same(ledger(fleet, 'b').bound, [])
})

t.test('a crash in the middle of recovery does not make a host forget that it has to tell its totals', async (t) => {
  const fleet = started()
  createOn(fleet, 'a', 1)
  fleet.loses = isFold
  fleet.ask('a', remove(2, 1))
  fleet.pass(1000)
  forget(fleet)
  fleet.stop('a')
  fleet.start('a')
  fleet.loses = () => false
  fleet.pass(3 * TIMINGS.retryMs)
  t.same(ledger(fleet, 'b').used, NOTHING, 'the register hears that the volume is gone')
})

t.test('a tombstone stays until it is known that no forgotten grant is for its volume, which is not made again', async (t) => {
  const fleet = started()
  fleet.loses = isFold
  createOn(fleet, 'a', 1)
  fleet.ask('a', remove(2, 1))
  fleet.pass(1000)
  fleet.loses = isUnread
  forget(fleet)
  fleet.pass(3 * TIMINGS.watchMs)
  t.equal(ledger(fleet, 'b').bound.length, 1, 'its grant is open')
  fleet.loses = () => false
  fleet.pass(3 * TIMINGS.retryMs)
  t.equal(fleet.host('a').volumes.size, 0)
  t.same([ledger(fleet, 'b').bound, ledger(fleet, 'b').used], [[], NOTHING])
})

t.test('a host that has forgotten a volume does not say that there is none before it has read the register', async (t) => {
  const fleet = granted()
  fleet.loses = (letter) => isUnread(letter) || (letter.to === 'a' && letter.message.kind === 'commit')
  forget(fleet)
  fleet.say('c', 'a', { kind: 'operate', request: remove(3, 2).request })
  const answers = fleet.letters('operated').filter(({ from, to }) => from === 'a' && to === 'c')
  t.match(answers, [{ message: { reply: { ok: false, failure: { code: 'recovering', host: 'a' } } } }])
})

t.test('a volume that is granted, and that its host has forgotten, is not said to be missing', async (t) => {
  const fleet = granted()
  fleet.loses = (letter) => isUnread(letter) || (letter.to === 'a' && letter.message.kind === 'commit')
  forget(fleet)
  // As if it had read the register before the grant was there.
  fleet.host('a').tables.unread.clear()
  t.equal(outcomeOf(fleet.ask('b', remove(3, 2))()), 'recovering', 'its host will hear of the grant again')
  const [commit] = fleet.letters('commit')
  if (commit === undefined) throw new Error('nobody has committed')
  fleet.loses = isUnread
  fleet.say('b', 'a', commit.message)
  t.equal(outcomeOf(fleet.ask('b', operate(4, 2, { kind: 'update', name: 'new' }))()), 'recovering', 'or has, and asks what it is for')
})

t.test('what a journal remembers as answered, and not as settled, is settled once more', async (t) => {
  const fleet = started()
  createOn(fleet, 'a', 1)
  fleet.hangs = ({ kind }) => kind === 'create-snapshot'
  t.equal(outcomeOf(fleet.ask('a', take(2, 1))()), 'ok', 'promised, and being made')
  const backup = new Map(fleet.host('a').journal)
  fleet.hangs = () => false
  fleet.loses = isFold
  for (const journal of [backup, new Map(backup)]) {
    fleet.stop('a')
    fleet.host('a').journal = journal
    fleet.start('a')
    fleet.pass(2 * TIMINGS.recallMs)
  }
  t.ok(fleet.host('a').notes.includes('memory-lost'), 'it was made in a life that is forgotten')
  fleet.loses = () => false
  fleet.pass(3 * TIMINGS.retryMs)
  t.same(ledger(fleet, 'b').bound, [])
  t.same(ledger(fleet, 'b').used, { volumes: 1, snapshots: 1, gigabytes: 2, groups: 0 })
})
