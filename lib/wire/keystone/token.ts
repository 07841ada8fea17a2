/**
 * What Keystone says of a token. Parsed whole or not at all: of a body that is not understood nobody is let in.
 */
import { isObject } from '../peer/check.ts'

export type TokenScope =
  | { readonly kind: 'project'; readonly id: string }
  | { readonly kind: 'domain' }
  /** For the whole deployment. */
  | { readonly kind: 'system' }
  | { readonly kind: 'unscoped' }

export interface KeystoneToken {
  readonly userId: string
  /** In lower case: Keystone does not tell cases apart. */
  readonly roles: readonly string[]
  readonly scope: TokenScope
  /** Unix milliseconds. */
  readonly expiresAtMs: number
}

/** @param body of `GET` or `POST /v3/auth/tokens`; @returns null if it is not one */
export function parseKeystoneToken(body: unknown): KeystoneToken | null {
  const token = isObject(body) ? body['token'] : undefined
  if (!isObject(token)) return null
  const userId = idOf(token['user'])
  const roles = rolesOf(token['roles'] ?? [])
  const scope = scopeOf(token)
  const expiresAtMs = new Date(String(token['expires_at'])).getTime()
  if (userId === null || roles === null || scope === null || Number.isNaN(expiresAtMs)) return null
  return { userId, roles, scope, expiresAtMs }
}

function scopeOf(token: Readonly<Record<string, unknown>>): TokenScope | null {
  if (token['project'] !== undefined) {
    const id = idOf(token['project'])
    return id === null ? null : { kind: 'project', id }
  }
  const { system } = token
  if (system !== undefined) return isObject(system) && system['all'] === true ? { kind: 'system' } : null
  return token['domain'] === undefined ? { kind: 'unscoped' } : { kind: 'domain' }
}

function rolesOf(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null
  const names = value.map((role) => (isObject(role) && typeof role['name'] === 'string' ? role['name'].toLowerCase() : null))
  const known = names.filter((name) => name !== null)
  return known.length === names.length ? known : null
}

const ID_MAX = 255

function idOf(value: unknown): string | null {
  const id = isObject(value) ? value['id'] : undefined
  return typeof id === 'string' && id !== '' && id.length <= ID_MAX && !/\p{Cc}/u.test(id) ? id : null
}
