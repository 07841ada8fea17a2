/**
 * The conversation with one peer: a stream that we opened and send on, a stream that it opened and we hear on.
 *
 * Up means both ways: its hello has come on its stream, and its welcome has named ours. A hello says which stream the other
 * side hears; if that is not the one that it had welcomed, ours leads nowhere any more (a restart, a connection that died
 * on one side only) and is opened anew on the connection that has just proven to work.
 */
import { randomBytes } from 'node:crypto'
import type { Connection, Stream } from '@libp2p/interface'
import type { PeerId } from '../../lib/model/ids.ts'
import { acceptsManifest, type Manifest, type SignedManifest } from '../../lib/model/manifest.ts'
import type { PeerMessage } from '../../lib/model/message.ts'
import type { Log } from '../../lib/ports/log.ts'
import { type Control, type EnvelopeBody, formatEnvelope } from '../../lib/wire/peer/envelope.ts'
import { judge } from '../../lib/wire/peer/judge.ts'
import { parsePeerMessage } from '../../lib/wire/peer/message.ts'
import { encodeFrame, FrameTooLarge } from './frame.ts'
import { type Envelope, Inbound } from './inbound.ts'
import { Outbound } from './outbound.ts'

export interface LinkOptions {
  readonly peer: PeerId
  readonly cluster: string
  readonly version: string
  /** The manifest that holds here now. */
  readonly manifest: () => Manifest
  readonly signedManifest: () => SignedManifest
  readonly log: Log
  readonly openStream: (connection: Connection | null) => Promise<Stream>
  readonly onUp: () => void
  readonly onDown: () => void
  readonly onMessage: (message: PeerMessage) => void
  readonly onUnreachable: (message: PeerMessage) => void
  readonly onManifest: (signed: SignedManifest) => void
  /** The stream that we send on is gone: it is time to open another. */
  readonly onLost: () => void
}

/** How long the other side may take to answer a hello, or to send its own. */
const HELLO_TIMEOUT_MS = 10_000

/** Messages of a newer epoch that wait until the manifest of that epoch holds here. */
const HELD_MAX = 1000

interface Sending {
  readonly outbound: Outbound
  readonly name: string
  readonly sinceMs: number
  isWelcome: boolean
}

export class Link {
  readonly #options: LinkOptions
  #opening: object | null = null
  #sending: Sending | null = null
  #hearing: { readonly inbound: Inbound; readonly sinceMs: number } | null = null
  #held: Envelope[] = []
  #isUp = false
  #isClosed = false

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** True if there is a stream to send on, or will be soon. */
  get isOpen(): boolean {
    return this.#sending !== null || this.#opening !== null
  }

