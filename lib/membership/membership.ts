/**
 * Who seems alive, as one peer sees it: SWIM (probes, rumours, incarnations) with Lifeguard (own health, suspicions that
 * shorten when confirmed, notice to the suspected).
 *
 * Members are given from outside (the manifest); a rumour never adds or removes one. What is known of a member is
 * ordered by incarnation, then alive < suspect < down, and only ever moves up in that order. It is a hint: nothing may be
 * decided by it but the order of candidates and time-outs.
 */
import type { PeerId } from '../model/ids.ts'
import type { Incarnation, MemberState, ProbeMessage } from '../model/probe.ts'
import { STEADY_AFTER_MS } from './timing.ts'

/** Randomness, handed in. */
export interface Chance {
  /** Integer in [0, below). */
  below(below: number): number
}

export type MembershipEffect =
  | { readonly kind: 'send'; readonly to: PeerId; readonly message: ProbeMessage }
  /** A timer of the same key is replaced. `probe` goes to onProbeTimer, every other key (`probe/…`) to onProbeTimeout. */
  | { readonly kind: 'timer'; readonly key: string; readonly afterMs: number }
  | { readonly kind: 'changed'; readonly peer: PeerId; readonly from: MemberState; readonly to: MemberState }

export interface Suspicion {
  /** When somebody suspected it first, by this peer's clock. */
  readonly startMs: number
  /** Sorted by when they became known here; the first SUSPECTERS_MAX. */
  readonly by: readonly PeerId[]
  /** When this peer itself asks it once more. */
  readonly lastCallMs: number
  /** When it is down. */
  readonly dueMs: number
  readonly hasCalled: boolean
  readonly hasGrace: boolean
}

export interface Member {
  readonly peer: PeerId
  state: MemberState
  /** 0 while nothing was heard of it. */
  incarnation: Incarnation
  /** When the state began. */
  sinceMs: number
  /** While `suspect`. */
  suspicion: Suspicion | null
}

/** A probe of our own that waits for its answer. */
export interface Outstanding {
  readonly seq: number
  readonly target: PeerId
  phase: 'direct' | 'indirect'
  dueMs: number
  readonly endMs: number
  hasGrace: boolean
  /** Relays that were asked and have not said yet that they are alive. */
  readonly silentRelays: Set<PeerId>
  relays: number
}

/** A probe on behalf of another. */
export interface Relayed {
  readonly origin: PeerId
  readonly originSeq: number
  readonly target: PeerId
}

export interface Membership {
  readonly self: PeerId
  incarnation: Incarnation
  readonly members: Map<PeerId, Member>
  /** Local health multiplier: 0 is well, HEALTH_WORST is worst. */
  health: number
  /** Who is probed next, last first. */
  order: PeerId[]
  lastSeq: number
  readonly outstanding: Map<number, Outstanding>
  readonly relayed: Map<number, Relayed>
  /** News still to be passed on: about whom, how often it was sent, and its age in news. */
  readonly news: Map<PeerId, { sent: number; readonly nth: number }>
  lastNews: number
}

/** Refutations of one life before they could meet the next life's first incarnation: one a second for half a year. */
const INCARNATIONS_OF_A_LIFE = 2 ** 24

/** First incarnation of the life that began with this boot epoch: above all of the lives before, so it refutes what was said of them. */
export function firstIncarnation(epoch: number): Incarnation {
  return epoch * INCARNATIONS_OF_A_LIFE
}

export function isSameLife(one: Incarnation, other: Incarnation): boolean {
  return Math.floor(one / INCARNATIONS_OF_A_LIFE) === Math.floor(other / INCARNATIONS_OF_A_LIFE)
}

/**
 * A peer that has just started and takes all members for alive, none for steady.
 *
 * It does nothing by itself: call `onProbeTimer` once to begin.
 *
 * @param start  `epoch`: the host's boot epoch, at least 1, below 2^29, never used before on this host
 * @param now    monotonic milliseconds
 */
export function newMembership(start: { readonly self: PeerId; readonly epoch: number }, peers: readonly PeerId[], now: number): Membership {
  const membership: Membership = {
    self: start.self,
    incarnation: firstIncarnation(start.epoch),
    members: new Map(),
    health: 0,
    order: [],
    lastSeq: 0,
    outstanding: new Map(),
    relayed: new Map(),
    news: new Map(),
    lastNews: 0,
  }
  setMembers(membership, peers, now)
  return membership
}

/**
 * Takes the members of a new manifest; the own peer may be among them. Known ones keep their state, new ones are taken
 * for alive, and what concerns the others is forgotten. New ones are probed from the next full round on.
 */
export function setMembers(membership: Membership, peers: readonly PeerId[], now: number): void {
  const { members, self } = membership
  const wanted = new Set(peers)
  wanted.delete(self)
  for (const peer of members.keys()) if (!wanted.has(peer)) forget(membership, peer)
  for (const peer of wanted) {
    if (!members.has(peer)) members.set(peer, { peer, state: 'alive', incarnation: 0, sinceMs: now, suspicion: null })
  }
}

function forget(membership: Membership, gone: PeerId): void {
  membership.members.delete(gone)
  membership.news.delete(gone)
  membership.order = membership.order.filter((peer) => peer !== gone)
  for (const [seq, { target }] of membership.outstanding) if (target === gone) membership.outstanding.delete(seq)
  for (const [seq, { target, origin }] of membership.relayed) {
    if (target === gone || origin === gone) membership.relayed.delete(seq)
  }
}

/** The state of a member; `alive` of the own peer, `down` of whoever is not a member. */
export function stateOf(membership: Membership, peer: PeerId): MemberState {
  if (peer === membership.self) return 'alive'
  return membership.members.get(peer)?.state ?? 'down'
}

/** True after 10 s of continuous `alive`: damps the flapping of a host, which is a candidate for placement only when steady. */
export function isSteady(membership: Membership, peer: PeerId, now: number): boolean {
  if (peer === membership.self) return true
  const member = membership.members.get(peer)
  return member?.state === 'alive' && now - member.sinceMs >= STEADY_AFTER_MS
}

/** All members, the own peer included. */
export function sizeOf(membership: Membership): number {
  return membership.members.size + 1
}
