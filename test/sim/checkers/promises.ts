/**
 * What clients were told holds (I5, I6).
 *
 * A 202 only after a majority has decided; one volume for one key; nobody who was promised a volume is told that there
 * is none; and at rest every volume is as somebody wanted it last.
 */
import type { AttachmentId, SnapshotId, VolumeId } from '../../../lib/model/ids.ts'
import type { ClientReply, ClientRequest, OperationRequest } from '../../../lib/model/request.ts'
import { type Snapshot, snapshotOf, type SnapshotSpec } from '../../../lib/model/snapshot.ts'
import type { Volume } from '../../../lib/model/volume.ts'
import { type Asked, possible, type SnapshotBook, type VolumeBook } from '../history.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import { type Checker, membersIn, type Scene } from './checker.ts'
import type { RegisterChecker } from './registers.ts'
import type { TransferChecker } from './transfers.ts'
import { ownedIn } from './stored.ts'

export class PromiseChecker implements Checker {
  readonly #scene: Scene
  readonly #registers: RegisterChecker
  readonly #transfers: TransferChecker
  readonly #bodies = new Map<string, string>()
  /** Volumes whose delete or unmanage was taken and could not be done. */
  readonly #refused = new Set<VolumeId>()
  /** Snapshots whose unmanage was taken and could not be done. */
  readonly #refusedSnapshots = new Set<SnapshotId>()
  /** Volumes that said that they had failed to grow, and have had another failure to tell of since: a hand took them away, or a delete was refused. */
  readonly #small = new Set<VolumeId>()

  constructor(scene: Scene, registers: RegisterChecker, transfers: TransferChecker) {
    this.#scene = scene
    this.#registers = registers
    this.#transfers = transfers
  }

  onDurable(_node: SimNode, key: string, after: unknown, before: unknown): void {
    const owned = key.startsWith('volume/') ? ownedIn(after) : null
    if (owned === null) return
    const { id, failure } = owned.volume
    if (failure?.kind === 'delete-refused' || (failure?.kind === 'backend' && failure.step === 'unmanage')) this.#refused.add(id)
    for (const snapshot of owned.volume.snapshots) if (snapshot.failure?.step === 'unmanage') this.#refusedSnapshots.add(snapshot.id)
    const was = ownedIn(before)?.volume.failure
    if (failure !== null && was?.kind === 'backend' && was.step === 'extend' && failure.kind !== 'backend') this.#small.add(id)
  }

  onReply(_node: SimNode, asked: Asked, reply: ClientReply): void {
    const { request } = asked
    if (request.kind === 'create' && reply.kind === 'create' && reply.result.ok) this.#checkCreated(request, reply.result.value)
    if (request.kind === 'operate' && reply.kind === 'operate' && reply.result.ok) this.#checkGranted(request.request)
    if (request.kind === 'find-snapshot' && reply.kind === 'find-snapshot' && !reply.result.ok) {
      if (reply.result.failure.code === 'snapshot-not-found') this.#checkSnapshotNotThere(asked, request)
    }
    if (reply.kind !== 'find') return
    if (reply.result.ok) return this.#checkNotRisen(asked, reply.result.value)
    const { code } = reply.result.failure
    if (request.kind === 'find' && code === 'volume-not-found') this.#checkNotThere(asked, request)
    if (request.kind === 'find-attachment' && code === 'attachment-not-found') this.#checkNotAttached(asked, request.attachment)
  }

