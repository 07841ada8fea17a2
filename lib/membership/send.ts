/** The messages of the failure detector, each with the news that fits. */
import type { PeerId } from '../model/ids.ts'
import type { Incarnation } from '../model/probe.ts'
import type { Membership, MembershipEffect } from './membership.ts'
import { rumorsFor } from './rumors.ts'

/** Seq of a probe or an ack that nobody waits for. */
export const UNASKED = 0

export interface Letter {
  readonly to: PeerId
  readonly seq: number
}

export function sendProbe(membership: Membership, { to, seq }: Letter, now: number, effects: MembershipEffect[]): void {
  const rumors = rumorsFor(membership, to, [], now)
  effects.push({ kind: 'send', to, message: { kind: 'probe', seq, incarnation: membership.incarnation, rumors } })
}

/** The suspicion of `target`, if there is one, goes along: its relay must be able to give it notice. */
export function sendRelay(membership: Membership, { to, seq }: Letter, target: PeerId, now: number, effects: MembershipEffect[]): void {
  const about = membership.members.get(target)?.state === 'alive' ? [] : [target]
  const rumors = rumorsFor(membership, to, about, now)
  effects.push({ kind: 'send', to, message: { kind: 'probe-relay', seq, target, incarnation: membership.incarnation, rumors } })
}

/** Says that this peer is there. `corrections`: members of whom the receiver said what is out of date. */
export function sendAck(
  membership: Membership,
  { to, seq }: Letter,
  corrections: readonly PeerId[],
  now: number,
  effects: MembershipEffect[],
): void {
  const rumors = rumorsFor(membership, to, corrections, now)
  const { self, incarnation } = membership
  effects.push({ kind: 'send', to, message: { kind: 'probe-ack', seq, peer: self, incarnation, rumors } })
}

/** Passes on that another is there. */
export function sendRelayedAck(
  membership: Membership,
  { to, seq }: Letter,
  answered: { readonly peer: PeerId; readonly incarnation: Incarnation },
  now: number,
  effects: MembershipEffect[],
): void {
  const rumors = rumorsFor(membership, to, [], now)
  const { peer, incarnation } = answered
  effects.push({ kind: 'send', to, message: { kind: 'probe-ack', seq, peer, incarnation, rumors } })
}

export function sendNack(membership: Membership, { to, seq }: Letter, now: number, effects: MembershipEffect[]): void {
  const rumors = rumorsFor(membership, to, [], now)
  effects.push({ kind: 'send', to, message: { kind: 'probe-nack', seq, incarnation: membership.incarnation, rumors } })
}
