/** The world goes on while a search is under way: what was said at its beginning may not be so any more at its end. */
import t from 'tap'
import { TIMINGS } from '../../../../lib/flows/timings.ts'
import { peerId } from '../../../../lib/model/ids.ts'
import type { Manifest } from '../../../../lib/model/manifest.ts'
import { joining, stepDone } from '../../../../lib/model/manifest-steps.ts'
import type { ClientRequest } from '../../../../lib/model/request.ts'
import { Fleet, type Letter } from '../fleet.ts'
import { create, groupOf, manifestOf, outcomeOf, PROJECT, remove, volumeNamed } from '../requests.ts'

/** By somebody who does not know whose it is. */
const FIND: ClientRequest = { kind: 'find', project: null, volume: volumeNamed(1), isOwn: false }

const isMove = ({ message }: Letter): boolean => message.kind === 'fetch' || message.kind === 'install'

/**
 * Two hosts, one of which keeps the project's register alone, with a grant in it that its host has not heard of; and a
 * third host that joins as a voter while no register moves.
 */
function inTheMiddleOfAStep(): { readonly fleet: Fleet; readonly keeper: string; readonly other: string; readonly manifest: Manifest } {
  const founded = manifestOf('ab')
  const keeper = groupOf(founded)[0] ?? ''
  const other = keeper === 'a' ? 'b' : 'a'
  const fleet = new Fleet(founded)
  fleet.startAll()
  fleet.loses = ({ message }) => message.kind === 'commit'
  if (outcomeOf(fleet.ask(keeper, create(1))()) !== 'ok') throw new Error('not granted')
  fleet.loses = (letter) => letter.message.kind === 'commit' || isMove(letter)
  const next = joining(founded, { peer: peerId('c'), name: 'c', addrs: [], zone: 'z' }, '')
  if (!next.ok) throw new Error('refused')
  fleet.add('c', next.manifest)
  fleet.start('c')
  fleet.spread(next.manifest)
  fleet.pass(2 * TIMINGS.recallMs)
  if (!fleet.host('c').isReady) throw new Error('the newcomer takes part')
  return { fleet, keeper, other, manifest: next.manifest }
}

t.test('what the hosts said before a register was read may be older than what it says: its owner is asked again', async (t) => {
  const manifest = manifestOf('abcdef')
  const members = groupOf(manifest)
  const outsider = [...'abcdef'].find((name) => !members.some((member) => member === name)) ?? ''
  const fleet = new Fleet(manifest)
  fleet.startAll()
  fleet.loses = ({ message }) => message.kind === 'commit'
  fleet.ask(members[0] ?? '', create(1))
  const [commit] = fleet.letters('commit')
  if (commit === undefined) throw new Error('not granted')
  // Every host says that it has no record of it, and a member that the register knows more. The read of that is lost once.
  let isRead = false
  fleet.loses = ({ from, to, message }) => {
    if (to === outsider && message.kind === 'changed') isRead = true
    return (
      (from === outsider && message.kind === 'change' && fleet.nowMs < readMs) || (to === outsider && message.kind === 'delta' && !isRead)
    )
  }
  const readMs = fleet.nowMs + TIMINGS.askMs
  const answer = fleet.ask(outsider, FIND)
  // Meanwhile the volume is made, and its grant has come to its end.
  fleet.say(commit.from, commit.to, commit.message)
  fleet.pass(TIMINGS.askMs - 1)
  t.equal(answer(), undefined)
  fleet.pass(TIMINGS.askMs)
  t.match(answer(), { kind: 'find', result: { ok: true, value: { id: volumeNamed(1), status: 'available' } } })
})

t.test('in the middle of a step one silent host may keep a register of the former voters alone', async (t) => {
  const { fleet, keeper } = inTheMiddleOfAStep()
  fleet.cut('c', keeper)
  const answer = fleet.ask('c', FIND)
  fleet.pass(2 * TIMINGS.askMs)
  t.match(answer(), { result: { ok: false, failure: { code: 'peer-incomplete', silent: [keeper] } } })
})

t.test('a step that ends while the hosts are asked does not make their answers say more', async (t) => {
  const { fleet, keeper, other, manifest } = inTheMiddleOfAStep()
  fleet.loses = (letter) => letter.message.kind === 'commit' || isMove(letter) || (letter.from === keeper && letter.message.kind === 'seen')
  const answer = fleet.ask('c', FIND)
  // The other has said that it has nothing of it. Now the register comes to it, and the step is done.
  fleet.loses = ({ message }) => message.kind === 'commit'
  fleet.pass(TIMINGS.askMs - 1)
  t.ok(fleet.host(other).tables.acceptors.has(PROJECT))
  fleet.spread(stepDone(manifest, ''))
  t.equal(answer(), undefined)
  fleet.pass(1)
  t.match(answer(), { result: { ok: false, failure: { code: 'peer-incomplete', silent: [keeper] } } })
})

t.test('a late answer of a register brings no volume back into the picture whose tombstone has been collected', async (t) => {
  const fleet = new Fleet(manifestOf('abc'))
  fleet.startAll()
  for (const name of 'bc') fleet.feed(fleet.host(name), { kind: 'measured', pools: [] })
  fleet.pass(9000)
  fleet.loses = ({ message }) => message.kind === 'commit'
  t.equal(outcomeOf(fleet.ask('b', create(1))()), 'ok')
  const late: Letter[] = []
  fleet.loses = (letter) => {
    const isHeld = letter.to === 'c' && letter.message.kind === 'changed'
    if (isHeld) late.push(letter)
    return isHeld
  }
  fleet.ask('c', { kind: 'find', project: PROJECT, volume: volumeNamed(1), isOwn: false })
  const [commit] = fleet.letters('commit')
  if (commit === undefined) throw new Error('nobody has committed')
  fleet.say(commit.from, commit.to, commit.message)
  fleet.pass(300)
  fleet.ask('a', remove(2, 1))
  fleet.pass(1600)
  t.equal(fleet.host('a').tables.tombs.size, 0, 'made, deleted, counted, seen by all, collected')
  const [answer] = late
  if (answer === undefined) throw new Error('the register was not read')
  fleet.loses = () => false
  fleet.say(answer.from, 'c', answer.message)
  fleet.pass(60_000)
  t.notOk(fleet.host('c').tables.view.volumes.has(volumeNamed(1)))
})
