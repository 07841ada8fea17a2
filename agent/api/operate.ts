/** Has the owner of a volume change it, wherever the owner is. */
import type { Failure } from '../../lib/model/failure.ts'
import type { Operation, OperationValue } from '../../lib/model/request.ts'
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
export async function operateOn(edge: Edge, call: Call, volume: Volume, operation: Operation): Promise<Operated> {
  const rid = operationRid(call, operationName(operation), volume.id)
  // The owner checks the project once more; an operator's request names the volume's own.
  const { result } = await edge.service.ask({ kind: 'operate', request: { rid, project: volume.project, volume: volume.id, operation } })
  return result.ok ? { ok: true, volume: result.value.volume ?? volume, value: result.value } : result
}

/** Two operations on one attachment are two requests, also under one key. */
function operationName(operation: Operation): string {
  return 'attachment' in operation && operation.kind !== 'attach' ? `${operation.kind} ${operation.attachment}` : operation.kind
}
