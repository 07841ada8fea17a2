/**
 * The sending end of one stream: a bounded queue that is emptied in large writes.
 *
 * What is queued in one turn of the event loop goes out in one write; while the connection is full the queue grows up to
 * its limit and refuses more. What had not been handed to the connection when it ended is given back, in order.
 */
import type { PeerMessage } from '../../lib/model/message.ts'

/** Bytes that may wait for a slow peer: enough for a burst of deltas, little enough for a host with many slow peers. */
const QUEUE_BYTES_MAX = 64 * 1024 ** 2

/** Large enough that the cost of a write no longer counts, small enough that little is lost with the connection. */
const WRITE_BYTES = 256 * 1024

interface Queued {
  readonly frame: Uint8Array
  /** null for a word of the link's own. */
  readonly message: PeerMessage | null
}

/** What it needs of libp2p's stream. */
export interface Outlet {
  /** False: full, until `drain`. */
  send(data: Uint8Array): boolean
  abort(error: Error): void
  addEventListener(type: 'drain' | 'remoteCloseWrite', listener: () => void): void
  addEventListener(type: 'close', listener: (event: { readonly error?: Error }) => void): void
}

export class Outbound {
  readonly #stream: Outlet
  readonly #onEnd: (unsent: readonly PeerMessage[], error: Error | null) => void
  #queue: Queued[] = []
  #queuedBytes = 0
  #isScheduled = false
  #isFull = false
  #ended = false

  /** `onEnd` is called once, when the stream is gone for whatever reason. */
  constructor(stream: Outlet, onEnd: (unsent: readonly PeerMessage[], error: Error | null) => void) {
    this.#stream = stream
    this.#onEnd = onEnd
    stream.addEventListener('drain', () => {
      this.#isFull = false
      this.#flush()
    })
    stream.addEventListener('close', (event) => this.#end(event.error ?? null))
    // the other side sends nothing here; its end of the stream closing means that it wants no more
    stream.addEventListener('remoteCloseWrite', () => this.abort(new Error('closed by the other side')))
  }

  /** False if the queue has no room for it, or the stream is gone. */
  push(frame: Uint8Array, message: PeerMessage | null): boolean {
    if (this.#ended || this.#queuedBytes + frame.length > QUEUE_BYTES_MAX) return false
    this.#queue.push({ frame, message })
    this.#queuedBytes += frame.length
    if (!this.#isScheduled && !this.#isFull) {
      this.#isScheduled = true
      // runs right after the events of this turn: late enough to gather, early enough to cost nothing
      setImmediate(() => {
        this.#isScheduled = false
        this.#flush()
      })
    }
    return true
  }

  abort(error: Error): void {
    this.#stream.abort(error)
    // a stream that had ended by itself before has no event left for this
    this.#end(error)
  }

  #flush(): void {
    try {
      while (!this.#ended && !this.#isFull && this.#queue.length > 0) this.#isFull = !this.#stream.send(this.#nextWrite())
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error('write failed', { cause: error }))
    }
  }

  #nextWrite(): Uint8Array {
    let count = 0
    let sizeBytes = 0
    for (const { frame } of this.#queue) {
      if (count > 0 && sizeBytes + frame.length > WRITE_BYTES) break
      count += 1
      sizeBytes += frame.length
    }
    const taken = this.#queue.splice(0, count)
    this.#queuedBytes -= sizeBytes
    const [first] = taken
    return taken.length === 1 && first !== undefined
      ? first.frame
      : Buffer.concat(
          taken.map(({ frame }) => frame),
          sizeBytes,
        )
  }

  #end(error: Error | null): void {
    if (this.#ended) return
    this.#ended = true
    const unsent = this.#queue.flatMap(({ message }) => (message === null ? [] : [message]))
    this.#queue = []
    this.#queuedBytes = 0
    this.#onEnd(unsent, error)
  }
}
