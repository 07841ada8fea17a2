/** What messages carry besides their errand: how much, how often, and what must be said first. */
import t from 'tap'
import { setMembers } from '../../../lib/membership/membership.ts'
import { retransmitsOf } from '../../../lib/membership/timing.ts'
import { peerId } from '../../../lib/model/ids.ts'
import { RUMORS_MAX, type Rumor } from '../../../lib/model/probe.ts'
import { ack, FIRST_LIFE, MemberRig, said, suspected } from './member-rig.ts'

t.test('whoever is suspected hears it in the first message to it, before all other news', async (t) => {
  const a = new MemberRig('abcdefgh')
  a.hear('b', suspected('c', 'b'))
  for (const name of 'defgh') a.hear('b', said(name, 'alive', FIRST_LIFE + 1))
  while (a.probe().to !== 'c') a.nowMs += 1000
  t.match(a.last('probe', 'c').message.rumors[0], { state: 'suspect', peer: 'c', incarnation: FIRST_LIFE, by: ['b'] })
})

t.test('a suspected member that probes hears it in the answer', async (t) => {
  const a = new MemberRig('abcdefgh')
  a.hear('b', suspected('c', 'b'))
  a.receive('c', { kind: 'probe', seq: 5, incarnation: FIRST_LIFE, rumors: [] })
  t.match(a.last('probe-ack', 'c').message, { seq: 5, rumors: [{ state: 'suspect', peer: 'c' }] })
})

t.test('the relays of a probe to a suspect are told of the suspicion, so that they can give it notice', async (t) => {
  const a = new MemberRig('abcdefgh')
  a.hear('b', suspected('c', 'b'))
  while (a.probe().to !== 'c') a.nowMs += 1000
  a.runTo(a.nowMs + 500)
  const toC = a.sent.filter(({ message }) => message.kind === 'probe-relay' && message.target === 'c')
  t.equal(toC.length, 3)
  for (const { to, message } of toC) t.match(message.rumors[0], { state: 'suspect', peer: 'c' }, `through ${to}`)
})

t.test('a suspect that answers late is given notice at once, and only once', async (t) => {
  const a = new MemberRig('abcdefgh')
  for (const name of 'bcdefgh') a.hear(name)
  const { to, message } = a.probe()
  a.runTo(1000)
  const probes = a.count('probe', to)
  a.receive(to, ack(to, message.seq))
  t.equal(a.state(to), 'suspect', 'it has refuted nothing yet')
  t.equal(a.count('probe', to), probes + 1)
  const notice = a.last('probe', to).message
  t.match(notice.rumors[0], { state: 'suspect', peer: to })
  a.receive(to, ack(to, notice.seq))
  t.equal(a.count('probe', to), probes + 1, 'an answer that still refutes nothing does not start over')
  a.receive(to, ack(to, notice.seq, FIRST_LIFE + 1))
  t.equal(a.state(to), 'alive')
})

t.test('a peer that learns from an answer that it is suspected refutes at once', async (t) => {
  const a = new MemberRig('abcd')
  a.receive('b', { kind: 'probe-ack', seq: 0, peer: peerId('b'), incarnation: FIRST_LIFE, rumors: [suspected('a', 'b')] })
  t.match(a.last('probe-ack', 'b').message, { seq: 0, peer: 'a', incarnation: FIRST_LIFE + 1 })
})

t.test('whoever says what is out of date hears in the answer what is true', async (t) => {
  const a = new MemberRig('abcdefgh')
  for (const name of 'bcdefgh') a.hear(name)
  a.hear('b', said('c', 'down', FIRST_LIFE + 2))
  forgetNews(a)
  a.hear('d', suspected('c', 'd'))
  t.match(a.last('probe-ack', 'd').message.rumors, [{ state: 'down', peer: 'c', incarnation: FIRST_LIFE + 2 }])
})

t.test('a member in a new life is told who is not alive, however old that news', async (t) => {
  const a = new MemberRig('abcdefgh')
  a.hear('b', said('c', 'down'))
  forgetNews(a)
  a.receive('d', { kind: 'probe', seq: 1, incarnation: FIRST_LIFE, rumors: [] })
  t.ok(a.last('probe-ack', 'd').message.rumors.some(({ peer, state }) => peer === 'c' && state === 'down'))
})

t.test('a message carries a bounded number of rumours, those first that were told least', async (t) => {
  const names = Array.from({ length: 60 }, (_, n) => peerId(`p${n}`))
  const a = new MemberRig('ab')
  setMembers(a.membership, [peerId('b'), ...names], 0)
  a.hear('b', ...names.map((peer): Rumor => ({ state: 'alive', peer, incarnation: FIRST_LIFE })))
  const told: (readonly Rumor[])[] = [a.last('probe-ack', 'b').message.rumors]
  for (let n = 0; n < 3; n += 1) {
    a.hear('b')
    told.push(a.last('probe-ack', 'b').message.rumors)
  }
  for (const rumors of told) t.ok(rumors.length <= RUMORS_MAX, `${rumors.length} rumours`)
  t.equal(new Set(told.flat().map(({ peer }) => peer)).size, 60, 'four messages tell all of it')
})

t.test('news is passed on about 4 log10 N times and then no more', async (t) => {
  const a = new MemberRig('abcdefgh')
  for (const name of 'bcdefgh') a.hear(name)
  a.hear('b', said('c', 'down'))
  let told = a.last('probe-ack').message.rumors.filter(({ peer }) => peer === 'c').length
  for (let n = 0; n < 40; n += 1) {
    a.hear('d')
    told += a.last('probe-ack', 'd').message.rumors.filter(({ peer }) => peer === 'c').length
  }
  t.equal(told, retransmitsOf(8))
  t.equal(retransmitsOf(100), 12)
})

t.test('in a quiet cluster messages carry nothing', async (t) => {
  const a = new MemberRig('abcdefgh')
  for (const name of 'bcdefgh') a.hear(name)
  forgetNews(a)
  t.same(a.probe().message.rumors, [])
})

/** As if everything had been passed on often enough. */
function forgetNews(rig: MemberRig): void {
  for (let n = 0; n < 200 && rig.membership.news.size > 0; n += 1) rig.hear(n % 2 === 0 ? 'g' : 'h')
}
