/**
 * The other hosts' records as this host last saw them, so that a start shows volumes before the first peer answers.
 *
 * A cache, never the truth: whatever is wrong with it is answered by throwing that part away and fetching it again. It is
 * synced some time after it was written, and says then how far. After a failed write nothing more is written and the whole of it goes, because a head that outlives its records
 * would hide them for ever.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import type { PeerId, VolumeId } from '../../lib/model/ids.ts'
import type { LogHead, PublishedRecord } from '../../lib/model/log.ts'
import type { Log } from '../../lib/ports/log.ts'
import {
  crcOf,
  decodeHead,
  decodeRecord,
  encodeValue,
  headKey,
  OwnerSum,
  parseKey,
  recordKey,
  recordRange,
  type StoredHead,
} from './replica-state.ts'

export interface ReplicaContents {
  readonly heads: readonly LogHead[]
  readonly records: readonly { readonly owner: PeerId; readonly record: PublishedRecord }[]
}

export interface ReplicaStore {
  /** What was there at the start; handed out once and not kept. */
  load(): ReplicaContents
  /**
   * Adds or replaces records of the head's owner, takes out those that are `gone`, and moves its head; all of it or nothing.
   * `whole`: what was there of this owner goes before. Returns at once; errors are logged.
   */
  put(head: LogHead, records: readonly PublishedRecord[], gone: readonly VolumeId[], whole: boolean): void
  /**
   * `tell` hears which heads are on the disk with all that is below them, those that were there at the start too. A store that
   * cannot be written says so of all that it is given: nobody has to wait for a disk that is broken.
   */
  watch(tell: (heads: readonly LogHead[]) => void): void
  /** After all that was put has been written. */
  close(): Promise<void>
}

export interface ReplicaOptions {
  readonly directory: string
  readonly log: Log
}

/** @throws if the directory cannot be used at all (locked, no permission, no room) */
export async function openReplica(options: ReplicaOptions): Promise<ReplicaStore> {
  const { directory, log } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const location = join(directory, 'db')
  try {
    return await openAndRead(location, log)
  } catch (error) {
    // a replica that another process uses is not damaged, and must not be pulled away from under it
    if (isLocked(error)) throw error
    log.warn('replica.discarded', { directory, error })
  }
  await rm(location, { recursive: true, force: true })
  return openAndRead(location, log)
}

async function openAndRead(location: string, log: Log): Promise<ReplicaStore> {
  const db = new Level(location)
  try {
    await db.open()
    const read = await readOwners(db)
    const store = new LevelReplica(db, read, log)
    for (const owner of read.incomplete) {
      log.warn('replica.owner-discarded', { owner })
      store.forget(owner)
    }
    return store
  } catch (error) {
    await db.close()
    throw error
  }
}

function isLocked(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED'
}

interface OwnersRead {
  readonly contents: ReplicaContents
  readonly sums: Map<PeerId, OwnerSum>
  /** Owners of whom something is missing or changed. */
  readonly incomplete: readonly PeerId[]
}

async function readOwners(db: Level): Promise<OwnersRead> {
  const stored = new Map<PeerId, StoredHead>()
  const records = new Map<PeerId, PublishedRecord[]>()
  const sums = new Map<PeerId, OwnerSum>()
  for await (const [key, value] of db.iterator()) {
    const crc = crcOf(value)
    const parsed = parseKey(key)
    if (crc === null || parsed === null) continue
    const { kind, owner } = parsed
    if (kind === 'head') {
      stored.set(owner, decodeHead(value))
      continue
    }
    const record = decodeRecord(value)
    setDefault(records, owner, () => []).push(record)
    setDefault(sums, owner, () => new OwnerSum()).put(record.id, crc)
  }
  return settle(stored, records, sums)
}

function settle(stored: Map<PeerId, StoredHead>, records: Map<PeerId, PublishedRecord[]>, sums: Map<PeerId, OwnerSum>): OwnersRead {
  const whole = new Map<PeerId, OwnerSum>()
  const incomplete: PeerId[] = []
  const contents = { heads: [] as LogHead[], records: [] as { owner: PeerId; record: PublishedRecord }[] }
  for (const owner of new Set([...stored.keys(), ...records.keys()])) {
    const claimed = stored.get(owner)
    const sum = sums.get(owner) ?? new OwnerSum()
    const found = claimed === undefined ? null : sum.under(claimed.head)
    if (claimed === undefined || found?.records !== claimed.records || found.sum !== claimed.sum) {
      incomplete.push(owner)
      continue
    }
    whole.set(owner, sum)
    contents.heads.push(claimed.head)
    for (const record of records.get(owner) ?? []) contents.records.push({ owner, record })
  }
  return { contents, sums: whole, incomplete }
}

function setDefault<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

