/**
 * Seals what passes the door: AES-256-GCM under keys derived from the token's secret.
 *
 * Each direction has a key of its own, so that nothing can be sent back to its author, and the token's id is
 * authenticated along. A fresh random nonce a message; a token sees a handful of messages in its life.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

export type Direction = 'request' | 'answer'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** 32 bytes for one direction of one token (HKDF-SHA256, RFC 5869). */
export function joinKey(secretHex: string, tokenId: string, direction: Direction): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secretHex, 'hex'), tokenId, `scoria join ${direction}`, 32))
}

/** Base64 of nonce, ciphertext and tag. */
export function seal(key: Buffer, tokenId: string, plain: unknown, nonce: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(tokenId))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(plain), 'utf8'), cipher.final()])
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64')
}

/** The JSON value inside, or null if one bit is not as it was sealed, or the key is another. */
export function unseal(key: Buffer, tokenId: string, sealed: string): unknown {
  const bytes = Buffer.from(sealed, 'base64')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(tokenId))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
    return JSON.parse(plain.toString('utf8'))
  } catch {
    // A wrong key and a changed bit look alike, and neither is worth a word to the sender.
    return null
  }
}
