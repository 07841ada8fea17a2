/**
 * The one hash of the rules: SHA-256, the same bytes on every host.
 *
 * Parts are joined with a separator that cannot occur in them by accident (each part is preceded by its length), so
 * that ('ab','c') and ('a','bc') differ.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** SHA-256 of the parts, 32 bytes. */
export function hashBytes(...parts: readonly string[]): Uint8Array {
  return sha256(utf8ToBytes(parts.map((part) => `${part.length}:${part}`).join('')))
}

/** SHA-256 of the parts, 64 hex digits. */
export function hashHex(...parts: readonly string[]): string {
  return bytesToHex(hashBytes(...parts))
}
