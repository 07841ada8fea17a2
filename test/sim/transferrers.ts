/**
 * Clients who give volumes to another project: offered, accepted by one or by two at once, taken back, and asked for by some who do
 * not know the key.
 */
import { hashHex } from '../../lib/model/hash.ts'
import { type ProjectId, requestId, transferId } from '../../lib/model/ids.ts'
import type { Operation, OperationRequest } from '../../lib/model/request.ts'
import { keyProof } from '../../lib/model/transfer.ts'
import type { VolumeBook } from './history.ts'
import type { Random } from './random.ts'
import type { TransferBook } from './transfer-books.ts'

export class Transferrers {
  readonly #random: Random
  readonly #projects: readonly ProjectId[]

  constructor(random: Random, projects: readonly ProjectId[]) {
    this.#random = random
    this.#projects = projects
  }

  /**
   * @param promised volumes that are there, as far as clients know
   * @returns what is asked one after the other, without waiting for answers; more than one at once is meant
   */
  draw(promised: readonly VolumeBook[], nowMs: number): readonly OperationRequest[] {
    const random = this.#random
    if (promised.length === 0) return []
    const offered = promised.flatMap((book) => [...book.transfers.values()].map((transfer) => ({ book, transfer })))
    const open = offered.filter(({ transfer }) => isOpen(transfer))
    const action = random.weighted({ offer: 8, accept: 12, cancel: 3 })
    const known = open.length > 0 && random.chance(0.9) ? open : offered
    if (known.length === 0 || (action === 'offer' && open.length < 3)) return this.#offer(promised, nowMs)
    const { book, transfer } = random.pick(known)
    if (action === 'cancel') return [this.#request(book.project, book, { kind: 'cancel-transfer', transfer: transfer.id })]
    const accept = this.#accept(book, transfer)
    if (random.chance(0.8)) return [accept]
    // The same once more through another host, or somebody else at the same time.
    const rival = random.pick(['same', 'other', 'cancel'])
    if (rival === 'same') return [accept, accept]
    if (rival === 'other') return [accept, this.#accept(book, transfer)]
    return [accept, this.#request(book.project, book, { kind: 'cancel-transfer', transfer: transfer.id })]
  }

  /** Mostly what nobody uses, with a wish to let go of it first. */
  #offer(promised: readonly VolumeBook[], nowMs: number): readonly OperationRequest[] {
    const random = this.#random
    const unused = promised.filter(({ attachments }) => [...attachments.values()].every(({ detachAckedMs }) => detachAckedMs !== null))
    const book = random.pick(unused.length > 0 && random.chance(0.9) ? unused : promised)
    const transfer = transferId(random.uuid())
    const operation = { kind: 'offer', transfer, name: null, noSnapshots: random.chance(0.2), createdAtMs: nowMs } as const
    const request = this.#request(book.project, book, operation)
    return random.chance(0.1) ? [request, request] : [request]
  }

  #accept(book: VolumeBook, { id, key }: TransferBook): OperationRequest {
    const random = this.#random
    const others = this.#projects.filter((project) => project !== book.project)
    const project = random.pick(random.chance(0.9) ? others : this.#projects)
    const isRight = key !== null && random.chance(0.9)
    const proof = isRight ? keyProof(id, key) : hashHex('guessed', random.hex(8))
    return this.#request(project, book, { kind: 'accept', transfer: id, proof, user: 'u', anyType: random.chance(0.5) })
  }

  #request(project: ProjectId, { spec }: VolumeBook, operation: Operation): OperationRequest {
    const rid = requestId(hashHex('rid', project, this.#random.hex(8)).slice(0, 32))
    return { rid, project, volume: spec.id, operation }
  }
}

function isOpen({ ackedMs, cancelAckedMs, accepts }: TransferBook): boolean {
  return ackedMs !== null && cancelAckedMs === null && [...accepts.values()].every((accept) => accept.ackedMs === null)
}
