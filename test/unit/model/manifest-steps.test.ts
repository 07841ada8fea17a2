/** Which manifest may follow which: one voter at a time, and never so that nobody is left to keep the registers. */
import t from 'tap'
import { peerId } from '../../../lib/model/ids.ts'
import {
  hasLeft,
  hostName,
  hostNamed,
  isForming,
  isGoneHost,
  type Manifest,
  type ManifestHost,
  votersOf,
} from '../../../lib/model/manifest.ts'
import { draining, joining, LEFT_MAX, leaving, losing, type NextManifest, stepDone } from '../../../lib/model/manifest-steps.ts'
import { DEFAULT_LIMITS } from '../../../lib/model/quota.ts'

type Newcomer = Omit<ManifestHost, 'voter' | 'state'>

const newcomer = (peer: string, name = peer): Newcomer => ({ peer: peerId(peer), name, addrs: [], zone: 'z' })

/** A founded cluster, every step of it done. */
function founded(...names: readonly string[]): Manifest {
  return {
    cluster: 'c',
    epoch: 5,
    prev: 'before',
    expect: names.length,
    voting: { epoch: 2, former: null },
    hosts: names.map((name) => ({ ...newcomer(name), voter: true, state: 'member' })),
    left: [],
    types: [],
    limits: DEFAULT_LIMITS,
  }
}

function forming(expect: number): Manifest {
  return { ...founded('a'), expect, voting: { epoch: 0, former: null } }
}

function taken(next: NextManifest): Manifest {
  if (!next.ok) throw new Error(`refused: ${next.problem.kind}`)
  return next.manifest
}

function problemOf(next: NextManifest): unknown {
  return next.ok ? null : next.problem
}

t.test('a host that joins a founded cluster votes, and the voters before it are remembered until the registers have moved', async (t) => {
  const before = founded('a', 'c')
  const next = taken(joining(before, newcomer('b'), 'hash'))
  t.same(
    next.hosts.map(({ peer }) => peer),
    ['a', 'b', 'c'],
    'sorted by peer',
  )
  t.match(next, { epoch: 6, prev: 'hash', voting: { epoch: 3, former: ['a', 'c'] } })
  t.same(votersOf(next), ['a', 'b', 'c'])
  t.match(stepDone(next, 'later'), { epoch: 7, prev: 'later', voting: { epoch: 3, former: null }, hosts: next.hosts })
})

t.test('while a step is under way no vote changes hands; when it is done the next one may', async (t) => {
  const under = taken(joining(founded('a', 'b', 'c'), newcomer('d'), ''))
  const pending = { kind: 'step-pending', epoch: 3 }
  t.same(problemOf(joining(under, newcomer('e'), '')), pending)
  t.same(problemOf(leaving(under, 'a', '')), pending)
  t.same(problemOf(losing(under, 'a', '')), pending)
  const done = stepDone(under, '')
  t.equal(taken(losing(done, 'a', '')).voting.epoch, 4)
})

t.test('what moves no vote does not wait for a step', async (t) => {
  const quiet = { ...founded('a', 'b', 'c'), voting: { epoch: 3, former: [peerId('a')] } }
  const hosts = quiet.hosts.map((host) => (host.name === 'c' ? { ...host, voter: false } : host))
  const manifest = { ...quiet, hosts }
  for (const next of [
    leaving(manifest, 'c', ''),
    losing(manifest, 'c', ''),
    joining(manifest, { ...newcomer('a'), addrs: ['/ip4/1'] }, ''),
  ]) {
    t.same(taken(next).voting, manifest.voting, 'the step goes on as it was')
    t.equal(taken(next).epoch, manifest.epoch + 1)
  }
})

t.test('a host that joins again with other addresses stays what it was', async (t) => {
  const manifest = founded('a', 'b')
  const next = taken(joining(manifest, { ...newcomer('b'), addrs: ['/ip4/10.0.0.2/tcp/1'], zone: 'y' }, ''))
  t.match(
    next.hosts.find(({ name }) => name === 'b'),
    { addrs: ['/ip4/10.0.0.2/tcp/1'], zone: 'y', voter: true, state: 'member' },
  )
  t.equal(next.hosts.length, 2)
  t.same(next.voting, manifest.voting)
})

t.test('a name belongs to one member; that of a lost host is free for another key, and its own key is not', async (t) => {
  const manifest = founded('a', 'b', 'c')
  t.same(problemOf(joining(manifest, newcomer('x', 'b'), '')), { kind: 'name-taken', name: 'b', by: 'b' })
  const lost = stepDone(taken(losing(manifest, 'b', '')), '')
  t.same(problemOf(joining(lost, newcomer('b'), '')), { kind: 'lost-before', name: 'b' }, 'whoever has the key of a lost host')
  const again = taken(joining(lost, newcomer('x', 'b'), ''))
  t.same(
    again.hosts.filter(({ name }) => name === 'b').map(({ peer, state }) => [peer, state]),
    [
      ['b', 'lost'],
      ['x', 'member'],
    ],
  )
})

