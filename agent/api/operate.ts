/** Has the owner of a volume change it, wherever the owner is. */
import type { Failure } from '../../lib/model/failure.ts'
import type { Operation, OperationValue } from '../../lib/model/request.ts'
import type { RequestId } from '../../lib/model/ids.ts'
import type { Snapshot } from '../../lib/model/snapshot.ts'
import type { Volume } from '../../lib/model/volume.ts'
import type { Call, Edge } from './call.ts'
import { locateVolume } from './locate.ts'
import { operationRid } from './request-names.ts'

export type Operated =
  | { readonly ok: true; readonly volume: Volume; readonly value: OperationValue }
  | { readonly ok: false; readonly failure: Failure }

/**
 * @param id the volume's id as the client wrote it
 * @returns the volume afterwards; as it was before if it is gone
 */
export async function operate(edge: Edge, call: Call, id: string, operation: Operation): Promise<Operated> {
  const found = await locateVolume(edge, call, id)
  return found.ok ? operateOn(edge, call, found.view.volume, operation) : found
}

/** @param volume as located, hence one that the caller may see */
export async function operateOn(
  edge: Edge,
  call: Call,
  volume: Volume,
  operation: Operation,
  rid: RequestId = operationRid(call, operationName(operation), volume.id),
): Promise<Operated> {
  // The owner checks the project once more; an operator's request names the volume's own.
  const { result } = await edge.service.ask({ kind: 'operate', request: { rid, project: volume.project, volume: volume.id, operation } })
  return result.ok ? { ok: true, volume: result.value.volume ?? volume, value: result.value } : result
}

type SnapshotOperation = Extract<Operation, { kind: 'update-snapshot' | 'delete-snapshot' | 'unmanage-snapshot' | 'reset-snapshot' }>

export type OperatedOnSnapshot = { readonly ok: true; readonly snapshot: Snapshot } | { readonly ok: false; readonly failure: Failure }

/** @param snapshot as located, hence one that the caller may see */
export async function operateOnSnapshot(
  edge: Edge,
  call: Call,
  { project, volume, id }: Snapshot,
  operation: SnapshotOperation,
): Promise<OperatedOnSnapshot> {
  const rid = operationRid(call, operation.kind, id)
  const { result } = await edge.service.ask({ kind: 'operate', request: { rid, project, volume, operation } })
  if (!result.ok) return result
  const { snapshot } = result.value
  return snapshot === null ? { ok: false, failure: { code: 'snapshot-not-found', snapshot: id } } : { ok: true, snapshot }
}

/** Two operations on one attachment are two requests, also under one key, and so are reverts to two snapshots, or two types for one volume. */
function operationName(operation: Operation): string {
  if (operation.kind === 'retype') return `retype ${operation.typeId}`
  // The same of two group snapshots.
  if (operation.kind === 'delete-group-snapshot' || operation.kind === 'reset-group-snapshot')
    return `${operation.kind} ${operation.groupSnapshot}`
  if (operation.kind === 'revert') return `revert ${operation.snapshot}`
  if (operation.kind === 'initialize') return `initialize ${operation.connector.initiator}`
  if (operation.kind === 'terminate') return `terminate ${operation.initiator}`
  if (operation.kind === 'let-go') return `let go ${operation.which} ${operation.initiator}`
  return 'attachment' in operation && operation.kind !== 'attach' ? `${operation.kind} ${operation.attachment}` : operation.kind
}
