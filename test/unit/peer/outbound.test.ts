/** The queue of one stream, on a stream that is full and drains when the test says so. */
import t from 'tap'
import { type Outlet, Outbound } from '../../../agent/peer/outbound.ts'
import type { PeerMessage } from '../../../lib/model/message.ts'
import { committed } from './fixture.ts'

const MIB = 1024 ** 2
/** Frames of this size, of which 16 fill the queue. */
const FRAME_BYTES = 4 * MIB
const FIT = 16

/** What libp2p's stream does at this border: takes what it is given, says whether it is full, and tells of its end. */
class FullStream implements Outlet {
  readonly sent: number[] = []
  readonly #listeners: { readonly type: string; readonly listener: (event: { readonly error?: Error }) => void }[] = []
  isFull = false

  addEventListener(type: string, listener: (event: { readonly error?: Error }) => void): void {
    this.#listeners.push({ type, listener })
  }

  send(data: Uint8Array): boolean {
    this.sent.push(data[0] ?? -1)
    return !this.isFull
  }

  drain(): void {
    this.#tell('drain', {})
  }

  abort(error: Error): void {
    this.#tell('close', { error })
  }

  #tell(type: string, event: { readonly error?: Error }): void {
    for (const each of this.#listeners) if (each.type === type) each.listener(event)
  }
}

function queue(): { readonly stream: FullStream; readonly outbound: Outbound; readonly unsent: PeerMessage[] } {
  const stream = new FullStream()
  const unsent: PeerMessage[] = []
  const outbound = new Outbound(stream, (messages) => unsent.push(...messages))
  return { stream, outbound, unsent }
}

const frame = (n: number): Uint8Array => new Uint8Array(FRAME_BYTES).fill(n, 0, 1)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('what the queue cannot hold is refused, and the rest goes out in order as the connection drains', async (t) => {
  const { stream, outbound, unsent } = queue()
  stream.isFull = true
  const fitted = Array.from({ length: FIT + 4 }, (_, n) => outbound.push(frame(n), committed(n)))
  t.same(
    fitted,
    fitted.map((_, n) => n < FIT),
  )
  await turn()
  t.same(stream.sent, [0], 'a connection that is full gets no more')
  stream.drain()
  t.same(stream.sent, [0, 1])
  t.ok(outbound.push(frame(FIT), committed(FIT)), 'what went out has made room')
  stream.isFull = false
  stream.drain()
  t.same(
    stream.sent,
    Array.from({ length: FIT + 1 }, (_, n) => n),
  )
  t.same(unsent, [])
})

t.test('what had not gone out when the stream ends is given back, in order, and nothing is taken any more', async (t) => {
  const { stream, outbound, unsent } = queue()
  stream.isFull = true
  for (let n = 0; n < 3; n += 1) outbound.push(frame(n), committed(n))
  await turn()
  stream.abort(new Error('gone'))
  t.same(unsent, [committed(1), committed(2)])
  t.notOk(outbound.push(frame(3), committed(3)))
})
