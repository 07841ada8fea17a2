/**
 * A volume is one project's at any time, and changes hands only by a transfer that its project offered, that the other one accepted with
 * the key, and that the other's register had bound before (I6, I7, I10).
 *
 * Reads the owners' journals: whose a volume was, and by which request it became somebody else's. No answer shows one project's volume to
 * another, and a key is in no journal.
 */
import { hashHex } from '../../../lib/model/hash.ts'
import { type ProjectId, type RequestId, type TransferId, transferId, type VolumeId } from '../../../lib/model/ids.ts'
import type { ClientReply, OperationRequest } from '../../../lib/model/request.ts'
import { keyName, keyProof } from '../../../lib/model/transfer.ts'
import type { Volume } from '../../../lib/model/volume.ts'
import type { Owned } from '../../../lib/flows/owner/owned.ts'
import type { Asked, VolumeBook } from '../history.ts'
import type { Hits } from '../hits.ts'
import type { SimNode } from '../node.ts'
import type { TransferBook } from '../transfer-books.ts'
import { Violation } from '../violation.ts'
import { type Checker, membersIn, type Scene } from './checker.ts'
import type { RegisterChecker } from './registers.ts'
import { ownedIn } from './stored.ts'

export class TransferChecker implements Checker {
  readonly #scene: Scene
  readonly #registers: RegisterChecker
  readonly #hits: Hits
  /** Transfers that an owner's journal has shown as accepted, and by which request. */
  readonly #accepted = new Map<TransferId, RequestId>()
  readonly #offeredBy = new Map<TransferId, SimNode>()
  /** Whose each volume was, and until when; the last is whose it is. */
  readonly #owners = new Map<VolumeId, { readonly project: ProjectId; untilMs: number }[]>()
  /** How far each volume's record had come. */
  readonly #seqs = new Map<VolumeId, number>()

  constructor(scene: Scene, registers: RegisterChecker, hits: Hits) {
    this.#scene = scene
    this.#hits = hits
    this.#registers = registers
  }

  onDurable(node: SimNode, key: string, after: unknown, before: unknown): void {
    if (key.startsWith('result/')) return this.#checkSecret(node, key, after)
    const is = key.startsWith('volume/') ? ownedIn(after) : null
    if (is === null) return
    const was = ownedIn(before)
    const { volume } = is
    this.#noteOwner(node, is)
    if (volume.transfer !== null) this.#offeredBy.set(volume.transfer.id, node)
    this.#checkSecret(node, key, after)
    const strange = volume.snapshots.find(({ project }) => project !== volume.project)
    if (strange !== undefined) throw new Violation('I10', "a volume has another project's snapshot", { host: node.name, volume, strange })
    if (was !== null && was.volume.transfer?.acceptedBy !== volume.transfer?.acceptedBy) this.#checkAccepted(node, volume)
    const isMoved = was !== null && was.volume.project !== volume.project
    // What it had forgotten it takes from others, or from the tags of its bytes.
    if (isMoved && !node.hasForgotten && volume.transfer?.state !== 'accepted')
      throw new Violation('I10', 'a volume became another project’s without a transfer', { host: node.name, was, is })
  }

  /** Whether it was another project's than this one's at some moment from then on. */
  wasElsewhere(volume: VolumeId, project: ProjectId, sinceMs: number): boolean {
    return (this.#owners.get(volume) ?? []).some((owner) => owner.project !== project && owner.untilMs >= sinceMs)
  }

  #noteOwner(node: SimNode, { volume: { id, project }, step, seq }: Owned): void {
    // Room that is set aside for a repeat of its create, wherever, makes it nobody's.
    if (step === 'reserved') return
    // Nor does an old copy of a journal.
    const known = this.#seqs.get(id) ?? 0
    if (node.isAmnesic && seq <= known) return
    this.#seqs.set(id, Math.max(seq, known))
    const owners = this.#owners.get(id) ?? []
    this.#owners.set(id, owners)
    const last = owners.at(-1)
    if (last?.project === project) return
    if (last !== undefined) last.untilMs = this.#scene.world.nowMs
    owners.push({ project, untilMs: Number.POSITIVE_INFINITY })
  }

  onReply(node: SimNode, { request }: Asked, reply: ClientReply): void {
    if (!reply.result.ok) {
      const isRival = request.kind === 'operate' && 'transfer' in request.request.operation && reply.result.failure.code === 'volume-busy'
      if (isRival) this.#hits.add('transfer: wanted by two')
      return
    }
    if (request.kind === 'operate' && reply.kind === 'operate') {
      const { volume } = reply.result.value
      this.#requireOwn(node, request.request.project, volume)
      if (request.request.operation.kind === 'accept') this.#checkAcceptAnswer(request.request)
    }
    if (request.kind === 'create' && reply.kind === 'create') this.#requireOwn(node, request.spec.project, reply.result.value)
    if (request.kind === 'find' && reply.kind === 'find' && request.isOwn) this.#requireOwn(node, request.project, reply.result.value)
    if (request.kind === 'find-snapshot' && reply.kind === 'find-snapshot' && request.isOwn) {
      const { project } = reply.result.value
      if (project !== request.project)
        throw new Violation('I10', "a project was shown another's snapshot", { host: node.name, request, reply })
    }
  }

