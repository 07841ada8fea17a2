/**
 * Exclusive attachment and fence first (I8, I9).
 *
 * Whatever a target serves is in its owner's journal; a single-attach volume has one attachment and one writer; and
 * nothing is detached or removed while a way to its bytes is open.
 */
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { FakeExport, Session } from '../fakes/exports.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import { ownedIn, type Owned, parseIqn } from './stored.ts'

export class FenceChecker implements Checker {
  readonly #scene: Scene

  constructor(scene: Scene) {
    this.#scene = scene
  }

  onDurable(node: SimNode, key: string, after: unknown): void {
    if (!key.startsWith('volume/') || node.isAmnesic) return
    const id = key.slice('volume/'.length)
    const owned = ownedIn(after)
    if (owned !== null && !owned.volume.multiattach && owned.volume.attachments.length > 1) {
      throw new Violation('I8', 'a single-attach volume has two attachments', { volume: owned.volume })
    }
    const ways = [...node.exports.list(), ...[...node.exports.sessions].map(({ iqn }) => iqn)]
    for (const iqn of ways) {
      if (parseIqn(iqn).volume === id && !isJournalled(owned, iqn))
        throw new Violation('I9', 'a record says detached while its bytes can be reached', { iqn, owned })
    }
  }

  onExpose(node: SimNode, { iqn, readOnly }: FakeExport): void {
    const owned = ownedIn(node.journal.get(`volume/${parseIqn(iqn).volume}`))
    if (owned?.volume.readOnly === true && !readOnly)
      throw new Violation('I8', 'a read-only volume can be written to', { host: node.name, iqn, owned })
    if (!node.isAmnesic && !isJournalled(owned, iqn))
      throw new Violation('I8', 'an export is not in the journal', { host: node.name, iqn, owned })
  }

  onLogin(node: SimNode, session: Session): void {
    const { volume } = parseIqn(session.iqn)
    const owned = ownedIn(node.journal.get(`volume/${volume}`))
    if (!node.isAmnesic && !isJournalled(owned, session.iqn))
      throw new Violation('I8', 'a session serves no journalled attachment', { host: node.name, session, owned })
    // A host whose journal was taken away serves what it did before, while it asks what that was.
    if ((owned?.volume ?? this.#scene.history.books.get(volume)?.spec)?.multiattach === true) return
    for (const other of node.exports.sessions) {
      if (parseIqn(other.iqn).volume === volume && other.initiator !== session.initiator) {
        throw new Violation('I8', 'two initiators can write', { volume, sessions: [other, session] })
      }
    }
  }

  onVolumeRemove(node: SimNode, id: VolumeId): void {
    for (const { iqn } of node.exports.sessions) this.#refuse(node, id, iqn)
    for (const iqn of node.exports.list()) this.#refuse(node, id, iqn)
  }

  #refuse(node: SimNode, id: VolumeId, iqn: string): void {
    if (parseIqn(iqn).volume === id) throw new Violation('I9', 'bytes are removed while they can be reached', { host: node.name, iqn })
  }
}

function isJournalled(owned: Owned | null, iqn: string): boolean {
  const { generation } = parseIqn(iqn)
  return owned?.volume.attachments.some((attachment) => attachment.export !== 'none' && attachment.generation === generation) === true
}
