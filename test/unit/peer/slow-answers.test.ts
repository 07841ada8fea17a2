/** A connection to a host that is slow, not gone, is kept: pings may pile up on it for as long as one is waited for. */
import { randomBytes } from 'node:crypto'
import { byteStream } from '@libp2p/utils'
import t, { type Test } from 'tap'
import { createNode, type Node } from '../../../agent/peer/node.ts'
import { newIdentity, swarmKey } from './fixture.ts'

const PING = '/ipfs/ping/1.0.0'
/** One every two seconds, none given up before fifteen. */
const AT_ONCE = 8

async function startNode(t: Test): Promise<Node> {
  const node = await createNode({
    identity: await newIdentity(),
    swarmKey,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    topic: 'none',
    hosts: 2,
    isMember: () => true,
    isDev: false,
  })
  t.teardown(() => node.stop())
  await node.start()
  return node
}

t.test('pings that wait for their answers do not get in each other’s way', async (t) => {
  const [a, b] = await Promise.all([startNode(t), startNode(t)])
  const connection = await a.dial(b.getMultiaddrs())
  const streams = await Promise.all(Array.from({ length: AT_ONCE }, () => connection.newStream(PING)))
  const answers = await Promise.all(
    streams.map(async (stream) => {
      const bytes = byteStream(stream)
      const sent = randomBytes(32)
      await bytes.write(sent)
      return sent.equals((await bytes.read({ bytes: 32 })).subarray())
    }),
  )
  t.same(
    answers,
    streams.map(() => true),
  )
})
