/**
 * What lies in a pool and is no volume stays as it is, until one volume takes it in; and a volume that is given back keeps its bytes.
 *
 * Bytes go by name: whatever was laid into a pool is at every moment under some name there, or belongs to a volume that took it
 * in and was written to, or deleted because somebody had asked for it.
 */
import type { SnapshotId, VolumeId } from '../../../lib/model/ids.ts'
import { volumeKey } from '../../../lib/flows/keys.ts'
import { givesSnapshotBack, type Snapshot } from '../../../lib/model/snapshot.ts'
import type { BackendSnapshot, BackendVolume, SnapshotName } from '../../../lib/ports/backend.ts'
import type { PeerEvent } from '../../../lib/flows/step.ts'
import type { ClientReply } from '../../../lib/model/request.ts'
import type { Asked, VolumeBook } from '../history.ts'
import type { Hits } from '../hits.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import { type Checker, membersIn, type Scene } from './checker.ts'
import { type Owned, ownedIn, ownedOn } from './stored.ts'

export class ManageChecker implements Checker {
  readonly #scene: Scene
  readonly #hits: Hits
  /** By host and name: the volume that takes it in. */
  readonly #claims = new Map<string, VolumeId>()
  readonly #taken = new Set<VolumeId>()
  readonly #takenSnapshots = new Set<SnapshotId>()

  constructor(scene: Scene, hits: Hits) {
    this.#scene = scene
    this.#hits = hits
  }

  onDurable(node: SimNode, key: string, after: unknown): void {
    const owned = key.startsWith('volume/') ? ownedIn(after) : null
    const wanted = owned === null ? null : takenInBy(owned)
    if (owned === null || wanted === null) return
    const { id } = owned.volume
    const name = `${node.name}/${wanted}`
    const other = this.#claims.get(name) ?? id
    const rival = ownedIn(node.journal.get(volumeKey(other)))
    if (other !== id && rival !== null && takenInBy(rival) === wanted)
      throw new Violation('I3', 'one thing is taken in twice', { name, volumes: [other, id] })
    this.#claims.set(name, id)
  }

  onReply(_node: SimNode, _asked: Asked, { result }: ClientReply): void {
    if (!result.ok && result.failure.code === 'existing-taken') this.#hits.add('existing: wanted by two')
  }

  onOutcome(_node: SimNode, { kind, call, outcome }: Extract<PeerEvent, { kind: 'backend' | 'target' }>): void {
    if (kind === 'backend' && outcome.kind === 'ok' && call.kind === 'release') this.#hits.add('existing: given back')
    if (kind === 'backend' && outcome.kind === 'failed' && call.kind === 'adopt') this.#hits.add('existing: not taken in')
    if (kind === 'backend' && outcome.kind === 'ok' && call.kind === 'release-snapshot') this.#hits.add('snapshot: given back')
    if (kind === 'backend' && outcome.kind === 'failed' && call.kind === 'adopt-snapshot') this.#hits.add('snapshot: not taken in')
  }

  onAdopt(node: SimNode, { id }: BackendVolume, name: string): void {
    const book = this.#scene.history.books.get(id)
    const source = book?.spec.source ?? null
    this.#hits.add('existing: taken in')
    this.#taken.add(id)
    if (source?.kind !== 'existing' || source.name !== name)
      throw new Violation('I6', 'something is taken in that nobody asked for', { host: node.name, id, name })
  }

  onSnapshotAdopt(node: SimNode, { id, volume }: BackendSnapshot, name: string): void {
    this.#hits.add('snapshot: taken in')
    this.#takenSnapshots.add(id)
    const asked = this.#scene.history.books.get(volume)?.snapshots.get(id)?.spec.existing
    if (asked?.name !== name) throw new Violation('I6', 'a snapshot is taken in that nobody asked for', { host: node.name, id, name })
  }

