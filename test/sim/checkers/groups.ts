/**
 * A group holds together (I6, I12): it lies with its volumes, goes with all of them or with none, and its snapshots are whole or in error.
 *
 * Reads the owners' journals: a group that is on its way out takes every volume that is in it along, in one batch; it is gone only after
 * the last of them; and at rest volumes, groups and parts of group snapshots name each other.
 */
import { groupSnapshotOf, type GroupSnapshot, isGroup } from '../../../lib/model/group.ts'
import type { GroupId, VolumeId } from '../../../lib/model/ids.ts'
import type { ClientReply } from '../../../lib/model/request.ts'
import { snapshotOf } from '../../../lib/model/snapshot.ts'
import type { Volume } from '../../../lib/model/volume.ts'
import type { GroupBook, GroupSnapshotBook } from '../group-books.ts'
import type { Asked, VolumeBook } from '../history.ts'
import type { Hits } from '../hits.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import { type Checker, membersIn, type Scene } from './checker.ts'
import type { RegisterChecker } from './registers.ts'
import { ownedIn, ownedOn, type Owned } from './stored.ts'

export class GroupChecker implements Checker {
  readonly #scene: Scene
  readonly #registers: RegisterChecker
  readonly #hits: Hits
  /** Groups of which something was written in this event. */
  readonly #touched = new Map<GroupId, SimNode>()
  /** Groups whose delete was taken while their host was away, and could not be done. */
  readonly #refused = new Set<GroupId>()

  constructor(scene: Scene, registers: RegisterChecker, hits: Hits) {
    this.#scene = scene
    this.#registers = registers
    this.#hits = hits
  }

  onDurable(node: SimNode, key: string, after: unknown, before: unknown): void {
    if (!key.startsWith('volume/')) return
    const [was, is] = [ownedIn(before), ownedIn(after)]
    const group = (is ?? was)?.volume
    if (group === undefined || !isGroup(group)) return
    if (is?.volume.failure?.kind === 'delete-refused') this.#refused.add(group.id)
    const isBegun = is?.step === 'deleting' && was?.step !== 'deleting'
    const isGone = is === null && was?.step !== 'reserved'
    if ((isBegun || isGone) && !node.hasForgotten && !node.isAmnesic) this.#touched.set(group.id, node)
    if (isGone) this.#hits.add('groups: gone')
  }

