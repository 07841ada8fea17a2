/**
 * Proposes changes to one project's register and answers those who asked (CASPaxos, arXiv 1802.07000).
 *
 * Any member may propose. While one does so alone it stays *steady*: a majority accepted its last value and promised
 * its next ballot, so that a change costs one round trip and a read costs one without a write. Waiting changes go into
 * one round together. A round that fails is begun anew from a prepare, and its changes are evaluated again on whatever
 * value is then found: they are idempotent, so that one that had gone through after all gives the same answer.
 *
 * A ballot is used for one value only: its counter grows, and it carries an epoch that a restart never repeats. The proposer's own
 * vote is among those that it builds on, so that its disk knows of every ballot under which others were asked to accept: what
 * they remember of it after a crash shows whether it has lost anything.
 */
import { type Cell, cellEntries, cellOf, emptyCell, putEntry } from '../model/cell.ts'
import type { PeerId, ProjectId, RequestId } from '../model/ids.ts'
import { assertNever } from '../model/invariant.ts'
import type { LedgerAnswer, LedgerChange, LedgerPut } from '../model/ledger.ts'
import { hearLife, type Lives, livesAmong } from '../model/lives.ts'
import { type Ballot, compareBallots, isAbove } from '../model/ballot.ts'
import type { AcceptChange, ChangeOutcome, PeerMessage } from '../model/message.ts'
import { BATCH_MAX, type Proof } from '../model/proof.ts'
import { grantsIn, sameBallot } from './acceptor.ts'
import { majorityOf } from './home-group.ts'

/** A change and who waits for its answer. */
export interface Waiting {
  readonly from: PeerId
  readonly ref: string
  readonly change: LedgerChange
}

/** What a majority is known to have accepted last, and the ballot that it promised for the next round. */
interface Steady {
  readonly accepted: Ballot
  readonly next: Ballot
  readonly cell: Cell
}

interface Decided {
  readonly waiting: Waiting
  readonly answer: LedgerAnswer
}

/** Who has voted, with its signature for the grants of the round where there are some. */
type Votes = Map<PeerId, string | null>

type Round =
  | {
      readonly kind: 'prepare'
      readonly ballot: Ballot
      /** Only votes of these lives count, and of later ones. */
      readonly lives: Lives
      readonly promises: Map<PeerId, Extract<PeerMessage, { kind: 'promised' }>>
    }
  | {
      readonly kind: 'accept'
      readonly ballot: Ballot
      readonly next: Ballot
      readonly lives: Lives
      readonly cell: Cell
      readonly decided: readonly Decided[]
      readonly votes: Votes
    }
  | {
      readonly kind: 'confirm'
      readonly ballot: Ballot
      readonly round: number
      readonly picture: Steady
      readonly decided: readonly Decided[]
      readonly votes: Votes
    }
  | { readonly kind: 'pause'; readonly ballot: Ballot }

export interface Proposer {
  readonly project: ProjectId
  readonly self: PeerId
  readonly epoch: number
  /** Voting epoch of `members`. */
  readonly group: number
  readonly members: readonly PeerId[]
  /** Newest ballots that each member has voted for, as far as this proposer heard. */
  readonly votesSeen: Map<PeerId, { readonly promised: Ballot | null; readonly accepted: Ballot | null }>
  /** Boot epochs of the members, as far as this proposer heard. */
  readonly lives: Map<PeerId, number>
  steady: Steady | null
  round: Round | null
  /** Members that could not be reached in this round. */
  lost: Set<PeerId>
  counter: number
  confirms: number
  failures: number
  queue: Waiting[]
}

/** What a proposer does to the world; given by the caller, carried out in order. */
export interface ProposerWorld {
  send(to: PeerId, message: PeerMessage): void
  answer(waiting: Waiting, outcome: ChangeOutcome): void
  /** Calls `onRoundTimeout` later; replaces the one before. */
  timer(afterMs: number): void
  cancelTimer(): void
  evaluate(cell: Cell, change: LedgerChange): { readonly puts: readonly LedgerPut[]; readonly answer: LedgerAnswer }
  /** Integer in [0, below). */
  random(below: number): number
}

const ROUND_TIMEOUT_MS = 1000
const FAILURES_MAX = 3
const QUEUE_MAX = 4096

