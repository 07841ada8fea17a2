/** What clients know of groups: what they asked for, what is to be in them, and what was answered. */
import type { GroupSnapshotSpec } from '../../lib/model/group.ts'
import type { GroupId, GroupSnapshotId, RequestId, VolumeId } from '../../lib/model/ids.ts'
import type { Operation, OperationRequest } from '../../lib/model/request.ts'
import type { VolumeSpec } from '../../lib/model/volume.ts'
import type { SourcePlace } from '../../lib/model/volume-source.ts'

export interface GroupBook {
  readonly spec: VolumeSpec
  readonly rid: RequestId
  readonly sourceAt: SourcePlace | null
  ackedMs: number | null
  deleteAskedMs: number | null
  deleteAckedMs: number | null
  /** Its volumes may go with it. */
  isCascadeAsked: boolean
  readonly snapshots: Map<GroupSnapshotId, GroupSnapshotBook>
}

export interface GroupSnapshotBook {
  readonly spec: GroupSnapshotSpec
  readonly rid: RequestId
  ackedMs: number | null
  deleteAskedMs: number | null
  deleteAckedMs: number | null
}

/** Into which group a volume was to be put (null: out of it), and whether that was answered. */
export interface MoveBook {
  readonly to: GroupId | null
  readonly rid: RequestId
  readonly askedMs: number
  ackedMs: number | null
}

/** The part of what clients know of a volume that is its group. */
interface Grouped {
  readonly spec: VolumeSpec
  /** In and out of groups. */
  readonly moves: MoveBook[]
  /** It may be deleted with its group. */
  isGroupDeleteAsked: boolean
  deleteAskedMs: number | null
}

type Books = ReadonlyMap<VolumeId, Grouped>

export function groupBook(spec: VolumeSpec, rid: RequestId, sourceAt: SourcePlace | null): GroupBook {
  const none = { ackedMs: null, deleteAskedMs: null, deleteAckedMs: null, isCascadeAsked: false }
  return { spec, rid, sourceAt, ...none, snapshots: new Map() }
}

/** What a request about a group makes possible, whatever its answer. */
export function askOfGroup(book: GroupBook, { operation, rid }: OperationRequest, books: Books, askedMs: number): void {
  switch (operation.kind) {
    case 'delete':
      book.deleteAskedMs ??= askedMs
      if (operation.cascade === true) book.isCascadeAsked = true
      break
    case 'group-snapshot':
      if (!book.snapshots.has(operation.groupSnapshot.id))
        book.snapshots.set(operation.groupSnapshot.id, {
          spec: operation.groupSnapshot,
          rid,
          ackedMs: null,
          deleteAskedMs: null,
          deleteAckedMs: null,
        })
      break
    case 'delete-group-snapshot': {
      const snapshot = book.snapshots.get(operation.groupSnapshot)
      if (snapshot !== undefined) snapshot.deleteAskedMs ??= askedMs
      break
    }
    default:
      for (const { volume, to } of movesIn(operation, book.spec.id)) {
        const moves = books.get(volume)?.moves
        if (moves?.some((move) => move.rid === rid) === false) moves.push({ to, rid, askedMs, ackedMs: null })
      }
  }
  if (book.isCascadeAsked) mayGo(book, books, askedMs)
}

/** Whatever may be in a group that may be deleted with its volumes may be deleted. */
export function mayGo({ spec }: GroupBook, books: Books, askedMs: number): void {
  for (const book of books.values()) {
    const mayBeIn = book.spec.group === spec.id || book.moves.some(({ to }) => to === spec.id)
    if (!mayBeIn || book.isGroupDeleteAsked) continue
    book.isGroupDeleteAsked = true
    book.deleteAskedMs ??= askedMs
  }
}

export function ackOfGroup(book: GroupBook, { operation, rid }: OperationRequest, books: Books, atMs: number): void {
  if (operation.kind === 'delete') book.deleteAckedMs ??= atMs
  for (const { volume } of movesIn(operation, book.spec.id)) {
    const move = books.get(volume)?.moves.find((one) => one.rid === rid)
    if (move !== undefined) move.ackedMs ??= atMs
  }
  if (operation.kind === 'group-snapshot') {
    const snapshot = book.snapshots.get(operation.groupSnapshot.id)
    if (snapshot !== undefined) snapshot.ackedMs ??= atMs
  }
  if (operation.kind === 'delete-group-snapshot') {
    const snapshot = book.snapshots.get(operation.groupSnapshot)
    if (snapshot !== undefined) snapshot.deleteAckedMs ??= atMs
  }
}

function movesIn(operation: Operation, group: GroupId): readonly { readonly volume: VolumeId; readonly to: GroupId | null }[] {
  if (operation.kind !== 'change-group') return []
  return [...operation.add.map((volume) => ({ volume, to: group })), ...operation.remove.map((volume) => ({ volume, to: null }))]
}
