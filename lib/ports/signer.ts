/**
 * Signatures by hosts' own keys (Ed25519). A computation, not I/O: the same text always gives the same signature.
 */
import type { PeerId } from '../model/ids.ts'

export interface Signer {
  /** This host's signature over the text, base64. */
  sign(text: string): string
  /** Whether `peer`'s key made it. A peer id carries its own public key. */
  verify(peer: PeerId, text: string, signature: string): boolean
}
