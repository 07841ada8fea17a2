import t from 'tap'
import { generateSwarmKey } from '../../../agent/peer/identity.ts'
import { MESSAGE_BYTES_MAX } from '../../../agent/peer/frame.ts'
import { verifyManifest } from '../../../agent/peer/manifest.ts'
import { acceptsManifest } from '../../../lib/model/manifest.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import { beatOf, committed, type Host, hostEntry, isUp, Membership, newIdentity, startCluster, startHost } from './fixture.ts'

t.setTimeout(60_000)

/** A message of about this many bytes, with a number to tell order by. */
function large(n: number, sizeBytes: number): PeerMessage {
  return { kind: 'changed', ref: String(n), project: 'p'.padEnd(200) as never, outcome: padded(sizeBytes) }
}

function padded(sizeBytes: number): Extract<PeerMessage, { kind: 'changed' }>['outcome'] {
  return { kind: 'no-majority', answered: 0, needed: 1, ...{ padding: 'x'.repeat(sizeBytes) } }
}

const refs = (host: Host): string[] => host.heard.messages.flatMap(({ message }) => (message.kind === 'changed' ? [message.ref] : []))

t.test('messages arrive in the order in which they were sent, in both directions', async (t) => {
  const { hosts } = await startCluster(2)
  const [a, b] = hosts
  if (a === undefined || b === undefined) return
  const sent = Array.from({ length: 500 }, (_, n) => committed(n))
  for (const message of sent) {
    a.network.send(b.peer, message)
    b.network.send(a.peer, message)
  }
  await Promise.all([a.heard.until(() => a.heard.messages.length === 500), b.heard.until(() => b.heard.messages.length === 500)])
  t.same(
    b.heard.messages,
    sent.map((message) => ({ from: a.peer, message })),
  )
  t.same(
    a.heard.messages,
    sent.map((message) => ({ from: b.peer, message })),
  )
  t.same(b.heard.unreachable, [])
  await Promise.all(hosts.map(({ network }) => network.stop()))
})

t.test('200 messages of 200 KB go through a full connection without loss, and stopping ends cleanly', async (t) => {
  const { hosts } = await startCluster(2)
  const [a, b] = hosts
  if (a === undefined || b === undefined) return
  for (let n = 0; n < 200; n += 1) a.network.send(b.peer, large(n, 200_000))
  await b.heard.until(() => b.heard.messages.length === 200)
  t.same(
    refs(b),
    Array.from({ length: 200 }, (_, n) => String(n)),
  )
  t.same(a.heard.unreachable, [])
  for (let n = 0; n < 50; n += 1) a.network.send(b.peer, large(n, 200_000))
  await Promise.all(hosts.map(({ network }) => network.stop()))
})

t.test('what a burst has more than the queue can hold is reported, each once', async (t) => {
  const { hosts } = await startCluster(2)
  const [a, b] = hosts
  if (a === undefined || b === undefined) return
  // All in one turn: nothing goes out meanwhile, and 64 MiB hold 17 of them. How they go out is tested with the queue.
  for (let n = 0; n < 20; n += 1) a.network.send(b.peer, large(n, 3_900_000))
  await a.heard.until(() => a.heard.unreachable.length === 3)
  t.same(
    a.heard.unreachable.map((message) => (message.kind === 'changed' ? message.ref : '')),
    ['17', '18', '19'],
  )
  await Promise.all(hosts.map(({ network }) => network.stop()))
})

t.test('beats reach all other members, and only as their own sender', async (t) => {
  const { hosts } = await startCluster(3)
  const [a, b, c] = hosts
  if (a === undefined || b === undefined || c === undefined) return
  let n = 0
  const beating = setInterval(() => {
    n += 1
    a.network.publish(beatOf(b.peer, n))
    a.network.publish(beatOf(a.peer, n))
  }, 50)
  await Promise.all([b.heard.until(() => b.heard.beats.length >= 3), c.heard.until(() => c.heard.beats.length >= 3)])
  clearInterval(beating)
  for (const host of [b, c]) t.ok(host.heard.beats.every(({ peer }) => peer === a.peer))
  t.ok(
    [...b.heard.events, ...c.heard.events].includes('gossip.beat-refused | speaks for another host'),
    'the forged ones came and were refused',
  )
  t.same(a.heard.beats, [], 'nobody hears itself')
  await Promise.all(hosts.map(({ network }) => network.stop()))
})

t.test('a beat without listeners, or too large, is dropped without an error', async (t) => {
  const identity = await newIdentity()
  const host = await startHost(identity, new Membership([hostEntry(identity, [])]))
  host.network.publish(beatOf(host.peer, 1))
  host.network.publish({ ...beatOf(host.peer, 2), api: 'x'.repeat(70_000) })
  t.ok(host.heard.events.includes('gossip.beat-too-large'))
  await host.network.stop()
})

