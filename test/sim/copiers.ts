/** Clients who ask for volumes that begin as copies, of what some host shows them. */
import type { ProjectId } from '../../lib/model/ids.ts'
import { snapshotOf } from '../../lib/model/snapshot.ts'
import type { Volume, VolumeSpec } from '../../lib/model/volume.ts'
import type { SourcePlace } from '../../lib/model/volume-source.ts'
import type { History, VolumeBook } from './history.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'

/** Part of all creates, where there is something to copy. */
const COPIES = 0.2

export interface Copied {
  /** What the copy has from its source. */
  readonly facts: Pick<VolumeSpec, 'source' | 'sizeGiB' | 'type' | 'typeId' | 'multiattach'>
  readonly place: SourcePlace
}

export class Copiers {
  readonly #random: Random
  readonly #history: History
  readonly #nodes: readonly SimNode[]

  constructor(random: Random, history: History, nodes: readonly SimNode[]) {
    this.#random = random
    this.#history = history
    this.#nodes = nodes
  }

  draw(project: ProjectId): Copied | null {
    const random = this.#random
    const books = [...this.#history.books.values()].filter((book) => book.project === project && book.ackedMs !== null)
    if (books.length === 0 || !random.chance(COPIES)) return null
    const book = random.pick(books)
    const volume = this.#shown(book)
    if (volume === null || volume.owner === null || volume.pool === null) return null
    const { owner, pool, type, typeId, multiattach } = volume
    const [id] = [...book.snapshots.keys()].slice(-1)
    const snapshot = id === undefined || random.chance(0.4) ? null : snapshotOf(volume, id)
    const source =
      snapshot === null
        ? ({ kind: 'volume', volume: volume.id } as const)
        : ({ kind: 'snapshot', snapshot: snapshot.id, volume: volume.id } as const)
    const sizeGiB = (snapshot ?? volume).sizeGiB + (random.chance(0.3) ? 1 : 0)
    return { place: { owner, pool }, facts: { source, sizeGiB, type, typeId, multiattach } }
  }

  #shown({ spec }: VolumeBook): Volume | null {
    const node = this.#random.pick(this.#nodes)
    return node.peer?.view.volumes.get(spec.id)?.volume ?? null
  }
}
