import '../../../agent/peer/polyfill.ts'
import { randomBytes } from 'node:crypto'
import type { MessageStream } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import t from 'tap'
import { generateSwarmKey } from '../../../agent/peer/identity.ts'
import { swarmDoor } from '../../../agent/peer/swarm-door.ts'

const key = generateSwarmKey()

async function connect(otherKey = key): Promise<readonly [MessageStream, MessageStream]> {
  const [a, b] = multiaddrConnectionPair({ delay: 0 })
  return Promise.all([swarmDoor(key)().protect(a), swarmDoor(otherKey)().protect(b)])
}

/** Sends the bytes and returns what came out at the other end. */
async function carried(from: MessageStream, to: MessageStream, bytes: Uint8Array): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  return new Promise((resolve) => {
    const onMessage = ({ data }: { readonly data: { subarray(): Uint8Array } }): void => {
      pieces.push(Buffer.from(data.subarray()))
      length += pieces.at(-1)?.length ?? 0
      if (length < bytes.length) return
      to.removeEventListener('message', onMessage)
      resolve(Buffer.concat(pieces))
    }
    to.addEventListener('message', onMessage)
    from.send(bytes)
  })
}

t.test('bytes come out as they went in with the same key, and as noise with another', async (t) => {
  const bytes = randomBytes(5000)
  const [a, b] = await connect()
  t.ok((await carried(a, b, bytes)).equals(bytes))
  t.ok((await carried(b, a, bytes)).equals(bytes))
  const [c, d] = await connect(generateSwarmKey())
  t.notOk((await carried(c, d, bytes)).equals(bytes))
})

t.test('a message larger than the memory of the cipher does no harm to this connection or any other', async (t) => {
  const [a, b] = await connect()
  const [c, d] = await connect()
  const large = randomBytes(3 * 1024 ** 2 + 17)
  t.ok((await carried(a, b, large)).equals(large))
  const small = randomBytes(40)
  for (let n = 0; n < 1500; n += 1) {
    if (!(await carried(a, b, small)).equals(small) || !(await carried(c, d, small)).equals(small)) t.fail(`message ${n} came out changed`)
  }
})

t.test('thousands of connections that came and went leave nothing behind', async (t) => {
  for (let n = 0; n < 3000; n += 1) {
    const [a, b] = await connect()
    a.abort(new Error('gone'))
    b.abort(new Error('gone'))
  }
  const [a, b] = await connect()
  const [c, d] = await connect()
  const bytes = randomBytes(30_000)
  for (let n = 0; n < 700; n += 1) {
    if (!(await carried(a, b, bytes)).equals(bytes) || !(await carried(c, d, bytes)).equals(bytes)) t.fail(`message ${n} came out changed`)
  }
})
