/**
 * A volume's life as Cinder has it: only moves of status that Cinder's state machine allows, and no answer that tells of a
 * state in which the volume was at no moment between the question and the answer.
 *
 * The owner's journal says which states there were. An owner decides on what it has in memory, which may be ahead of its
 * disk; but no answer leaves before that state is on the disk, and the next one is not there before it was decided.
 */
import type { Attachment } from '../../../lib/model/attachment.ts'
import { isGroup } from '../../../lib/model/group.ts'
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { Failure } from '../../../lib/model/failure.ts'
import type { ClientReply, OperationRequest, OperationValue } from '../../../lib/model/request.ts'
import { latestSnapshot } from '../../../lib/model/snapshot.ts'
import { openTransfer } from '../../../lib/model/transfer.ts'
import type { Volume, VolumeStatus } from '../../../lib/model/volume.ts'
import { type Asked, isTrespass } from '../history.ts'
import type { Owned } from '../../../lib/flows/owner/owned.ts'
import type { SimNode } from '../node.ts'
import { Violation } from '../violation.ts'
import type { Checker, Scene } from './checker.ts'
import type { RegisterChecker } from './registers.ts'
import type { TransferChecker } from './transfers.ts'
import { checkSnapshots } from './snapshot-moves.ts'
import { type LifeKind, type LifeStatus, mayFollow, mayTakeUp } from './status-moves.ts'
import { ownedIn } from './stored.ts'

/** One state of a volume; null: it is gone. */
interface Period {
  readonly volume: Volume | null
  readonly fromMs: number
  toMs: number
}

export class StateChecker implements Checker {
  readonly #scene: Scene
  readonly #registers: RegisterChecker
  readonly #transfers: TransferChecker
  readonly #lives = new Map<VolumeId, Period[]>()
  /** Volumes of a host that has forgotten: what it knows of them next need not follow what it knew before. */
  readonly #forgotten = new Set<VolumeId>()

  /** Until when a host had room set aside for it, last. */
  readonly #reservedUntilMs = new Map<VolumeId, number>()

  constructor(scene: Scene, registers: RegisterChecker, transfers: TransferChecker) {
    this.#scene = scene
    this.#registers = registers
    this.#transfers = transfers
  }

  onDurable(node: SimNode, key: string, after: unknown, before: unknown): void {
    if (!key.startsWith('volume/')) return
    const is = ownedIn(after)
    const was = ownedIn(before)
    // A reservation is nobody's volume yet; but it may have been promised, and so it is `creating` to those who ask for more.
    this.#noteReserved(is, was)
    if (is?.step === 'reserved' || (is === null && (was === null || was.step === 'reserved'))) return
    const id = is?.volume.id ?? was?.volume.id
    if (id === undefined) return
    const life = this.#lives.get(id) ?? []
    this.#lives.set(id, life)
    const last = life.at(-1)
    const from = last?.volume?.status ?? (last === undefined ? 'creating' : 'gone')
    const to = is?.volume.status ?? 'gone'
    const isFound = [was, is].some((one) => one?.volume.failure?.kind === 'missing')
    if (node.isAmnesic) this.#forgotten.add(id)
    else if (!isFound && !this.#forgotten.delete(id) && !mayMove(node, from, to, is ?? was)) {
      throw new Violation('states', `a volume went from ${from} to ${to}`, { host: node.name, was, is })
    } else if (!node.hasForgotten) checkSnapshots(last?.volume?.snapshots ?? [], is?.volume.snapshots ?? [])
    const { nowMs } = this.#scene.world
    if (last !== undefined) last.toMs = nowMs
    life.push({ volume: is?.volume ?? null, fromMs: nowMs, toMs: Number.POSITIVE_INFINITY })
  }

