/**
 * How often somebody may ask: a bucket of tokens each, filled at a steady rate.
 *
 * Bounded: when there are too many buckets the one that was used longest ago is forgotten, which lets its owner begin
 * anew with a full one and nobody else.
 */
export interface RateLimitOptions {
  readonly perSecond: number
  /** At once, after a pause. */
  readonly burst: number
  readonly keysMax: number
  /** Milliseconds that only go forward. */
  readonly monoMs: () => number
}

export interface RateLimit {
  /** True: it may, and one of its tokens is gone. */
  take(key: string): boolean
  /** Whether it might take one now. */
  isOpen(key: string): boolean
}

interface Bucket {
  readonly tokens: number
  readonly atMs: number
}

export function rateLimit({ perSecond, burst, keysMax, monoMs }: RateLimitOptions): RateLimit {
  const buckets = new Map<string, Bucket>()
  const tokensOf = (key: string, atMs: number): number => {
    const before = buckets.get(key)
    return before === undefined ? burst : Math.min(burst, before.tokens + ((atMs - before.atMs) * perSecond) / 1000)
  }
  return {
    isOpen: (key) => tokensOf(key, monoMs()) >= 1,
    take(key) {
      const atMs = monoMs()
      const tokens = tokensOf(key, atMs)
      const may = tokens >= 1
      // Back to the end: the first is the one that was used longest ago.
      buckets.delete(key)
      buckets.set(key, { tokens: may ? tokens - 1 : tokens, atMs })
      const [oldest] = buckets.keys()
      if (buckets.size > keysMax && oldest !== undefined) buckets.delete(oldest)
      return may
    },
  }
}
