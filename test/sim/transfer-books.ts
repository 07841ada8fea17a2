/** What clients know of transfers: who offered what, who asked for it with which key, and what was answered. */
import type { ProjectId, RequestId, TransferId, VolumeId } from '../../lib/model/ids.ts'
import type { OperationRequest } from '../../lib/model/request.ts'
import { keyProof } from '../../lib/model/transfer.ts'

/** An offer of a volume to another project, and all who asked for it. */
export interface TransferBook {
  readonly id: TransferId
  readonly volume: VolumeId
  readonly source: ProjectId
  readonly askedMs: number
  /** Known once the offer was answered. */
  key: string | null
  ackedMs: number | null
  cancelAckedMs: number | null
  /** By request: who asked for it, and with which proof. */
  readonly accepts: Map<RequestId, AcceptBook>
}

export interface AcceptBook {
  readonly project: ProjectId
  readonly proof: string
  ackedMs: number | null
}

/** The part of what clients know of a volume that is whose it is. */
interface Transferred {
  readonly transfers: Map<TransferId, TransferBook>
  readonly projects: Set<ProjectId>
  project: ProjectId
}

/** What an offer or an accept makes possible, whatever its answer. */
export function askForTransfer(book: Transferred, request: OperationRequest, askedMs: number): void {
  const { operation, project, volume } = request
  if (operation.kind === 'accept') return askToAccept(book, request)
  if (operation.kind !== 'offer' || project === null || !book.projects.has(project) || book.transfers.has(operation.transfer)) return
  const fresh = { key: null, ackedMs: null, cancelAckedMs: null, accepts: new Map() }
  book.transfers.set(operation.transfer, { id: operation.transfer, volume, source: project, askedMs, ...fresh })
}

/** Whoever shows the right key may have it from now on, whatever he is told. */
function askToAccept(book: Transferred, { operation, project, rid }: OperationRequest): void {
  const transfer = operation.kind === 'accept' ? book.transfers.get(operation.transfer) : undefined
  if (operation.kind !== 'accept' || transfer === undefined || project === null) return
  const { proof } = operation
  if (!transfer.accepts.has(rid)) transfer.accepts.set(rid, { project, proof, ackedMs: null })
  if (transfer.key !== null && proof === keyProof(transfer.id, transfer.key)) book.projects.add(project)
}

export function ackTransfer(book: Transferred, { operation, rid }: OperationRequest, key: string | null, atMs: number): void {
  const transfer = 'transfer' in operation ? book.transfers.get(operation.transfer) : undefined
  if (transfer === undefined) return
  if (operation.kind === 'offer') {
    transfer.ackedMs ??= atMs
    transfer.key ??= key
  }
  if (operation.kind === 'cancel-transfer') transfer.cancelAckedMs ??= atMs
  const accept = transfer.accepts.get(rid)
  if (operation.kind !== 'accept' || accept === undefined) return
  accept.ackedMs ??= atMs
  book.project = accept.project
}
