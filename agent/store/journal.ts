/**
 * The journal on LevelDB: what this host must not forget.
 *
 * Every write is synced. Batches that arrive while a sync runs are merged, in order, into the next one (group commit), and
 * each keeps a chain entry of its own. The first error is the last thing that happens: LevelDB acknowledges writes after a
 * failed one and loses them at the next start, so nothing is ever written after a failure (docs/decisions, journal). What
 * was damaged is set aside, and an empty journal takes its place.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { invariant } from '../../lib/model/invariant.ts'
import type { Json } from '../../lib/model/json.ts'
import type { Journal, JournalOp } from '../../lib/ports/journal.ts'
import type { Log } from '../../lib/ports/log.ts'
import { CHAIN_KEPT, CHAIN_START, type ChainHead, type ChainOp, hashEntry, hashValue, type StateDigest } from './chain.ts'
import { JournalDamaged, JournalFailed, JournalLocked } from './damage.ts'
import { setAside, setAsideBefore } from './set-aside.ts'
import { BALLAST_BYTES, Ballast, DEFAULT_MIN_FREE_BYTES, freeBytes, measureSpace, type Space } from './space.ts'
import { chainKey, stateKey, type VerifiedState, verify } from './verify.ts'
import { readWitness, Witness } from './witness.ts'

export interface JournalOptions {
  /** Made with mode 0700 if it is missing. */
  readonly directory: string
  readonly log: Log
  /** Called once, at the first error of a write. The process is expected to end. */
  readonly onFatal: (error: JournalFailed) => void
  /** Below this `space` reports that room is short, and no ballast is made. Default 1 GiB. */
  readonly minFreeBytes?: number
  /** Size of the ballast file; 0 for none. Default 64 MiB. */
  readonly ballastBytes?: number
}

export interface OpenedJournal extends Journal {
  /** Folders of damaged journals of this host, kept beside this one. The newest may have been put there just now. */
  readonly setAside: readonly string[]
  space(): Promise<Space>
  /** Since the start: batches that were asked for, and synced writes that they took. */
  counts(): { readonly batches: number; readonly groups: number }
}

/**
 * If anything that was acknowledged may be missing or changed, the whole journal is renamed to `….damaged-<n>` and an empty
 * one is opened: the host has lost its memory, and knows it.
 *
 * @throws JournalLocked if it is open already
 * @throws JournalDamaged if it is damaged and cannot be set aside
 */
export async function openJournal(options: JournalOptions): Promise<OpenedJournal> {
  try {
    return await openThere(options)
  } catch (error) {
    if (!(error instanceof JournalDamaged)) throw error
    const keptIn = await setAside(options.directory, error)
    options.log.error('journal.damaged', { ...error.facts, keptIn, error: error.cause })
    return await openThere(options)
  }
}

/** @throws JournalDamaged if anything that was acknowledged may be missing or changed */
async function openThere(options: JournalOptions): Promise<OpenedJournal> {
  const { directory, log, minFreeBytes = DEFAULT_MIN_FREE_BYTES, ballastBytes = BALLAST_BYTES } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })

  const ballast = new Ballast(join(directory, 'ballast'), ballastBytes)
  const free = await freeBytes(directory)
  if (free < ballastBytes && (await ballast.release())) log.warn('journal.ballast-released', { directory, freeBytes: free })

  const witnessFile = join(directory, 'witness')
  const known = readWitness(witnessFile)
  const db = await openDatabase(directory, known.kind === 'absent')
  try {
    const verified = await readAll(db, directory, known.kind === 'head' ? known.head : CHAIN_START)
    const entries = verified.values.map(([key, value]) => [key, decode(directory, key, value)] as const)
    const witness = new Witness(witnessFile, verified.head)
    const spare = await measureSpace(directory, minFreeBytes + ballastBytes)
    if (!spare.isShort) void ballast.fill((error) => log.warn('journal.ballast-failed', { directory, error }))
    log.info('journal.opened', { directory, seq: verified.head.seq, keys: entries.length })
    return new LevelJournal(
      { ...options, minFreeBytes },
      { db, witness, ballast, verified, entries, setAside: await setAsideBefore(directory) },
    )
  } catch (error) {
    await db.close()
    throw error
  }
}

async function openDatabase(directory: string, createIfMissing: boolean): Promise<Level> {
  const db = new Level(join(directory, 'db'), { createIfMissing })
  try {
    await db.open()
    return db
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    const detail = cause instanceof Error ? cause.message : String(error)
    if (code === 'LEVEL_LOCKED') throw new JournalLocked(directory, { cause: error })
    if (/does not exist|No such file/.test(detail))
      throw new JournalDamaged({ directory, what: 'missing', seq: null, detail }, { cause: error })
    if (code === 'LEVEL_CORRUPTION') throw new JournalDamaged({ directory, what: 'unreadable', seq: null, detail }, { cause: error })
    throw error
  }
}

