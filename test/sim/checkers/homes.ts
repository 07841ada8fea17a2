/**
 * One home for a volume, and never more room given out than there is (I3, I4).
 *
 * Reads the hosts' volumes and journals. Bytes come to be only on the host to which a majority has bound the request.
 */
import { isGroup, sizeWithMembers } from '../../../lib/model/group.ts'
import type { VolumeId } from '../../../lib/model/ids.ts'
import { FORGOTTEN } from '../../../lib/flows/owner/snapshot.ts'
import { volumeKey } from '../../../lib/flows/keys.ts'
import { givesSnapshotBack, snapshotOf } from '../../../lib/model/snapshot.ts'
import type { BackendSnapshot, BackendVolume, SnapshotName } from '../../../lib/ports/backend.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import type { RegisterChecker } from './registers.ts'
import { ownedIn, ownedOn, type Owned } from './stored.ts'

export class HomeChecker implements Checker {
  readonly #scene: Scene
  readonly #registers: RegisterChecker
  readonly #homes = new Map<VolumeId, SimNode>()
  readonly #provisionedGiB = new Map<string, number>()

  constructor(scene: Scene, registers: RegisterChecker) {
    this.#scene = scene
    this.#registers = registers
  }

  onVolumeCreate(node: SimNode, { id }: BackendVolume): void {
    const home = this.#homes.get(id)
    if (home !== undefined && home !== node)
      throw new Violation('I3', 'a volume has bytes on two hosts', { id, hosts: [home.name, node.name] })
    const decision = this.#registers.decisionOfVolume(id)
    if (decision === null || decision.kind === 'unplaced' || decision.host !== node.id) {
      throw new Violation('I3', 'bytes were made on a host to which nothing is bound', { id, host: node.name, decision })
    }
    this.#homes.set(id, node)
  }

  onAdopt(node: SimNode, volume: BackendVolume): void {
    this.onVolumeCreate(node, volume)
  }

  onVolumeRemove(node: SimNode, id: VolumeId): void {
    this.#homes.delete(id)
    const snapshots = ownedIn(node.journal.get(volumeKey(id)))?.volume.snapshots ?? []
    if (snapshots.length > 0) throw new Violation('I3', 'the bytes of a volume go before its snapshots', { host: node.name, id, snapshots })
  }

  onSnapshot(node: SimNode, snapshot: BackendSnapshot): void {
    if (this.#homes.get(snapshot.volume) !== node || !this.#registers.wasGranted(snapshot.id)) {
      throw new Violation('I3', 'a snapshot was made that nobody had granted, or not where its volume is', { host: node.name, snapshot })
    }
  }

  onSnapshotAdopt(node: SimNode, snapshot: BackendSnapshot): void {
    this.onSnapshot(node, snapshot)
  }

  onSnapshotRemove(node: SimNode, { id, volume }: SnapshotName): void {
    const owned = ownedIn(node.journal.get(volumeKey(volume)))
    const snapshot = owned === null ? null : snapshotOf(owned.volume, id)
    if (snapshot?.status === 'available')
      throw new Violation('I6', 'the bytes of a snapshot that is available go', { host: node.name, snapshot })
  }

  onDurable(node: SimNode, key: string, after: unknown, before: unknown): void {
    if (!key.startsWith('volume/')) return
    const sum = (this.#provisionedGiB.get(node.id) ?? 0) + sizeOf(ownedIn(after)) - sizeOf(ownedIn(before))
    this.#provisionedGiB.set(node.id, sum)
    const { poolGiB } = this.#scene.options
    const others = node.volumes.existingGiB()
    // A volume that a hand had renamed, and that was deleted meanwhile, comes back when its room is somebody else's.
    if (sum + others <= poolGiB || node.isAmnesic || node.volumes.wasHidden) return
    // Put back to an old journal, it holds reservations that it had let go; nothing can be bound to them any more.
    const stale = node.hasForgotten ? reservedGiB(node) : 0
    if (sum + others - stale > poolGiB)
      throw new Violation('I4', 'a pool has given out more than it has', { host: node.name, sum, others, poolGiB })
  }
}

/** Room that is set aside, and promised to nobody yet. */
function reservedGiB(node: SimNode): number {
  return [...ownedOn(node).values()].reduce((sum, owned) => sum + (owned.step === 'reserved' ? sizeOf(owned) : roomAhead(owned)), 0)
}

/** What an extend or a snapshot would take that nothing was bound to yet. */
function roomAhead(owned: Owned): number {
  const { pending } = owned
  return pending === null || pending.committed ? 0 : sizeOf(owned) - sizeOf({ ...owned, pending: null })
}

function sizeOf(owned: Owned | null): number {
  // The volumes that a group begins with have records of their own once it is promised.
  if (owned !== null && isGroup(owned.volume)) return owned.step === 'reserved' ? sizeWithMembers(owned.volume) : 0
  // In error because it could not be given room: it has none.
  if (owned?.step === 'failed' && owned.volume.failure?.kind === 'lost') return 0
  if (owned === null) return 0
  const { pending, volume } = owned
  // It lies there as somebody else's, still or again, and counts as such.
  if (volume.source?.kind === 'existing' || volume.status === 'unmanaging') return 0
  const sizeGiB = pending?.kind === 'extend' ? Math.max(volume.sizeGiB, pending.sizeGiB) : volume.sizeGiB
  const reserved = pending?.kind === 'snapshot' && !pending.committed && pending.snapshot.existing === undefined ? pending.sizeGiB : 0
  // Like a volume: a snapshot in error for want of room has none, nor has one that lies there as somebody else's, still or again.
  const taken = volume.snapshots.filter((snapshot) => snapshot.failure?.tool !== FORGOTTEN && !givesSnapshotBack(snapshot))
  return taken.reduce((sum, snapshot) => sum + snapshot.sizeGiB, sizeGiB + reserved)
}
