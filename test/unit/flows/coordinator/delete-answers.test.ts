/** A delete whose answer was lost: what was done is done, and what nobody has said is not taken for it. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { Fleet } from '../fleet.ts'
import { create, createOn, manifestOf, operate, outcomeOf, remove, volumeNamed } from '../requests.ts'

function started(): Fleet {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  return fleet
}

const isShown = (fleet: Fleet, by: string, n: number): boolean => fleet.host(by).tables.view.volumes.has(volumeNamed(n))

t.test('an owner that did it and died before it could say so has done it, though nobody can ask the register any more', async (t) => {
  const fleet = started()
  createOn(fleet, 'a', 1)
  fleet.loses = ({ from, message }) => from === 'a' && message.kind === 'operated'
  const answer = fleet.ask('b', remove(2, 1))
  fleet.pass(500)
  t.notOk(isShown(fleet, 'b', 1), 'the record came, the answer did not')
  fleet.stop('c')
  fleet.stop('a')
  fleet.pass(TIMINGS.operateMs)
  t.equal(outcomeOf(answer()), 'ok')
})

t.test('an owner that did it, and whose answer never comes, has done it', async (t) => {
  const fleet = started()
  createOn(fleet, 'a', 1)
  fleet.loses = ({ from, message }) => from === 'a' && message.kind === 'operated'
  // The tombstone stays as long as one host has not seen it.
  fleet.stop('c')
  const answer = fleet.ask('b', remove(2, 1))
  fleet.pass(TIMINGS.operateMs)
  t.equal(outcomeOf(answer()), 'ok')
})

t.test('a volume that found no room is deleted, also if the register has to be asked twice', async (t) => {
  const fleet = started()
  for (const host of fleet.hosts.values()) fleet.feed(host, { kind: 'measured', pools: [] })
  fleet.pass(1000)
  t.match(fleet.ask('b', create(1))(), { result: { ok: true, value: { owner: null } } })
  let ended = 0
  fleet.loses = ({ message }) => {
    const isEnd = message.kind === 'changed' && message.outcome.kind === 'decided' && message.outcome.answer.kind === 'ended'
    if (isEnd) ended += 1
    return isEnd
  }
  const answer = fleet.ask('b', remove(2, 1))
  t.equal(ended, 1, 'it is done, and the answer is lost')
  fleet.pass(2 * TIMINGS.askMs)
  t.equal(outcomeOf(answer()), 'ok')
  const after = fleet.ask('c', operate(3, 1, { kind: 'update', name: 'new' }))
  fleet.pass(TIMINGS.askMs)
  t.equal(outcomeOf(after()), 'volume-not-found')
})

t.test('a volume that has gone out of the picture is not deleted until somebody has said that it is gone', async (t) => {
  const fleet = started()
  createOn(fleet, 'a', 1)
  // The tombstone stays where it is as long as one host has not seen it.
  fleet.cut('a', 'c')
  fleet.cut('b', 'c')
  fleet.ask('a', remove(2, 1))
  fleet.pass(1000)
  fleet.feed(fleet.host('b'), { kind: 'measured', pools: [] })
  fleet.pass(1000)
  fleet.loses = ({ to, message }) => to === 'a' && (message.kind === 'commit' || message.kind === 'operate')
  const granted = fleet.ask('b', create(3))
  fleet.pass(1000)
  t.equal(outcomeOf(granted()), 'ok')
  t.ok(isShown(fleet, 'b', 3), 'known from its grant')
  const answer = fleet.ask('b', remove(4, 3))
  for (const name of 'ab') fleet.mend(name, 'c')
  fleet.pass(2 * TIMINGS.watchMs)
  t.notOk(isShown(fleet, 'b', 3), 'a tombstone was collected, and it might have been its own')
  t.equal(answer(), undefined)
  fleet.stop('c')
  fleet.stop('a')
  fleet.pass(TIMINGS.operateMs)
  t.equal(outcomeOf(answer()), 'owner-unreachable')
})
