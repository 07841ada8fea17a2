/**
 * Clients who want a volume back as it was: mostly to its latest snapshot, after they have let go of it, at times in a hurry.
 */
import type { Operation } from '../../lib/model/request.ts'
import type { AttachmentBook, VolumeBook } from './history.ts'
import type { Random } from './random.ts'

/** Part of all requests, where there are snapshots. */
const REVERTS = 0.06

export interface WantedRevert {
  readonly book: VolumeBook
  /** What is let go of first. */
  readonly detach: readonly AttachmentBook[]
  readonly afterMs: number
  readonly operation: Operation
}

export class Reverters {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** @param promised volumes that are there, as far as clients know */
  draw(promised: readonly VolumeBook[]): WantedRevert | null {
    const random = this.#random
    const kept = promised.filter(({ snapshots }) => [...snapshots.values()].some(({ ackedMs }) => ackedMs !== null))
    if (kept.length === 0 || !random.chance(REVERTS)) return null
    const book = random.pick(kept)
    const known = [...book.snapshots.values()].filter(({ ackedMs, deleteAskedMs }) => ackedMs !== null && deleteAskedMs === null)
    const latest = known.at(-1)
    const { spec } = latest === undefined || random.chance(0.1) ? random.pick([...book.snapshots.values()]) : latest
    const detach = random.chance(0.8) ? [...book.attachments.values()].filter(({ isDetachAsked }) => !isDetachAsked) : []
    return { book, detach, afterMs: detach.length === 0 ? 0 : random.between(200, 3000), operation: { kind: 'revert', snapshot: spec.id } }
  }
}
