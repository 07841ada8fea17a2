/**
 * Beats over gossip: hints, signed by their sender, that may be lost or come twice.
 *
 * A beat is taken only from a member and only about itself; one that is not is neither handed on nor passed along. Nothing
 * here throws: a beat that could not be sent is followed by another.
 */
import { type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import { type PeerId, peerId } from '../../lib/model/ids.ts'
import type { Beat } from '../../lib/model/host.ts'
import type { Log } from '../../lib/ports/log.ts'
import { parseBeat } from '../../lib/wire/peer/message.ts'
import type { Node } from './node.ts'

/** Above some 4 MB gossip breaks down without a word; a beat of a hundred pools has a tenth of this. */
const BEAT_BYTES_MAX = 64 * 1024

/** Without one partner for so long while connections are up, the two sides cannot hear each other (mixed versions). */
const NO_PARTNER_MS = 15_000

export interface GossipOptions {
  readonly node: Node
  readonly topic: string
  readonly isMember: (peer: string) => boolean
  readonly log: Log
  readonly onBeat: (from: PeerId, beat: Beat) => void
}

export class Gossip {
  readonly #options: GossipOptions
  #aloneSinceMs: number | null = null
  #hasWarned = false

  constructor(options: GossipOptions) {
    this.#options = options
    const { pubsub } = options.node.services
    // decides before a message is passed along; what it refuses reaches nobody through this host
    pubsub.topicValidators.set(options.topic, (_peer, message) =>
      this.#beatIn(message) === null ? TopicValidatorResult.Reject : TopicValidatorResult.Accept,
    )
    pubsub.addEventListener('message', (event) => {
      const beat = this.#beatIn(event.detail)
      if (beat !== null) options.onBeat(beat.peer, beat)
    })
  }

  start(): void {
    this.#options.node.services.pubsub.subscribe(this.#options.topic)
  }

  publish(beat: Beat): void {
    const { node, topic, log } = this.#options
    const bytes = Buffer.from(JSON.stringify(beat))
    if (bytes.length > BEAT_BYTES_MAX) {
      log.error('gossip.beat-too-large', { sizeBytes: bytes.length, limitBytes: BEAT_BYTES_MAX })
      return
    }
    node.services.pubsub.publish(topic, bytes).catch((error: unknown) => log.debug('gossip.publish-failed', { error }))
  }

  /** Says once when connections are up and gossip is not. */
  check(peersUp: number, nowMs: number): void {
    const { node, topic, log } = this.#options
    const isAlone = peersUp > 0 && node.services.pubsub.getSubscribers(topic).length === 0
    if (!isAlone) {
      this.#aloneSinceMs = null
      return
    }
    this.#aloneSinceMs ??= nowMs
    if (this.#hasWarned || nowMs - this.#aloneSinceMs < NO_PARTNER_MS) return
    this.#hasWarned = true
    log.warn('gossip.no-partner', { peersUp })
  }

  #beatIn(message: Message): Beat | null {
    const { topic, isMember, log } = this.#options
    if (message.topic !== topic || message.type !== 'signed' || message.data.length > BEAT_BYTES_MAX) return null
    const from = peerId(message.from.toString())
    const beat = isMember(from) ? parseBeat(parseJson(message.data)) : null
    if (beat !== null && beat.peer === from) return beat
    log.warn('gossip.beat-refused', { from, reason: beat === null ? 'malformed or no member' : 'speaks for another host' })
    return null
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    // what is no JSON is no beat, and refused as such
    return null
  }
}
