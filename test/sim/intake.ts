/**
 * Admins who have what lies in a pool taken in as volumes and snapshots, and those given back: also two of them at once, what is not there
 * (any more), and what another one has just been given.
 */
import type { VolumeSpec } from '../../lib/model/volume.ts'
import { poolName, type SnapshotId, type VolumeId } from '../../lib/model/ids.ts'
import type { ExistingSnapshot } from '../../lib/model/snapshot.ts'
import type { SourcePlace } from '../../lib/model/volume-source.ts'
import { bytesLaid } from './checkers/bytes.ts'
import type { History, VolumeBook } from './history.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'

const GIB = 1024 ** 3
const LAID_MAX = 3

export interface Found {
  readonly facts: Pick<VolumeSpec, 'source' | 'sizeGiB'>
  readonly place: SourcePlace
}

export class Intake {
  readonly #random: Random
  readonly #history: History
  readonly #nodes: readonly SimNode[]

  constructor(random: Random, history: History, nodes: readonly SimNode[]) {
    this.#random = random
    this.#history = history
    this.#nodes = nodes
  }

  /** Things that nobody here knows of, in no more than half of each pool. */
  layThings(poolGiB: number): void {
    for (const node of this.#nodes) {
      for (let n = this.#random.below(LAID_MAX + 1); n > 0; n -= 1) {
        const sizeGiB = this.#random.between(1, 3)
        if (node.volumes.existingGiB() + sizeGiB > poolGiB / 2) continue
        const name = `found-${node.name}-${n}`
        const isOdd = this.#random.chance(0.1)
        const bytes = bytesLaid(name)
        node.volumes.lay(name, { sizeBytes: sizeGiB * GIB, hindrance: isOdd ? 'in-use' : null, former: null, bytes })
        node.laid.push(bytes)
      }
    }
  }

  /** What an admin sees in some pool, or has seen there; null if nothing was ever there. */
  drawThing(): Found | null {
    const random = this.#random
    const node = random.pick(this.#nodes)
    const known = this.#asked(node)
    const things = [...node.volumes.existing].map(([name, { sizeBytes }]) => ({ name, sizeGiB: sizeBytes / GIB }))
    const choices = known.length > 0 && random.chance(0.3) ? known : things
    if (choices.length === 0) return null
    const { name, sizeGiB } = random.pick(choices)
    const isWrong = random.chance(0.05)
    return {
      facts: { source: { kind: 'existing', name }, sizeGiB: isWrong ? sizeGiB + 1 : sizeGiB },
      place: { owner: node.id, pool: poolName(node.name, 'fake', 'p') },
    }
  }

  /** A volume to give back: mostly one that was taken in. */
  drawVolume(books: readonly VolumeBook[]): VolumeBook {
    const managed = books.filter(({ spec }) => spec.source?.kind === 'existing')
    return this.#random.pick(managed.length > 0 && this.#random.chance(0.8) ? managed : books)
  }

  /** A snapshot that lies in some pool, or has lain there, and the volume that it is one of; at times another one. Null if there is none. */
  drawSnapshot(books: readonly VolumeBook[]): { readonly book: VolumeBook; readonly existing: ExistingSnapshot } | null {
    const random = this.#random
    const things = this.#nodes.flatMap(({ volumes }) => [...volumes.existing])
    const found = things.flatMap(([name, { of, sizeBytes }]) => (of === undefined ? [] : [{ of, name, sizeGiB: sizeBytes / GIB }]))
    const choices = found.length > 0 && random.chance(0.9) ? found : this.#askedSnapshots(books)
    if (choices.length === 0) return null
    const { of, ...existing } = random.pick(choices)
    const book = books.find(({ spec }) => spec.id === of)
    if (book === undefined || random.chance(0.05)) return books.length === 0 ? null : { book: random.pick(books), existing }
    return { book, existing: random.chance(0.05) ? { ...existing, sizeGiB: existing.sizeGiB + 1 } : existing }
  }

  /** A snapshot to give back; null if nobody knows of one. */
  drawKept(books: readonly VolumeBook[]): { readonly book: VolumeBook; readonly snapshot: SnapshotId } | null {
    const kept = books.flatMap((book) =>
      [...book.snapshots.values()].flatMap(({ spec, ackedMs, deleteAckedMs }) =>
        ackedMs === null || deleteAckedMs !== null ? [] : [{ book, snapshot: spec.id }],
      ),
    )
    return kept.length === 0 ? null : this.#random.pick(kept)
  }

  #askedSnapshots(books: readonly VolumeBook[]): readonly (ExistingSnapshot & { readonly of: VolumeId })[] {
    return books.flatMap(({ snapshots }) =>
      [...snapshots.values()].flatMap(({ spec: { existing, volume } }) => (existing === undefined ? [] : [{ ...existing, of: volume }])),
    )
  }

  /** What somebody has asked to have taken in on this host. */
  #asked(node: SimNode): readonly { readonly name: string; readonly sizeGiB: number }[] {
    return [...this.#history.books.values()].flatMap(({ spec, sourceAt }) =>
      spec.source?.kind === 'existing' && sourceAt?.owner === node.id ? [{ name: spec.source.name, sizeGiB: spec.sizeGiB }] : [],
    )
  }
}