/** @param lives that this member's own memory of the register holds */
export function newProposer(
  project: ProjectId,
  self: PeerId,
  epoch: number,
  group: number,
  members: readonly PeerId[],
  lives: ReadonlyMap<PeerId, number>,
): Proposer {
  return {
    project,
    self,
    epoch,
    group,
    members,
    votesSeen: new Map(),
    lives: new Map(lives),
    steady: null,
    round: null,
    lost: new Set(),
    counter: 0,
    confirms: 0,
    failures: 0,
    queue: [],
  }
}

/** Takes a change in; its answer comes through `world.answer`, once. */
export function propose(proposer: Proposer, waiting: Waiting, world: ProposerWorld): void {
  if (proposer.queue.length >= QUEUE_MAX) return world.answer(waiting, { kind: 'overloaded', limit: QUEUE_MAX })
  proposer.queue.push(waiting)
  if (proposer.round === null) nextRound(proposer, world)
}

export function onPromised(
  proposer: Proposer,
  from: PeerId,
  message: Extract<PeerMessage, { kind: 'promised' }>,
  world: ProposerWorld,
): void {
  noteVote(proposer, from, 'promised', message.ballot)
  hearLife(proposer.lives, from, message.life)
  const round = proposer.round
  if (round?.kind !== 'prepare' || !sameBallot(round.ballot, message.ballot) || isOver(proposer, round.lives, from, message.life)) return
  round.promises.set(from, message)
  if (!isMajority(proposer, round.promises)) return
  let newest: Extract<PeerMessage, { kind: 'promised' }> | null = null
  for (const promise of round.promises.values()) {
    if (promise.accepted !== null && (newest?.accepted == null || compareBallots(promise.accepted, newest.accepted) > 0)) newest = promise
  }
  const cell = newest === null || newest.value === 'known' ? emptyCell() : cellOf(newest.value)
  accept(proposer, round.ballot, newest?.accepted ?? null, cell, world)
}

export function onAccepted(
  proposer: Proposer,
  from: PeerId,
  message: Extract<PeerMessage, { kind: 'accepted' }>,
  world: ProposerWorld,
): void {
  noteVote(proposer, from, 'accepted', message.ballot)
  hearLife(proposer.lives, from, message.life)
  const round = proposer.round
  if (round?.kind !== 'accept' || !sameBallot(round.ballot, message.ballot) || isOver(proposer, round.lives, from, message.life)) return
  round.votes.set(from, message.signature)
  if (!isMajority(proposer, round.votes)) return
  const picture = { accepted: round.ballot, next: round.next, cell: round.cell }
  proposer.steady = picture
  finish(proposer, round, picture, world)
}

/** A member that holds another base gets the whole value under the same ballot. */
export function onBehind(proposer: Proposer, from: PeerId, message: Extract<PeerMessage, { kind: 'behind' }>, world: ProposerWorld): void {
  const round = proposer.round
  const steady = proposer.steady
  if (round?.kind === 'accept' && sameBallot(round.ballot, message.ballot)) {
    const { ballot, next, lives, cell, decided } = round
    world.send(from, { kind: 'accept', project: proposer.project, ballot, next, lives, change: whole(cell), attest: grantedBy(decided) })
  } else if (round === null && steady !== null && sameBallot(steady.accepted, message.ballot)) {
    // The round is over; the member is brought up all the same, or every later difference would miss it too.
    const { accepted: ballot, next, cell } = steady
    world.send(from, {
      kind: 'accept',
      project: proposer.project,
      ballot,
      next,
      lives: livesAmong(proposer.members, proposer.lives),
      change: whole(cell),
      attest: [],
    })
  }
}

export function onRejected(proposer: Proposer, message: Extract<PeerMessage, { kind: 'rejected' }>, world: ProposerWorld): void {
  const round = proposer.round
  if (round === null || round.kind === 'pause' || !sameBallot(round.ballot, message.ballot)) return
  // The member is at a later ballot of this very proposer: what it refuses is a repeat of an older message.
  if (message.promised.peer === proposer.self && message.promised.epoch === proposer.epoch) return
  if (message.promised.group === proposer.group) proposer.counter = Math.max(proposer.counter, message.promised.counter)
  failRound(proposer, world)
}

