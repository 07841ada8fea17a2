/**
 * Reads a journal's database once, whole, and proves that it is what was written.
 *
 * Three things must agree: the entries of the chain with each other, the state with the digest in the last entry, and the
 * last entry with the witness outside. LevelDB's own checks do not: it drops broken log records and says nothing.
 */
import type { Level } from 'level'
import { CHAIN_START, type ChainHead, hashEntry, hashValue, parseChainEntry, StateDigest } from './chain.ts'
import { type DamageFacts, JournalDamaged } from './damage.ts'

const STATE_PREFIX = 's!'
const CHAIN_PREFIX = 'j!'

const SEQ_DIGITS = 16

export const stateKey = (key: string): string => STATE_PREFIX + key
export const chainKey = (seq: number): string => CHAIN_PREFIX + String(seq).padStart(SEQ_DIGITS, '0')

export interface VerifiedState {
  readonly head: ChainHead
  readonly digest: StateDigest
  /** Keys with their values as stored, sorted. */
  readonly values: ReadonlyArray<readonly [key: string, value: string]>
}

/**
 * @param expected last batch that was acknowledged, as far as the witness knows
 * @throws JournalDamaged at the first thing that does not hold
 */
export async function verify(db: Level, directory: string, expected: ChainHead): Promise<VerifiedState> {
  const damaged = (facts: Found): JournalDamaged => new JournalDamaged({ directory, ...facts })
  const { head, digest: lastDigest, passed } = await readChain(db, expected.seq, damaged)

  const digest = new StateDigest()
  const values: (readonly [string, string])[] = []
  for await (const [stored, value] of db.iterator({ gte: STATE_PREFIX, lt: after(STATE_PREFIX) })) {
    const key = stored.slice(STATE_PREFIX.length)
    digest.put(key, hashValue(key, value))
    values.push([key, value])
  }
  if (digest.text() !== (lastDigest ?? new StateDigest().text())) {
    throw damaged({ what: 'state', seq: head.seq, detail: `its ${values.length} values are not those that the last batch left` })
  }
  if (head.seq < expected.seq) {
    throw damaged({ what: 'cut-off', seq: head.seq, detail: `batches up to ${expected.seq} had been acknowledged` })
  }
  if (passed !== null && passed !== expected.hash) {
    throw damaged({ what: 'chain', seq: expected.seq, detail: 'another batch had been acknowledged under this number' })
  }
  return { head, digest, values }
}

type Found = Omit<DamageFacts, 'directory'>

interface ReadChain {
  readonly head: ChainHead
  /** Digest in the last entry, or null if there is none. */
  readonly digest: string | null
  /** Hash of the entry number `wanted`, or null if it is no longer (or not yet) there. */
  readonly passed: string | null
}

async function readChain(db: Level, wanted: number, damaged: (facts: Found) => JournalDamaged): Promise<ReadChain> {
  let head = CHAIN_START
  let digest: string | null = null
  let passed: string | null = null
  for await (const [key, text] of db.iterator({ gte: CHAIN_PREFIX, lt: after(CHAIN_PREFIX) })) {
    const seq = Number(key.slice(CHAIN_PREFIX.length))
    // the entries before the first one kept were trimmed
    const isFirst = digest === null
    if (!isFirst && seq !== head.seq + 1) throw damaged({ what: 'gap', seq: head.seq + 1, detail: `the next batch after it is ${seq}` })
    const entry = parseChainEntry(text)
    if (entry === null) throw damaged({ what: 'chain', seq, detail: 'its entry cannot be read' })
    if (!isFirst && entry.prev !== head.hash) throw damaged({ what: 'chain', seq, detail: 'it does not follow from the batch before' })
    if (entry.hash !== hashEntry(entry.prev, seq, entry.ops, entry.digest)) {
      throw damaged({ what: 'chain', seq, detail: 'its entry was changed' })
    }
    head = { seq, hash: entry.hash }
    digest = entry.digest
    if (seq === wanted) passed = entry.hash
  }
  return { head, digest, passed }
}

/** The least text that is greater than every text with this prefix. */
function after(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}
