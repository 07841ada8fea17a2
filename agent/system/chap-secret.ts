/**
 * CHAP secrets, and keys of volume transfers, that need not be kept: each follows from the host’s own key and a name.
 *
 * A host that has lost its journal exports again under the same secret, so that whoever is attached logs in again. The key
 * that the secrets are made with is derived from the host's (HKDF, RFC 5869), so that it serves for nothing else.
 */
import { createHmac, hkdfSync } from 'node:crypto'

const PURPOSE = 'scoria chap 1'
const KEY_BYTES = 32

/** Initiators take 12 to 16 characters. */
const SECRET_DIGITS = 16

/** @returns the secret of an export by its IQN, or the key of a transfer by its name, 16 hex digits */
export function chapSecretsOf(hostKey: Uint8Array): (iqn: string) => string {
  const key = Buffer.from(hkdfSync('sha256', hostKey, '', PURPOSE, KEY_BYTES))
  return (iqn) => createHmac('sha256', key).update(iqn).digest('hex').slice(0, SECRET_DIGITS)
}