  afterEach(): void {
    if (this.#touched.size === 0) return
    for (const [id, node] of this.#touched) checkGoing(node, id)
    this.#touched.clear()
  }

  onReply(_node: SimNode, { request }: Asked, reply: ClientReply): void {
    if (request.kind !== 'operate' || reply.kind !== 'operate' || !reply.result.ok) return
    const { operation, project, rid } = request.request
    const { volume, groupSnapshot } = reply.result.value
    if (operation.kind === 'group-snapshot') {
      if (project !== null && this.#registers.decisionOf(project, rid) === null)
        throw new Violation('I6', 'a group snapshot was acknowledged before a majority had decided it', { rid, operation })
      if (groupSnapshot?.id !== operation.groupSnapshot.id)
        throw new Violation('states', 'an answer tells of another group snapshot', { operation, reply })
    }
    if (
      operation.kind === 'delete-group-snapshot' &&
      (groupSnapshot?.id !== operation.groupSnapshot || groupSnapshot.status !== 'deleting')
    )
      throw new Violation('states', 'a group snapshot was deleted and is not on its way out', { operation, reply })
    if (operation.kind === 'change-group' && (volume === null || !isGroup(volume)))
      throw new Violation('states', 'what was changed is no group', { operation, reply })
  }

  atRest(): void {
    for (const node of membersIn(this.#scene)) {
      const records = ownedOn(node)
      for (const { volume } of records.values()) this.#checkTogether(node, volume, records)
    }
    const view = membersIn(this.#scene).find(({ isUp }) => isUp)?.peer?.view
    for (const book of this.#scene.history.groups.values()) this.#checkBook(book, view?.volumes.get(book.spec.id)?.volume ?? null)
    for (const book of this.#scene.history.books.values()) {
      const found = view?.volumes.get(book.spec.id)?.volume
      if (found !== undefined) this.#checkPlace(book, found)
    }
  }

  /** Volumes, groups and parts of group snapshots name each other. */
  #checkTogether(node: SimNode, volume: Volume, records: ReadonlyMap<VolumeId, Owned>): void {
    if (volume.group !== undefined) {
      const group = records.get(volume.group)?.volume
      if (group === undefined || !isGroup(group) || group.project !== volume.project)
        throw new Violation('I12', 'a volume is in a group that is not there', { host: node.name, volume, group })
      if (volume.typeId === null || !group.holds.volumeTypes.includes(volume.typeId))
        throw new Violation('I12', 'a group has a volume of a type that it does not take', { host: node.name, volume, group })
      this.#hits.add('groups: a volume in one')
    }
    for (const { id, groupSnapshot } of volume.snapshots) {
      if (groupSnapshot === undefined) continue
      const of = [...records.values()].find((owned) => groupSnapshotOf(owned.volume, groupSnapshot) !== null)
      if (of === undefined) throw new Violation('I12', 'a part of a group snapshot that is not there', { host: node.name, volume, id })
    }
    for (const one of volume.groupSnapshots ?? []) this.#checkWhole(node, one, records)
  }

  #checkWhole(node: SimNode, one: GroupSnapshot, records: ReadonlyMap<VolumeId, Owned>): void {
    if (one.status !== 'available') return
    this.#hits.add('groups: a snapshot')
    for (const { volume, snapshot } of one.members) {
      const owned = records.get(volume)
      const part = owned === undefined ? null : snapshotOf(owned.volume, snapshot)
      if (part === null || part.groupSnapshot !== one.id || part.status === 'error')
        throw new Violation('I6', 'a group snapshot is available and lacks a part', { host: node.name, one, part })
    }
  }

  #checkBook(book: GroupBook, found: Volume | null): void {
    const { spec, rid, ackedMs, deleteAskedMs, deleteAckedMs } = book
    const decision = this.#registers.decisionOf(spec.project, rid)
    if (decision?.kind === 'unplaced') {
      if (deleteAckedMs !== null) throw new Violation('I6', 'a group whose delete was acknowledged is there', { book })
      return
    }
    const owner = found?.owner ?? (decision?.kind === 'bound' ? decision.host : null)
    const { operator } = this.#scene
    if (owner !== null && (operator.isLost(owner) || operator.hasLeft(owner))) return
    if (found === null) {
      if (ackedMs !== null && deleteAskedMs === null) throw new Violation('I6', 'a promised group is lost', { book, decision })
      return
    }
    if (!isGroup(found)) throw new Violation('I6', 'a group has become a volume', { book, found })
    if (deleteAckedMs !== null && found.failure?.kind !== 'backend' && !this.#refused.has(found.id))
      throw new Violation('I6', 'a group whose delete was acknowledged is there', { book, found })
    if (found.status !== 'available' && found.status !== 'error') throw new Violation('I6', 'a group never came to an end', { book, found })
    for (const snapshot of book.snapshots.values()) this.#checkSnapshot(snapshot, found)
  }

  #checkSnapshot(book: GroupSnapshotBook, found: Volume): void {
    const there = groupSnapshotOf(found, book.spec.id)
    const mayDiffer = this.#scene.nodes.some(({ id, hasForgotten }) => hasForgotten && id === found.owner)
    if (there === null && book.ackedMs !== null && book.deleteAskedMs === null)
      throw new Violation('I6', 'a promised group snapshot is lost', { book, found })
    if (there !== null && book.deleteAckedMs !== null && there.status !== 'error' && !mayDiffer)
      throw new Violation('I6', 'a group snapshot whose delete was acknowledged is there', { book, there })
  }

  /** Where it was put last, or where somebody may have put it since. */
  #checkPlace(book: VolumeBook, found: Volume): void {
    const { spec, moves } = book
    const mayDiffer = this.#scene.nodes.some(({ id, hasForgotten }) => hasForgotten && id === found.owner)
    const isLost = found.owner !== null && this.#scene.operator.isLost(found.owner)
    if (mayDiffer || isLost || found.owner === null) return
    const settled = moves.filter(({ ackedMs }) => ackedMs !== null)
    const isOver = (askedMs: number): boolean => settled.some((later) => later.askedMs > askedMs)
    const open = moves.filter(({ ackedMs }) => ackedMs === null || !isOver(ackedMs)).map(({ to }) => to)
    const allowed = settled.length > 0 ? open : [spec.group ?? null, ...open]
    if (!allowed.includes(found.group ?? null))
      throw new Violation('I6', 'a volume is not in the group that it was put in last', { book, found, allowed })
  }
}

/** All that is in it goes in the batch in which it does, and it is gone after all of that. */
function checkGoing(node: SimNode, id: GroupId): void {
  const records = ownedOn(node)
  const isThere = records.has(id)
  for (const { volume, step } of records.values()) {
    if (volume.group !== id) continue
    const isGoing = step === 'deleting' || volume.status === 'error_deleting'
    if (!isThere || !isGoing)
      throw new Violation('I6', 'a group goes without a volume that is in it', { host: node.name, group: id, volume, step })
  }
}