t.test('a lost host stays in the list without a vote; one that left is gone', async (t) => {
  const manifest = founded('a', 'b', 'c')
  const lost = taken(losing(manifest, 'b', ''))
  t.match(
    lost.hosts.find(({ name }) => name === 'b'),
    { state: 'lost', voter: false },
  )
  t.same(votersOf(lost), ['a', 'c'])
  t.same(lost.voting, { epoch: 3, former: ['a', 'b', 'c'] })
  t.same(problemOf(losing(stepDone(lost, ''), 'b', '')), { kind: 'lost-before', name: 'b' })
  const left = taken(leaving(manifest, 'b', ''))
  t.same(
    left.hosts.map(({ name }) => name),
    ['a', 'c'],
  )
})

t.test('the last voter cannot go, however it goes', async (t) => {
  const [only, other] = founded('a', 'b').hosts
  if (only === undefined || other === undefined) throw new Error('two hosts')
  const manifest = { ...founded('a', 'b'), hosts: [only, { ...other, voter: false }] }
  t.same(problemOf(leaving(manifest, 'a', '')), { kind: 'last-voter', name: 'a' })
  t.same(problemOf(losing(manifest, 'a', '')), { kind: 'last-voter', name: 'a' })
  t.ok(leaving(manifest, 'b', '').ok, 'another host can')
})

t.test('a host that nobody knows can neither leave nor be lost', async (t) => {
  for (const next of [leaving(founded('a'), 'x', ''), losing(founded('a'), 'x', '')])
    t.same(problemOf(next), { kind: 'host-unknown', name: 'x' })
})

t.test('the founding hosts join without a step; the cluster is founded with the last of them', async (t) => {
  const two = taken(joining(forming(3), newcomer('b'), ''))
  t.ok(isForming(two))
  t.same(problemOf(leaving(two, 'b', '')), { kind: 'founding', joined: 2, expect: 3 }, 'nobody leaves before')
  t.same(problemOf(losing(two, 'b', '')), { kind: 'founding', joined: 2, expect: 3 })
  const three = taken(joining(two, newcomer('c'), ''))
  t.notOk(isForming(three))
  t.same(three.voting, { epoch: 1, former: null }, 'there is nothing to move yet')
  t.equal(votersOf(three).length, 3)
})

t.test('every step links to the one before it', async (t) => {
  const manifest = founded('a', 'b', 'c')
  const steps = [joining(manifest, newcomer('d'), 'h'), leaving(manifest, 'a', 'h'), losing(manifest, 'a', 'h')].map(taken)
  for (const next of [...steps, stepDone(manifest, 'h')]) t.match(next, { epoch: manifest.epoch + 1, prev: 'h', cluster: 'c', expect: 3 })
})

t.test('a host that drains gives its vote up in the same step, and stays a member', async (t) => {
  const before = founded('a', 'b', 'c')
  const next = taken(draining(before, 'b', 'hash'))
  t.match(next, { epoch: 6, voting: { epoch: 3, former: ['a', 'b', 'c'] } })
  t.match(next.hosts[1], { name: 'b', voter: false, state: 'draining' })
  const spare = { ...before, hosts: before.hosts.map((host) => (host.name === 'c' ? { ...host, voter: false } : host)) }
  t.same(taken(draining(spare, 'c', '')).voting, spare.voting, 'without a vote nothing moves')
  t.match(problemOf(draining(founded('a'), 'a', '')), { kind: 'last-voter' })
})

t.test('a name is free again once its bearer is lost, and not before', async (t) => {
  const lost = stepDone(taken(losing(founded('a', 'b', 'c'), 'b', '')), '')
  t.match(problemOf(joining(founded('a', 'b', 'c'), newcomer('d', 'b'), '')), { kind: 'name-taken' })
  const next = taken(joining(lost, newcomer('d', 'b'), ''))
  t.equal(hostNamed(next, 'b')?.peer, 'd', 'who bears it now')
  t.equal(hostName(next, peerId('b')), 'b', 'the lost one is still called so')
  t.match(problemOf(joining(stepDone(next, ''), newcomer('e', 'b'), '')), { kind: 'name-taken' })
  t.equal(taken(losing(stepDone(next, ''), 'b', '')).hosts.filter(({ state }) => state === 'lost').length, 2, 'the living one is meant')
})

t.test('a host that left is remembered as one that did, and its key does not join again; its name may', async (t) => {
  const manifest = founded('a', 'b', 'c')
  const left = stepDone(taken(leaving(manifest, 'b', '')), '')
  t.same(left.left, [{ peer: 'b', name: 'b', zone: 'z' }])
  t.equal(hostName(left, peerId('b')), 'b')
  for (const [peer, isOut] of [
    ['b', true],
    ['a', false],
    ['d', false],
  ] as const)
    t.same([hasLeft(left, peerId(peer)), isGoneHost(left, peerId(peer))], [isOut, isOut], `${peer}: who is not known has not left`)
  t.same(problemOf(joining(left, newcomer('b', 'x'), '')), { kind: 'left-before', name: 'b' })
  t.equal(hostNamed(taken(joining(left, newcomer('d', 'b'), '')), 'b')?.peer, 'd')
})

t.test('of those that left long ago the oldest are forgotten', async (t) => {
  const left = Array.from({ length: LEFT_MAX }, (_, at) => ({ peer: peerId(`p${at}`), name: `p${at}`, zone: 'z' }))
  const next = taken(leaving({ ...founded('a', 'b', 'c'), left }, 'b', ''))
  t.equal(next.left.length, LEFT_MAX)
  t.same([next.left.at(0)?.peer, next.left.at(-1)?.peer], ['p1', 'b'])
})
