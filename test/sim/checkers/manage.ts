/**
 * What lies in a pool and is no volume stays as it is, until one volume takes it in; and a volume that is given back keeps its bytes.
 *
 * Bytes go by name (bytes.ts): whatever was laid into a pool is at every moment under some name there, or was deleted as a volume that
 * somebody had asked to delete.
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
import { bytesBehind } from './bytes.ts'
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
      for (const [id, { step }] of ownedOn(node)) {
        const bytes = node.volumes.bytesOf(id)
        const wanted = bytesBehind(this.#scene.history, id)
        if (step === 'built' && bytes !== wanted)
          throw new Violation('I6', 'a volume has other bytes than it was made with', { host: node.name, id, bytes, wanted })
      }
      this.#checkLaid(node)
    }
  }

  #checkLaid(node: SimNode): void {
    const there = [...node.volumes.existing.values()].map(({ bytes }) => bytes)
    const volumes = node.volumes.list().map(({ id }) => node.volumes.bytesOf(id))
    for (const bytes of node.laid) {
      const isDeleted = [...this.#scene.history.books.values()].some(
        ({ spec, deletes }) => deletes > 0 && this.#taken.has(spec.id) && bytesBehind(this.#scene.history, spec.id) === bytes,
      )
      if (!there.includes(bytes) && !volumes.includes(bytes) && !isDeleted)
        throw new Violation('I6', 'what somebody laid into a pool is gone', { host: node.name, bytes })
      if (there.filter((other) => other === bytes).length > 1)
        throw new Violation('I6', 'something lies in a pool twice', { host: node.name, bytes })
    }
  }
}
