/**
 * News about members, carried by probes and their answers.
 *
 * There is at most one piece of news for each member: that it changed. What is said is looked up when a message leaves,
 * so it is never older than what this peer knows. A piece is passed on about 4 log10 N times, those that were passed on
 * least first, and of these the newest.
 */
import type { PeerId } from '../model/ids.ts'
import { type Rumor, RUMORS_MAX } from '../model/probe.ts'
import { type Member, type Membership, sizeOf } from './membership.ts'
import { retransmitsOf } from './timing.ts'

/** There is something new to say about `peer` (a member or the own peer). */
export function spread(membership: Membership, peer: PeerId): void {
  membership.lastNews += 1
  membership.news.set(peer, { sent: 0, nth: membership.lastNews })
}

/**
 * The rumours of one message to `to`, at most RUMORS_MAX.
 *
 * First, if `to` itself is not thought alive, that: so that it can refute (Lifeguard, Buddy System). Then answers to what
 * `to` got wrong (`corrections`). The rest is news, and counts as passed on.
 */
export function rumorsFor(membership: Membership, to: PeerId, corrections: readonly PeerId[], now: number): readonly Rumor[] {
  const isAlive = membership.members.get(to)?.state === 'alive'
  // Most messages have nothing to tell.
  if (membership.news.size === 0 && corrections.length === 0 && isAlive) return []
  const first = isAlive ? corrections : [to, ...corrections]
  const chosen = new Set(first.slice(0, RUMORS_MAX))
  for (const peer of newest(membership, RUMORS_MAX - chosen.size, (peer) => peer !== to && !chosen.has(peer))) {
    chosen.add(peer)
    countSent(membership, peer)
  }
  return [...chosen].flatMap((peer) => {
    if (peer === membership.self) return [{ state: 'alive', peer, incarnation: membership.incarnation }]
    const member = membership.members.get(peer)
    return member === undefined ? [] : [rumorOf(member, now)]
  })
}

/** What this peer holds to be true of a member. */
function rumorOf(member: Member, now: number): Rumor {
  const { peer, state, incarnation, suspicion } = member
  if (state !== 'suspect' || suspicion === null) return { state: state === 'down' ? 'down' : 'alive', peer, incarnation }
  return { state, peer, incarnation, by: suspicion.by, ageMs: Math.max(0, Math.round(now - suspicion.startMs)) }
}

function newest(membership: Membership, count: number, isWanted: (peer: PeerId) => boolean): readonly PeerId[] {
  return [...membership.news]
    .filter(([peer]) => isWanted(peer))
    .sort(([, a], [, b]) => a.sent - b.sent || b.nth - a.nth)
    .slice(0, count)
    .map(([peer]) => peer)
}

function countSent(membership: Membership, peer: PeerId): void {
  const piece = membership.news.get(peer)
  if (piece === undefined) return
  piece.sent += 1
  if (piece.sent >= retransmitsOf(sizeOf(membership))) membership.news.delete(peer)
}
