/**
 * What was heard of tokens, for a short while: by the token's hash, and never more than so many.
 *
 * Whoever asks for a token that is just being asked about gets the same answer: a hundred requests with one token cost
 * one question. The longest unused goes first, and those that nobody may use are kept apart from the others, so that a
 * flood of made-up tokens pushes out none that is good.
 */
import { createHash } from 'node:crypto'

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
  readonly isGood: boolean
  /** From the question on; 0: not to be kept. */
  readonly keepMs: number
}

export interface TokenCache<Value> {
  /** Null: too many other questions are under way. */
  get(token: string, ask: () => Promise<Heard<Value>>): Promise<Value | null>
  forget(token: string): void
}

export function tokenCache<Value>({ entriesMax, askingMax, monoMs }: TokenCacheOptions): TokenCache<Value> {
  const good = new Map<string, Kept<Value>>()
  const bad = new Map<string, Kept<Value>>()
  const asking = new Map<string, Promise<Value>>()

  /** What is found goes to the end of the queue of those that are forgotten. */
  function recall(from: Map<string, Kept<Value>>, key: string): Kept<Value> | null {
    const kept = from.get(key)
    if (kept === undefined) return null
    from.delete(key)
    if (kept.untilMs <= monoMs()) return null
    from.set(key, kept)
    return kept
  }

  function keep(key: string, { value, isGood, keepMs }: Heard<Value>, askedAtMs: number): void {
    if (keepMs <= 0) return
    const into = isGood ? good : bad
    into.set(key, { value, untilMs: askedAtMs + keepMs })
    const [oldest] = into.keys()
    if (into.size > entriesMax && oldest !== undefined) into.delete(oldest)
  }

  return {
    forget(token) {
      good.delete(keyOf(token))
    },
    async get(token, ask) {
      const key = keyOf(token)
      const kept = recall(good, key) ?? recall(bad, key)
      if (kept !== null) return kept.value
      const running = asking.get(key)
      if (running !== undefined) return running
      if (asking.size >= askingMax) return null
      const askedAtMs = monoMs()
      const asked = ask().then((heard) => {
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