t.test('sending to a member that is not there, or to a stranger, is reported at once', async (t) => {
  const [identity, absent, stranger] = await Promise.all([newIdentity(), newIdentity(), newIdentity()])
  const membership = new Membership([hostEntry(identity, []), hostEntry(absent, ['/ip4/127.0.0.1/tcp/9'])])
  const host = await startHost(identity, membership)
  host.network.send(absent.peerId, committed(1))
  host.network.send(stranger.peerId, committed(2))
  t.same(host.heard.unreachable, [], 'not within the call itself')
  await Promise.resolve()
  t.same(host.heard.unreachable, [committed(1), committed(2)])
  t.match(host.network.peers(), [{ peer: absent.peerId, state: 'down' }])
  await host.network.stop()
})

t.test('a message above the limit is refused on both sides', async (t) => {
  const { hosts } = await startCluster(2)
  const [a, b] = hosts
  if (a === undefined || b === undefined) return
  a.network.send(b.peer, large(1, MESSAGE_BYTES_MAX))
  await a.heard.until(() => a.heard.unreachable.length === 1)
  t.ok(a.heard.events.includes('peer.message-too-large | out'))
  a.network.send(b.peer, committed(2))
  await b.heard.until(() => b.heard.messages.length === 1)
  t.same(b.heard.messages, [{ from: a.peer, message: committed(2) }], 'and the next one gets through')
  await Promise.all(hosts.map(({ network }) => network.stop()))
})

t.test('a host that restarts is called again within seconds; the one that stayed sees it go and come', async (t) => {
  const { hosts, membership } = await startCluster(2)
  const [a, b] = hosts
  if (a === undefined || b === undefined) return
  const [address = ''] = b.network.listenAddrs()
  const before = performance.now()
  await b.network.stop()
  await a.heard.until(() => a.heard.states.length === 2)
  a.network.send(b.peer, committed(1))
  await a.heard.until(() => a.heard.unreachable.length === 1)

  const again = await startHost(b.identity, membership, { listen: [address.replace(/\/p2p\/.*/, '')] })
  await Promise.all([isUp(a, again), isUp(again, a)])
  t.same(a.heard.states, [`${b.peer} up`, `${b.peer} down`, `${b.peer} up`])
  a.network.send(b.peer, committed(2))
  await again.heard.until(() => again.heard.messages.length === 1)
  t.ok(performance.now() - before < 10_000)
  await Promise.all([a, again].map(({ network }) => network.stop()))
})

t.test('a host that is removed from the manifest is hung up on and hears nothing any more', async (t) => {
  const { hosts, membership } = await startCluster(3)
  const [a, b, c] = hosts
  if (a === undefined || b === undefined || c === undefined) return
  membership.remove(c.peer)
  for (const { network } of [a, b]) network.manifestChanged()
  a.network.send(c.peer, committed(1))
  a.network.send(b.peer, committed(2))
  await Promise.all([a.heard.until(() => a.heard.unreachable.length === 1), b.heard.until(() => b.heard.messages.length === 1)])
  await c.heard.until(() => c.network.peers().every(({ state }) => state === 'down'))
  await c.heard.until(() => c.heard.events.some((event) => event.startsWith('peer.not-reached')))
  t.same(c.heard.messages, [])
  t.same(
    a.network.peers().map(({ peer }) => peer),
    [b.peer],
  )
  await Promise.all(hosts.map(({ network }) => network.stop()))
})

t.test('a host that was lost hears it from the others, calls nobody any more, and nobody lets it in', async (t) => {
  const identities = await Promise.all([newIdentity(), newIdentity()])
  const [mine, theirs] = identities
  if (mine === undefined || theirs === undefined) return
  const membership = new Membership(identities.map((identity) => hostEntry(identity, [])))
  const own = new Membership(identities.map((identity) => hostEntry(identity, [])))
  const a = await startHost(mine, membership)
  membership.put(hostEntry(mine, a.network.listenAddrs()))
  own.manifest = membership.manifest
  const b = await startHost(theirs, own)
  await Promise.all([isUp(a, b), isUp(b, a)])

  const entry = membership.manifest.hosts.find(({ peer }) => peer === b.peer)
  if (entry === undefined) return
  membership.put({ ...entry, voter: false, state: 'lost' })
  a.network.manifestChanged()
  t.same(a.network.peers(), [], 'it is no peer any more')
  await b.heard.until(() => b.heard.manifests.some(({ manifest }) => manifest.epoch === membership.manifest.epoch))
  own.manifest = membership.manifest
  b.network.manifestChanged()
  t.ok(b.heard.events.includes('host-no-member'), 'its log says so')
  t.same(b.network.peers(), [])

  // With an older manifest, as after a restore from a backup, it knocks in vain.
  await b.network.stop()
  own.manifest = {
    ...membership.manifest,
    hosts: membership.manifest.hosts.map((host) => ({ ...host, voter: true, state: 'member' as const })),
  }
  const again = await startHost(theirs, own)
  await again.heard.until(() => again.heard.events.some((event) => event.startsWith('peer.not-reached')))
  t.same(again.heard.states, [])
  await Promise.all([a, again].map(({ network }) => network.stop()))
})

