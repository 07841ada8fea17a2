/**
 * The receiving end of one stream: bytes into checked envelopes, in order.
 *
 * Anything that this version cannot read ends the stream with a reason that an operator understands. A word or message of a
 * kind that only a newer version knows is noted and passed over.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { PeerId } from '../../lib/model/ids.ts'
import type { Log } from '../../lib/ports/log.ts'
import { ENVELOPE_VERSION, type Opened, parseEnvelope } from '../../lib/wire/peer/envelope.ts'
import { FrameReader, FrameTooLarge } from './frame.ts'

export type Envelope = Extract<Opened, { readonly kind: 'message' | 'control' }>

export interface InboundOptions {
  readonly peer: PeerId
  readonly cluster: string
  readonly log: Log
  readonly onEnvelope: (inbound: Inbound, envelope: Envelope) => void
  /** Called once, when the stream is gone for whatever reason. */
  readonly onEnd: (inbound: Inbound) => void
}

export class Inbound {
  readonly connection: Connection
  /** Name that the other side gave to this stream; null until its hello has come. */
  name: string | null = null
  readonly #stream: Stream
  readonly #options: InboundOptions
  readonly #reader = new FrameReader()
  #ended = false

  constructor(stream: Stream, connection: Connection, options: InboundOptions) {
    this.connection = connection
    this.#stream = stream
    this.#options = options
    stream.addEventListener('message', (event) => this.#receive(event.data.subarray()))
    stream.addEventListener('close', () => this.#end())
    stream.addEventListener('remoteCloseWrite', () => this.abort(new Error('closed by the other side')))
  }

  abort(error: Error): void {
    this.#stream.abort(error)
    this.#end()
  }

  #receive(bytes: Uint8Array): void {
    const { peer, log } = this.#options
    let texts: readonly string[]
    try {
      texts = this.#reader.push(bytes)
    } catch (error) {
      if (!(error instanceof FrameTooLarge)) throw error
      log.warn('peer.message-too-large', { peer, sizeBytes: error.sizeBytes, direction: 'in' })
      this.abort(error)
      return
    }
    for (const text of texts) {
      if (this.#ended) return
      this.#open(text)
    }
  }

  #open(text: string): void {
    const { peer, cluster, log, onEnvelope } = this.#options
    const opened = parseEnvelope(parseJson(text))
    switch (opened.kind) {
      case 'refused':
        this.#refuse(
          opened.reason === 'version' ? { reason: 'version', theirs: opened.version, ours: ENVELOPE_VERSION } : { reason: opened.reason },
        )
        return
      case 'unknown-control':
        log.info('peer.unknown-word', { peer, word: opened.word })
        return
      case 'message':
      case 'control':
        if (opened.cluster !== cluster) this.#refuse({ reason: 'cluster', theirs: opened.cluster, ours: cluster })
        else onEnvelope(this, opened)
    }
  }

  #refuse(facts: Readonly<Record<string, unknown>>): void {
    this.#options.log.warn('peer.refused', { peer: this.#options.peer, ...facts })
    this.abort(new Error('refused'))
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.onEnd(this)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // what is no JSON is no envelope either, and refused as such
    return null
  }
}
