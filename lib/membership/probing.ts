/**
 * The probes of one peer: each second one member, in a random order that reaches all of them once a round.
 *
 * No answer after 500 ms: three others are asked to try. None after 1 s: the member is suspected. Both times are
 * stretched by the own health. Members that are down have their turn too, so that their return is noticed, but nobody
 * waits for them. A probe, an ack and a relayed try cost the same whatever the number of members.
 */
import { type PeerId, peerId } from '../model/ids.ts'
import { onSuspicionTimeout, hear } from './belief.ts'
import { shiftHealth, stretchOf } from './health.ts'
import { type Chance, type Membership, type MembershipEffect, type Outstanding, stateOf } from './membership.ts'
import { sendNack, sendProbe, sendRelay, UNASKED } from './send.ts'
import { DIRECT_TIMEOUT_MS, GRACE_MS, LATE_MS, PROBE_INTERVAL_MS, RELAYS } from './timing.ts'

/** Probes the next member. Call it once to begin, and then at each timer `probe`. */
export function onProbeTimer(membership: Membership, now: number, rng: Chance): readonly MembershipEffect[] {
  const effects: MembershipEffect[] = []
  const intervalMs = PROBE_INTERVAL_MS * stretchOf(membership)
  const target = nextTarget(membership, rng)
  if (target !== null && stateOf(membership, target) === 'down') sendProbe(membership, { to: target, seq: UNASKED }, now, effects)
  else if (target !== null) startProbe(membership, target, now, effects)
  effects.push({ kind: 'timer', key: 'probe', afterMs: intervalMs })
  return effects
}

/** A timer of this machine has fired, other than `probe`. One that no longer matters does nothing. */
export function onProbeTimeout(membership: Membership, key: string, now: number, rng: Chance): readonly MembershipEffect[] {
  const [, what, name = ''] = key.split('/')
  if (what === 'suspicion') return onSuspicionTimeout(membership, peerId(name), now)
  const effects: MembershipEffect[] = []
  if (what === 'relay') giveUpRelay(membership, Number(name), now, effects)
  const probe = membership.outstanding.get(Number(name))
  if (what === 'wait' && probe !== undefined) onWaited(membership, probe, now, rng, effects)
  return effects
}

/** Begins to wait for an answer of `target`. */
function startProbe(membership: Membership, target: PeerId, now: number, effects: MembershipEffect[]): void {
  membership.lastSeq += 1
  const seq = membership.lastSeq
  const stretch = stretchOf(membership)
  const probe: Outstanding = {
    seq,
    target,
    phase: 'direct',
    dueMs: now + DIRECT_TIMEOUT_MS * stretch,
    endMs: now + PROBE_INTERVAL_MS * stretch,
    hasGrace: false,
    silentRelays: new Set(),
    relays: 0,
  }
  membership.outstanding.set(seq, probe)
  sendProbe(membership, { to: target, seq }, now, effects)
  wait(probe, now, effects)
}

function onWaited(membership: Membership, probe: Outstanding, now: number, rng: Chance, effects: MembershipEffect[]): void {
  if (now < probe.dueMs) wait(probe, now, effects)
  else if (now - probe.dueMs > LATE_MS && !probe.hasGrace) {
    // We slept: the answer may be among the messages that wait.
    probe.hasGrace = true
    probe.dueMs = now + GRACE_MS
    wait(probe, now, effects)
  } else if (probe.phase === 'direct') askRelays(membership, probe, now, rng, effects)
  else fail(membership, probe, now, effects)
}

/** The direct way has failed, or there is none. */
export function askRelays(membership: Membership, probe: Outstanding, now: number, rng: Chance, effects: MembershipEffect[]): void {
  probe.phase = 'indirect'
  probe.dueMs = Math.max(probe.endMs, now + (probe.hasGrace ? DIRECT_TIMEOUT_MS : 0))
  for (const relay of pickRelays(membership, probe.target, rng)) {
    probe.relays += 1
    probe.silentRelays.add(relay)
    sendRelay(membership, { to: relay, seq: probe.seq }, probe.target, now, effects)
  }
  wait(probe, now, effects)
}

/** Nobody has reached the target. If the relays are silent too, it is more likely us. */
function fail(membership: Membership, probe: Outstanding, now: number, effects: MembershipEffect[]): void {
  membership.outstanding.delete(probe.seq)
  const member = membership.members.get(probe.target)
  if (member === undefined || member.state === 'down') return
  shiftHealth(membership, probe.relays === 0 ? 1 : probe.silentRelays.size)
  const { peer, incarnation } = member
  hear(membership, { state: 'suspect', peer, incarnation, by: [membership.self], ageMs: 0 }, now, effects)
}

/** `target` has answered, whichever way. */
export function succeed(membership: Membership, probe: Outstanding): void {
  membership.outstanding.delete(probe.seq)
  shiftHealth(membership, -1)
}

/** Whom we tried to reach for another does not answer: that we do is worth saying. */
export function giveUpRelay(membership: Membership, seq: number, now: number, effects: MembershipEffect[]): void {
  const relayed = membership.relayed.get(seq)
  if (relayed === undefined) return
  membership.relayed.delete(seq)
  sendNack(membership, { to: relayed.origin, seq: relayed.originSeq }, now, effects)
}

function wait(probe: Outstanding, now: number, effects: MembershipEffect[]): void {
  effects.push({ kind: 'timer', key: `probe/wait/${probe.seq}`, afterMs: Math.max(0, probe.dueMs - now) })
}

/** Everybody once, in random order; then everybody again, in another. */
function nextTarget(membership: Membership, rng: Chance): PeerId | null {
  if (membership.order.length === 0) membership.order = shuffled([...membership.members.keys()], rng)
  return membership.order.pop() ?? null
}

function pickRelays(membership: Membership, target: PeerId, rng: Chance): readonly PeerId[] {
  const able: PeerId[] = []
  for (const { peer, state } of membership.members.values()) if (state === 'alive' && peer !== target) able.push(peer)
  const picked: PeerId[] = []
  while (picked.length < RELAYS && able.length > 0) picked.push(...able.splice(rng.below(able.length), 1))
  return picked
}

function shuffled<Item>(items: readonly Item[], rng: Chance): Item[] {
  const keyed = items.map((item) => ({ item, at: rng.below(2 ** 32) }))
  return keyed.sort((a, b) => a.at - b.at).map(({ item }) => item)
}