  send(message: PeerMessage): void {
    if (!this.#isUp || !this.#push({ m: message }, message)) this.#options.onUnreachable(message)
  }

  /** Opens the stream to send on, if there is none. @throws what opening a stream throws */
  async open(connection: Connection | null): Promise<void> {
    if (this.isOpen || this.#isClosed) return
    const opening = {}
    this.#opening = opening
    try {
      const stream = await this.#options.openStream(connection)
      if (this.#opening !== opening) stream.abort(new Error('no longer wanted'))
      else this.#begin(stream)
    } finally {
      if (this.#opening === opening) this.#opening = null
    }
  }

  /** Takes the stream that the other side has just opened; it takes the place of an earlier one. */
  accept(stream: Stream, connection: Connection, nowMs: number): void {
    const { peer, cluster, log } = this.#options
    const before = this.#hearing
    const inbound = new Inbound(stream, connection, {
      peer,
      cluster,
      log,
      onEnvelope: (from, envelope) => this.#hear(from, envelope),
      onEnd: (ended) => this.#stopHearing(ended),
    })
    this.#hearing = { inbound, sinceMs: nowMs }
    this.#held = []
    before?.inbound.abort(new Error('another stream took its place'))
    this.#settle()
  }

  /** The manifest that holds here has changed: tell the other side, and look again at what had to wait. */
  manifestChanged(): void {
    if (this.#hearing !== null && this.#hearing.inbound.name !== null) this.#sendManifest()
    const held = this.#held
    this.#held = []
    const { inbound } = this.#hearing ?? {}
    if (inbound !== undefined) for (const envelope of held) this.#hear(inbound, envelope)
  }

  /** Ends what has waited too long for a hello or a welcome. */
  check(nowMs: number): void {
    const late = (sinceMs: number): boolean => nowMs - sinceMs > HELLO_TIMEOUT_MS
    const { inbound, sinceMs } = this.#hearing ?? {}
    if (inbound !== undefined && inbound.name === null && sinceMs !== undefined && late(sinceMs)) inbound.abort(new Error('no hello'))
    if (this.#sending !== null && !this.#sending.isWelcome && late(this.#sending.sinceMs)) {
      this.#options.log.info('peer.no-welcome', { peer: this.#options.peer })
      this.#sending.outbound.abort(new Error('no welcome'))
    }
  }

  /** Says last what holds now, and hears nothing any more. What was said is on its way until `close`. */
  part(): void {
    this.#sendManifest()
    this.#isClosed = true
    this.#opening = null
    this.#hearing?.inbound.abort(new Error('link closed'))
    this.#settle()
  }

  close(): void {
    this.#isClosed = true
    this.#opening = null
    this.#sending?.outbound.abort(new Error('link closed'))
    this.#hearing?.inbound.abort(new Error('link closed'))
  }

  #begin(stream: Stream): void {
    const outbound = new Outbound(stream, (unsent, error) => {
      if (this.#sending?.outbound !== outbound) return
      this.#sending = null
      this.#settle()
      for (const message of unsent) this.#options.onUnreachable(message)
      this.#options.log.debug('peer.stream-ended', { peer: this.#options.peer, error })
      if (!this.#isClosed) this.#options.onLost()
    })
    const name = randomBytes(8).toString('hex')
    this.#sending = { outbound, name, sinceMs: performance.now(), isWelcome: false }
    const heard = this.#hearing?.inbound.name ?? null
    this.#say({ kind: 'hello', version: this.#options.version, stream: name, hears: heard })
    if (heard !== null) this.#say({ kind: 'welcome', stream: heard })
  }

  #hear(from: Inbound, envelope: Envelope): void {
    if (this.#hearing?.inbound !== from) return
    if (envelope.kind === 'control') this.#obey(from, envelope.control, envelope.epoch)
    else if (from.name === null) from.abort(new Error('a message before hello'))
    else this.#deliver(envelope.message, envelope)
  }

  #obey(from: Inbound, control: Control, epoch: number): void {
    const { onManifest, log, peer } = this.#options
    switch (control.kind) {
      case 'hello':
        log.debug('peer.hello', { peer, version: control.version, epoch })
        this.#greet(from, control, epoch)
        return
      case 'welcome':
        if (this.#sending?.name === control.stream) this.#sending.isWelcome = true
        this.#settle()
        return
      case 'manifest':
        if (acceptsManifest(this.#options.manifest(), control.signed.manifest)) onManifest(control.signed)
        return
      case 'want-manifest':
        this.#sendManifest()
    }
  }

  #greet(from: Inbound, hello: Extract<Control, { kind: 'hello' }>, epoch: number): void {
    from.name = hello.stream
    if (this.#sending?.isWelcome && hello.hears !== this.#sending.name) {
      this.#sending.outbound.abort(new Error('the other side no longer hears it'))
    }
    if (this.#sending === null) {
      // the hello that goes first on the new stream carries what would be said here
      this.open(from.connection).catch(() => this.#options.onLost())
    } else {
      this.#say({ kind: 'welcome', stream: hello.stream })
    }
    const ours = this.#options.manifest().epoch
    if (epoch < ours) this.#sendManifest()
    if (epoch > ours) this.#say({ kind: 'want-manifest' })
    this.#settle()
  }

  #deliver(json: unknown, envelope: Envelope): void {
    const { peer, log, onMessage } = this.#options
    const ours = this.#options.manifest()
    const judgement = judge(ours, peer, envelope)
    if (judgement === 'other-cluster') return
    if (judgement === 'older' || judgement === 'no-member') {
      log.info('peer.older-manifest', { peer, theirs: envelope.epoch, ours: ours.epoch, judgement })
      this.#sendManifest()
      return
    }
    if (judgement === 'newer' || this.#held.length > 0) {
      this.#hold(envelope)
      return
    }
    const message = parsePeerMessage(json)
    if (message === null) log.warn('peer.unknown-message', { peer, kind: kindOf(json) })
    else onMessage(message)
  }

  #hold(envelope: Envelope): void {
    if (this.#held.length === 0) this.#say({ kind: 'want-manifest' })
    if (this.#held.length < HELD_MAX) this.#held.push(envelope)
    else this.#options.log.warn('peer.message-dropped', { peer: this.#options.peer, reason: 'manifest', epoch: envelope.epoch })
  }

  #stopHearing(ended: Inbound): void {
    if (this.#hearing?.inbound !== ended) return
    this.#hearing = null
    this.#held = []
    this.#settle()
  }

  #settle(): void {
    const isUp = !this.#isClosed && this.#sending?.isWelcome === true && this.#hearing !== null && this.#hearing.inbound.name !== null
    if (isUp === this.#isUp) return
    this.#isUp = isUp
    if (isUp) this.#options.onUp()
    else this.#options.onDown()
  }

  #sendManifest(): void {
    this.#say({ kind: 'manifest', signed: this.#options.signedManifest() })
  }

  #say(control: Control): void {
    this.#push({ f: control }, null)
  }

  /** False if it cannot go out: no stream, no room in the queue, or too large. */
  #push(body: EnvelopeBody, message: PeerMessage | null): boolean {
    const { peer, log, cluster } = this.#options
    if (this.#sending === null) return false
    try {
      const frame = encodeFrame(formatEnvelope(cluster, this.#options.manifest().epoch, body))
      if (this.#sending.outbound.push(frame, message)) return true
      log.warn('peer.queue-full', { peer, kind: message?.kind })
    } catch (error) {
      if (!(error instanceof FrameTooLarge)) throw error
      log.error('peer.message-too-large', { peer, kind: message?.kind, sizeBytes: error.sizeBytes, direction: 'out' })
    }
    return false
  }
}

function kindOf(json: unknown): unknown {
  return typeof json === 'object' && json !== null && 'kind' in json ? json.kind : typeof json
}
