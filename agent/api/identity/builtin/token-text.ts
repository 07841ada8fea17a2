/**
 * The text of a token: 256 random bits, and whose it is, which says in which register it stands.
 *
 * `scoria_<user id>_<43 characters>`: the first word lets whoever searches a repository for lost secrets know one.
 */
import { createHash, randomBytes } from 'node:crypto'
import { Secret } from '../../../../lib/model/secret.ts'

const FORM = /^scoria_([0-9a-f]{32})_[A-Za-z0-9_-]{43}$/
const RANDOM_BYTES = 32

export function newTokenText(user: string): Secret {
  return new Secret(`scoria_${user}_${randomBytes(RANDOM_BYTES).toString('base64url')}`)
}

/** Id of the user that the token would be of; null if it is none of this cluster's. */
export function userOfToken(text: string): string | null {
  return FORM.exec(text)?.[1] ?? null
}

export function tokenHashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
