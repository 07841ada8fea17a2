/**
 * What was heard of tokens, for a short while: by the token's hash, and never more than so many.
 *
 * Whoever asks for a token that is just being asked about gets the same answer: a hundred requests with one token cost
 * one question. The longest unused goes first, and those that nobody may use are kept apart from the others, so that a
 * flood of made-up tokens pushes out none that is good.
 *
 * Each question costs somebody else something. From where too many tokens came that are none, new ones are asked about ever
 * so often and no more; a token that was good before is asked about in any case, and what is kept is answered.
 */
import { createHash } from 'node:crypto'
import { rateLimit } from '../rate-limit.ts'
import { addressKey } from './address-key.ts'

interface Kept<Value> {
  readonly value: Value
  readonly untilMs: number
}

export interface TokenCacheOptions {
  readonly entriesMax: number
  /** Questions under way at once. */
  readonly askingMax: number
  /** Milliseconds that only go forward. */
  readonly monoMs: () => number
}

/** What came of a question: whether the token is good, and for how long that may be believed. */
export interface Heard<Value> {
  readonly value: Value
  readonly verdict: 'good' | 'bad' | 'unknown'
  /** From the question on; 0: not to be kept. */
  readonly keepMs: number
}

/** `crowded`: too many other questions are under way. `distrusted`: too many tokens from there were none. */
export type Unasked = 'crowded' | 'distrusted'

export interface TokenCache<Value> {
  /** @param remote address that the token came from */
  get(token: string, remote: string, ask: () => Promise<Heard<Value>>): Promise<Value | Unasked>
  forget(token: string): void
}

/** Of one address. A fleet whose tokens have all run out while it was away stays below it. */
const BAD_AT_ONCE = 100
const BAD_PER_SECOND = 5
const ADDRESSES_MAX = 10_000

export function tokenCache<Value extends object>({ entriesMax, askingMax, monoMs }: TokenCacheOptions): TokenCache<Value> {
  const good = new Map<string, Kept<Value>>()
  const bad = new Map<string, Kept<Value>>()
  const asking = new Map<string, Promise<Value>>()
  /** Were good when they were asked about last. */
  const proven = new Set<string>()
  const failures = rateLimit({ perSecond: BAD_PER_SECOND, burst: BAD_AT_ONCE, keysMax: ADDRESSES_MAX, monoMs })

  /** What is found goes to the end of the queue of those that are forgotten. */
  function recall(from: Map<string, Kept<Value>>, key: string): Kept<Value> | null {
    const kept = from.get(key)
    if (kept === undefined) return null
    from.delete(key)
    if (kept.untilMs <= monoMs()) return null
    from.set(key, kept)
    return kept
  }

  /** A question without an answer proves nothing. */
  function judge(key: string, address: string, { verdict }: Heard<Value>): void {
    if (verdict === 'unknown') return
    proven.delete(key)
    if (verdict === 'bad') failures.take(address)
    else proven.add(key)
    const [oldest] = proven
    if (proven.size > entriesMax && oldest !== undefined) proven.delete(oldest)
  }

  function keep(key: string, { value, verdict, keepMs }: Heard<Value>, askedAtMs: number): void {
    if (keepMs <= 0) return
    const into = verdict === 'good' ? good : bad
    into.set(key, { value, untilMs: askedAtMs + keepMs })
    const [oldest] = into.keys()
    if (into.size > entriesMax && oldest !== undefined) into.delete(oldest)
  }

  return {
    forget(token) {
      good.delete(keyOf(token))
    },
    async get(token, remote, ask) {
      const key = keyOf(token)
      const kept = recall(good, key) ?? recall(bad, key)
      if (kept !== null) return kept.value
      const running = asking.get(key)
      if (running !== undefined) return running
      if (asking.size >= askingMax) return 'crowded'
      const address = addressKey(remote)
      if (!proven.has(key) && !failures.isOpen(address)) return 'distrusted'
      const askedAtMs = monoMs()
      const asked = ask().then((heard) => {
        judge(key, address, heard)
        keep(key, heard, askedAtMs)
        return heard.value
      })
      asking.set(key, asked)
      try {
        return await asked
      } finally {
        asking.delete(key)
      }
    },
  }
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
