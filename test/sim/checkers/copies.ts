/**
 * Bytes that are copied: a volume that began as a copy has those of its source, which stays until the copy is made, and a
 * volume that was reverted has those of the snapshot that was asked for, and is reverted by nothing else.
 *
 * Bytes go by name here: whatever is made empty and whatever is written has a name of its own, and every copy has that of
 * what it was copied from.
 */
import type { SnapshotId, VolumeId } from '../../../lib/model/ids.ts'
import { snapshotOf } from '../../../lib/model/snapshot.ts'
import type { VolumeSource } from '../../../lib/model/volume-source.ts'
import type { SnapshotName } from '../../../lib/ports/backend.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import { type Checker, membersIn, type Scene } from './checker.ts'
import { type Owned, ownedIn, ownedOn } from './stored.ts'

export class CopyChecker implements Checker {
  readonly #scene: Scene
  /** Reverts that have come to an end, good or bad. */
  readonly #ended = new Set<string>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  onVolumeRemove(node: SimNode, volume: VolumeId): void {
    this.#requireUnused(node, volume, null)
  }

  onSnapshotRemove(node: SimNode, { id, volume }: SnapshotName): void {
    this.#requireUnused(node, volume, id)
  }

  onRevert(node: SimNode, volume: VolumeId, to: SnapshotName): void {
    const owned = ownedIn(node.journal.get(`volume/${volume}`))
    const snapshot = owned === null ? null : snapshotOf(owned.volume, to.id)
    const isMeant = owned?.volume.status === 'reverting' && snapshot?.status === 'restoring'
    if (!isMeant && !node.hasForgotten)
      throw new Violation('I6', 'a volume is reverted without a record that says so', { host: node.name, to, owned })
  }

  onDurable(node: SimNode, key: string, after: unknown, before: unknown): void {
    if (!key.startsWith('volume/')) return
    const [was, is] = [ownedIn(before), ownedIn(after)]
    if (was === null || is === null) return
    if (was.volume.status !== 'reverting' && is.volume.status === 'reverting') this.#requireAsked(node, is)
    if (was.volume.status === 'reverting' && is.volume.status !== 'reverting') this.#requireReverted(node, was, is)
    if (was.step === 'committed' && is.step === 'built' && is.volume.source !== null) requireCopied(node, is.volume.id, is.volume.source)
  }

  atRest(): void {
    for (const node of membersIn(this.#scene)) {
      for (const { volume, step } of ownedOn(node).values()) {
        if (volume.source === null || volume.source.kind === 'existing' || step !== 'built' || volume.status === 'error') continue
        requireKept(node, volume.id, volume.source)
      }
    }
    if (this.#scene.nodes.some(({ id, hasForgotten }) => hasForgotten || this.#scene.operator.isLost(id))) return
    for (const [rid, revert] of this.#scene.history.reverts)
      if (revert.ackedMs !== null && !this.#ended.has(rid))
        throw new Violation('I6', 'an acknowledged revert was never made', { rid, revert })
  }

  #requireAsked(node: SimNode, { volume, working }: Owned): void {
    const restoring = volume.snapshots.filter(({ status }) => status === 'restoring').map(({ id }) => id)
    const asked = working === null ? undefined : this.#scene.history.reverts.get(working.rid)
    if (!node.hasForgotten && (restoring.length !== 1 || asked?.snapshot !== restoring[0] || asked?.volume !== volume.id))
      throw new Violation('I6', 'a volume is reverted to something else than was asked for', { host: node.name, volume, asked })
  }

  #requireReverted(node: SimNode, was: Owned, { volume }: Owned): void {
    const to = was.volume.snapshots.find(({ status }) => status === 'restoring')
    if (to?.revert != null) this.#ended.add(to.revert)
    // One that has forgotten that it had been made may have been written to since.
    if (to === undefined || volume.status !== 'available' || node.hasForgotten) return
    const [bytes, wanted] = [node.volumes.bytesOf(volume.id), node.volumes.bytesOf(to.id)]
    if (bytes !== wanted)
      throw new Violation('I6', 'a volume that was reverted has other bytes than its snapshot', { host: node.name, volume, bytes, wanted })
  }

  #requireUnused(node: SimNode, volume: VolumeId, snapshot: SnapshotId | null): void {
    for (const { volume: copy, step } of ownedOn(node).values()) {
      const { source } = copy
      if (source === null || source.kind === 'existing' || source.volume !== volume || (step !== 'reserved' && step !== 'committed'))
        continue
      if (snapshot === null ? source.kind === 'volume' : source.kind === 'snapshot' && source.snapshot === snapshot)
        throw new Violation('I6', 'what is being copied is removed', { host: node.name, copy, step })
    }
  }
}

type Copied = Exclude<VolumeSource, { readonly kind: 'existing' }>

/** Of a snapshot the very bytes; of a volume some that it had, for it may have been written to meanwhile. */
function requireCopied(node: SimNode, copy: VolumeId, source: VolumeSource): void {
  if (source.kind === 'existing') return
  const bytes = node.volumes.bytesOf(copy)
  const isExact = source.kind === 'volume' || bytes === node.volumes.bytesOf(source.snapshot)
  if (!isExact && !node.hasForgotten)
    throw new Violation('I6', 'a copy has other bytes than its snapshot', { host: node.name, copy, source, bytes })
  requireKept(node, copy, source)
}

/** What it began with, or what was written to it since. */
function requireKept(node: SimNode, copy: VolumeId, source: Copied): void {
  const bytes = node.volumes.bytesOf(copy) ?? ''
  if (!bytes.startsWith(`${copy}#`) && !node.volumes.hasHad(source.volume, bytes))
    throw new Violation('I6', 'a copy has bytes that its source never had', { host: node.name, copy, source, bytes })
}
