/** What one member believes of another, and what changes its mind. */
import t from 'tap'
import { firstIncarnation, isSteady } from '../../../lib/membership/membership.ts'
import { suspicionMs } from '../../../lib/membership/timing.ts'
import { peerId } from '../../../lib/model/ids.ts'
import { FIRST_LIFE, MemberRig, said, suspected } from './member-rig.ts'

t.test('a suspicion that nobody refutes ends in down, and each step is reported once', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', suspected('c', 'b'))
  a.runTo(suspicionMs(6, 0) - 1)
  t.equal(a.state('c'), 'suspect', 'until the last millisecond')
  a.runTo(suspicionMs(6, 0))
  t.equal(a.state('c'), 'down')
  t.same(
    a.changes.map(({ peer, from, to }) => [peer, from, to]),
    [
      ['c', 'alive', 'suspect'],
      ['c', 'suspect', 'down'],
    ],
  )
})

t.test('a suspicion is refuted by a higher incarnation, and by nothing less', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', suspected('c', 'b', { incarnation: FIRST_LIFE + 3 }))
  a.hear('d', said('c', 'alive', FIRST_LIFE + 3))
  t.equal(a.state('c'), 'suspect', 'the same incarnation')
  a.hear('d', said('c', 'alive', FIRST_LIFE + 2))
  t.equal(a.state('c'), 'suspect', 'one before')
  a.hear('d', said('c', 'alive', FIRST_LIFE + 4))
  t.equal(a.state('c'), 'alive', 'the next')
  a.runTo(100_000)
  t.equal(a.state('c'), 'alive', 'the timer of the old suspicion does nothing')
})

t.test('what is said of an incarnation that is over is ignored', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', said('c', 'alive', FIRST_LIFE + 5))
  a.hear('b', suspected('c', 'b', { incarnation: FIRST_LIFE + 4 }), said('c', 'down', FIRST_LIFE + 4))
  t.equal(a.state('c'), 'alive')
  t.same(a.changes, [])
})

t.test('down is final for an incarnation: neither a suspicion nor the member’s old self brings it back', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', said('c', 'down'))
  a.hear('b', suspected('c', 'b'), said('c', 'alive'))
  t.equal(a.state('c'), 'down')
})

t.test('a new life refutes whatever was said of the lives before', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', said('c', 'down', FIRST_LIFE + 1_000_000))
  a.receive('c', { kind: 'probe', seq: 1, incarnation: firstIncarnation(2), rumors: [] })
  t.equal(a.state('c'), 'alive')
})

t.test('what a life did not answer says nothing of the next one', async (t) => {
  const a = new MemberRig('ab')
  a.probe()
  a.hear('b', said('b', 'alive', firstIncarnation(2)))
  a.runTo(100_000)
  t.equal(a.state('b'), 'alive')
  a.probe()
  a.runTo(200_000)
  t.not(a.state('b'), 'alive', 'its own silence does')
})

t.test('a peer that is said to be suspect or down raises its incarnation above what was said, and tells others', async (t) => {
  for (const rumor of [suspected('a', 'b', { incarnation: FIRST_LIFE + 7 }), said('a', 'down', FIRST_LIFE + 7)]) {
    const a = new MemberRig('abcdef')
    a.hear('b', rumor)
    t.equal(a.membership.incarnation, FIRST_LIFE + 8, `above ${rumor.state}`)
    t.equal(a.last('probe-ack').message.incarnation, FIRST_LIFE + 8, 'the accuser hears it in the answer')
    const told = a.probe().message.rumors.filter(({ peer }) => peer === 'a')
    t.match(told, [{ state: 'alive', incarnation: FIRST_LIFE + 8 }], 'others by and by')
    t.equal(a.membership.health, 1, 'who is slandered was probably slow')
    a.hear('b', rumor)
    t.equal(a.membership.incarnation, FIRST_LIFE + 8, 'once is enough')
  }
})

t.test('a suspicion shortens with each other member that confirms it, down to the minimum', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', suspected('f', 'b'))
  const due = (): number | undefined => a.membership.members.get(peerId('f'))?.suspicion?.dueMs
  t.equal(due(), 24_000, 'one suspects: six times the minimum')
  a.hear('c', suspected('f', 'b'))
  t.equal(due(), 24_000, 'the same one again, through another')
  a.hear('c', suspected('f', 'c'))
  t.ok((due() ?? 0) < 12_000, 'two suspect', { due: due() })
  a.hear('c', suspected('f', 'cd'))
  t.equal(due(), 4000, 'three suspect')
  a.hear('e', suspected('f', 'e'))
  t.equal(due(), 4000, 'a fourth adds nothing')
  a.runTo(4000)
  t.equal(a.state('f'), 'down')
})

t.test('suspicions last longer in larger clusters, and where nobody could confirm they are short at once', async (t) => {
  t.equal(suspicionMs(100, 2), 8000, 'minimum of 100')
  t.equal(suspicionMs(100, 0), 48_000, 'maximum of 100')
  t.equal(suspicionMs(10, 2), 4000, 'minimum of 10')
  t.equal(suspicionMs(3, 0), 4000, 'of three, only one could confirm')
})

t.test('the age of a suspicion counts, so that all give a member up at about the same time', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', suspected('f', 'bcd', { ageMs: 2500 }))
  a.runTo(1499)
  t.equal(a.state('f'), 'suspect')
  a.runTo(1500)
  t.equal(a.state('f'), 'down', '4 s after the first suspicion')
})

t.test('however old a suspicion, the suspect is asked once more, told of it, and given time to answer', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', suspected('f', 'bcd', { ageMs: 60_000 }))
  t.equal(a.state('f'), 'suspect')
  a.runTo(499)
  const call = a.last('probe', 'f')
  t.match(call.message.rumors, [{ state: 'suspect', peer: 'f' }], 'the last call carries the suspicion')
  a.receive('f', { kind: 'probe-ack', seq: call.message.seq, peer: peerId('f'), incarnation: FIRST_LIFE + 1, rumors: [] })
  t.equal(a.state('f'), 'alive')
})

t.test('a peer that slept past the end of a suspicion reads its messages before it declares anybody down', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', suspected('f', 'bcd'))
  a.runTo(3999)
  a.nowMs = 9000
  a.fire('probe/suspicion/f')
  t.equal(a.state('f'), 'suspect', 'the timer came late')
  a.hear('b', said('f', 'alive', FIRST_LIFE + 1))
  a.runTo(20_000)
  t.equal(a.state('f'), 'alive', 'the refutation was waiting')
})

t.test('a timer that comes a little early is waited for again', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('b', suspected('f', 'bcd'))
  a.runTo(3999)
  a.fire('probe/suspicion/f')
  t.equal(a.state('f'), 'suspect')
  a.runTo(4000)
  t.equal(a.state('f'), 'down')
})

t.test('a member is steady after 10 s of continuous alive', async (t) => {
  const a = new MemberRig('abcdef')
  const c = peerId('c')
  t.equal(isSteady(a.membership, c, 9999), false, 'not before, also after a start')
  t.equal(isSteady(a.membership, c, 10_000), true)
  a.nowMs = 12_000
  a.hear('b', suspected('c', 'b'))
  t.equal(isSteady(a.membership, c, 12_000), false, 'a suspicion ends it')
  a.nowMs = 13_000
  a.hear('b', said('c', 'alive', FIRST_LIFE + 1))
  t.equal(isSteady(a.membership, c, 22_999), false, 'it counts anew')
  t.equal(isSteady(a.membership, c, 23_000), true)
})
