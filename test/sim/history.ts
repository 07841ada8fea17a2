/**
 * What clients asked and were told: the only knowledge of a promise that stands outside the cluster.
 *
 * A request without an answer may or may not be carried out, now or much later; the books keep that doubt.
 */
import type { Connection } from '../../lib/model/attachment.ts'
import type { AttachmentId, GroupId, ProjectId, RequestId, SnapshotId, TransferId, VolumeId } from '../../lib/model/ids.ts'
import type { CatalogueChange, TypeChange } from '../../lib/model/catalogue.ts'
import type { GroupTypeChange } from '../../lib/model/group-type.ts'
import type { ClientReply, ClientRequest, Operation, OperationRequest, OperationValue } from '../../lib/model/request.ts'
import type { SnapshotSpec } from '../../lib/model/snapshot.ts'
import { DEFAULT_CLASS } from '../../lib/model/quota-class.ts'
import { flatLimits } from './flat-limits.ts'
import { ackOfGroup, askOfGroup, type GroupBook, groupBook, mayGo, type MoveBook } from './group-books.ts'
import { ackTransfer, askForTransfer, type TransferBook } from './transfer-books.ts'
import type { VolumeSpec } from '../../lib/model/volume.ts'
import type { SourcePlace } from '../../lib/model/volume-source.ts'

/** One revert that a client asked for. */
export interface RevertBook {
  readonly volume: VolumeId
  readonly snapshot: SnapshotId
  ackedMs: number | null
}

export interface Asked {
  readonly id: string
  readonly askedMs: number
  readonly node: string
  readonly request: ClientRequest
  answeredMs: number | null
  reply: ClientReply | null
}

/** One change of a value that the owner decides: name or size. */
export interface Wish<Value> {
  readonly value: Value
  readonly rid: RequestId
  readonly askedMs: number
  ackedMs: number | null
}

export interface AttachmentBook {
  readonly id: AttachmentId
  readonly initiator: string
  /** Made by a call from before attachments were a resource, if it was made. */
  readonly isOlder: boolean
  connection: Connection | null
  /** It was answered with success, then. */
  ackedMs: number | null
  isDetachAsked: boolean
  detachAckedMs: number | null
}

export interface SnapshotBook {
  readonly spec: SnapshotSpec
  readonly rid: RequestId
  ackedMs: number | null
  deleteAskedMs: number | null
  deleteAckedMs: number | null
  /** What a delete of it alone may have done, and what an unmanage. */
  isDeleteAsked: boolean
  isUnmanageAsked: boolean
  readonly names: Wish<string>[]
}

/** All that clients know of one volume. */
export interface VolumeBook {
  readonly spec: VolumeSpec
  readonly rid: RequestId
  readonly bodyHash: string
  readonly isKeyed: boolean
  /** Where clients saw what it is a copy of. */
  readonly sourceAt: SourcePlace | null
  /** Sizes that were asked for under this key, by the hash of the request's body. */
  readonly bodies: Map<string, number>
  /** First success of a create under this key. */
  ackedMs: number | null
  deleteAskedMs: number | null
  /** How often a delete was asked for, repeats included. */
  deletes: number
  deleteAckedMs: number | null
  /** Its snapshots may go with it. */
  isCascadeAsked: boolean
  /** Its bytes may be given back. */
  isUnmanageAsked: boolean
  readonly names: Wish<string>[]
  readonly sizes: Wish<number>[]
  /** By id. What was answered with a refusal may still have been done by an older copy of the request. */
  readonly types: Wish<string>[]
  readonly attachments: Map<AttachmentId, AttachmentBook>
  readonly snapshots: Map<SnapshotId, SnapshotBook>
  readonly transfers: Map<TransferId, TransferBook>
  /** In and out of groups. */
  readonly moves: MoveBook[]
  /** It may be deleted with its group. */
  isGroupDeleteAsked: boolean
  /** Whose it is, as far as clients were told. */
  project: ProjectId
  /** Whose it may be, or have been. */
  readonly projects: Set<ProjectId>
}

