/**
 * Whose a token is. What the registers say is believed for a few seconds, never beyond the token's end, and where they
 * cannot be read nobody is let in.
 */
import type { Failure } from '../../../../lib/model/failure.ts'
import type { TokenFacts } from '../../../../lib/wire/keystone/token-body.ts'
import { type Heard, tokenCache, type Unasked } from '../token-cache.ts'
import { type Accounts, factsOf } from './accounts.ts'
import type { HostToken } from './host-token.ts'
import { tokenHashOf, userOfToken } from './token-text.ts'

export type Holder =
  | { readonly kind: 'user'; readonly facts: TokenFacts }
  /** Root on this host. */
  | { readonly kind: 'host' }

export type Held =
  | { readonly kind: 'good'; readonly holder: Holder }
  | { readonly kind: 'bad' }
  /** The registers did not say. */
  | { readonly kind: 'unknown'; readonly failure: Failure }

export interface Holders {
  /** As was heard a moment ago. @param remote address that it came from */
  of(text: string, remote: string): Promise<Held | Unasked>
  /** As it is now. */
  now(text: string): Promise<Held>
  /** It was taken back here. */
  forget(text: string): void
}

export interface HoldersOptions {
  readonly accounts: Accounts
  readonly hostToken: HostToken
  readonly cacheMs: number
  readonly wallMs: () => number
  readonly monoMs: () => number
}

export const ASKING_MAX = 256
const TOKENS_MAX = 10_000
/** Issued at another peer a moment ago, perhaps: soon asked about again. */
const BAD_MS = 1000
const BAD: Held = { kind: 'bad' }

export function holdersOf({ accounts, hostToken, cacheMs, wallMs, monoMs }: HoldersOptions): Holders {
  const cache = tokenCache<Held>({ entriesMax: TOKENS_MAX, askingMax: ASKING_MAX, monoMs })

  async function now(text: string): Promise<Held> {
    if (hostToken.is(text)) return { kind: 'good', holder: { kind: 'host' } }
    const user = userOfToken(text)
    if (user === null) return BAD
    // The user first: a register is made by whoever asks for it, and a stranger may have made up any name.
    const found = await accounts.query({ kind: 'login', user: { id: user }, credential: null, project: null })
    if (!found.ok) return { kind: 'unknown', failure: found.failure }
    if (found.value.users.length === 0) return BAD
    const token = await accounts.tokens(user, { kind: 'read-token', hash: tokenHashOf(text) })
    if (!token.ok) return { kind: 'unknown', failure: token.failure }
    const [entry] = token.value.tokens
    const facts = entry === undefined ? null : factsOf(entry, found.value, wallMs())
    return facts === null ? BAD : { kind: 'good', holder: { kind: 'user', facts } }
  }

  async function heard(text: string): Promise<Heard<Held>> {
    const value = await now(text)
    if (value.kind !== 'good') return { value, verdict: value.kind, keepMs: value.kind === 'bad' ? BAD_MS : 0 }
    const leftMs = value.holder.kind === 'host' ? cacheMs : value.holder.facts.token.expiresAtMs - wallMs()
    return { value, verdict: 'good', keepMs: Math.min(cacheMs, leftMs) }
  }

  return { of: (text, remote) => cache.get(text, remote, () => heard(text)), now, forget: (text) => cache.forget(text) }
}

/** Whether somebody may be told of, and change, users that he is not. */
export function isAdmin(holder: Holder): boolean {
  return holder.kind === 'host' || holder.facts.roles.includes('admin')
}
