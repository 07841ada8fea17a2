/**
 * A journal on a disk that keeps only what it has synced.
 *
 * Batches wait in memory until the sync that covers them ends; one sync covers all that came before it began (group
 * commit). A crash keeps any number of whole batches of those that waited, in order, and never a part of one: what an
 * atomic write promises and nothing more. After the first error nothing is written any more.
 */
import type { Json } from '../../lib/model/json.ts'
import type { JournalOp } from '../../lib/ports/journal.ts'
import { copyJson } from './copy-json.ts'
import type { Manner } from './crash/manner.ts'
import type { Hits } from './hits.ts'
import type { SimOptions } from './options.ts'
import type { Random } from './random.ts'
import type { Scheduled, World } from './world.ts'

/** A value as it was when it was written. A restart gets a copy of it. */
interface Stored {
  readonly value: Json
}

export type JournalCopy = ReadonlyMap<string, Stored>
type Batch = readonly { readonly key: string; readonly before: Stored | undefined; readonly after: Stored | undefined }[]

interface Pending {
  readonly ops: readonly (readonly [string, Stored | undefined])[]
  readonly onDurable: () => void
}

const SLOW_SYNC_MS_MAX = 10_000
/** Batches that one bad block takes with it, and how far back it may lie. */
const ROTTEN_MAX = 8
const REMEMBERED = 64

/** A change that is on the disk for good; `before` and `after` are undefined where the key is not there. */
export type DurableListener = (key: string, after: unknown, before: unknown) => void

export class JournalDisk {
  readonly #world: World
  readonly #random: Random
  readonly #options: SimOptions['journal']
  readonly #rare: SimOptions['rare']['journal']
  readonly #hits: Hits
  readonly #durable = new Map<string, Stored>()
  readonly #onDurable: DurableListener
  #pending: Pending[] = []
  #syncing: Scheduled | null = null
  /** No room: every write fails until somebody frees some. */
  isFull = false
  /** Nothing was ever kept here. */
  isUntouched = true
  /** Batches on the disk, the newest last: what may rot. */
  readonly #written: Batch[] = []
  /** What has become of the content without a word; seen at the next start. */
  #rot: (() => void) | null = null
  /** Called when a sync has failed: nobody knows what of it is on the disk, and the process must end. */
  onBroken: () => void = () => {}
  /** Set while faults are over. */
  isCalm = false

  constructor(options: {
    world: World
    random: Random
    journal: SimOptions['journal']
    rare: SimOptions['rare']['journal']
    hits: Hits
    onDurable: DurableListener
  }) {
    this.#world = options.world
    this.#random = options.random
    this.#options = options.journal
    this.#rare = options.rare
    this.#hits = options.hits
    this.#onDurable = options.onDurable
  }

  /** @returns false if the write failed: the process must end */
  write(batch: readonly JournalOp[], onDurable: () => void): boolean {
    if (!this.isCalm && this.#random.chance(this.#options.full)) this.isFull = true
    if (this.isFull) return false
    this.#pending.push({
      ops: batch.map(({ key, value }) => [key, value === undefined ? undefined : { value: copyJson(value) }]),
      onDurable,
    })
    if (this.#syncing === null) this.#sync()
    return true
  }

