/**
 * Who seems alive, as this peer's rules use it: an order of preference and a shorter wait, and nothing else.
 *
 * Ownership, quota, attachments and votes never ask. A host that was suspected takes new volumes again when it has been
 * alive for a while, so that one that comes and goes does not draw requests each time.
 */
import type { Beat } from '../../model/host.ts'
import type { PeerId } from '../../model/ids.ts'
import type { PeerMessage } from '../../model/message.ts'
import type { ProbeMessage } from '../../model/probe.ts'
import { onProbeMessage, onUnreachable } from '../../membership/answering.ts'
import { onLag } from '../../membership/health.ts'
import { hear } from '../../membership/belief.ts'
import { firstIncarnation, isSteady, type MembershipEffect, newMembership, setMembers, stateOf } from '../../membership/membership.ts'
import { onProbeTimeout, onProbeTimer } from '../../membership/probing.ts'
import { note, type Out, send, timer } from '../out.ts'
import type { Now } from '../step.ts'
import type { Peer } from '../tables.ts'

/** Before the first probe: hosts that start together do not probe together. */
const FIRST_PROBE_MS = 1000

/** From the moment that this life has its epoch, which is what the others know it by. */
export function startProbes(peer: Peer, out: Out, now: Now): void {
  peer.membership = newMembership({ self: peer.self, epoch: peer.epoch }, membersOf(peer), now.monoMs)
  timer(out, 'probe', peer.options.rng.below(FIRST_PROBE_MS))
}

export function onMembersChanged(peer: Peer, now: Now): void {
  if (peer.membership !== null) setMembers(peer.membership, membersOf(peer), now.monoMs)
}

export function isProbe(message: PeerMessage): message is ProbeMessage {
  return message.kind === 'probe' || message.kind === 'probe-ack' || message.kind === 'probe-relay' || message.kind === 'probe-nack'
}

export function onProbe(peer: Peer, out: Out, from: PeerId, message: ProbeMessage, now: Now): void {
  const { membership } = peer
  if (membership !== null) carryOut(peer, out, onProbeMessage(membership, from, message, now.monoMs))
}

export function onProbeUnsent(peer: Peer, out: Out, to: PeerId, message: ProbeMessage, now: Now): void {
  const { membership } = peer
  if (membership !== null) carryOut(peer, out, onUnreachable(membership, to, message, now.monoMs, peer.options.rng))
}

export function onProbeKey(peer: Peer, out: Out, key: string, now: Now): void {
  const { membership, options } = peer
  if (membership === null) return
  carryOut(
    peer,
    out,
    key === 'probe' ? onProbeTimer(membership, now.monoMs, options.rng) : onProbeTimeout(membership, key, now.monoMs, options.rng),
  )
}

/** A beat names the life that it comes from. One that was not known yet is alive, whatever was believed of those before it. */
export function onLifeHeard(peer: Peer, out: Out, { peer: other, epoch }: Beat, now: Now): void {
  const { membership } = peer
  if (membership === null) return
  const effects: MembershipEffect[] = []
  hear(membership, { peer: other, state: 'alive', incarnation: firstIncarnation(epoch) }, now.monoMs, effects)
  carryOut(peer, out, effects)
}

/** This process was late for its own events: its judgement of others counts for less. */
export function onOwnLag(peer: Peer, p99Ms: number): void {
  if (peer.membership !== null) onLag(peer.membership, p99Ms)
}

export function seemsDown(peer: Peer, other: PeerId): boolean {
  return peer.membership !== null && stateOf(peer.membership, other) === 'down'
}

/** Whether a new volume may be asked for there. */
export function seemsSteady(peer: Peer, other: PeerId, now: Now): boolean {
  const { membership } = peer
  if (membership === null || !peer.wavered.has(other)) return true
  return stateOf(membership, other) === 'alive' && isSteady(membership, other, now.monoMs)
}

function carryOut(peer: Peer, out: Out, effects: readonly MembershipEffect[]): void {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'send':
        send(out, effect.to, effect.message)
        break
      case 'timer':
        timer(out, effect.key, effect.afterMs)
        break
      case 'changed':
        if (effect.to !== 'alive' && hasServed(peer, effect.peer)) peer.wavered.add(effect.peer)
        note(out, effect.to === 'down' ? 'warn' : 'info', 'peer-state', { peer: effect.peer, from: effect.from, to: effect.to })
        break
    }
  }
}

/** A host that joined and has not started yet, or that still asks what it knew, answers no probe: it has not come and gone. */
function hasServed(peer: Peer, other: PeerId): boolean {
  return peer.beats.get(other)?.beat.state === 'ready'
}

function membersOf(peer: Peer): readonly PeerId[] {
  return peer.options.manifest.hosts.filter((host) => host.state !== 'lost').map((host) => host.peer)
}
