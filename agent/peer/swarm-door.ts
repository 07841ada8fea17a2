/**
 * The private network's door: libp2p's pre-shared key, with a cipher that cannot run out of memory.
 *
 * The cipher below it (xsalsa20, WebAssembly) shares one small memory between all connections of the process. A single input
 * larger than that memory, or some thousand connections that never gave their part back, make it grow at every use from then
 * on until it throws, which ends the agent; strangers could bring that about by knocking. So it gets its input in pieces,
 * and a connection gives its part back when it closes. To be dropped when @libp2p/pnet does the same.
 */
import './polyfill.ts'
import type { ConnectionProtector, MessageStream } from '@libp2p/interface'
import { preSharedKey } from '@libp2p/pnet'
import { invariant } from '../../lib/model/invariant.ts'

/** A tenth of the shared memory. What a socket delivers at once is not larger either. */
const PIECE_BYTES = 64 * 1024

/** The default of 1 s for the exchange of nonces fails on a busy host. */
const NONCE_TIMEOUT_MS = 10_000

interface Cipher {
  update(input: Uint8Array, output?: Uint8Array): Uint8Array
  finalize(): void
}

/** @param psk text of the swarm key */
export function swarmDoor(psk: Uint8Array): () => ConnectionProtector {
  const makeInner = preSharedKey({ psk, timeout: NONCE_TIMEOUT_MS })
  return () => {
    const inner = makeInner()
    return { protect: async (connection, options) => bounded(await inner.protect(connection, options)) }
  }
}

function bounded(box: MessageStream): MessageStream {
  invariant('inboundXor' in box && isCipher(box.inboundXor), 'a protected connection has a cipher for what comes in')
  invariant('outboundXor' in box && isCipher(box.outboundXor), 'a protected connection has a cipher for what goes out')
  const ciphers = { inboundXor: new BoundedCipher(box.inboundXor), outboundXor: new BoundedCipher(box.outboundXor) }
  box.addEventListener('close', () => {
    ciphers.inboundXor.release()
    ciphers.outboundXor.release()
  })
  return Object.assign(box, ciphers)
}

function isCipher(value: unknown): value is Cipher {
  return typeof value === 'object' && value !== null && 'update' in value && 'finalize' in value
}

class BoundedCipher {
  #cipher: Cipher | null

  constructor(cipher: Cipher) {
    this.#cipher = cipher
  }

  update(input: Uint8Array): Uint8Array {
    const output = new Uint8Array(this.#cipher === null ? 0 : input.length)
    // bytes that arrive after the end concern nobody any more
    for (let at = 0; at < output.length; at += PIECE_BYTES) {
      this.#cipher?.update(input.subarray(at, at + PIECE_BYTES), output.subarray(at, at + PIECE_BYTES))
    }
    return output
  }

  release(): void {
    this.#cipher?.finalize()
    this.#cipher = null
  }
}
