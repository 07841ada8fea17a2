/** Whom a member probes, when it asks others to try, and how its own health stretches all that. */
import t from 'tap'
import { onUnreachable } from '../../../lib/membership/answering.ts'
import { HEALTH_WORST, onLag } from '../../../lib/membership/health.ts'
import { setMembers } from '../../../lib/membership/membership.ts'
import { onProbeTimer } from '../../../lib/membership/probing.ts'
import { peerId } from '../../../lib/model/ids.ts'
import { Random } from '../../sim/random.ts'
import { ack, FIRST_LIFE, MemberRig, NO_LUCK, said } from './member-rig.ts'

t.test('each round reaches every other member once, and no two rounds go the same way', async (t) => {
  const a = new MemberRig('abcdefgh')
  a.hear('b', said('c', 'down'))
  const rng = new Random('order')
  const round = (): string =>
    Array.from({ length: 7 }, () => {
      a.take(onProbeTimer(a.membership, a.nowMs, rng))
      return a.last('probe').to
    }).join('')
  const rounds = Array.from({ length: 5 }, round)
  for (const way of rounds) t.equal([...way].sort().join(''), 'bcdefgh', 'all, also the one that is down')
  t.equal(new Set(rounds).size, 5, 'orders')
})

t.test('a member that does not answer is probed through three others, and suspected if they do not reach it either', async (t) => {
  const a = new MemberRig('abcdefgh')
  const { to: target } = a.probe()
  a.runTo(499)
  t.equal(a.count('probe-relay'), 0, 'not before the direct time-out')
  a.runTo(500)
  t.equal(a.count('probe-relay'), 3, 'three are asked')
  t.equal(a.count('probe-relay', target), 0, 'not the target itself')
  a.runTo(999)
  t.equal(a.state(target), 'alive')
  a.runTo(1000)
  t.equal(a.state(target), 'suspect')
})

t.test('an answer through a relay is as good as a direct one', async (t) => {
  const a = new MemberRig('abcdefgh')
  const { to: target, message } = a.probe()
  a.runTo(500)
  a.receive(a.last('probe-relay').to, ack(target, message.seq))
  a.runTo(2000)
  t.equal(a.state(target), 'alive')
  t.same(a.changes, [])
})

t.test('a relay passes the answer on, and without one says after 400 ms that at least it is alive', async (t) => {
  for (const answers of [true, false]) {
    const b = new MemberRig('abcd')
    b.receive('c', { kind: 'probe-relay', seq: 77, target: peerId('d'), incarnation: FIRST_LIFE, rumors: [] })
    const { message } = b.last('probe', 'd')
    if (answers) b.receive('d', ack(peerId('d'), message.seq, FIRST_LIFE + 4))
    b.runTo(399)
    t.equal(b.count('probe-nack'), 0)
    b.runTo(400)
    if (answers) {
      t.match(b.last('probe-ack', 'c').message, { seq: 77, peer: 'd', incarnation: FIRST_LIFE + 4 })
      t.equal(b.count('probe-nack'), 0, 'one answer is enough')
    } else t.match(b.last('probe-nack', 'c').message, { seq: 77 })
  }
})

t.test('failed probes make a peer doubt itself if the relays are silent, but not if they say that they are alive', async (t) => {
  for (const isSilent of [true, false]) {
    const a = new MemberRig('abcdefgh')
    a.probe()
    a.runTo(500)
    const relays = a.sent.filter(({ message }) => message.kind === 'probe-relay')
    for (const { to, message } of isSilent ? [] : relays) {
      a.receive(to, { kind: 'probe-nack', seq: message.seq, incarnation: FIRST_LIFE, rumors: [] })
    }
    a.runTo(1000)
    t.equal(a.membership.health, isSilent ? 3 : 0)
  }
})

t.test('a peer in bad health waits longer and probes less often, and successes make it well again', async (t) => {
  const a = new MemberRig('abcdefgh')
  onLag(a.membership, 101)
  const { to: target, message } = a.probe()
  t.equal(a.timers.get('probe'), 2000, 'interval')
  a.runTo(999)
  t.equal(a.count('probe-relay'), 0, 'the direct time-out is twice as long')
  a.runTo(1999)
  t.equal(a.state(target), 'alive', 'so is the whole probe')
  a.receive(target, ack(target, message.seq))
  t.equal(a.membership.health, 0)
  a.probe()
  t.equal(a.timers.get('probe'), 1999 + 1000)
})

