/**
 * Messages as bytes on a stream: four bytes of length, big-endian, then that many of JSON.
 *
 * The reader holds no more than one message's bytes plus what came with them, and refuses a length above the limit before
 * it has waited for the first byte of it.
 */

/** The largest message in either direction. Bigger things are split by those who send them (deltas, snapshots). */
export const MESSAGE_BYTES_MAX = 4 * 1024 ** 2

const HEADER_BYTES = 4

export class FrameTooLarge extends Error {
  override readonly name = 'FrameTooLarge'
  readonly sizeBytes: number

  constructor(sizeBytes: number) {
    super(`a message of ${sizeBytes} bytes; at most ${MESSAGE_BYTES_MAX} are taken`)
    this.sizeBytes = sizeBytes
  }
}

/** @throws FrameTooLarge */
export function encodeFrame(json: string): Uint8Array {
  const sizeBytes = Buffer.byteLength(json)
  if (sizeBytes > MESSAGE_BYTES_MAX) throw new FrameTooLarge(sizeBytes)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + sizeBytes)
  frame.writeUInt32BE(sizeBytes, 0)
  frame.write(json, HEADER_BYTES)
  return frame
}

export class FrameReader {
  #pieces: Uint8Array[] = []
  #length = 0
  /** Bytes until there is something to do: a header, then a header and its message. */
  #needed = HEADER_BYTES

  /**
   * The messages that these bytes complete, as JSON text, in order.
   *
   * @throws FrameTooLarge, after which the stream is of no use any more
   */
  push(bytes: Uint8Array): string[] {
    this.#pieces.push(bytes)
    this.#length += bytes.length
    if (this.#length < this.#needed) return []

    const messages: string[] = []
    let rest = this.#pieces.length === 1 ? asBuffer(bytes) : Buffer.concat(this.#pieces, this.#length)
    while (rest.length >= HEADER_BYTES) {
      const sizeBytes = rest.readUInt32BE(0)
      if (sizeBytes > MESSAGE_BYTES_MAX) throw new FrameTooLarge(sizeBytes)
      this.#needed = HEADER_BYTES + sizeBytes
      if (rest.length < this.#needed) break
      messages.push(rest.toString('utf8', HEADER_BYTES, this.#needed))
      rest = rest.subarray(this.#needed)
      this.#needed = HEADER_BYTES
    }
    this.#pieces = rest.length === 0 ? [] : [rest]
    this.#length = rest.length
    return messages
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