/** All that clients know of one volume type, or of one group type. */
export interface TypeBook<Claim = Extract<TypeChange, { kind: 'claim-type' }>> {
  readonly claim: Claim
  ackedMs: number | null
  releaseAskedMs: number | null
  releaseAckedMs: number | null
}

export type GroupTypeBook = TypeBook<Extract<GroupTypeChange, { kind: 'claim-group-type' }>>

/** What each default limit was to be, by what `flatLimits` calls it. */
export type LimitWishes = ReadonlyMap<string, readonly Wish<number>[]>

export class History {
  readonly types = new Map<string, TypeBook>()
  readonly groupTypes = new Map<string, GroupTypeBook>()
  /** What projects without limits of their own were to have. */
  readonly defaultLimits = new Map<string, Wish<number>[]>()
  readonly asked = new Map<string, Asked>()
  readonly books = new Map<VolumeId, VolumeBook>()
  readonly groups = new Map<GroupId, GroupBook>()
  /** When an operation was asked for first: a repeat may get the first answer. */
  readonly reverts = new Map<RequestId, RevertBook>()
  readonly firstAskedMs = new Map<RequestId, number>()
  /** Requests that may take an attachment away, of each volume, until it is known what became of them. */
  readonly #takers = new Map<VolumeId, Set<Asked>>()
  /** What projects have asked of each volume that was not theirs, until it is known what became of it: the volume may be theirs by then. */
  readonly #trespasses = new Map<VolumeId, Set<Asked>>()
  #names = 0

  open(spec: VolumeSpec, rid: RequestId, bodyHash: string, isKeyed: boolean, sourceAt: SourcePlace | null = null): VolumeBook {
    const book: VolumeBook = {
      spec,
      rid,
      bodyHash,
      isKeyed,
      sourceAt,
      bodies: new Map(),
      ackedMs: null,
      deleteAskedMs: null,
      deletes: 0,
      deleteAckedMs: null,
      isCascadeAsked: false,
      isUnmanageAsked: false,
      names: [],
      sizes: [],
      types: [],
      attachments: new Map(),
      snapshots: new Map(),
      transfers: new Map(),
      moves: [],
      isGroupDeleteAsked: false,
      project: spec.project,
      projects: new Set([spec.project]),
    }
    this.books.set(spec.id, book)
    return book
  }

  openGroup(spec: VolumeSpec, rid: RequestId, sourceAt: SourcePlace | null = null): GroupBook {
    const book = groupBook(spec, rid, sourceAt)
    this.groups.set(spec.id, book)
    return book
  }

  openType(claim: TypeBook['claim']): TypeBook['claim'] {
    this.types.set(claim.claim.id, { claim, ackedMs: null, releaseAskedMs: null, releaseAckedMs: null })
    return claim
  }

  openGroupType(claim: GroupTypeBook['claim']): GroupTypeBook['claim'] {
    this.groupTypes.set(claim.claim.id, { claim, ackedMs: null, releaseAskedMs: null, releaseAckedMs: null })
    return claim
  }

  ask(askedMs: number, node: string, request: ClientRequest): Asked {
    this.#names += 1
    const asked: Asked = { id: `q${this.#names}`, askedMs, node, request, answeredMs: null, reply: null }
    this.asked.set(asked.id, asked)
    this.#noteAsked(asked)
    return asked
  }

  /** False if nobody waits for this answer (any more). */
  answer(id: string, atMs: number, reply: ClientReply): Asked | null {
    const asked = this.asked.get(id)
    if (asked === undefined || asked.reply !== null) return null
    asked.reply = reply
    asked.answeredMs = atMs
    this.#noteAnswered(asked, atMs, reply)
    return asked
  }