  atRest(): void {
    const view = membersIn(this.#scene).find(({ isUp }) => isUp)?.peer?.view
    for (const book of this.#scene.history.books.values()) {
      const found = view?.volumes.get(book.spec.id) ?? null
      for (const transfer of book.transfers.values()) this.#checkEnd(book, transfer, found === null ? null : found.volume)
    }
  }

  #checkAccepted(node: SimNode, volume: Volume): void {
    const { transfer, id } = volume
    if (transfer === null || transfer.acceptedBy === null) return
    const { acceptedBy: rid, destination } = transfer
    const facts = { host: node.name, volume }
    const decision = this.#registers.decisionOf(volume.project, rid)
    if (decision === null || decision.kind === 'unplaced' || decision.host !== node.id)
      throw new Violation('I7', "a volume became a project's before that project's register had bound it", { ...facts, decision })
    const asked = this.#bookOf(id)?.transfers.get(transfer.id)?.accepts.get(rid)
    if (destination !== volume.project || asked?.project !== destination)
      throw new Violation('I10', 'a volume became a project’s that had not asked for it', { ...facts, asked })
    const first = this.#accepted.get(transfer.id) ?? rid
    if (first !== rid) throw new Violation('I5', 'a transfer was accepted twice', { ...facts, first })
    this.#hits.add('transfer: accepted')
    if (volume.snapshots.length > 0) this.#hits.add('transfer: accepted with snapshots')
    this.#accepted.set(transfer.id, rid)
    const key = keyOf(this.#offeredBy.get(transfer.id) ?? node, transfer.id)
    if (asked.proof !== keyProof(transfer.id, key))
      throw new Violation('I10', 'a transfer was accepted without its key', { ...facts, asked })
  }

  #checkAcceptAnswer({ operation, rid }: OperationRequest): void {
    if (operation.kind !== 'accept' || this.#accepted.get(operation.transfer) === rid) return
    throw new Violation('I6', 'an accept was answered before the record was the project’s', { rid, operation })
  }

  #checkEnd(book: VolumeBook, transfer: TransferBook, found: Volume | null): void {
    const facts = { transfer, found }
    const accepts = [...transfer.accepts].filter(([, { ackedMs }]) => ackedMs !== null)
    if (accepts.length > 1) throw new Violation('I5', 'a transfer was accepted twice', facts)
    if (accepts.length > 0 && transfer.cancelAckedMs !== null) throw new Violation('I6', 'a transfer was accepted and taken back', facts)
    // What a host that is lost decided last may be known to nobody else.
    if (found !== null && found.owner !== null && this.#scene.operator.isLost(found.owner)) return
    if (found === null || found.transfer === null) {
      if (found !== null && transfer.ackedMs !== null) throw new Violation('I6', 'an acknowledged offer is lost', facts)
      return
    }
    const shown = book.transfers.get(found.transfer.id)
    const isEarlier = shown !== undefined && shown.ackedMs !== null && shown.ackedMs < transfer.askedMs
    if (transfer.ackedMs !== null && isEarlier) throw new Violation('I6', 'a transfer that came later is lost', { ...facts, shown })
    if (shown !== transfer) return
    const [accepted] = accepts
    if (accepted !== undefined && found.project !== accepted[1].project)
      throw new Violation('I6', 'an acknowledged transfer is lost', facts)
    if (transfer.cancelAckedMs !== null && found.transfer.state !== 'cancelled')
      throw new Violation('I6', 'a transfer that was taken back stands open', facts)
  }

  #requireOwn(node: SimNode, project: Volume['project'] | null, volume: Volume | null): void {
    if (volume === null || project === null || volume.project === project) return
    throw new Violation('I10', "a project was shown another's volume", { host: node.name, project, volume })
  }

  #bookOf(id: VolumeId): VolumeBook | undefined {
    return this.#scene.history.books.get(id)
  }

  #checkSecret(node: SimNode, key: string, after: unknown): void {
    if (this.#offeredBy.size === 0 || after === undefined) return
    const text = JSON.stringify(after)
    const id = /"transfer":\{"id":"([0-9a-f-]{36})"/.exec(text)?.[1]
    if (id !== undefined && text.includes(keyOf(node, transferId(id))))
      throw new Violation('I10', 'the key of a transfer is in a journal', { host: node.name, key, id })
  }
}

/** As hosts of the simulator make their secrets (make-node.ts). */
function keyOf(node: SimNode, id: TransferId): string {
  return hashHex('secret', node.id, keyName(id)).slice(0, 16)
}
