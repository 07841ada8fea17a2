/**
 * What a peer does with the messages of the failure detector.
 *
 * Whoever probes is answered, and told what it got wrong. Whoever says that this peer is not alive hears the refutation at
 * once. Whoever is thought dead and answers is given notice at once. So a false suspicion ends within a round trip between
 * the two that it concerns, however slowly rumours travel.
 */
import type { PeerId } from '../model/ids.ts'
import type { Incarnation, ProbeMessage } from '../model/probe.ts'
import { hear } from './belief.ts'
import { type Chance, type Membership, type MembershipEffect, stateOf } from './membership.ts'
import { askRelays, giveUpRelay, succeed } from './probing.ts'
import { sendAck, sendNack, sendProbe, sendRelayedAck, UNASKED } from './send.ts'
import { NACK_AFTER_MS } from './timing.ts'

/** What a message says besides its errand. */
interface Gossip {
  /** Of whom the sender said what is out of date. */
  readonly corrections: readonly PeerId[]
  /** True if the sender does not think that this peer is alive. */
  readonly isAccused: boolean
}

/** A message of the failure detector has come from `from`, as its connection proved. Who is not a member is not heard. */
export function onProbeMessage(membership: Membership, from: PeerId, message: ProbeMessage, now: number): readonly MembershipEffect[] {
  const effects: MembershipEffect[] = []
  if (!membership.members.has(from)) return effects
  // Before it is heard that a new life has begun: what was asked of it was answered all the same.
  if (message.kind === 'probe-ack') onAnswered(membership, message)
  hearAlive(membership, message.kind === 'probe-ack' ? message.peer : from, message.incarnation, now, effects)
  const { corrections, isAccused } = listen(membership, message, now, effects)
  if (message.kind === 'probe') sendAck(membership, { to: from, seq: message.seq }, corrections, now, effects)
  else if (isAccused) sendAck(membership, { to: from, seq: UNASKED }, corrections, now, effects)
  switch (message.kind) {
    case 'probe':
      break
    case 'probe-relay':
      relay(membership, from, message, now, effects)
      break
    case 'probe-ack':
      onAck(membership, from, message, now, effects)
      break
    case 'probe-nack':
      membership.outstanding.get(message.seq)?.silentRelays.delete(from)
      break
  }
  return effects
}

/** `message` was not sent: there is no connection to `to`. Nobody needs to wait for what cannot come. */
export function onUnreachable(
  membership: Membership,
  to: PeerId,
  message: ProbeMessage,
  now: number,
  rng: Chance,
): readonly MembershipEffect[] {
  const effects: MembershipEffect[] = []
  if (message.kind !== 'probe' && message.kind !== 'probe-relay') return effects
  const probe = membership.outstanding.get(message.seq)
  if (probe !== undefined && message.kind === 'probe-relay') {
    probe.silentRelays.delete(to)
  } else if (probe?.phase === 'direct') {
    askRelays(membership, probe, now, rng, effects)
  } else if (message.kind === 'probe') {
    giveUpRelay(membership, message.seq, now, effects)
  }
  return effects
}

function hearAlive(membership: Membership, peer: PeerId, incarnation: Incarnation, now: number, effects: MembershipEffect[]): void {
  hear(membership, { state: 'alive', peer, incarnation }, now, effects)
}

function listen(membership: Membership, message: ProbeMessage, now: number, effects: MembershipEffect[]): Gossip {
  const corrections: PeerId[] = []
  let isAccused = false
  for (const rumor of message.rumors) {
    const heard = hear(membership, rumor, now, effects)
    if (heard === 'stale') corrections.push(rumor.peer)
    if (heard === 'accusation') isAccused = true
  }
  return { corrections, isAccused }
}

function relay(
  membership: Membership,
  origin: PeerId,
  { seq: originSeq, target }: Extract<ProbeMessage, { kind: 'probe-relay' }>,
  now: number,
  effects: MembershipEffect[],
): void {
  // A member of the sender's manifest that is not in ours: all that we can say is that we are there.
  if (!membership.members.has(target)) return sendNack(membership, { to: origin, seq: originSeq }, now, effects)
  membership.lastSeq += 1
  const seq = membership.lastSeq
  membership.relayed.set(seq, { origin, originSeq, target })
  sendProbe(membership, { to: target, seq }, now, effects)
  effects.push({ kind: 'timer', key: `probe/relay/${seq}`, afterMs: NACK_AFTER_MS })
}

function onAnswered(membership: Membership, { seq, peer }: Extract<ProbeMessage, { kind: 'probe-ack' }>): void {
  const probe = membership.outstanding.get(seq)
  if (probe?.target === peer) succeed(membership, probe)
}

function onAck(
  membership: Membership,
  from: PeerId,
  { seq, peer, incarnation }: Extract<ProbeMessage, { kind: 'probe-ack' }>,
  now: number,
  effects: MembershipEffect[],
): void {
  const relayed = membership.relayed.get(seq)
  if (relayed?.target === from && peer === from) {
    membership.relayed.delete(seq)
    sendRelayedAck(membership, { to: relayed.origin, seq: relayed.originSeq }, { peer, incarnation }, now, effects)
  }
  // A late answer of one that has not heard yet what is said of it. The answer to the notice has seq 0, so this ends.
  if (peer === from && seq !== UNASKED && stateOf(membership, from) !== 'alive') {
    sendProbe(membership, { to: from, seq: UNASKED }, now, effects)
  }
}