async function readAll(db: Level, directory: string, expected: ChainHead): Promise<VerifiedState> {
  try {
    return await verify(db, directory, expected)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'LEVEL_CORRUPTION') {
      throw new JournalDamaged({ directory, what: 'unreadable', seq: null, detail: error.message }, { cause: error })
    }
    throw error
  }
}

function decode(directory: string, key: string, stored: string): Json {
  try {
    return JSON.parse(stored) as Json
  } catch (error) {
    // the digest has proven that this is the text that was written; whoever wrote it was wrong
    throw new JournalDamaged({ directory, what: 'value', seq: null, detail: `the value of ${key} is no JSON` }, { cause: error })
  }
}

interface Parts {
  readonly db: Level
  readonly witness: Witness
  readonly ballast: Ballast
  readonly verified: VerifiedState
  readonly entries: ReadonlyArray<readonly [string, Json]>
  readonly setAside: readonly string[]
}

interface Waiting {
  readonly batch: readonly JournalOp[]
  readonly resolve: () => void
  readonly reject: (error: JournalFailed) => void
}

type LevelOp = { readonly type: 'put'; readonly key: string; readonly value: string } | { readonly type: 'del'; readonly key: string }

class LevelJournal implements OpenedJournal {
  readonly setAside: readonly string[]
  readonly #options: JournalOptions & { readonly minFreeBytes: number }
  readonly #db: Level
  readonly #witness: Witness
  readonly #ballast: Ballast
  readonly #digest: StateDigest
  #head: ChainHead
  /** Handed out until the first write, then let go: the agent holds what it needs of them. */
  #entries: ReadonlyArray<readonly [string, Json]> | null
  #waiting: Waiting[] = []
  #pump: Promise<void> | null = null
  #failed: JournalFailed | null = null
  #closed = false
  #batches = 0
  #groups = 0

  constructor(options: JournalOptions & { readonly minFreeBytes: number }, parts: Parts) {
    this.#options = options
    this.#db = parts.db
    this.#witness = parts.witness
    this.#ballast = parts.ballast
    this.#digest = parts.verified.digest
    this.#head = parts.verified.head
    this.#entries = parts.entries
    this.setAside = parts.setAside
  }

  entries(): ReadonlyArray<readonly [string, Json]> {
    invariant(this.#entries !== null, 'entries are read before the first write')
    return this.#entries
  }

  write(batch: readonly JournalOp[]): Promise<void> {
    invariant(!this.#closed, 'a closed journal is not written')
    this.#entries = null
    this.#batches += 1
    if (this.#failed !== null) return Promise.reject(this.#failed)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
      this.#pump ??= this.#writeGroups()
    })
  }

  counts(): { readonly batches: number; readonly groups: number } {
    return { batches: this.#batches, groups: this.#groups }
  }

  space(): Promise<Space> {
    return measureSpace(this.#options.directory, this.#options.minFreeBytes)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#pump
    await this.#ballast.stop()
    await this.#db.close()
    this.#witness.close()
  }

  async #writeGroups(): Promise<void> {
    // lets everything that is asked for in this same turn join the first group
    await Promise.resolve()
    while (this.#waiting.length > 0 && this.#failed === null) await this.#writeGroup(this.#waiting.splice(0))
    this.#pump = null
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const ops: LevelOp[] = []
    try {
      for (const { batch } of group) this.#append(batch, ops)
      if (ops.length > 0) {
        await this.#db.batch(ops, { sync: true })
        this.#groups += 1
        this.#witness.record(this.#head)
      }
    } catch (error) {
      this.#fail(new JournalFailed({ cause: error }), group)
      return
    }
    for (const { resolve } of group) resolve()
  }

  /** Puts one batch and its chain entry at the end of the group. An empty batch is a mere wait for those before it. */
  #append(batch: readonly JournalOp[], ops: LevelOp[]): void {
    if (batch.length === 0) return
    const chainOps: ChainOp[] = []
    for (const { key, value } of batch) {
      if (value === undefined) {
        this.#digest.delete(key)
        chainOps.push([key, null])
        ops.push({ type: 'del', key: stateKey(key) })
      } else {
        const stored = JSON.stringify(value)
        const valueHash = hashValue(key, stored)
        this.#digest.put(key, valueHash)
        chainOps.push([key, valueHash])
        ops.push({ type: 'put', key: stateKey(key), value: stored })
      }
    }
    const { hash: prev } = this.#head
    const seq = this.#head.seq + 1
    const digest = this.#digest.text()
    const hash = hashEntry(prev, seq, chainOps, digest)
    this.#head = { seq, hash }
    ops.push({ type: 'put', key: chainKey(seq), value: JSON.stringify({ prev, hash, ops: chainOps, digest }) })
    if (seq > CHAIN_KEPT) ops.push({ type: 'del', key: chainKey(seq - CHAIN_KEPT) })
  }

  #fail(error: JournalFailed, group: readonly Waiting[]): void {
    this.#failed = error
    this.#options.log.error('journal.failed', { directory: this.#options.directory, seq: this.#head.seq, error: error.cause })
    for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error)
    this.#options.onFatal(error)
  }
}
