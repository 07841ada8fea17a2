/**
 * One register's group in memory: acceptors with a memory that can be lost, proposers that forget at a restart, and the
 * messages between them in one heap, to be delivered in any order.
 *
 * A member that has lost its memory answers nothing until it has taken the register over from the others, as flows/group
 * does it.
 */
import { evaluate, LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { cellEntries, cellOf } from '../../../lib/model/cell.ts'
import { peerId, poolName, projectId, requestId, reservationId, volumeId, type PeerId } from '../../../lib/model/ids.ts'
import type { Binding, LedgerAnswer } from '../../../lib/model/ledger.ts'
import { hearLife } from '../../../lib/model/lives.ts'
import type { ChangeOutcome, PeerMessage } from '../../../lib/model/message.ts'
import { type Acceptor, newAcceptor, onAccept, onConfirm, onPrepare } from '../../../lib/register/acceptor.ts'
import { majorityOf } from '../../../lib/register/home-group.ts'
import { type Memory, newestOf } from '../../../lib/register/memory.ts'
import {
  newProposer,
  onAccepted,
  onBehind,
  onConfirmed,
  onOutlived,
  onPromised,
  onRejected,
  onRoundTimeout,
  type Proposer,
  type ProposerWorld,
  propose,
} from '../../../lib/register/proposer.ts'

const PROJECT = projectId('p')
/** Voting epoch. */
const GROUP = 1
const UNLIMITED = { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 }

export interface Letter {
  readonly from: PeerId
  readonly to: PeerId
  readonly message: PeerMessage
}

export class Group {
  readonly members: readonly PeerId[]
  readonly acceptors = new Map<PeerId, Acceptor>()
  readonly letters: Letter[] = []
  readonly answers: { readonly rid: string; readonly answer: LedgerAnswer }[] = []
  readonly ended: ChangeOutcome[] = []
  readonly #proposers = new Map<PeerId, Proposer>()
  /** What a member without a memory has been told so far. */
  readonly #told = new Map<PeerId, Map<PeerId, Memory>>()
  #epoch = 0

  constructor(names: string) {
    this.members = [...names].map(peerId)
    for (const member of this.members) {
      this.acceptors.set(member, newAcceptor(GROUP))
      this.restart(member)
    }
  }

  /** A proposer forgets everything; acceptors are durable and don't. */
  restart(member: PeerId): void {
    this.#epoch += 1
    const lives = this.acceptors.get(member)?.lives ?? new Map<PeerId, number>()
    this.#proposers.set(member, newProposer(PROJECT, member, this.#epoch, GROUP, this.members, lives))
  }

  /** Its journal is gone. Of a group of three or five one at a time, until it has taken over what the others remember. */
  forget(member: PeerId): void {
    if (this.#told.size > 0) return
    this.acceptors.delete(member)
    this.restart(member)
    this.#told.set(member, new Map())
    this.#ask(member)
  }

  proposer(member: PeerId): Proposer {
    const proposer = this.#proposers.get(member)
    if (proposer === undefined) throw new Error('every member proposes')
    return proposer
  }

  worldOf(member: PeerId): ProposerWorld {
    return {
      send: (to, message) => this.#post(member, to, message),
      answer: (waiting, outcome) => {
        this.ended.push(outcome)
        if (outcome.kind === 'decided') this.answers.push({ rid: waiting.ref, answer: outcome.answer })
      },
      timer: () => {},
      cancelTimer: () => {},
      evaluate: (cell, change) =>
        evaluate(
          LEDGER_RULES,
          { project: PROJECT, cell, defaults: UNLIMITED, founding: [], isLost: () => false, hasLeft: () => false },
          change,
        ),
      random: () => 0,
    }
  }

  bind(member: PeerId, rid: string): void {
    if (this.#told.has(member)) return
    propose(
      this.proposer(member),
      { from: member, ref: rid, change: { kind: 'bind', binding: bindingOf(rid, member) } },
      this.worldOf(member),
    )
  }

  /** What is on its way is lost, all have a memory again, and somebody reads. */
  readAtLast(): void {
    this.letters.length = 0
    for (const member of this.#told.keys()) this.#ask(member)
    this.#run()
    const [first] = this.members
    if (first === undefined) return
    this.restart(first)
    for (let tries = 0; tries < 20 && this.answers.at(-1)?.rid !== 'last'; tries += 1) {
      propose(this.proposer(first), { from: first, ref: 'last', change: { kind: 'read', about: null } }, this.worldOf(first))
      this.#run()
      onRoundTimeout(this.proposer(first), this.worldOf(first))
      this.#run()
    }
    if (this.answers.at(-1)?.rid !== 'last') throw new Error('nobody can read it')
  }

  #ask(member: PeerId): void {
    for (const other of this.members)
      if (other !== member)
        this.#post(member, other, { kind: 'fetch', project: PROJECT, group: GROUP, seal: false, life: this.proposer(member).epoch })
  }

  #run(): void {
    for (let letter = this.letters.shift(); letter !== undefined; letter = this.letters.shift()) this.deliver(letter)
  }

  deliver({ from, to, message }: Letter): void {
    const acceptor = this.acceptors.get(to)
    if (message.kind === 'fetched') return this.#takeOver(from, to, message)
    if (acceptor === undefined) return
    const answer = (of: PeerMessage): void => this.#post(to, from, of)
    const proposer = this.proposer(to)
    const world = this.worldOf(to)
    const voter = { life: proposer.epoch, members: this.members }
    switch (message.kind) {
      case 'fetch': {
        hearLife(acceptor.lives, from, message.life)
        const { promised, accepted, cell, lives } = acceptor
        return answer({ ...message, kind: 'fetched', promised, accepted, value: cellEntries(cell), lives: [...lives] })
      }
      case 'prepare':
        return answer(onPrepare(acceptor, voter, message).answer)
      case 'accept':
        return answer(onAccept(acceptor, voter, message).answer)
      case 'confirm':
        return answer(onConfirm(acceptor, message).answer)
      case 'promised':
        return onPromised(proposer, from, message, world)
      case 'accepted':
        return onAccepted(proposer, from, message, world)
      case 'behind':
        return onBehind(proposer, from, message, world)
      case 'rejected':
        return onRejected(proposer, message, world)
      case 'outlived':
        return onOutlived(proposer, message, world)
      case 'confirmed':
        return onConfirmed(proposer, from, message, world)
      default:
        throw new Error(`no register message: ${message.kind}`)
    }
  }

  #takeOver(from: PeerId, to: PeerId, memory: Memory & { readonly life: number }): void {
    if (memory.life !== this.proposer(to).epoch) return
    const told = this.#told.get(to)
    told?.set(from, memory)
    if (told === undefined || told.size < majorityOf(this.members.length - 1)) return
    this.#told.delete(to)
    const { promised, accepted, value, lives } = newestOf([...told.values()])
    this.acceptors.set(to, { group: GROUP, promised, accepted, cell: cellOf(value), lives: new Map(lives) })
  }

  #post(from: PeerId, to: PeerId, message: PeerMessage): void {
    this.letters.push({ from, to, message: JSON.parse(JSON.stringify(message)) as PeerMessage })
  }
}

function bindingOf(rid: string, host: PeerId): Binding {
  return {
    kind: 'bound',
    rid: requestId(rid),
    volume: volumeId(rid),
    host,
    pool: poolName(host, 'b', 'p'),
    reservation: reservationId('1.1'),
    bodyHash: 'body',
    delta: { volumes: 1, snapshots: 0, gigabytes: 1, groups: 0 },
    sizeGiB: 1,
    spec: null,
    snapshot: null,
    transfer: null,
    atMs: 0,
  }
}
