/** A member whose program is another one: older, newer, or broken. It has the keys, and may connect. */
import '../../../agent/peer/polyfill.ts'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import t from 'tap'
import { encodeFrame, FrameReader, MESSAGE_BYTES_MAX } from '../../../agent/peer/frame.ts'
import { createNode, type Node } from '../../../agent/peer/node.ts'
import type { PeerId } from '../../../lib/model/ids.ts'
import { ENVELOPE_VERSION, type Opened, parseEnvelope } from '../../../lib/wire/peer/envelope.ts'
import { CLUSTER, committed, type Host, hostEntry, Membership, newIdentity, startHost, swarmKey } from './fixture.ts'

t.setTimeout(60_000)

const PROTOCOL = `/scoria/${CLUSTER}/peer/1`

interface Stranger {
  readonly peer: PeerId
  readonly node: Node
  readonly connection: Connection
  /** Streams that the host opened to it, with what came on each. */
  readonly heard: { readonly stream: Stream; readonly envelopes: Opened[] }[]
  /** Opens a stream and says hello on it. */
  open(name: string, hears?: string | null): Promise<Stream>
}

const envelope = (body: object, more: object = {}): Uint8Array => {
  return encodeFrame(JSON.stringify({ v: ENVELOPE_VERSION, cluster: CLUSTER, c: 2, ...body, ...more }))
}
const hello = (stream: string, hears: string | null): object => ({ f: { kind: 'hello', version: '0', stream, hears } })

async function meet(): Promise<{ readonly host: Host; readonly stranger: Stranger }> {
  const [identity, strange] = await Promise.all([newIdentity(), newIdentity()])
  const membership = new Membership([hostEntry(identity, []), hostEntry(strange, [])])
  const host = await startHost(identity, membership)
  membership.put(hostEntry(identity, host.network.listenAddrs()))
  const node = await createNode({
    identity: strange,
    swarmKey,
    listen: [],
    announce: [],
    topic: 'none',
    hosts: 2,
    isMember: () => true,
    isDev: true,
  })
  const heard: Stranger['heard'] = []
  await node.handle(PROTOCOL, (stream) => {
    const reader = new FrameReader()
    const envelopes: Opened[] = []
    heard.push({ stream, envelopes })
    stream.addEventListener('message', ({ data }) => {
      for (const text of reader.push(data.subarray())) envelopes.push(parseEnvelope(JSON.parse(text)))
    })
  })
  await node.start()
  const connection = await node.dial(host.network.listenAddrs().map((addr) => multiaddr(addr)))
  const open = async (name: string, hears: string | null = null): Promise<Stream> => {
    const stream = await connection.newStream(PROTOCOL)
    stream.send(envelope(hello(name, hears)))
    return stream
  }
  return { host, stranger: { peer: strange.peerId, node, connection, heard, open } }
}

/** Resolves once the host has opened its stream number `index` and said hello on it. */
async function helloFrom(stranger: Stranger, index: number): Promise<{ readonly name: string; readonly hears: string | null }> {
  for (;;) {
    const [opened] = stranger.heard[index]?.envelopes ?? []
    if (opened?.kind === 'control' && opened.control.kind === 'hello') return { name: opened.control.stream, hears: opened.control.hears }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function end({ host, stranger }: { readonly host: Host; readonly stranger: Stranger }): Promise<void> {
  await stranger.node.stop()
  await host.network.stop()
}

const closed = (stream: Stream): Promise<unknown> => new Promise((resolve) => stream.addEventListener('close', resolve))

t.test('a member is up only after hello and welcome, and its messages count after hello', async (t) => {
  const met = await meet()
  const { host, stranger } = met
  const stream = await stranger.open('s1')
  const { name } = await helloFrom(stranger, 0)
  t.same(host.heard.states, [], 'a hello alone is not enough')
  stream.send(envelope({ f: { kind: 'welcome', stream: 'some other stream' } }))
  stream.send(envelope({ f: { kind: 'welcome', stream: name } }))
  stream.send(envelope({ m: committed(1) }))
  await host.heard.until(() => host.heard.messages.length === 1)
  t.same(host.heard.states, [`${stranger.peer} up`])
  t.same(host.heard.messages, [{ from: stranger.peer, message: committed(1) }])
  await end(met)
})

t.test('a stream that begins with anything but a hello is ended', async (t) => {
  const met = await meet()
  const stream = await met.stranger.connection.newStream(PROTOCOL)
  const ended = closed(stream)
  stream.send(envelope({ m: committed(1) }))
  await ended
  t.same(met.host.heard.messages, [])
  await end(met)
})

t.test('what cannot be read ends the stream, with the reason in the log', async (t) => {
  const oversized = Buffer.alloc(8)
  oversized.writeUInt32BE(MESSAGE_BYTES_MAX + 1)
  const cases: Record<string, Uint8Array> = {
    'peer.refused | version': envelope({ m: committed(1) }, { v: ENVELOPE_VERSION + 1 }),
    'peer.refused | cluster': envelope({ m: committed(1) }, { cluster: 'another' }),
    'peer.refused | malformed': encodeFrame('{"v":1'),
    'peer.message-too-large | in': oversized,
  }
  for (const [event, bytes] of Object.entries(cases)) {
    const met = await meet()
    const stream = await met.stranger.open('s1')
    const ended = closed(stream)
    stream.send(bytes)
    await ended
    t.ok(met.host.heard.events.includes(event), event)
    t.same(met.host.heard.messages, [], event)
    await end(met)
  }
})

t.test('words and messages of a newer version are passed over, and the conversation goes on', async (t) => {
  const met = await meet()
  const { host, stranger } = met
  const stream = await stranger.open('s1')
  stream.send(envelope({ f: { kind: 'sing', song: 1 } }))
  stream.send(envelope({ m: { kind: 'dance' } }))
  stream.send(envelope({ m: { ...committed(1), rid: 'no rid at all' } }))
  stream.send(envelope({ m: { ...committed(2), newField: 1 } }))
  await host.heard.until(() => host.heard.messages.length === 1)
  t.match(host.heard.messages, [{ message: committed(2) }])
  t.equal(host.heard.events.filter((event) => event.startsWith('peer.unknown-')).length, 3)
  await end(met)
})

t.test('a member that no longer hears our stream gets a new one, also when the old one looks alive', async (t) => {
  const met = await meet()
  const { host, stranger } = met
  const first = await stranger.open('s1')
  const { name } = await helloFrom(stranger, 0)
  first.send(envelope({ f: { kind: 'welcome', stream: name } }))
  await host.heard.until(() => host.heard.states.length === 1)

  await stranger.open('s2', null)
  const second = await helloFrom(stranger, 1)
  t.not(second.name, name)
  t.equal(second.hears, 's2')
  t.same(host.heard.states, [`${stranger.peer} up`, `${stranger.peer} down`])
  await end(met)
})

t.test('a member that opens another stream but still hears ours is down and up again', async (t) => {
  const met = await meet()
  const { host, stranger } = met
  const first = await stranger.open('s1')
  const { name } = await helloFrom(stranger, 0)
  first.send(envelope({ f: { kind: 'welcome', stream: name } }))
  await host.heard.until(() => host.heard.states.length === 1)
  await stranger.open('s2', name)
  await host.heard.until(() => host.heard.states.length === 3)
  t.same(
    host.heard.states,
    ['up', 'down', 'up'].map((state) => `${stranger.peer} ${state}`),
  )
  t.equal(stranger.heard.length, 1)
  await end(met)
})
