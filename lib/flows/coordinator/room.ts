/** What an operation that takes room asks of the register, and how it is answered before its owner has shown what came of it. */
import { creatingGroupSnapshot, type GroupSnapshot, groupSnapshotOf, type SnapshotMember } from '../../model/group.ts'
import { hashHex } from '../../model/hash.ts'
import type { ProjectId, VolumeId } from '../../model/ids.ts'
import { assertNever } from '../../model/invariant.ts'
import type { Binding } from '../../model/ledger.ts'
import type { Operation, OperationRequest, RoomOperation } from '../../model/request.ts'
import { creatingSnapshot, sizeOfNew, type Snapshot, snapshotOf } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'

/** A retype: of the account of its new type. */
const TAKES_ROOM: ReadonlySet<Operation['kind']> = new Set(['extend', 'snapshot', 'accept', 'group-snapshot', 'retype'])

export function takesRoom(operation: Operation): operation is RoomOperation {
  return TAKES_ROOM.has(operation.kind)
}

/**
 * @param source project that the volume is of
 * @param members of a group snapshot: of which volumes, as the owner has said
 */
export function grantFor(
  operation: RoomOperation,
  volume: VolumeId,
  source: ProjectId,
  members: readonly SnapshotMember[],
): Pick<Binding, 'bodyHash' | 'snapshot' | 'transfer' | 'groupSnapshot' | 'typeId'> {
  switch (operation.kind) {
    case 'extend':
      return { bodyHash: hashHex('extend', volume, String(operation.sizeGiB)), snapshot: null, transfer: null }
    case 'snapshot':
      return { bodyHash: operation.bodyHash, snapshot: operation.snapshot, transfer: null }
    case 'group-snapshot':
      return { bodyHash: operation.bodyHash, snapshot: null, transfer: null, groupSnapshot: { ...operation.groupSnapshot, members } }
    case 'accept': {
      const { transfer: id, user } = operation
      return { bodyHash: hashHex('accept', volume, id), snapshot: null, transfer: { id, source, user } }
    }
    case 'retype':
      return { bodyHash: hashHex('retype', volume, operation.typeId), snapshot: null, transfer: null, typeId: operation.typeId }
    default:
      return assertNever(operation)
  }
}

/** The snapshot that was asked for, as its owner shows it or as it will be shown; null if none was. */
export function snapshotAsked({ operation, rid }: OperationRequest, volume: Volume | null): Snapshot | null {
  if (operation.kind !== 'snapshot') return null
  const { snapshot, bodyHash } = operation
  const known = volume === null ? null : snapshotOf(volume, snapshot.id)
  return known ?? creatingSnapshot(snapshot, { rid, bodyHash, sizeGiB: sizeOfNew(snapshot, volume?.sizeGiB ?? 0) })
}

/** The same for a snapshot of a group. */
export function groupSnapshotAsked({ operation, rid }: OperationRequest, group: Volume | null): GroupSnapshot | null {
  if (operation.kind !== 'group-snapshot') return null
  const { groupSnapshot, bodyHash } = operation
  const known = group === null ? null : groupSnapshotOf(group, groupSnapshot.id)
  return known ?? creatingGroupSnapshot({ ...groupSnapshot, members: [] }, { rid, bodyHash })
}
