/** What an operation that takes room asks of the register, and how it is answered before its owner has shown what came of it. */
import { hashHex } from '../../model/hash.ts'
import type { VolumeId } from '../../model/ids.ts'
import type { Binding } from '../../model/ledger.ts'
import type { Operation, OperationRequest, RoomOperation } from '../../model/request.ts'
import { creatingSnapshot, type Snapshot, snapshotOf } from '../../model/snapshot.ts'
import type { Volume } from '../../model/volume.ts'

export function takesRoom(operation: Operation): operation is RoomOperation {
  return operation.kind === 'extend' || operation.kind === 'snapshot'
}

/** @param deltaGiB room that the owner has set aside for it */
export function grantFor(
  operation: RoomOperation,
  volume: VolumeId,
  deltaGiB: number,
): Pick<Binding, 'bodyHash' | 'delta' | 'sizeGiB' | 'snapshot'> {
  if (operation.kind === 'snapshot') {
    const { bodyHash, snapshot } = operation
    return { bodyHash, delta: { volumes: 0, snapshots: 1, gigabytes: deltaGiB }, sizeGiB: deltaGiB, snapshot }
  }
  const { sizeGiB } = operation
  const bodyHash = hashHex('extend', volume, String(sizeGiB))
  return { bodyHash, delta: { volumes: 0, snapshots: 0, gigabytes: deltaGiB }, sizeGiB, snapshot: null }
}

/** The snapshot that was asked for, as its owner shows it or as it will be shown; null if none was. */
export function snapshotAsked({ operation, rid }: OperationRequest, volume: Volume | null): Snapshot | null {
  if (operation.kind !== 'snapshot') return null
  const { snapshot, bodyHash } = operation
  const known = volume === null ? null : snapshotOf(volume, snapshot.id)
  return known ?? creatingSnapshot(snapshot, { rid, bodyHash, sizeGiB: volume?.sizeGiB ?? 0 })
}