t.test('a newer manifest reaches who has an older one, and messages of the new epoch wait for it', async (t) => {
  const { hosts, membership } = await startCluster(2)
  const [a, b] = hosts
  if (a === undefined || b === undefined) return
  const [address = ''] = b.network.listenAddrs()
  await b.network.stop()
  // b comes back with a membership of its own, which is one manifest behind
  const behind = new Membership([...membership.manifest.hosts])
  behind.manifest = membership.manifest
  membership.put(hostEntry(await newIdentity(), ['/ip4/127.0.0.1/tcp/9']))
  a.network.manifestChanged()
  const again = await startHost(b.identity, behind, { listen: [address.replace(/\/p2p\/.*/, '')] })
  await Promise.all([isUp(a, again), isUp(again, a)])
  a.network.send(b.peer, committed(1))
  await again.heard.until(() => again.heard.manifests.length > 0)
  const [signed] = again.heard.manifests
  if (signed === undefined) return
  t.ok(verifyManifest(signed, membership.key.publicKey))
  t.ok(acceptsManifest(behind.manifest, signed.manifest))

  again.network.send(a.peer, committed(9))
  await a.heard.until(() => a.heard.events.some((event) => event.startsWith('peer.older-manifest')))
  t.same(a.heard.messages, [], 'what was decided under the older manifest is refused')
  t.same(again.heard.messages, [], 'and what was decided under the newer one waits')
  behind.manifest = signed.manifest
  again.network.manifestChanged()
  await again.heard.until(() => again.heard.messages.length === 1)
  t.same(again.heard.messages, [{ from: a.peer, message: committed(1) }])
  await Promise.all([a, again].map(({ network }) => network.stop()))
})

t.test('who has not the swarm key, is not in the manifest, or is of another cluster gets nothing', async (t) => {
  const strange: Record<string, (identity: Awaited<ReturnType<typeof newIdentity>>, a: Host, membership: Membership) => Promise<Host>> = {
    'another swarm key': (identity, _a, membership) => {
      membership.put(hostEntry(identity, []))
      return startHost(identity, membership, { swarmKey: generateSwarmKey() })
    },
    'not in the manifest': (identity, a) => {
      return startHost(identity, new Membership([hostEntry(a.identity, a.network.listenAddrs()), hostEntry(identity, [])]))
    },
    'another cluster': (identity, a, membership) => {
      membership.put(hostEntry(identity, []))
      const hosts = [hostEntry(a.identity, a.network.listenAddrs()), hostEntry(identity, [])]
      return startHost(identity, new Membership(hosts, '00000000-0000-4000-8000-000000000000'))
    },
  }
  const hints: Record<string, string> = {
    'another swarm key': 'handshake failed: wrong swarm key?',
    'not in the manifest': 'the other side hung up: is this host in its manifest?',
    'another cluster': 'the other side serves another cluster or another version',
  }
  for (const [title, start] of Object.entries(strange)) {
    const identity = await newIdentity()
    const membership = new Membership([hostEntry(identity, [])])
    const a = await startHost(await newIdentity(), membership)
    membership.put(hostEntry(a.identity, a.network.listenAddrs()))
    if (title === 'not in the manifest') membership.remove(identity.peerId)
    a.network.manifestChanged()
    const other = await start(identity, a, membership)
    await other.heard.until(() => other.heard.events.some((event) => event.startsWith('peer.not-reached')))
    other.network.send(a.peer, committed(1))
    other.network.publish(beatOf(other.peer, 1))
    await other.heard.until(() => other.heard.unreachable.length === 1)
    await other.heard.until(() => other.heard.events.some((event) => event.includes(hints[title] ?? 'no hint')))
    for (const host of [a, other]) {
      t.same(host.heard.states, [], `${title}: nobody is up`)
      t.same([...host.heard.messages, ...host.heard.beats], [], `${title}: nothing was heard`)
    }
    await Promise.all([a, other].map(({ network }) => network.stop()))
  }
})
