/**
 * A journal on a disk that keeps only what it has synced.
 *
 * Batches wait in memory until the sync that covers them ends; one sync covers all that came before it began (group
 * commit). A crash keeps any number of whole batches of those that waited, in order, and never a part of one: what an
 * atomic write promises and nothing more. After the first error nothing is written any more.
 */
import type { Json } from '../../lib/model/json.ts'
import type { JournalOp } from '../../lib/ports/journal.ts'
import type { Hits } from './hits.ts'
import type { SimOptions } from './options.ts'
import type { Random } from './random.ts'
import type { Scheduled, World } from './world.ts'

/** A value as the program had it when it wrote, for those who look, and its text, which is what a restart reads. */
interface Stored {
  readonly value: unknown
  readonly text: string
}

interface Pending {
  readonly ops: readonly (readonly [string, Stored | undefined])[]
  readonly onDurable: () => void
}

/** A change that is on the disk for good; `before` and `after` are undefined where the key is not there. */
export type DurableListener = (key: string, after: unknown, before: unknown) => void

export class JournalDisk {
  readonly #world: World
  readonly #random: Random
  readonly #options: SimOptions['journal']
  readonly #hits: Hits
  readonly #durable = new Map<string, Stored>()
  readonly #onDurable: DurableListener
  #pending: Pending[] = []
  #syncing: Scheduled | null = null
  /** No room: every write fails until somebody frees some. */
  isFull = false
  /** Set while faults are over. */
  isCalm = false

  constructor(options: { world: World; random: Random; journal: SimOptions['journal']; hits: Hits; onDurable: DurableListener }) {
    this.#world = options.world
    this.#random = options.random
    this.#options = options.journal
    this.#hits = options.hits
    this.#onDurable = options.onDurable
  }

  /** @returns false if the write failed: the process must end */
  write(batch: readonly JournalOp[], onDurable: () => void): boolean {
    if (!this.isCalm && this.#random.chance(this.#options.full)) this.isFull = true
    if (this.isFull) return false
    this.#pending.push({
      ops: batch.map(({ key, value }) => [key, value === undefined ? undefined : { value, text: JSON.stringify(value) }]),
      onDurable,
    })
    if (this.#syncing === null) this.#sync()
    return true
  }

  get isIdle(): boolean {
    return this.#pending.length === 0
  }

  /** What the process wrote and what the disk has not synced is lost, but for a prefix of whole batches. */
  crash(): void {
    const survived = this.#random.below(this.#pending.length + 1)
    if (this.#pending.length > 0)
      this.#hits.add(survived < this.#pending.length ? 'journal: unsynced batches lost' : 'journal: unsynced batches kept')
    for (const { ops } of this.#pending.slice(0, survived)) this.#keep(ops)
    this.#pending = []
    if (this.#syncing !== null) this.#world.cancel(this.#syncing)
    this.#syncing = null
  }

  /** Everything durable, sorted by key, as read from the disk. */
  entries(): ReadonlyArray<readonly [string, Json]> {
    return [...this.#durable].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, parse(value.text)] as const)
  }

  get(key: string): unknown {
    return this.#durable.get(key)?.value
  }

  keys(): readonly string[] {
    return [...this.#durable.keys()]
  }

  #sync(): void {
    const covered = this.#pending.length
    const isSlow = !this.isCalm && this.#random.chance(this.#options.slowSyncs)
    if (isSlow) this.#hits.add('journal: slow sync')
    const latencyMs = isSlow ? this.#random.between(100, 5000) : this.#random.between(0, this.#options.syncMsMax)
    this.#syncing = this.#world.schedule(latencyMs, () => {
      const group = this.#pending.splice(0, covered)
      this.#syncing = null
      // Synced together: all of it is on the disk before anybody is told.
      for (const { ops } of group) this.#keep(ops)
      if (this.#pending.length > 0) this.#sync()
      for (const { onDurable } of group) onDurable()
    })
  }

  #keep(ops: Pending['ops']): void {
    for (const [key, after] of ops) {
      const before = this.#durable.get(key)
      if (after === undefined) this.#durable.delete(key)
      else this.#durable.set(key, after)
      this.#onDurable(key, after?.value, before?.value)
    }
  }
}

function parse(text: string): Json {
  return JSON.parse(text)
}
