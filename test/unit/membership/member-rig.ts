/** One member under test, `a`, among others that say what the test lets them say. Nothing is random: the first is always picked. */
import { onProbeMessage } from '../../../lib/membership/answering.ts'
import { firstIncarnation, type Membership, type MembershipEffect, newMembership, stateOf } from '../../../lib/membership/membership.ts'
import { onProbeTimeout, onProbeTimer } from '../../../lib/membership/probing.ts'
import { type PeerId, peerId } from '../../../lib/model/ids.ts'
import type { MemberState, ProbeMessage, Rumor } from '../../../lib/model/probe.ts'

export const FIRST_LIFE = firstIncarnation(1)
export const NO_LUCK = { below: () => 0 }

type Send = Extract<MembershipEffect, { kind: 'send' }>

export class MemberRig {
  readonly self = peerId('a')
  readonly membership: Membership
  readonly sent: Send[] = []
  readonly changes: Extract<MembershipEffect, { kind: 'changed' }>[] = []
  readonly timers = new Map<string, number>()
  nowMs = 0

  constructor(names: string) {
    this.membership = newMembership({ self: this.self, epoch: 1 }, [...names].map(peerId), 0)
  }

  take(effects: readonly MembershipEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.sent.push(effect)
      else if (effect.kind === 'changed') this.changes.push(effect)
      else this.timers.set(effect.key, this.nowMs + effect.afterMs)
    }
  }

  /** Probes the next member now. */
  probe(): Send {
    this.take(onProbeTimer(this.membership, this.nowMs, NO_LUCK))
    return this.last('probe')
  }

  receive(from: string, message: ProbeMessage): void {
    this.take(onProbeMessage(this.membership, peerId(from), message, this.nowMs))
  }

  /** `from` probes and has this to say. */
  hear(from: string, ...rumors: readonly Rumor[]): void {
    this.receive(from, { kind: 'probe', seq: 0, incarnation: FIRST_LIFE, rumors })
  }

  /** Lets the timers fire that are due until then, in their order, but for the interval's. */
  runTo(untilMs: number): void {
    for (;;) {
      const next = [...this.timers].filter(([key, atMs]) => key !== 'probe' && atMs <= untilMs).sort(([, a], [, b]) => a - b)[0]
      if (next === undefined) break
      this.nowMs = Math.max(this.nowMs, next[1])
      this.fire(next[0])
    }
    this.nowMs = untilMs
  }

  fire(key: string): void {
    this.timers.delete(key)
    this.take(onProbeTimeout(this.membership, key, this.nowMs, NO_LUCK))
  }

  state(name: string): MemberState {
    return stateOf(this.membership, peerId(name))
  }

  /** The last message of this kind, or to this peer. */
  last(kind: ProbeMessage['kind'], to?: string): Send {
    const found = this.sent.findLast((send) => send.message.kind === kind && (to === undefined || send.to === to))
    if (found === undefined) throw new Error(`no ${kind} was sent`)
    return found
  }

  count(kind: ProbeMessage['kind'], to?: string): number {
    return this.sent.filter((send) => send.message.kind === kind && (to === undefined || send.to === to)).length
  }
}

export function suspected(name: string, by: string, details: { readonly incarnation?: number; readonly ageMs?: number } = {}): Rumor {
  const { incarnation = FIRST_LIFE, ageMs = 0 } = details
  return { state: 'suspect', peer: peerId(name), incarnation, by: [...by].map(peerId), ageMs }
}

export function said(name: string, state: 'alive' | 'down', incarnation: number = FIRST_LIFE): Rumor {
  return { state, peer: peerId(name), incarnation }
}

export function ack(peer: PeerId, seq: number, incarnation: number = FIRST_LIFE): ProbeMessage {
  return { kind: 'probe-ack', seq, peer, incarnation, rumors: [] }
}