  #noteReserved(is: Owned | null, was: Owned | null): void {
    if (is?.step === 'reserved') this.#reservedUntilMs.set(is.volume.id, Number.POSITIVE_INFINITY)
    else if (was?.step === 'reserved') this.#reservedUntilMs.set(was.volume.id, this.#scene.world.nowMs)
  }

  onReply(_node: SimNode, asked: Asked, reply: ClientReply): void {
    const { request } = asked
    if (request.kind === 'operate' && reply.kind === 'operate') {
      const book = this.#scene.history.books.get(request.request.volume)
      if (book === undefined || isTrespass(request.request, book)) return
      const sinceMs = this.#scene.history.firstAskedMs.get(request.request.rid) ?? asked.askedMs
      if (reply.result.ok) this.#checkDone(request.request, reply.result.value, sinceMs)
      else this.#checkRefused(request.request, reply.result.failure, sinceMs)
    }
    if ((reply.kind === 'create' || reply.kind === 'find') && reply.result.ok) {
      // What another peer shows may be old, but it must have been.
      const { id, status } = reply.result.value
      this.#require(this.#hadStatus(id, status, 0), 'a volume is shown in a state that it never had', { asked, status })
    }
  }

  #checkDone(request: OperationRequest, value: OperationValue, sinceMs: number): void {
    const { volume: id, operation } = request
    const { volume } = value
    const facts = { id, operation, value, sinceMs }
    this.#require(isDone(request, value), 'an answer says that something else was done than was asked for', facts)
    // What takes room is answered, once that is granted, with what the coordinator last saw of the volume.
    const fromMs = operation.kind === 'extend' || operation.kind === 'snapshot' || operation.kind === 'retype' ? 0 : sinceMs
    // A delete whose owner is away is taken by the register, and shown as if the owner had begun it.
    const isIntended = operation.kind === 'delete' && volume?.status === 'deleting' && this.#registers.wasIntended(id)
    this.#require(
      volume === null || isIntended || this.#hadStatus(id, volume.status, fromMs),
      'an answer tells of a state that was not',
      facts,
    )
  }

  #checkRefused({ volume: id, project, operation }: OperationRequest, failure: Failure, sinceMs: number): void {
    const facts = { id, project, operation, failure, sinceMs, life: this.#periods(id, sinceMs) }
    const had = (is: (volume: Volume) => boolean): boolean => this.#periods(id, sinceMs).some(({ volume }) => volume !== null && is(volume))
    const says = (isSo: boolean): void => this.#require(isSo, 'a refusal gives a reason that never was', facts)
    switch (failure.code) {
      case 'invalid-status':
        return says(!failure.allowed.includes(failure.status) && this.#hadStatus(id, failure.status, sinceMs))
      case 'volume-attached':
        return says(had(({ attachments }) => failure.attachments.every((one) => attachments.some((other) => other.id === one))))
      case 'attach-mode':
        return says(had(({ readOnly }) => readOnly === true))
      case 'which-attachment':
        return says(failure.attachments > 1 && had(({ attachments }) => attachments.length === failure.attachments))
      case 'attachment-status':
        return says(had(({ attachments }) => attachments.some((one) => one.id === failure.attachment && one.status === failure.status)))
      case 'attachment-not-found':
        return says(had(({ attachments }) => attachments.every((one) => one.id !== failure.attachment)))
      case 'volume-has-snapshots':
        return says(had(({ snapshots }) => snapshots.length === failure.snapshots))
      case 'snapshot-status':
        return says(had(({ snapshots }) => snapshots.some((one) => one.id === failure.snapshot && one.status === failure.status)))
      case 'snapshot-not-found':
        return says(this.#wasAway(id, sinceMs) || had(({ snapshots }) => snapshots.every((one) => one.id !== failure.snapshot)))
      case 'volume-in-group':
        return says(had(({ group }) => group === failure.group))
      case 'snapshot-in-group':
        return says(
          had(({ snapshots }) => snapshots.some((one) => one.id === failure.snapshot && one.groupSnapshot === failure.groupSnapshot)),
        )
      case 'revert-status':
        return says(
          had(
            ({ status, snapshots }) =>
              status === failure.status && snapshots.some((one) => one.id === failure.snapshot && one.status === failure.snapshotStatus),
          ),
        )
      case 'snapshot-not-latest':
        return says(had((volume) => (latestSnapshot(volume)?.id ?? null) === failure.latest))
      case 'revert-size':
        return says(failure.sizeGiB !== failure.snapshotGiB && had(({ sizeGiB }) => sizeGiB === failure.sizeGiB))
      case 'extend-offline':
        return says(!this.#scene.options.onlineExtend && had(({ status }) => status === 'in-use'))
      case 'retype-same':
        return says(operation.kind === 'retype' && had(({ typeId }) => typeId === operation.typeId))
      case 'retype-in-use':
        return says(had(({ status }) => status === 'in-use'))
      case 'size-not-larger':
        return says(failure.requestedGiB <= failure.sizeGiB && had(({ sizeGiB }) => sizeGiB === failure.sizeGiB))
      case 'transfer-not-found':
        return says(
          this.#wasAway(id, sinceMs) || !('transfer' in operation) || had((volume) => openTransfer(volume)?.id !== operation.transfer),
        )
      case 'transfer-snapshots':
        return says(had(({ snapshots }) => snapshots.length === failure.snapshots))
      case 'volume-not-found': {
        // Another project had it, at some moment.
        if (project !== null && this.#transfers.wasElsewhere(id, project, sinceMs)) return
        if (operation.kind === 'delete' && !this.#isGoneWithHost(id)) says(!this.#isOwnDoing(id, sinceMs))
        return says(
          this.#periods(id, sinceMs).every(({ volume }) => volume === null) || this.#wasAway(id, sinceMs) || this.#isGoneWithHost(id),
        )
      }
      default:
        return
    }
  }

  /** Deleted after its host was lost: its owner never heard of it. */
  #isGoneWithHost(id: VolumeId): boolean {
    const { owner } = this.#lives.get(id)?.at(-1)?.volume ?? { owner: null }
    return owner !== null && this.#scene.operator.isLost(owner) && this.#registers.wasIntended(id)
  }

  /** A volume that was promised before its only delete was asked for can be gone by that delete alone, which is then done and not refused. */
  #isOwnDoing(id: VolumeId, sinceMs: number): boolean {
    const book = this.#scene.history.books.get(id)
    return (
      book !== undefined &&
      book.deletes === 1 &&
      !book.isUnmanageAsked &&
      !book.isGroupDeleteAsked &&
      book.ackedMs !== null &&
      book.ackedMs < sinceMs
    )
  }

  /** Whether there was a moment since then at which its owner had no record of it. */
  #wasAway(id: VolumeId, sinceMs: number): boolean {
    const periods = this.#periods(id, sinceMs)
    const first = periods[0]
    return first === undefined || first.fromMs > sinceMs || periods.some(({ volume }) => volume === null)
  }

  #hadStatus(id: VolumeId, status: VolumeStatus, sinceMs: number): boolean {
    if (this.#periods(id, sinceMs).some(({ volume }) => volume?.status === status)) return true
    // Promised and in nobody's log yet, or without a place and in its register alone.
    const first = this.#lives.get(id)?.[0]
    if (status === 'creating') return first === undefined || first.fromMs >= sinceMs || (this.#reservedUntilMs.get(id) ?? 0) >= sinceMs
    const decision = this.#registers.decisionOfVolume(id)
    return status === 'error' && first === undefined && (decision === null || decision.kind === 'unplaced' || decision.host === null)
  }

  /** States that held at some moment from then until now. */
  #periods(id: VolumeId, sinceMs: number): readonly Period[] {
    return (this.#lives.get(id) ?? []).filter(({ toMs }) => toMs >= sinceMs)
  }

  #require(isSo: boolean, what: string, facts: Readonly<Record<string, unknown>>): void {
    if (!isSo) throw new Violation('states', what, facts)
  }
}

function mayMove({ hasForgotten }: SimNode, from: LifeStatus, to: LifeStatus, owned: Owned | null): boolean {
  return mayFollow(from, to, kindOf(owned)) || (hasForgotten && mayTakeUp(from, to))
}

function kindOf(owned: Owned | null): LifeKind {
  if (owned !== null && isGroup(owned.volume)) return 'group'
  return owned?.volume.multiattach === true ? 'multiattach' : 'plain'
}

/** Whether the answer shows what was asked for. */
function isDone({ operation, project, rid }: OperationRequest, value: OperationValue): boolean {
  const { volume, attachment, snapshot, transfer, authKey } = value
  switch (operation.kind) {
    case 'delete':
      return volume === null || volume.status === 'deleting'
    case 'unmanage':
      return volume === null || volume.status === 'unmanaging'
    case 'update':
      return volume !== null && (operation.name === undefined || volume.name === operation.name)
    case 'attach':
    case 'connect':
    case 'connection':
    case 'reserve':
      return attachment?.id === operation.attachment
    case 'complete':
      return attachment?.id === operation.attachment && attachment.status === 'attached'
    case 'detach':
      return volume?.attachments.every(({ id }) => id !== operation.attachment) === true
    case 'initialize':
      return attachment?.export === 'exported' && attachment.connector?.initiator === operation.connector.initiator
    case 'terminate':
      return volume?.attachments.every((one) => one.export === 'none' || !isOf(one, operation.initiator)) === true
    case 'hold':
      return attachment?.status === 'attached'
    case 'let-go':
      return (
        volume?.attachments.every((one) => (operation.which === null ? !isOf(one, operation.initiator) : one.id !== operation.which)) ===
        true
      )
    case 'set-read-only':
      return volume?.readOnly === operation.readOnly
    case 'set-bootable':
      return volume?.bootable === operation.bootable
    case 'begin-detaching':
      return volume?.status === 'detaching'
    case 'snapshot':
      return snapshot?.id === operation.snapshot.id
    case 'update-snapshot':
      return snapshot?.id === operation.snapshot && (operation.name === undefined || snapshot.name === operation.name)
    case 'reset-snapshot':
      return snapshot?.id === operation.snapshot && snapshot.status === operation.status
    case 'delete-snapshot':
      return snapshot?.id === operation.snapshot && snapshot.status === 'deleting'
    case 'unmanage-snapshot':
      return snapshot?.id === operation.snapshot && snapshot.status === 'unmanaging'
    case 'revert':
      return volume?.status === 'reverting'
    case 'offer':
      return transfer?.id === operation.transfer && transfer.state === 'open' && authKey !== null && volume?.status === 'awaiting-transfer'
    case 'cancel-transfer':
      return transfer?.id === operation.transfer && transfer.state === 'cancelled' && authKey === null
    case 'accept':
      return transfer?.acceptedBy === rid && volume?.project === project && authKey === null
    // Asked of groups (groups.ts).
    case 'change-group':
    case 'group-snapshot':
    case 'delete-group-snapshot':
    case 'reset-group-snapshot':
    case 'dismiss':
    case 'edit-image':
    case 'unreserve':
    case 'roll-detaching':
    case 'extend':
    // Bound, and its owner is at it.
    case 'retype':
    case 'reset-status':
      return volume !== null
  }
}

/** Whether the attachment is this initiator's, or anybody's (null). */
function isOf({ connector }: Attachment, initiator: string | null): boolean {
  return initiator === null || connector?.initiator === initiator
}