  atRest(): void {
    const view = membersIn(this.#scene).find(({ isUp }) => isUp)?.peer?.view
    if (view === undefined) return
    for (const book of this.#scene.history.books.values())
      this.#checkBook(book, this.#find(book, view.volumes.get(book.spec.id)?.volume ?? null))
  }

  /** The record, or the entry of a volume without a home. */
  #find(book: VolumeBook, known: Volume | null): Volume | 'unplaced' | null {
    const decision = this.#registers.decisionOf(book.spec.project, book.rid)
    if (decision?.kind === 'unplaced') return 'unplaced'
    return known
  }

  #checkBook(book: VolumeBook, found: Volume | 'unplaced' | null): void {
    const { deleteAskedMs, deleteAckedMs, ackedMs } = book
    if (found !== 'unplaced' && this.#isLost(book, found)) return
    if (found === null) {
      if (ackedMs !== null && deleteAskedMs === null) throw new Violation('I6', 'a promised volume is lost', { book })
      // A host that had forgotten a snapshot, and had read that there is none, may have let the volume be deleted.
      const mayMiss = this.#scene.nodes.some(({ hasForgotten }) => hasForgotten)
      const missed = [...book.snapshots.values()].filter(({ ackedMs: at, deleteAskedMs: asked }) => at !== null && asked === null)
      if (missed.length > 0 && !mayMiss && !book.isCascadeAsked)
        throw new Violation('I6', 'a volume is gone although a snapshot of it was promised', { book, missed })
      return
    }
    if (found === 'unplaced') {
      if (deleteAckedMs !== null) throw new Violation('I6', 'a volume whose delete was acknowledged is there', { book, found })
      return
    }
    // A delete that was taken while the owner was away, and that the owner then found it could not do, is answered for by a message.
    if (deleteAckedMs !== null && found.status !== 'error_deleting' && !this.#refused.has(found.id))
      throw new Violation('I6', 'a volume whose delete was acknowledged is there', { book, found })
    const allowed = [
      'available',
      'reserved',
      'attaching',
      'in-use',
      'detaching',
      'awaiting-transfer',
      'error',
      'error_deleting',
      'error_extending',
    ]
    if (!allowed.includes(found.status)) throw new Violation('I6', 'a volume never came to an end', { book, found })
    if (found.status.startsWith('error') && found.failure === null)
      throw new Violation('I6', 'a volume is in error and nobody knows why', { found })
    this.#checkValues(book, found)
    checkAttachments(book, found)
    // A repeat of a snapshot's create that comes after its delete is known for one only by the answer that was remembered.
    const mayRepeat = this.#scene.nodes.some(({ id, hasForgotten }) => hasForgotten && id === found.owner)
    checkSnapshots(book, found, ({ id }) => mayRepeat || this.#refusedSnapshots.has(id))
  }

  /** Of a volume whose host is lost, or left before it had made it, nothing is promised any more, but that it is shown until its tenant deletes it. */
  #isLost(book: VolumeBook, found: Volume | null): boolean {
    const { project, id } = book.spec
    const entries = this.#registers.chosen(project)
    const bound = entries.get(`bound/${book.rid}`)
    const owner = found?.owner ?? (bound?.kind === 'bound' ? bound.host : null)
    const { operator } = this.#scene
    if (owner === null || !(operator.isLost(owner) || operator.hasLeft(owner))) return false
    if (entries.has(`gone/${id}`) && book.deleteAskedMs === null)
      throw new Violation('I6', 'a volume of a lost host is gone that nobody deleted', { book, found })
    return true
  }

  #checkValues(book: VolumeBook, found: Volume): void {
    const { spec } = book
    const names = possible<string | null>(spec.name, book.names)
    if (!names.includes(found.name)) throw new Violation('I6', 'an acknowledged update is lost', { book, found, names })
    const types = possible<string | null>(spec.typeId, book.types)
    if (!types.includes(found.typeId)) throw new Violation('I6', 'an acknowledged retype is lost', { book, found, types })
    const first = this.#firstSize(book)
    const sizes = [first, ...book.sizes.map(({ value }) => value)]
    const promised = Math.max(first, ...book.sizes.filter(({ ackedMs: at }) => at !== null).map(({ value }) => value))
    const hasFailed = found.failure?.kind === 'backend' || found.status === 'error_extending' || this.#small.has(found.id)
    const isShort = found.sizeGiB < promised && !hasFailed
    if (!sizes.includes(found.sizeGiB) || isShort)
      throw new Violation('I6', 'a volume has a size that nobody asked for, or not what was promised', { book, found })
  }

  #checkCreated({ spec, rid, bodyHash }: Extract<ClientRequest, { kind: 'create' }>, created: Volume): void {
    if (this.#registers.decisionOf(spec.project, rid) === null) {
      throw new Violation('I6', 'a create was acknowledged before a majority had decided it', { rid, created })
    }
    if (created.id !== spec.id) throw new Violation('I5', 'one key has two volumes', { rid, created })
    const body = this.#bodies.get(rid) ?? bodyHash
    this.#bodies.set(rid, body)
    if (body !== bodyHash) throw new Violation('I5', 'a key was accepted with two bodies', { rid, body, bodyHash })
  }

  #checkNotThere({ askedMs }: Asked, { volume, project }: Extract<ClientRequest, { kind: 'find' }>): void {
    const book = this.#scene.history.books.get(volume)
    if (book === undefined || book.deleteAskedMs !== null) return
    if (project !== null && this.#transfers.wasElsewhere(volume, project, askedMs)) return
    if (book.ackedMs !== null && book.ackedMs < askedMs) throw new Violation('I6', 'a promised volume is said not to be there', { book })
  }

  #checkGranted({ operation, project, rid }: OperationRequest): void {
    if (operation.kind !== 'snapshot' || project === null || this.#registers.decisionOf(project, rid) !== null) return
    throw new Violation('I6', 'a snapshot was acknowledged before a majority had decided it', { rid, operation })
  }

