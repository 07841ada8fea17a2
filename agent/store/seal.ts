/**
 * Seals single values at rest with the host's key: AES-256-GCM, the key's name as associated data.
 *
 * A sealed value moved under another name does not open. A nonce is random and 12 bytes long, which is safe for far more
 * values than a host has exports in its life (2^32; NIST SP 800-38D, 8.3).
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const SEALED = 'sealed:1:'
const NONCE_BYTES = 12
const TAG_BYTES = 16

export function seal(name: string, plain: string, key: Uint8Array): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(name))
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return SEALED + Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')
}

/** The plain text, or null if it was not sealed under this name with this key. */
export function unseal(name: string, sealed: string, key: Uint8Array): string | null {
  if (!sealed.startsWith(SEALED)) return null
  const bytes = Buffer.from(sealed.slice(SEALED.length), 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(name))
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  try {
    const body = decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES))
    return Buffer.concat([body, decipher.final()]).toString('utf8')
  } catch {
    // `final` throws when the tag does not match: the one way in which opening fails
    return null
  }
}
