/**
 * A rival: everything that an agent is made of, and nothing that an agent does.
 *
 * libp2p with the agent's own choice of parts, fastify and LevelDB are loaded and listen. Prints a port, ends with its
 * standard input.
 */
import '../../agent/peer/polyfill.ts'
import { gossipsub } from '@chainsafe/libp2p-gossipsub'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import fastify from 'fastify'
import { Level } from 'level'
import { createLibp2p } from 'libp2p'

export async function runBareAgent(directory: string): Promise<void> {
  const node = await createLibp2p({
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping(), pubsub: gossipsub() },
  })
  await node.start()
  const db = new Level(directory)
  await db.open()
  const app = fastify({ logger: false })
  app.get('/healthcheck', (_, reply) => reply.send('OK'))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`)
  process.stdin.once('end', () => process.exit())
  process.stdin.resume()
}
