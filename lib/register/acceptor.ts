/**
 * One member's memory of one register: what it promised and what it accepted last (CASPaxos, arXiv 1802.07000).
 *
 * It never accepts under a ballot below its promise, and whatever it answers was made durable first: each function
 * returns the puts that the caller journals in one batch before it sends the answer. An accept carries the promise for
 * the same proposer's next ballot, so that a lone proposer needs one round trip.
 */
import { type Cell, cellEntries, cellOf, emptyCell, putEntry } from '../model/cell.ts'
import type { PeerId, RequestId } from '../model/ids.ts'
import type { LedgerPut } from '../model/ledger.ts'
import { isOutlived, livesAmong } from '../model/lives.ts'
import { type Ballot, compareBallots } from '../model/ballot.ts'
import type { PeerMessage } from '../model/message.ts'
import { grantDigest, grantOf } from '../model/proof.ts'

export interface Acceptor {
  /** Voting epoch whose group this member's memory belongs to. */
  group: number
  promised: Ballot | null
  accepted: Ballot | null
  cell: Cell
  /** Later lives of members that have taken the register over: their former votes are void here. */
  readonly lives: Map<PeerId, number>
}

/** Who votes: this member in its present life, and the group whose lives the question names. */
export interface Voter {
  /** Boot epoch. */
  readonly life: number
  readonly members: readonly PeerId[]
}

type Message<Kind extends PeerMessage['kind']> = Extract<PeerMessage, { kind: Kind }>

export interface AcceptorStep {
  readonly answer: PeerMessage
  /** True if promise or acceptance changed and must be durable before the answer is sent. */
  readonly changed: boolean
  /** Answered with this member's signature for the grants that it was asked for, once it is durable. */
  readonly attests: { readonly ballot: Ballot; readonly grants: readonly string[] } | null
  /** Entries to store; `whole` means that everything stored before goes. */
  readonly puts: readonly LedgerPut[]
  readonly whole: boolean
}

export function newAcceptor(group: number): Acceptor {
  return { group, promised: null, accepted: null, cell: emptyCell(), lives: new Map() }
}

export function onPrepare(acceptor: Acceptor, { life, members }: Voter, message: Message<'prepare'>): AcceptorStep {
  const { project, ballot } = message
  const lives = livesAmong(members, acceptor.lives)
  if (isOutlived(message.lives, lives)) return answerOnly({ kind: 'outlived', project, ballot, lives })
  if (acceptor.promised !== null && compareBallots(ballot, acceptor.promised) < 0) {
    return answerOnly({ kind: 'rejected', project, ballot, promised: acceptor.promised })
  }
  acceptor.promised = ballot
  const value = sameBallot(acceptor.accepted, message.known) ? 'known' : cellEntries(acceptor.cell)
  const answer = { kind: 'promised', project, ballot, life, accepted: acceptor.accepted, value } as const
  return { answer, changed: true, attests: null, puts: [], whole: false }
}

export function onAccept(acceptor: Acceptor, { life, members }: Voter, message: Message<'accept'>): AcceptorStep {
  const { project, ballot, next, change, attest } = message
  const lives = livesAmong(members, acceptor.lives)
  if (isOutlived(message.lives, lives)) return answerOnly({ kind: 'outlived', project, ballot, lives })
  const answer = { kind: 'accepted', project, ballot, life, signature: null } as const
  // A repeat of what was accepted already; its ballot is below the promise that came with it. Under a later promise it may be what
  // this member has taken over from others, and never voted for.
  const isLater = acceptor.promised !== null && compareBallots(acceptor.promised, next) > 0
  if (sameBallot(acceptor.accepted, ballot) && !isLater) return { ...answerOnly(answer), attests: attested(acceptor, attest) }
  if (acceptor.promised !== null && compareBallots(ballot, acceptor.promised) < 0) {
    return answerOnly({ kind: 'rejected', project, ballot, promised: acceptor.promised })
  }
  if (change.kind === 'difference' && !sameBallot(acceptor.accepted, change.base)) return answerOnly({ kind: 'behind', project, ballot })

  acceptor.accepted = ballot
  acceptor.promised = next
  if (change.kind === 'whole') acceptor.cell = cellOf(change.value)
  else for (const put of change.puts) putEntry(acceptor.cell, put)
  const puts = change.kind === 'whole' ? change.value.map(([key, entry]) => ({ key, entry })) : change.puts
  return { answer, changed: true, attests: attested(acceptor, attest), puts, whole: change.kind === 'whole' }
}

/** Whether the proposer's picture still is the newest that this member knows: reads without a write. */
export function onConfirm(acceptor: Acceptor, message: Message<'confirm'>): AcceptorStep {
  const current = sameBallot(acceptor.accepted, message.accepted) && sameBallot(acceptor.promised, message.ballot)
  const { project, ballot, round, attest } = message
  const answer = answerOnly({ kind: 'confirmed', project, ballot, round, current, signature: null })
  return { ...answer, attests: current ? attested(acceptor, attest) : null }
}

export function sameBallot(a: Ballot | null, b: Ballot | null): boolean {
  if (a === null || b === null) return false
  return compareBallots(a, b) === 0
}

/** The grants of these requests in a value, in the order of the requests; an entry that is not there is left out. */
export function grantsIn(cell: Cell, requests: readonly RequestId[]): readonly string[] {
  return requests.flatMap((rid) => {
    const entry = cell.bound.get(rid) ?? cell.recent.get(rid)
    const grant = entry === undefined ? null : grantOf(entry)
    return grant === null ? [] : [grantDigest(grant)]
  })
}

function attested({ accepted, cell }: Acceptor, requests: readonly RequestId[]): AcceptorStep['attests'] {
  return accepted === null || requests.length === 0 ? null : { ballot: accepted, grants: grantsIn(cell, requests) }
}

function answerOnly(answer: PeerMessage): AcceptorStep {
  return { answer, changed: false, attests: null, puts: [], whole: false }
}
