/**
 * The chain that shows what LevelDB would lose without a word: one entry for each batch, bound to the one before it and to
 * the whole state after it.
 *
 * The state's digest is the XOR of a hash for each key and value, so that a batch changes it in time proportional to the
 * batch. Equal digests mean equal states; order does not matter. An entry's hash covers its number, the hash before, the
 * batch's own keys and hashes, and the digest.
 */
import { createHash } from 'node:crypto'

/** What a batch did to one key: the hash of the value that it put, or null for a delete. */
export type ChainOp = readonly [key: string, valueHash: string | null]

export interface ChainEntry {
  readonly prev: string
  readonly hash: string
  readonly ops: readonly ChainOp[]
  readonly digest: string
}

export interface ChainHead {
  readonly seq: number
  readonly hash: string
}

/** Batches kept behind the head; enough to name the place of any damage that a running host can still remember. */
export const CHAIN_KEPT = 1000

export const CHAIN_START: ChainHead = { seq: 0, hash: '' }

const DIGEST_BYTES = 32

/** Hash of one key with its value, as stored. The length keeps ('ab','c') apart from ('a','bc'). */
export function hashValue(key: string, value: string): string {
  return createHash('sha256').update(`${key.length}:${key}`).update(value).digest('base64url')
}

export function hashEntry(prev: string, seq: number, ops: readonly ChainOp[], digest: string): string {
  return createHash('sha256')
    .update(JSON.stringify([prev, seq, ops, digest]))
    .digest('base64url')
}

/** XOR over the hashes of all keys and values, kept up to date. Holds each key's hash, to take it out again. */
export class StateDigest {
  readonly #hashes = new Map<string, string>()
  readonly #sum = Buffer.alloc(DIGEST_BYTES)

  put(key: string, valueHash: string): void {
    this.delete(key)
    this.#hashes.set(key, valueHash)
    this.#toggle(valueHash)
  }

  delete(key: string): void {
    const old = this.#hashes.get(key)
    if (old === undefined) return
    this.#hashes.delete(key)
    this.#toggle(old)
  }

  text(): string {
    return this.#sum.toString('base64url')
  }

  #toggle(valueHash: string): void {
    const bytes = Buffer.from(valueHash, 'base64url')
    for (let index = 0; index < DIGEST_BYTES; index += 1) this.#sum[index] = (this.#sum[index] ?? 0) ^ (bytes[index] ?? 0)
  }
}

/** The entry as stored, or null if the text is not one: damage, since nothing else writes here. */
export function parseChainEntry(text: string): ChainEntry | null {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // a flipped bit may leave anything behind, broken JSON included
    return null
  }
  if (typeof json !== 'object' || json === null) return null
  const { prev, hash, ops, digest } = json as Partial<Record<keyof ChainEntry, unknown>>
  if (typeof prev !== 'string' || typeof hash !== 'string' || typeof digest !== 'string' || !Array.isArray(ops)) return null
  return { prev, hash, ops: ops as readonly ChainOp[], digest }
}