type LevelOp = { readonly type: 'put'; readonly key: string; readonly value: string } | { readonly type: 'del'; readonly key: string }
type Step =
  | { readonly kind: 'write'; readonly ops: readonly LevelOp[] }
  | { readonly kind: 'forget'; readonly owner: PeerId }
  | { readonly kind: 'sync' }

const SYNC_AFTER_MS = 100
/** Written to sync what was written before it. No head and no record. */
const SYNC_KEY = 'S!'

class LevelReplica implements ReplicaStore {
  readonly #db: Level
  readonly #log: Log
  readonly #sums: Map<PeerId, OwnerSum>
  #contents: ReplicaContents
  #waiting: Step[] = []
  /** Newest heads that were written, or could not be, and not told yet. */
  readonly #untold = new Map<PeerId, LogHead>()
  #tell: ((heads: readonly LogHead[]) => void) | null = null
  #syncing: NodeJS.Timeout | null = null
  #pump: Promise<void> | null = null
  #failed = false

  constructor(db: Level, read: OwnersRead, log: Log) {
    this.#db = db
    this.#log = log
    this.#sums = read.sums
    this.#contents = read.contents
    for (const head of read.contents.heads) this.#untold.set(head.owner, head)
  }

  watch(tell: (heads: readonly LogHead[]) => void): void {
    this.#tell = tell
    this.#syncLater()
  }

  load(): ReplicaContents {
    const contents = this.#contents
    this.#contents = { heads: [], records: [] }
    return contents
  }

  put(head: LogHead, records: readonly PublishedRecord[], gone: readonly VolumeId[], whole: boolean): void {
    const { owner } = head
    const sum = setDefault(this.#sums, owner, () => new OwnerSum())
    const ops: LevelOp[] = []
    const drop = (volume: VolumeId): void => {
      sum.remove(volume)
      ops.push({ type: 'del', key: recordKey(owner, volume) })
    }
    if (whole) for (const volume of sum.volumes()) drop(volume)
    for (const record of records) {
      const value = encodeValue(record)
      sum.put(record.id, crcOf(value) ?? 0)
      ops.push({ type: 'put', key: recordKey(owner, record.id), value })
    }
    // Last: a tombstone may come and be collected in one and the same part.
    for (const volume of gone) drop(volume)
    ops.push({ type: 'put', key: headKey(owner), value: encodeValue(sum.under(head)) })
    this.#untold.set(owner, head)
    this.#enqueue({ kind: 'write', ops })
    this.#syncLater()
  }

  /** Takes out an owner of whom something is missing. */
  forget(owner: PeerId): void {
    this.#sums.delete(owner)
    this.#enqueue({ kind: 'forget', owner })
  }

  async close(): Promise<void> {
    this.#tell = null
    if (this.#syncing !== null) clearTimeout(this.#syncing)
    await this.#pump
    await this.#db.close()
    if (this.#failed) await rm(this.#db.location, { recursive: true, force: true })
  }

  #enqueue(step: Step): void {
    if (this.#failed) return
    this.#waiting.push(step)
    this.#pump ??= this.#writeAll()
  }

  /** Many records, one sync: they have waited a moment then, which nobody waits for but the registers. */
  #syncLater(): void {
    if (this.#tell === null || this.#untold.size === 0) return
    this.#syncing ??= setTimeout(() => {
      this.#syncing = null
      const heads = [...this.#untold.values()]
      this.#untold.clear()
      this.#enqueue({ kind: 'sync' })
      void (this.#pump ?? Promise.resolve()).then(() => this.#tell?.(heads))
    }, SYNC_AFTER_MS)
  }

  async #writeAll(): Promise<void> {
    // lets everything that is put in this same turn go into one batch
    await Promise.resolve()
    try {
      while (this.#waiting.length > 0) await this.#writeSteps(this.#waiting.splice(0))
    } catch (error) {
      this.#failed = true
      this.#waiting = []
      this.#log.warn('replica.write-failed', { error })
      await this.#discard()
    }
    this.#pump = null
  }

  /** A head whose records failed to be written must not be there at the next start. */
  async #discard(): Promise<void> {
    try {
      await rm(join(this.#db.location, 'CURRENT'), { force: true })
    } catch (error) {
      this.#log.warn('replica.discard-failed', { error })
    }
  }

  /** In order: what was put before a `forget` goes with it, what was put after it stays. */
  async #writeSteps(steps: readonly Step[]): Promise<void> {
    let batch: LevelOp[] = []
    let sync = false
    for (const step of steps) {
      if (step.kind === 'write') {
        for (const op of step.ops) batch.push(op)
        continue
      }
      if (step.kind === 'sync') {
        batch.push({ type: 'put', key: SYNC_KEY, value: '' })
        sync = true
        continue
      }
      await this.#db.batch(batch)
      batch = [{ type: 'del', key: headKey(step.owner) }]
      for await (const key of this.#db.keys(recordRange(step.owner))) batch.push({ type: 'del', key })
    }
    await this.#db.batch(batch, { sync })
  }
}
