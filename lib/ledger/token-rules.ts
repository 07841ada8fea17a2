/** What one user's register decides about his tokens: those that have ended go whenever one comes. */
import { drop, put } from '../model/cell.ts'
import { type IdentityChange, TOKENS_MAX, type TokenEntry } from '../model/identity.ts'
import type { Account, Verdict } from './account.ts'

type Change<Kind extends IdentityChange['kind']> = Extract<IdentityChange, { kind: Kind }>

export function issueToken({ cell }: Account, { token, atMs }: Change<'issue-token'>): Verdict {
  if (cell.tokens.has(token.hash)) return found([token])
  const others = [...cell.tokens.values()]
  const ended = others.filter(({ expiresAtMs }) => expiresAtMs <= atMs)
  const living = others.filter(({ expiresAtMs }) => expiresAtMs > atMs).sort((a, b) => a.expiresAtMs - b.expiresAtMs)
  const surplus = living.slice(0, Math.max(0, living.length + 1 - TOKENS_MAX))
  return { ...found([token]), puts: [put(token), ...[...ended, ...surplus].map(drop)] }
}

export function revokeToken({ cell }: Account, { hash }: Change<'revoke-token'>): Verdict {
  const token = cell.tokens.get(hash)
  return { ...found([]), puts: token === undefined ? [] : [drop(token)] }
}

export function readToken({ cell }: Account, { hash }: Change<'read-token'>): Verdict {
  const token = cell.tokens.get(hash)
  return found(token === undefined ? [] : [token])
}

function found(tokens: readonly TokenEntry[]): Verdict {
  return { puts: [], answer: { kind: 'identity', users: [], projects: [], tokens } }
}