  #noteAsked(asked: Asked): void {
    const { askedMs, request } = asked
    if (request.kind === 'create') this.#noteCreate(request, askedMs)
    if (request.kind === 'types') this.#noteCatalogue(request.change, askedMs)
    if (request.kind !== 'operate') return
    const { rid, volume } = request.request
    if (!this.firstAskedMs.has(rid)) this.firstAskedMs.set(rid, askedMs)
    const group = this.groups.get(volume)
    if (group !== undefined) askOfGroup(group, request.request, this.books, askedMs)
    const book = this.books.get(volume)
    if (book === undefined) return
    askForTransfer(book, request.request, askedMs)
    const trespasses = this.#trespasses.get(volume) ?? new Set()
    this.#trespasses.set(volume, trespasses.add(asked))
    for (const one of trespasses) {
      if (one.request.kind !== 'operate' || isTrespass(one.request.request, book)) continue
      trespasses.delete(one)
      this.#noteOperation(book, one, one.request.request)
    }
  }

  #noteCreate({ spec, bodyHash }: Extract<ClientRequest, { kind: 'create' }>, askedMs: number): void {
    this.books.get(spec.id)?.bodies.set(bodyHash, spec.sizeGiB)
    const group = spec.group === undefined ? undefined : this.groups.get(spec.group)
    if (group?.isCascadeAsked === true) mayGo(group, this.books, askedMs)
  }

  #noteOperation(book: VolumeBook, asked: Asked, request: OperationRequest): void {
    const { askedMs } = asked
    const { rid, volume, operation } = request
    if (operation.kind === 'delete') {
      book.deleteAskedMs ??= askedMs
      book.deletes += 1
      if (operation.cascade === true) book.isCascadeAsked = true
    }
    if (operation.kind === 'unmanage') {
      book.deleteAskedMs ??= askedMs
      book.isUnmanageAsked = true
    }
    if (operation.kind === 'update' && typeof operation.name === 'string') addWish(book.names, rid, operation.name, askedMs)
    if (operation.kind === 'extend') addWish(book.sizes, rid, operation.sizeGiB, askedMs)
    if (operation.kind === 'retype') addWish(book.types, rid, operation.typeId, askedMs)
    for (const attachment of touchedBy(operation, book)) attachment.isDetachAsked = true
    this.#noteTaker(asked, operation, book)
    if (operation.kind === 'revert' && !this.reverts.has(rid))
      this.reverts.set(rid, { volume, snapshot: operation.snapshot, ackedMs: null })
    if ('snapshot' in operation) askForSnapshot(book, request, askedMs)
  }

  /** Of two requests that are under way at once nobody knows which comes first, whichever was asked for first. */
  #noteTaker(asked: Asked, operation: Operation, book: VolumeBook): void {
    const takers = this.#takers.get(book.spec.id) ?? new Set()
    const made = madeBy(operation)
    const attachment = made === null ? undefined : book.attachments.get(made)
    if (attachment !== undefined && [...takers].some((taker) => mayTake(taker, attachment, book))) attachment.isDetachAsked = true
    if (TAKERS.has(operation.kind)) this.#takers.set(book.spec.id, takers.add(asked))
  }

  #noteCatalogue(change: CatalogueChange | null, askedMs: number): void {
    const book = this.#releasedBy(change)
    if (book !== undefined) book.releaseAskedMs ??= askedMs
    if (change?.kind !== 'set-quota-class' || change.name !== DEFAULT_CLASS) return
    for (const [name, limit] of flatLimits(change.limits)) {
      const wishes = this.defaultLimits.get(name) ?? []
      this.defaultLimits.set(name, wishes)
      addWish(wishes, change.rid, limit, askedMs)
    }
  }

  #noteAnswered(asked: Asked, atMs: number, reply: ClientReply): void {
    const { request } = asked
    if (request.kind === 'operate' && isSettled(reply)) {
      this.#takers.get(request.request.volume)?.delete(asked)
      this.#trespasses.get(request.request.volume)?.delete(asked)
    }
    if (request.kind === 'create' && reply.kind === 'create' && reply.result.ok) this.#noteCreated(request.spec.id, atMs)
    if (request.kind === 'types') this.#noteTypes(request.change, atMs, reply)
    if (request.kind !== 'operate' || reply.kind !== 'operate' || !reply.result.ok) return
    const { rid, volume, operation } = request.request
    const group = this.groups.get(volume)
    if (group !== undefined) ackOfGroup(group, request.request, this.books, atMs)
    const book = this.books.get(volume)
    if (book === undefined || isTrespass(request.request, book)) return
    if (operation.kind === 'delete' || operation.kind === 'unmanage') book.deleteAckedMs ??= atMs
    if ('transfer' in operation) ackTransfer(book, request.request, reply.result.value.authKey, atMs)
    if (operation.kind === 'update') ackWish(book.names, rid, atMs)
    if (operation.kind === 'extend') ackWish(book.sizes, rid, atMs)
    // Of what came to nothing a message tells, and no answer.
    if (operation.kind === 'retype' && reply.result.value.volume?.typeId === operation.typeId) ackWish(book.types, rid, atMs)
    const revert = this.reverts.get(rid)
    if (revert !== undefined) revert.ackedMs ??= atMs
    if ('snapshot' in operation) ackSnapshot(book, request.request, atMs)
    noteAttachment(book, operation, atMs, reply.result.value)
  }

  #noteCreated(volume: VolumeId, atMs: number): void {
    const book = this.books.get(volume) ?? this.groups.get(volume)
    if (book !== undefined) book.ackedMs ??= atMs
  }

  #noteTypes(change: CatalogueChange | null, atMs: number, { result }: ClientReply): void {
    if (!result.ok) return
    const claimed = this.#claimedBy(change)
    if (claimed !== undefined) claimed.ackedMs ??= atMs
    const released = this.#releasedBy(change)
    if (released !== undefined) released.releaseAckedMs ??= atMs
    if (change?.kind === 'set-quota-class') for (const wishes of this.defaultLimits.values()) ackWish(wishes, change.rid, atMs)
  }

  #claimedBy(change: CatalogueChange | null): TypeBook<unknown> | undefined {
    if (change?.kind === 'claim-type') return this.types.get(change.claim.id)
    return change?.kind === 'claim-group-type' ? this.groupTypes.get(change.claim.id) : undefined
  }

  #releasedBy(change: CatalogueChange | null): TypeBook<unknown> | undefined {
    if (change?.kind === 'release-type') return this.types.get(change.id)
    return change?.kind === 'release-group-type' ? this.groupTypes.get(change.id) : undefined
  }
}