/** A member knows of a later life than this round counts. */
export function onOutlived(proposer: Proposer, message: Extract<PeerMessage, { kind: 'outlived' }>, world: ProposerWorld): void {
  const { round, lives, members } = proposer
  if (message.ballot.group === proposer.group) for (const [at, member] of members.entries()) hearLife(lives, member, message.lives[at] ?? 0)
  if (round !== null && round.kind !== 'pause' && sameBallot(round.ballot, message.ballot)) failRound(proposer, world)
}

export function onConfirmed(
  proposer: Proposer,
  from: PeerId,
  message: Extract<PeerMessage, { kind: 'confirmed' }>,
  world: ProposerWorld,
): void {
  const round = proposer.round
  if (round?.kind !== 'confirm' || round.round !== message.round || !sameBallot(round.ballot, message.ballot)) return
  if (message.current) {
    round.votes.set(from, message.signature)
    if (round.votes.size >= majorityOf(proposer.members.length)) finish(proposer, round, round.picture, world)
    return
  }
  // Behind or overtaken: it cannot vouch for the picture. If too many cannot, the picture is read anew.
  proposer.lost.add(from)
  if (!majorityPossible(proposer)) failRound(proposer, world)
}

/** A message to `member` could not be sent. Too few members left: everybody who waits is told at once. */
export function onMemberUnreachable(proposer: Proposer, member: PeerId, world: ProposerWorld): void {
  const round = proposer.round
  if (round === null || round.kind === 'pause') return
  proposer.lost.add(member)
  if (!majorityPossible(proposer)) giveUp(proposer, proposer.members.length - proposer.lost.size, world)
}

export function onRoundTimeout(proposer: Proposer, world: ProposerWorld): void {
  const round = proposer.round
  if (round === null) return
  if (round.kind === 'pause') {
    proposer.round = null
    nextRound(proposer, world)
    return
  }
  failRound(proposer, world)
}

/** The group has changed: whoever waits is told that nobody can say, and asks the new one. */
export function abandonRounds(proposer: Proposer, world: ProposerWorld): void {
  giveUp(proposer, 0, world)
}

function ballotAt({ group, counter, self, epoch }: Proposer): Ballot {
  return { group, counter, peer: self, epoch }
}

function noteVote({ votesSeen }: Proposer, of: PeerId, what: 'promised' | 'accepted', ballot: Ballot): void {
  const known = votesSeen.get(of) ?? { promised: null, accepted: null }
  if (isAbove(ballot, known[what])) votesSeen.set(of, { ...known, [what]: ballot })
}

function nextRound(proposer: Proposer, world: ProposerWorld): void {
  if (proposer.queue.length === 0) {
    proposer.round = null
    world.cancelTimer()
    return
  }
  proposer.lost = new Set()
  const { steady } = proposer
  if (steady === null) prepare(proposer, world)
  else accept(proposer, steady.next, steady.accepted, steady.cell, world)
}

function prepare(proposer: Proposer, world: ProposerWorld): void {
  proposer.counter += 1
  const ballot = ballotAt(proposer)
  const lives = livesAmong(proposer.members, proposer.lives)
  proposer.round = { kind: 'prepare', ballot, lives, promises: new Map() }
  world.timer(ROUND_TIMEOUT_MS)
  for (const member of proposer.members) world.send(member, { kind: 'prepare', project: proposer.project, ballot, known: null, lives })
}

