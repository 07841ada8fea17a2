/**
 * Asks a project's register, through one member after the other, until one can say what a majority decided.
 *
 * The members are asked in rendezvous order, the connected ones first: everybody prefers the same proposer, so that
 * changes meet in one queue and not in a duel. Asking twice is harmless: every change is idempotent.
 */
import { effectiveDefaultLimits } from '../../model/catalogue.ts'
import type { PeerId, ProjectId } from '../../model/ids.ts'
import type { LedgerChange } from '../../model/ledger.ts'
import type { ChangeOutcome, PeerMessage } from '../../model/message.ts'
import { majorityOf } from '../../register/home-group.ts'
import { membersOf } from './members.ts'
import { cancel, freshName, type Out, send, timer } from '../out.ts'
import type { Peer } from '../tables.ts'
import type { Ask, AskPurpose } from './purpose.ts'

/** An ask that has come to its end, and how. */
export interface AskEnd {
  readonly ask: Ask
  readonly outcome: ChangeOutcome
}

export function askRegister(peer: Peer, out: Out, project: ProjectId, wanted: LedgerChange, purpose: AskPurpose): void {
  const change = informed(peer, wanted)
  const isNear = (member: PeerId): boolean => member === peer.self || peer.connections.get(member)?.state === 'up'
  const members = membersOf(peer, project)
  const order = [...members.filter(isNear), ...members.filter((member) => !isNear(member))]
  const [first, ...left] = order
  // Nobody keeps registers (a host that is out of the cluster, say): whoever asked hears that, in a turn of its own.
  if (first === undefined) return askMember(peer, out, freshName(peer), { project, change, purpose, left, asked: peer.self, answered: 0 })
  askMember(peer, out, freshName(peer), { project, change, purpose, left, asked: first, answered: 0 })
}

/** Where limits count the register is told what this peer knows of the defaults, which stand in another one. */
function informed(peer: Peer, change: LedgerChange): LedgerChange {
  switch (change.kind) {
    case 'bind':
    case 'unplace':
    case 'set-limits':
    case 'clear-limits':
    case 'read': {
      const defaults = effectiveDefaultLimits(peer.catalogue.entries)
      return defaults === null ? change : { ...change, defaults }
    }
    default:
      return change
  }
}

export function onChanged(peer: Peer, out: Out, message: Extract<PeerMessage, { kind: 'changed' }>): AskEnd | null {
  const ask = peer.asks.get(message.ref)
  if (ask === undefined) return null
  if (message.outcome.kind === 'no-majority') {
    return nextMember(peer, out, message.ref, { ...ask, answered: Math.max(ask.answered, message.outcome.answered) })
  }
  peer.asks.delete(message.ref)
  cancel(out, `ask/${message.ref}`)
  return { ask, outcome: message.outcome }
}

/** The member did not answer in time, or could not be reached at all. */
export function onAskFailed(peer: Peer, out: Out, ref: string): AskEnd | null {
  const ask = peer.asks.get(ref)
  return ask === undefined ? null : nextMember(peer, out, ref, ask)
}

function nextMember(peer: Peer, out: Out, ref: string, ask: Ask): AskEnd | null {
  const [next, ...left] = ask.left
  peer.asks.delete(ref)
  cancel(out, `ask/${ref}`)
  if (next === undefined) {
    const needed = majorityOf(membersOf(peer, ask.project).length)
    return { ask, outcome: { kind: 'no-majority', answered: ask.answered, needed } }
  }
  // A new name: a late answer of the member before must not end this question.
  askMember(peer, out, freshName(peer), { ...ask, asked: next, left })
  return null
}

function askMember(peer: Peer, out: Out, ref: string, ask: Ask): void {
  peer.asks.set(ref, ask)
  timer(out, `ask/${ref}`, peer.options.timings.askMs)
  send(out, ask.asked, { kind: 'change', ref, project: ask.project, change: ask.change })
}