t.test('a late event loop raises the multiplier until a direct time-out outlasts the delay, within bounds', async (t) => {
  const cases: readonly (readonly [number, number])[] = [
    [100, 0],
    [101, 1],
    [500, 1],
    [2000, 4],
    [60_000, HEALTH_WORST],
  ]
  for (const [p99Ms, health] of cases) {
    const a = new MemberRig('abc')
    onLag(a.membership, p99Ms)
    t.equal(a.membership.health, health, `${p99Ms} ms`)
  }
  const a = new MemberRig('abc')
  for (let n = 0; n < 20; n += 1) onLag(a.membership, 150)
  t.equal(a.membership.health, HEALTH_WORST, 'never above the worst')
})

t.test('a peer that slept through a time-out reads the answers that wait before it blames anybody', async (t) => {
  const a = new MemberRig('abcdefgh')
  const { to: target, message } = a.probe()
  a.nowMs = 2500
  a.fire('probe/wait/1')
  t.equal(a.count('probe-relay'), 0, 'the timer came late')
  a.receive(target, ack(target, message.seq))
  a.runTo(10_000)
  t.equal(a.state(target), 'alive')
})

t.test('without a connection the others are asked at once', async (t) => {
  const a = new MemberRig('abcdefgh')
  const { to, message } = a.probe()
  a.take(onUnreachable(a.membership, to, message, a.nowMs, NO_LUCK))
  t.equal(a.count('probe-relay'), 3)
  a.runTo(1000)
  t.equal(a.state(to), 'suspect', 'at the same time as ever')
})

t.test('a relay without a connection to the target says so at once', async (t) => {
  const b = new MemberRig('abcd')
  b.receive('c', { kind: 'probe-relay', seq: 77, target: peerId('d'), incarnation: FIRST_LIFE, rumors: [] })
  b.take(onUnreachable(b.membership, peerId('d'), b.last('probe', 'd').message, 0, NO_LUCK))
  t.match(b.last('probe-nack', 'c').message, { seq: 77 })
})

t.test('a member that is down is probed in its turn, without relays, and its answer brings it back at once', async (t) => {
  const a = new MemberRig('abcdef')
  a.hear('c', said('b', 'down', FIRST_LIFE + 1))
  while (a.probe().to !== 'b') a.receive(a.last('probe').to, ack(a.last('probe').to, a.last('probe').message.seq))
  const { to, message } = a.last('probe')
  a.runTo(5000)
  t.equal(a.count('probe-relay'), 0)
  t.match(message.rumors, [{ state: 'down', peer: 'b', incarnation: FIRST_LIFE + 1 }], 'it is told')
  a.receive('b', ack(to, message.seq, FIRST_LIFE + 2))
  t.equal(a.state('b'), 'alive')
})

t.test('members come and go with the manifest alone', async (t) => {
  const a = new MemberRig('abc')
  a.hear('b', said('c', 'down'), said('x', 'alive'))
  t.equal(a.membership.members.has(peerId('x')), false, 'a rumour adds nobody')
  setMembers(a.membership, ['a', 'c', 'd'].map(peerId), a.nowMs)
  t.same([...a.membership.members.keys()], ['c', 'd'])
  t.equal(a.state('c'), 'down', 'who stays keeps its state')
  t.equal(a.state('d'), 'alive', 'who is new is taken for alive')
  t.equal(a.state('b'), 'down', 'who is gone is nobody')
  const sent = a.sent.length
  a.hear('b', said('d', 'down'))
  t.equal(a.state('d'), 'alive', 'a stranger is not heard')
  t.equal(a.sent.length, sent, 'nor answered')
})

t.test('what was under way or planned with members that left comes to nothing', async (t) => {
  const a = new MemberRig('abcdefgh')
  const { to } = a.probe()
  const stays = peerId(to === 'b' ? 'c' : 'b')
  setMembers(a.membership, [stays], a.nowMs)
  a.runTo(100_000)
  t.equal(a.count('probe-relay'), 0)
  t.same(a.changes, [])
  for (let n = 0; n < 10; n += 1) t.equal(a.probe().to, stays, `probe ${n}`)
})

t.test('a peer that is alone probes nobody and goes on waiting', async (t) => {
  const a = new MemberRig('a')
  a.take(onProbeTimer(a.membership, a.nowMs, NO_LUCK))
  t.same(a.sent, [])
  t.equal(a.timers.get('probe'), 1000)
})