/** Evaluates the waiting changes on `cell` (the value accepted at `base`) and asks the members to accept the result. */
function accept(proposer: Proposer, ballot: Ballot, base: Ballot | null, cell: Cell, world: ProposerWorld): void {
  const { project } = proposer
  const batch = proposer.queue.splice(0, BATCH_MAX)
  const puts: LedgerPut[] = []
  const decided = batch.map((waiting): Decided => {
    const verdict = world.evaluate(cell, waiting.change)
    for (const put of verdict.puts) putEntry(cell, put)
    puts.push(...verdict.puts)
    return { waiting, answer: verdict.answer }
  })
  const attest = grantedBy(decided)
  world.timer(ROUND_TIMEOUT_MS)

  const { steady } = proposer
  if (puts.length === 0 && steady !== null) {
    proposer.confirms += 1
    const round = proposer.confirms
    proposer.round = { kind: 'confirm', ballot: steady.next, round, picture: steady, decided, votes: new Map() }
    for (const member of proposer.members)
      world.send(member, { kind: 'confirm', project, ballot: steady.next, accepted: steady.accepted, round, attest })
    return
  }
  proposer.counter = Math.max(proposer.counter, ballot.counter) + 1
  const next = ballotAt(proposer)
  // From here on the cell is ahead of what a majority holds; it is the picture again only if this round succeeds.
  proposer.steady = null
  const lives = livesAmong(proposer.members, proposer.lives)
  proposer.round = { kind: 'accept', ballot, next, lives, cell, decided, votes: new Map() }
  const change: AcceptChange = base === null ? whole(cell) : { kind: 'difference', base, puts }
  for (const member of proposer.members) world.send(member, { kind: 'accept', project, ballot, next, lives, change, attest })
}

function finish(
  proposer: Proposer,
  { decided, votes }: { readonly decided: readonly Decided[]; readonly votes: Votes },
  picture: Steady,
  world: ProposerWorld,
): void {
  proposer.failures = 0
  const proof = proofOf(decided, votes, picture)
  for (const { waiting, answer } of decided) {
    world.answer(waiting, { kind: 'decided', answer, proof: answer.kind === 'bound' ? proof : null })
  }
  proposer.round = null
  nextRound(proposer, world)
}

/** Requests that this round answers with a grant. */
function grantedBy(decided: readonly Decided[]): readonly RequestId[] {
  return [...new Set(decided.flatMap(({ answer }) => (answer.kind === 'bound' ? [answer.binding.rid] : [])))]
}

function proofOf(decided: readonly Decided[], votes: Votes, { accepted, cell }: Steady): Proof | null {
  const granted = grantedBy(decided)
  if (granted.length === 0) return null
  const signed = [...votes].flatMap(([peer, signature]) => (signature === null ? [] : [{ peer, signature }]))
  return { ballot: accepted, grants: grantsIn(cell, granted), votes: signed }
}

/** The round came to nothing or to something unknown: its changes wait again, and the value is read anew. */
function failRound(proposer: Proposer, world: ProposerWorld): void {
  const { round } = proposer
  if (round === null) return
  proposer.failures += 1
  if (proposer.failures >= FAILURES_MAX) return giveUp(proposer, votesOf(round), world)
  requeue(proposer, round)
  proposer.steady = null
  proposer.round = { kind: 'pause', ballot: round.ballot }
  // Two proposers that duel would otherwise keep meeting.
  world.timer(5 + world.random(40 * proposer.failures))
}

/** `answered`: members that can be reached, or that have answered in this round. */
function giveUp(proposer: Proposer, answered: number, world: ProposerWorld): void {
  const { round } = proposer
  if (round !== null) requeue(proposer, round)
  proposer.steady = null
  proposer.round = null
  proposer.failures = 0
  const waiting = proposer.queue
  proposer.queue = []
  world.cancelTimer()
  for (const one of waiting) world.answer(one, { kind: 'no-majority', answered, needed: majorityOf(proposer.members.length) })
}

function requeue(proposer: Proposer, round: Round): void {
  if (round.kind === 'accept' || round.kind === 'confirm') proposer.queue.unshift(...round.decided.map(({ waiting }) => waiting))
}

function votesOf(round: Round): number {
  switch (round.kind) {
    case 'prepare':
      return round.promises.size
    case 'accept':
    case 'confirm':
      return round.votes.size
    case 'pause':
      return 0
    default:
      return assertNever(round)
  }
}

function isMajority({ members, self }: Proposer, votes: ReadonlyMap<PeerId, unknown>): boolean {
  return votes.size >= majorityOf(members.length) && votes.has(self)
}

/** Said in a life that is over, as far as this round knows. */
function isOver({ members }: Proposer, lives: Lives, from: PeerId, life: number): boolean {
  return life < (lives[members.indexOf(from)] ?? 0)
}

function majorityPossible(proposer: Proposer): boolean {
  return proposer.members.length - proposer.lost.size >= majorityOf(proposer.members.length)
}

function whole(cell: Cell): AcceptChange {
  return { kind: 'whole', value: cellEntries(cell) }
}
