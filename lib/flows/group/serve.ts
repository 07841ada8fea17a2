/**
 * This peer as a member of home groups: keeps its part of the registers, and proposes for whoever asks.
 *
 * A peer that is no member of a project's group, or whose cluster is still forming, answers nothing: no majority may be
 * counted twice.
 */
import type { Account } from '../../ledger/account.ts'
import { evaluate } from '../../ledger/rules.ts'
import type { PeerId, ProjectId } from '../../model/ids.ts'
import { hasLeft, isForming, isLostHost } from '../../model/manifest.ts'
import type { ChangeOutcome, PeerMessage } from '../../model/message.ts'
import { proofText } from '../../model/proof.ts'
import { majorityOf } from '../../register/home-group.ts'
import { type AcceptorStep, onAccept, onConfirm, onPrepare } from '../../register/acceptor.ts'
import {
  abandonRounds,
  newProposer,
  onAccepted,
  onBehind,
  onConfirmed,
  onMemberUnreachable,
  onOutlived,
  onPromised,
  onRejected,
  onRoundTimeout,
  type Proposer,
  type ProposerWorld,
  propose,
} from '../../register/proposer.ts'
import { install, isInstalled } from './install.ts'
import { membersOf } from './members.ts'
import { cellKey } from '../keys.ts'
import { cancel, journalDrop, journalPut, journalRegister, type Out, send, timer } from '../out.ts'
import { acceptorOf, type Peer } from '../tables.ts'
import { type Cell, cellEntries } from '../../model/cell.ts'

type Message<Kind extends PeerMessage['kind']> = Extract<PeerMessage, { kind: Kind }>
/** What a member gets: questions to its memory, answers to its proposals, and changes to propose. */
export type GroupMessage = Message<
  'change' | 'prepare' | 'promised' | 'accept' | 'accepted' | 'behind' | 'rejected' | 'outlived' | 'confirm' | 'confirmed'
>

export function onGroupMessage(peer: Peer, out: Out, from: PeerId, message: GroupMessage): void {
  const { project } = message
  const members = membersOf(peer, project)
  if (isForming(peer.options.manifest) || peer.state === 'recovering' || !members.includes(peer.self)) return
  switch (message.kind) {
    case 'prepare':
    case 'accept':
    case 'confirm':
      // Another voting epoch: one of the two has an old manifest, and will hear of the new one.
      if (!members.includes(from) || message.ballot.group !== peer.options.manifest.voting.epoch) return
      if (isInstalled(peer, project)) remember(peer, out, from, message)
      else install(peer, out, project)
      return
    case 'change':
      // Who may not vote may not propose either; the next member is asked.
      if (!isInstalled(peer, project)) {
        install(peer, out, project)
        return send(out, from, { kind: 'changed', ref: message.ref, project, outcome: nobody(members) })
      }
      propose(proposerOf(peer, project, members), { from, ref: message.ref, change: message.change }, worldOf(peer, out, project))
      return
    default:
      if (members.includes(from)) onVote(proposerOf(peer, project, members), from, message, worldOf(peer, out, project))
  }
}

const nobody = (members: readonly PeerId[]): ChangeOutcome => ({ kind: 'no-majority', answered: 0, needed: majorityOf(members.length) })

/** The voters have changed: nothing that was proposed to the former groups goes on. */
export function abandonProposals(peer: Peer, out: Out): void {
  for (const [project, proposer] of peer.proposers) abandonRounds(proposer, worldOf(peer, out, project))
  peer.proposers.clear()
}

/** A question to a member could not be sent. */
export function onVoteUnreachable(peer: Peer, out: Out, to: PeerId, project: ProjectId): void {
  const proposer = peer.proposers.get(project)
  if (proposer !== undefined) onMemberUnreachable(proposer, to, worldOf(peer, out, project))
}

export function onRoundTimer(peer: Peer, out: Out, project: ProjectId): void {
  const proposer = peer.proposers.get(project)
  if (proposer !== undefined) onRoundTimeout(proposer, worldOf(peer, out, project))
}

function remember(peer: Peer, out: Out, from: PeerId, message: Message<'prepare' | 'accept' | 'confirm'>): void {
  const acceptor = acceptorOf(peer, message.project)
  acceptor.group = peer.options.manifest.voting.epoch
  const voter = { life: peer.epoch, members: membersOf(peer, message.project) }
  const before = message.kind === 'accept' && message.change.kind === 'whole' ? cellEntries(acceptor.cell).map(([key]) => key) : []
  const step =
    message.kind === 'prepare'
      ? onPrepare(acceptor, voter, message)
      : message.kind === 'accept'
        ? onAccept(acceptor, voter, message)
        : onConfirm(acceptor, message)
  if (step.changed) journalMemory(peer, out, message.project, step, before)
  send(out, from, signed(peer, message.project, step))
}

function signed({ options }: Peer, project: ProjectId, { answer, attests }: AcceptorStep): PeerMessage {
  if (attests === null || (answer.kind !== 'accepted' && answer.kind !== 'confirmed')) return answer
  const signature = options.signer.sign(proofText(options.manifest.cluster, project, attests.ballot, attests.grants))
  return { ...answer, signature }
}

function journalMemory(peer: Peer, out: Out, project: ProjectId, step: AcceptorStep, before: readonly string[]): void {
  journalRegister(out, project, acceptorOf(peer, project))
  if (step.whole) {
    const kept = new Set(step.puts.map(({ key }) => key))
    for (const key of before) if (!kept.has(key)) journalDrop(out, cellKey(project, key))
  }
  for (const { key, entry } of step.puts) {
    if (entry === null) journalDrop(out, cellKey(project, key))
    else journalPut(out, cellKey(project, key), entry)
  }
}

function onVote(
  proposer: Proposer,
  from: PeerId,
  message: Message<'promised' | 'accepted' | 'behind' | 'rejected' | 'outlived' | 'confirmed'>,
  world: ProposerWorld,
): void {
  switch (message.kind) {
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
  }
}

function accountOf(peer: Peer, project: ProjectId, cell: Cell): Account {
  const { manifest } = peer.options
  return {
    project,
    cell,
    defaults: manifest.limits,
    founding: manifest.types,
    isLost: (host) => isLostHost(manifest, host),
    hasLeft: (host) => hasLeft(manifest, host),
  }
}

function proposerOf(peer: Peer, project: ProjectId, members: readonly PeerId[]): Proposer {
  const known = peer.proposers.get(project)
  if (known !== undefined) return known
  const lives = peer.acceptors.get(project)?.lives ?? new Map<PeerId, number>()
  const proposer = newProposer(project, peer.self, peer.epoch, peer.options.manifest.voting.epoch, members, lives)
  peer.proposers.set(project, proposer)
  return proposer
}

function worldOf(peer: Peer, out: Out, project: ProjectId): ProposerWorld {
  const key = `round/${project}`
  return {
    send: (to, message) => send(out, to, message),
    answer: ({ from, ref }, outcome) => send(out, from, { kind: 'changed', ref, project, outcome }),
    timer: (afterMs) => timer(out, key, afterMs),
    cancelTimer: () => cancel(out, key),
    evaluate: (cell, change) => evaluate(peer.options.rules, accountOf(peer, project, cell), change),
    random: (below) => peer.options.rng.below(below),
  }
}