  #checkSnapshotNotThere({ askedMs }: Asked, { snapshot: id, project }: Extract<ClientRequest, { kind: 'find-snapshot' }>): void {
    for (const { spec, snapshots, isCascadeAsked } of this.#scene.history.books.values()) {
      if (isCascadeAsked) continue
      const book = snapshots.get(id)
      if (book !== undefined && project !== null && this.#transfers.wasElsewhere(spec.id, project, askedMs)) return
      if (book !== undefined && this.#isHomeLost(spec.id)) return
      if (book?.ackedMs != null && book.ackedMs < askedMs && book.deleteAskedMs === null)
        throw new Violation('I6', 'a promised snapshot is said not to be there', { book })
    }
  }

  #checkNotAttached({ askedMs }: Asked, id: AttachmentId): void {
    for (const { spec, attachments } of this.#scene.history.books.values()) {
      const attachment = attachments.get(id)
      if (attachment !== undefined && this.#isHomeLost(spec.id)) return
      const wasPromised = attachment?.ackedMs != null && attachment.ackedMs < askedMs
      if (wasPromised && !attachment.isDetachAsked)
        throw new Violation('I6', 'a promised attachment is said not to be there', { attachment })
    }
  }

  /** What is in the volume's record may have been made where nobody hears of it any more. */
  #isHomeLost(volume: VolumeId): boolean {
    const home = this.#registers.decisionOfVolume(volume)
    return home !== null && home.kind !== 'unplaced' && home.host !== null && this.#scene.operator.isLost(home.host)
  }

  /** Of several bodies under one key, the one that the register decided on. */
  #firstSize(book: VolumeBook): number {
    const decision = this.#registers.decisionOf(book.spec.project, book.rid)
    return (decision === null ? undefined : book.bodies.get(decision.bodyHash)) ?? book.spec.sizeGiB
  }

  #checkNotRisen(asked: Asked, volume: Volume): void {
    const book = this.#scene.history.books.get(volume.id)
    const isGone = book?.deleteAckedMs != null && book.deleteAckedMs < asked.askedMs && volume.owner === null
    if (isGone) throw new Violation('I6', 'a volume whose delete was acknowledged is shown', { asked, volume })
  }
}

function checkAttachments(book: VolumeBook, found: Volume): void {
  for (const attachment of book.attachments.values()) {
    const isThere = found.attachments.some(({ id }) => id === attachment.id)
    if (isThere && attachment.detachAckedMs !== null) throw new Violation('I6', 'an acknowledged detach is lost', { attachment, found })
    if (!isThere && attachment.ackedMs !== null && !attachment.isDetachAsked)
      throw new Violation('I6', 'an acknowledged attachment is lost', { attachment, found })
  }
}

/** @param mayBeThere although its delete was taken: its host has forgotten what it had answered and made it again, or could not give it back */
function checkSnapshots(book: VolumeBook, found: Volume, mayBeThere: (snapshot: SnapshotSpec) => boolean): void {
  const sizes = [...book.bodies.values(), ...book.sizes.map(({ value }) => value)]
  for (const snapshot of book.snapshots.values()) {
    const there = snapshotOf(found, snapshot.spec.id)
    const facts = { snapshot, found }
    if (there === null) {
      if (snapshot.ackedMs !== null && snapshot.deleteAskedMs === null && !book.isCascadeAsked)
        throw new Violation('I6', 'a promised snapshot is lost', facts)
      continue
    }
    if (snapshot.deleteAckedMs !== null && there.status !== 'error_deleting' && !mayBeThere(snapshot.spec))
      throw new Violation('I6', 'a snapshot whose delete was acknowledged is there', facts)
    checkEnd(snapshot, there)
    const isFound = there.sizeGiB === snapshot.spec.existing?.sizeGiB
    if (!isFound && (!sizes.includes(there.sizeGiB) || there.sizeGiB > found.sizeGiB))
      throw new Violation('I6', 'a snapshot has a size that its volume never had', facts)
  }
  // Those that are parts of a group snapshot are held to that (groups.ts).
  const strange = found.snapshots.filter(({ id, groupSnapshot }) => !book.snapshots.has(id) && groupSnapshot === undefined)
  if (strange.length > 0) throw new Violation('I6', 'there is a snapshot that nobody asked for', { strange, found })
}

function checkEnd({ spec, names }: SnapshotBook, there: Snapshot): void {
  const facts = { spec, names, there }
  if (!['available', 'error', 'error_deleting'].includes(there.status)) throw new Violation('I6', 'a snapshot never came to an end', facts)
  if (there.status.startsWith('error') && there.failure === null)
    throw new Violation('I6', 'a snapshot is in error and nobody knows why', facts)
  if (!possible<string | null>(spec.name, names).includes(there.name))
    throw new Violation('I6', 'an acknowledged update of a snapshot is lost', facts)
}
