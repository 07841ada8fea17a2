/**
 * What went over the wire: messages and bytes by kind, bytes by host, and the largest message.
 *
 * A message's size is that of its JSON in its envelope. The records of a log's parts are measured once each and not once for
 * every receiver; the sum is the same to the byte.
 */
import { type PeerId, requestId } from '../../lib/model/ids.ts'
import type { PublishedRecord } from '../../lib/model/log.ts'
import type { PeerMessage } from '../../lib/model/message.ts'
import { formatEnvelope } from '../../lib/wire/peer/envelope.ts'
import { parsePeerMessage } from '../../lib/wire/peer/message.ts'
import { judged, type Row } from './cluster-row.ts'

export interface Count {
  messages: number
  bytes: number
}

const MESSAGE_BYTES_MAX = 256 * 1024
/** Of each kind. */
const CHECKED = 20
const CLUSTER = '00000000-0000-4000-a000-000000000000'
const EMPTY: PeerMessage = { kind: 'committed', rid: requestId('') }
/** Envelope and the four bytes of its length. */
const FRAME_BYTES = 4 + formatEnvelope(CLUSTER, 1, { m: EMPTY }).length - JSON.stringify(EMPTY).length

export class Traffic {
  kinds = new Map<string, Count>()
  sent = new Map<PeerId, Count>()
  received = new Map<PeerId, Count>()
  readonly largest = { kind: '', bytes: 0 }
  readonly #checked = new Map<string, number>()
  readonly #records = new WeakMap<PublishedRecord, number>()
  /** The same message to everybody is measured once. */
  #last: { readonly message: PeerMessage; readonly bytes: number } | null = null

  /** From here on everything is counted from nothing; the largest message stays. */
  reset(): void {
    this.kinds = new Map()
    this.sent = new Map()
    this.received = new Map()
  }

  /** @returns bytes of the message */
  count(from: PeerId, to: PeerId, message: PeerMessage): number {
    this.#check(message)
    const bytes = this.#measure(message)
    add(this.kinds, message.kind, bytes)
    add(this.sent, from, bytes)
    add(this.received, to, bytes)
    if (bytes > this.largest.bytes) {
      this.largest.bytes = bytes
      this.largest.kind = message.kind
    }
    return bytes
  }

  judgedLargest(): Row {
    const { bytes, kind } = this.largest
    return judged('  largest message of the run', `${(bytes / 1024).toFixed(0)} KiB (${kind})`, '<= 256 KiB', bytes <= MESSAGE_BYTES_MAX)
  }

  /** What an agent would refuse proves nothing: the first of each kind must pass its checks. */
  #check(message: PeerMessage): void {
    const checked = this.#checked.get(message.kind) ?? 0
    if (checked >= CHECKED) return
    this.#checked.set(message.kind, checked + 1)
    const text = JSON.stringify(message)
    if (parsePeerMessage(JSON.parse(text)) === null) throw new TypeError(`the wire refuses ${text.slice(0, 1000)}`)
  }

  #measure(message: PeerMessage): number {
    if (this.#last?.message === message) return this.#last.bytes
    const bytes = FRAME_BYTES + (message.kind === 'delta' ? this.#deltaBytes(message) : JSON.stringify(message).length)
    this.#last = { message, bytes }
    return bytes
  }

  #deltaBytes(delta: Extract<PeerMessage, { kind: 'delta' }>): number {
    let bytes = JSON.stringify({ ...delta, records: [] }).length + Math.max(0, delta.records.length - 1)
    for (const record of delta.records) {
      let size = this.#records.get(record)
      if (size === undefined) {
        size = JSON.stringify(record).length
        this.#records.set(record, size)
      }
      bytes += size
    }
    return bytes
  }
}

function add<Key>(counts: Map<Key, Count>, key: Key, bytes: number): void {
  const count = counts.get(key)
  if (count === undefined) counts.set(key, { messages: 1, bytes })
  else {
    count.messages += 1
    count.bytes += bytes
  }
}