  onSnapshotRemove(node: SimNode, { id, volume }: SnapshotName): void {
    const snapshot = ownedIn(node.journal.get(volumeKey(volume)))?.volume.snapshots.find((one) => one.id === id)
    if (snapshot !== undefined && givesSnapshotBack(snapshot))
      throw new Violation('I6', 'bytes of a snapshot are removed that were to be given back', { host: node.name, snapshot })
    // What a tool that failed has left of it goes, whoever has asked in vain for it to be given back.
    if (snapshot?.status === 'creating' || snapshot?.failure?.step === 'create') return
    const book = this.#scene.history.books.get(volume)
    const asked = book?.snapshots.get(id)
    const isUnasked = asked?.isUnmanageAsked === true && !asked.isDeleteAsked && book?.deletes === 0
    if (isUnasked) throw new Violation('I6', 'a snapshot was only to be unmanaged, and its bytes are removed', { host: node.name, id })
  }

  onVolumeRemove(node: SimNode, id: VolumeId): void {
    const owned = ownedIn(node.journal.get(volumeKey(id)))
    const book = this.#scene.history.books.get(id)
    const isLaid = owned?.volume.source?.kind === 'existing'
    const isUnasked = book !== undefined && !isDeleteAsked(book) && (owned?.step === 'deleting' || book.spec.source?.kind === 'existing')
    if (isLaid || isUnasked)
      throw new Violation('I6', 'what was taken in, or was to be, is removed, and nobody asked for it', { host: node.name, owned, book })
    if (owned?.volume.status === 'unmanaging')
      throw new Violation('I6', 'a volume that is to be given back is removed', { host: node.name, owned })
  }

  atRest(): void {
    for (const node of membersIn(this.#scene)) {
      for (const [id, { step, volume }] of ownedOn(node)) {
        if (volume.source?.kind === 'existing' && step === 'built' && !this.#taken.has(id))
          throw new Violation('I6', 'a volume was made of what was never taken in', { host: node.name, volume })
        for (const snapshot of volume.snapshots) this.#requireTaken(node, volume.id, snapshot)
      }
      this.#checkLaid(node)
    }
  }

  #requireTaken(node: SimNode, volume: VolumeId, { id, status }: Snapshot): void {
    const existing = this.#scene.history.books.get(volume)?.snapshots.get(id)?.spec.existing
    if (existing !== undefined && status === 'available' && !this.#takenSnapshots.has(id))
      throw new Violation('I6', 'a snapshot was made of what was never taken in', { host: node.name, id, existing })
  }

  /** A copy of what was taken in has the same bytes, and so has a snapshot, which may lie there beside it. */
  #hasCopies(): boolean {
    return [...this.#scene.history.books.values()].some(
      ({ spec, snapshots }) =>
        (spec.source !== null && spec.source.kind !== 'existing') || [...snapshots.values()].some(({ isUnmanageAsked }) => isUnmanageAsked),
    )
  }

  #checkLaid(node: SimNode): void {
    const there = [...node.volumes.existing.values()].map(({ bytes }) => bytes)
    const volumes = node.volumes.list().map(({ id }) => node.volumes.bytesOf(id))
    for (const bytes of node.laid) {
      const isTheirs = [...this.#taken].some(
        (id) => node.volumes.hasHad(id, bytes) && (node.volumes.hasBeenWritten(id) || isDeleteAsked(this.#scene.history.books.get(id))),
      )
      if (!there.includes(bytes) && !volumes.includes(bytes) && !isTheirs)
        throw new Violation('I6', 'what somebody laid into a pool is gone', { host: node.name, bytes })
      if (!this.#hasCopies() && there.filter((other) => other === bytes).length > 1)
        throw new Violation('I6', 'something lies in a pool twice', { host: node.name, bytes })
    }
  }
}

/** The name of what this record is about to take in, as a volume or as a snapshot of one; null if nothing. */
function takenInBy({ step, volume, pending }: Owned): string | null {
  if (step === 'committed' && volume.source?.kind === 'existing') return volume.source.name
  return pending?.kind === 'snapshot' && pending.committed ? (pending.snapshot.existing?.name ?? null) : null
}

/** Of itself, or of its group with all that is in it. */
function isDeleteAsked(book: VolumeBook | undefined): boolean {
  return book !== undefined && (book.deletes > 0 || book.isGroupDeleteAsked)
}