const TAKERS: ReadonlySet<Operation['kind']> = new Set(['detach', 'let-go', 'terminate', 'unreserve'])

/** The attachment that is there after this, if there was none. */
function madeBy(operation: Operation): AttachmentId | null {
  const { kind } = operation
  return kind === 'attach' || kind === 'reserve' || kind === 'initialize' || kind === 'hold' ? operation.attachment : null
}

function mayTake({ request }: Asked, attachment: AttachmentBook, book: VolumeBook): boolean {
  if (request.kind !== 'operate' || isTrespass(request.request, book)) return false
  return touchedBy(request.request.operation, book).includes(attachment)
}

/** Whoever is told that the owner was not heard of does not know whether it is still at it. */
function isSettled({ result }: ClientReply): boolean {
  return result.ok || result.failure.code !== 'owner-unreachable'
}

/** Attachments that this may take away. What names none may mean any that was made like it. */
function touchedBy(operation: Operation, { attachments }: VolumeBook): readonly AttachmentBook[] {
  const all = [...attachments.values()]
  switch (operation.kind) {
    case 'detach':
      return all.filter(({ id }) => id === operation.attachment)
    case 'let-go':
      return all.filter(({ id }) => operation.which === null || id === operation.which)
    case 'terminate':
    case 'unreserve':
      return all.filter(({ isOlder }) => isOlder)
    default:
      return []
  }
}

