/**
 * What lies in a pool and is no volume stays as it is, until one volume takes it in; and a volume that is given back keeps its bytes.
 *
 * Bytes go by name: whatever was laid into a pool is at every moment under some name there, or belongs to a volume that took it
 * in and was written to, or deleted because somebody had asked for it.
 */
import type { VolumeId } from '../../../lib/model/ids.ts'
import { volumeKey } from '../../../lib/flows/keys.ts'
import type { BackendVolume } from '../../../lib/ports/backend.ts'
import type { PeerEvent } from '../../../lib/flows/step.ts'
import type { ClientReply } from '../../../lib/model/request.ts'
import type { Asked } from '../history.ts'
import type { Hits } from '../hits.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import { type Checker, membersIn, type Scene } from './checker.ts'
import { ownedIn, ownedOn } from './stored.ts'

export class ManageChecker implements Checker {
  readonly #scene: Scene
  readonly #hits: Hits
  /** By host and name: the volume that takes it in. */
  readonly #claims = new Map<string, VolumeId>()
  readonly #taken = new Set<VolumeId>()

  constructor(scene: Scene, hits: Hits) {
    this.#scene = scene
    this.#hits = hits
  }

  onDurable(node: SimNode, key: string, after: unknown): void {
    const owned = key.startsWith('volume/') ? ownedIn(after) : null
    if (owned?.step !== 'committed' || owned.volume.source?.kind !== 'existing') return
    const { id, source } = owned.volume
    const name = `${node.name}/${source.name}`
    const other = this.#claims.get(name) ?? id
    const isOpen = ownedIn(node.journal.get(volumeKey(other)))?.step === 'committed'
    if (other !== id && isOpen) throw new Violation('I3', 'two volumes take in one thing', { name, volumes: [other, id] })
    this.#claims.set(name, id)
  }

  onReply(_node: SimNode, _asked: Asked, { result }: ClientReply): void {
    if (!result.ok && result.failure.code === 'existing-taken') this.#hits.add('existing: wanted by two')
  }

  onOutcome(_node: SimNode, { kind, call, outcome }: Extract<PeerEvent, { kind: 'backend' | 'target' }>): void {
    if (kind === 'backend' && outcome.kind === 'ok' && call.kind === 'release') this.#hits.add('existing: given back')
    if (kind === 'backend' && outcome.kind === 'failed' && call.kind === 'adopt') this.#hits.add('existing: not taken in')
  }

  onAdopt(node: SimNode, { id }: BackendVolume, name: string): void {
    const book = this.#scene.history.books.get(id)
    const source = book?.spec.source ?? null
    this.#hits.add('existing: taken in')
    this.#taken.add(id)
    if (source?.kind !== 'existing' || source.name !== name)
      throw new Violation('I6', 'something is taken in that nobody asked for', { host: node.name, id, name })
  }

  onVolumeRemove(node: SimNode, id: VolumeId): void {
    const owned = ownedIn(node.journal.get(volumeKey(id)))
    const book = this.#scene.history.books.get(id)
    const isLaid = owned?.volume.source?.kind === 'existing'
    const isUnasked = book !== undefined && book.deletes === 0 && (owned?.step === 'deleting' || book.spec.source?.kind === 'existing')
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
      }
      this.#checkLaid(node)
    }
  }

  /** A copy of what was taken in has the same bytes. */
  #hasCopies(): boolean {
    return [...this.#scene.history.books.values()].some(({ spec }) => spec.source !== null && spec.source.kind !== 'existing')
  }

  #checkLaid(node: SimNode): void {
    const there = [...node.volumes.existing.values()].map(({ bytes }) => bytes)
    const volumes = node.volumes.list().map(({ id }) => node.volumes.bytesOf(id))
    for (const bytes of node.laid) {
      const isTheirs = [...this.#taken].some(
        (id) =>
          node.volumes.hasHad(id, bytes) && (node.volumes.hasBeenWritten(id) || (this.#scene.history.books.get(id)?.deletes ?? 0) > 0),
      )
      if (!there.includes(bytes) && !volumes.includes(bytes) && !isTheirs)
        throw new Violation('I6', 'what somebody laid into a pool is gone', { host: node.name, bytes })
      if (!this.#hasCopies() && there.filter((other) => other === bytes).length > 1)
        throw new Violation('I6', 'something lies in a pool twice', { host: node.name, bytes })
    }
  }
}
