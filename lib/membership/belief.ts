/**
 * What a peer believes of the others, and how a rumour changes it.
 *
 * A rumour that beats what is believed (higher incarnation; at the same, down > suspect > alive) takes its place and is
 * passed on. One that loses changes nothing; the caller may answer it. Suspicions of one incarnation add up. A rumour that
 * the own peer is not alive is refuted by a higher incarnation, which nobody else may invent.
 */
import type { PeerId } from '../model/ids.ts'
import { type MemberState, type Rumor, SUSPECTERS_MAX } from '../model/probe.ts'
import { shiftHealth, stretchOf } from './health.ts'
import { isSameLife, type Member, type Membership, type MembershipEffect, type Suspicion, sizeOf } from './membership.ts'
import { spread } from './rumors.ts'
import { sendProbe, UNASKED } from './send.ts'
import { DIRECT_TIMEOUT_MS, GRACE_MS, LATE_MS, suspicionMs } from './timing.ts'

type SuspectRumor = Extract<Rumor, { readonly state: 'suspect' }>

const RANK = { alive: 0, suspect: 1, down: 2 } as const

/** What became of a rumour: `stale` if this peer knows better, `accusation` if it is about this peer and it is alive. */
export type Heard = 'news' | 'known' | 'stale' | 'accusation'

/** Takes in a rumour, or an answer as the rumour that its sender is alive. */
export function hear(membership: Membership, rumor: Rumor, now: number, effects: MembershipEffect[]): Heard {
  if (rumor.peer === membership.self) return hearOfSelf(membership, rumor)
  const member = membership.members.get(rumor.peer)
  if (member === undefined) return 'known'
  const order = rumor.incarnation - member.incarnation || RANK[rumor.state] - RANK[member.state]
  if (order < 0) return 'stale'
  if (order > 0) {
    if (rumor.state === 'suspect') suspect(membership, member, rumor, now, effects)
    else settle(membership, member, rumor, now, effects)
    return 'news'
  }
  return rumor.state === 'suspect' && confirm(membership, member, rumor, now, effects) ? 'news' : 'known'
}

function hearOfSelf(membership: Membership, rumor: Rumor): Heard {
  if (rumor.state === 'alive') return 'known'
  if (rumor.incarnation >= membership.incarnation) {
    membership.incarnation = rumor.incarnation + 1
    // Whoever is slandered was probably slow (Lifeguard).
    shiftHealth(membership, 1)
    spread(membership, membership.self)
  }
  return 'accusation'
}

/** Alive or down: there is nothing to wait for. */
function settle(membership: Membership, member: Member, rumor: Rumor, now: number, effects: MembershipEffect[]): void {
  const isNewLife = !isSameLife(rumor.incarnation, member.incarnation)
  member.incarnation = rumor.incarnation
  member.suspicion = null
  turn(member, rumor.state, now, effects)
  spread(membership, member.peer)
  if (!isNewLife) return
  // What the life before did not answer says nothing of this one.
  for (const [seq, { target }] of membership.outstanding) if (target === member.peer) membership.outstanding.delete(seq)
  if (rumor.state === 'alive') tellAgain(membership)
}

/** A peer in a new life takes everybody for alive: who is not is news once more. */
function tellAgain(membership: Membership): void {
  for (const member of membership.members.values()) if (member.state !== 'alive') spread(membership, member.peer)
}

function suspect(
  membership: Membership,
  member: Member,
  { incarnation, by, ageMs }: SuspectRumor,
  now: number,
  effects: MembershipEffect[],
): void {
  member.incarnation = incarnation
  turn(member, 'suspect', now, effects)
  setSuspicion(membership, member, { by: by.slice(0, SUSPECTERS_MAX), startMs: now - ageMs }, now, effects)
  spread(membership, member.peer)
}

/** True if it names suspecters that were not known yet. */
function confirm(membership: Membership, member: Member, rumor: SuspectRumor, now: number, effects: MembershipEffect[]): boolean {
  const { suspicion } = member
  if (suspicion === null) return false
  const by = [...new Set([...suspicion.by, ...rumor.by])].slice(0, SUSPECTERS_MAX)
  if (by.length === suspicion.by.length) return false
  setSuspicion(membership, member, { by, startMs: Math.min(suspicion.startMs, now - rumor.ageMs) }, now, effects)
  spread(membership, member.peer)
  return true
}

/**
 * Begins to wait, or waits less long than before; always long enough for the last call.
 *
 * Two things are not memberlist's. There each peer begins to wait when it hears of the suspicion; here its age counts, so
 * that all give a member up together (the last of 100 peers p99 14 s after a death, not 17 s). And whoever is about to give
 * a member up first asks it itself: a peer that a refutation has missed by chance would be wrong alone (2 false `down` in
 * 1,000 host-hours, not 0 to 1). Both measured by test/scale/swim-figures.ts.
 */
function setSuspicion(
  membership: Membership,
  member: Member,
  { by, startMs }: Pick<Suspicion, 'by' | 'startMs'>,
  now: number,
  effects: MembershipEffect[],
): void {
  const lastCallMs = DIRECT_TIMEOUT_MS * stretchOf(membership)
  const dueMs = Math.max(startMs + suspicionMs(sizeOf(membership), by.length - 1), now + lastCallMs)
  member.suspicion = { startMs, by, dueMs, lastCallMs: dueMs - lastCallMs, hasCalled: false, hasGrace: false }
  wait(member.peer, dueMs - lastCallMs - now, effects)
}

/** The time to refute is nearly over, or over. */
export function onSuspicionTimeout(membership: Membership, peer: PeerId, now: number): readonly MembershipEffect[] {
  const effects: MembershipEffect[] = []
  const member = membership.members.get(peer)
  const suspicion = member?.suspicion ?? null
  if (member === undefined || suspicion === null) return effects
  const { lastCallMs, dueMs, hasCalled, hasGrace } = suspicion
  const firesMs = hasCalled ? dueMs : lastCallMs
  if (now < firesMs) {
    wait(peer, firesMs - now, effects)
  } else if (!hasCalled) {
    member.suspicion = { ...suspicion, hasCalled: true, dueMs: now + dueMs - lastCallMs }
    sendProbe(membership, { to: peer, seq: UNASKED }, now, effects)
    wait(peer, dueMs - lastCallMs, effects)
  } else if (now - dueMs > LATE_MS && !hasGrace) {
    // We slept: the refutation may be among the messages that wait.
    member.suspicion = { ...suspicion, hasGrace: true, dueMs: now + GRACE_MS }
    wait(peer, GRACE_MS, effects)
  } else settle(membership, member, { state: 'down', peer, incarnation: member.incarnation }, now, effects)
  return effects
}

function wait(peer: PeerId, afterMs: number, effects: MembershipEffect[]): void {
  effects.push({ kind: 'timer', key: `probe/suspicion/${peer}`, afterMs })
}

function turn(member: Member, to: MemberState, now: number, effects: MembershipEffect[]): void {
  if (member.state === to) return
  effects.push({ kind: 'changed', peer: member.peer, from: member.state, to })
  member.state = to
  member.sinceMs = now
}