/** The older calls are told which attachment it was. */
function noteAttachment(book: VolumeBook, operation: Operation, atMs: number, { attachment, connection }: OperationValue): void {
  const gone = operation.kind === 'detach' ? operation.attachment : operation.kind === 'let-go' ? operation.which : null
  const detached = gone === null ? undefined : book.attachments.get(gone)
  if (detached !== undefined) detached.detachAckedMs ??= atMs
  if (!['attach', 'connect', 'reserve', 'initialize', 'hold'].includes(operation.kind) || attachment === null) return
  const known = book.attachments.get(attachment.id)
  if (known === undefined) return
  known.ackedMs ??= atMs
  known.connection = connection ?? known.connection
}

function askForSnapshot(book: VolumeBook, { operation, rid }: OperationRequest, askedMs: number): void {
  if (operation.kind === 'snapshot' && !book.snapshots.has(operation.snapshot.id)) {
    const none = { ackedMs: null, deleteAskedMs: null, deleteAckedMs: null, isDeleteAsked: false, isUnmanageAsked: false, names: [] }
    book.snapshots.set(operation.snapshot.id, { spec: operation.snapshot, rid, ...none })
  }
  if (operation.kind !== 'delete-snapshot' && operation.kind !== 'unmanage-snapshot' && operation.kind !== 'update-snapshot') return
  const snapshot = book.snapshots.get(operation.snapshot)
  if (snapshot === undefined) return
  if (operation.kind === 'unmanage-snapshot') snapshot.isUnmanageAsked = true
  if (operation.kind === 'delete-snapshot') snapshot.isDeleteAsked = true
  if (operation.kind !== 'update-snapshot') snapshot.deleteAskedMs ??= askedMs
  else if (typeof operation.name === 'string') addWish(snapshot.names, rid, operation.name, askedMs)
}

function ackSnapshot(book: VolumeBook, { operation, rid }: OperationRequest, atMs: number): void {
  if (!('snapshot' in operation)) return
  const snapshot = book.snapshots.get(operation.kind === 'snapshot' ? operation.snapshot.id : operation.snapshot)
  if (snapshot === undefined) return
  if (operation.kind === 'snapshot') snapshot.ackedMs ??= atMs
  if (operation.kind === 'delete-snapshot' || operation.kind === 'unmanage-snapshot') snapshot.deleteAckedMs ??= atMs
  if (operation.kind === 'update-snapshot') ackWish(snapshot.names, rid, atMs)
}

/** What somebody from another project asks changes nothing of what may be expected. */
export function isTrespass({ project }: OperationRequest, { projects }: VolumeBook): boolean {
  return project !== null && !projects.has(project)
}

function addWish<Value>(wishes: Wish<Value>[], rid: RequestId, value: Value, askedMs: number): void {
  if (!wishes.some((wish) => wish.rid === rid)) wishes.push({ rid, value, askedMs, ackedMs: null })
}

function ackWish<Value>(wishes: readonly Wish<Value>[], rid: RequestId, atMs: number): void {
  const wish = wishes.find((one) => one.rid === rid)
  if (wish !== undefined) wish.ackedMs ??= atMs
}

/**
 * What a value may be now: what was acknowledged last, whatever overlapped it, and whatever nobody has answered for.
 */
export function possible<Value>(initial: Value, wishes: readonly Wish<Value>[]): readonly Value[] {
  const isOverwritten = (wish: Wish<Value>): boolean => {
    const { ackedMs } = wish
    return ackedMs !== null && wishes.some((later) => later.ackedMs !== null && later.askedMs > ackedMs)
  }
  const values = wishes.filter((wish) => !isOverwritten(wish)).map(({ value }) => value)
  return wishes.some(({ ackedMs }) => ackedMs !== null) ? values : [initial, ...values]
}