  /** A block goes bad: a bit of a value flips, or batches in the middle are gone. The running process sees nothing of it. */
  rot(): void {
    if (this.#rot !== null || this.#written.length === 0) return
    const at = this.#random.below(this.#written.length)
    const lost = this.#written.slice(at, at + 1 + this.#random.below(ROTTEN_MAX))
    const isFlip = this.#random.chance(0.5)
    this.#hits.add(isFlip ? 'journal: bit flipped' : 'journal: batches rotten')
    this.#rot = () => (isFlip ? this.#flip(lost) : this.#forget(lost))
  }

  /** Whether damage is seen at a start: the chain of batches does not close. */
  protected seesDamage(): boolean {
    return true
  }

  /**
   * False: it cannot be opened now (an error of the disk, or somebody else still holds it), or it is damaged. Damage that
   * was seen is repaired by an operator before the next try.
   */
  opens(): boolean {
    if (this.#rot !== null) {
      const rot = this.#rot
      this.#rot = null
      if (this.seesDamage()) {
        this.#hits.add('journal: damage noticed')
        return false
      }
      rot()
    }
    if (this.isCalm || !this.#random.chance(this.#rare.openErrors)) return true
    this.#hits.add('journal: error on open')
    return false
  }

  get isIdle(): boolean {
    return this.#pending.length === 0
  }

  /** What the process wrote and what the disk has not synced is lost, but for a prefix of whole batches. */
  crash(manner: Manner = 'drawn'): void {
    const survived = this.#survived(manner)
    if (this.#pending.length > 0)
      this.#hits.add(survived < this.#pending.length ? 'journal: unsynced batches lost' : 'journal: unsynced batches kept')
    for (const { ops } of this.#pending.slice(0, survived)) this.#keep(ops)
    this.#pending = []
    if (this.#syncing !== null) this.#world.cancel(this.#syncing)
    this.#syncing = null
  }

  copy(): JournalCopy {
    return new Map(this.#durable)
  }

  /** What is on the disk is now this copy, or nothing at all. */
  putBack(copy: JournalCopy | null): void {
    // Ballots first: whoever looks must not see a value that is half of one time and half of another under a ballot that holds.
    for (const [key, { value }] of ballotsFirst(this.#durable)) {
      if (copy?.has(key) === true) continue
      this.#durable.delete(key)
      this.#onDurable(key, undefined, value)
    }
    for (const [key, stored] of ballotsFirst(copy ?? new Map())) {
      const before = this.#durable.get(key)
      if (before === stored) continue
      this.#durable.set(key, stored)
      this.#onDurable(key, stored.value, before?.value)
    }
  }

  /** Everything durable, sorted by key, as read from the disk. */
  entries(): ReadonlyArray<readonly [string, Json]> {
    return [...this.#durable].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, copyJson(value.value)] as const)
  }

  get(key: string): unknown {
    return this.#durable.get(key)?.value
  }

  keys(): readonly string[] {
    return [...this.#durable.keys()]
  }

  #survived(manner: Manner): number {
    const waiting = this.#pending.length
    switch (manner) {
      case 'killed':
        return waiting
      case 'power cut':
        return 0
      case 'drawn':
        return this.#random.below(waiting + 1)
    }
  }

  #sync(): void {
    const covered = this.#pending.length
    const isSlow = !this.isCalm && this.#random.chance(this.#options.slowSyncs)
    if (isSlow) this.#hits.add('journal: slow sync')
    const latencyMs = isSlow ? this.#random.between(100, SLOW_SYNC_MS_MAX) : this.#random.between(0, this.#options.syncMsMax)
    const isBroken = !this.isCalm && this.#random.chance(this.#rare.syncErrors)
    this.#syncing = this.#world.schedule(latencyMs, () => {
      if (isBroken) {
        this.#hits.add('journal: error on sync')
        return this.onBroken()
      }
      const group = this.#pending.splice(0, covered)
      this.#syncing = null
      // Synced together: all of it is on the disk before anybody is told.
      for (const { ops } of group) this.#keep(ops)
      if (this.#pending.length > 0) this.#sync()
      for (const { onDurable } of group) onDurable()
    })
  }

  #forget(lost: readonly Batch[]): void {
    for (const batch of lost.toReversed())
      for (const { key, before, after } of batch) if (this.#durable.get(key) === after) this.#set(key, before)
  }

  /** One digit of one value becomes its neighbour: still JSON, and still of the right shape. */
  #flip([batch]: readonly Batch[]): void {
    for (const { key, after } of batch ?? []) {
      const text = after === undefined || this.#durable.get(key) !== after ? '' : JSON.stringify(after.value)
      if (/\d/.test(text)) return this.#set(key, { value: parse(text.replace(/\d(?=\D*$)/, (digit) => String(Number(digit) ^ 1))) })
    }
  }

  #set(key: string, to: Stored | undefined): void {
    if (to === undefined) this.#durable.delete(key)
    else this.#durable.set(key, to)
  }

  #keep(ops: Pending['ops']): void {
    this.isUntouched = false
    this.#written.push(ops.map(([key, after]) => ({ key, before: this.#durable.get(key), after })))
    if (this.#written.length > REMEMBERED) this.#written.shift()
    for (const [key, after] of ops) {
      const before = this.#durable.get(key)
      if (after === undefined) this.#durable.delete(key)
      else this.#durable.set(key, after)
      this.#onDurable(key, after?.value, before?.value)
    }
  }
}

function ballotsFirst(entries: JournalCopy): readonly (readonly [string, Stored])[] {
  const isBallot = ([key]: readonly [string, Stored]): boolean => key.startsWith('register/')
  return [...[...entries].filter(isBallot), ...[...entries].filter((entry) => !isBallot(entry))]
}

function parse(text: string): Json {
  return JSON.parse(text)
}
