/**
 * What peers say to each other to learn who is alive (SWIM with Lifeguard; rules in lib/membership).
 *
 * Every message carries the newest news about members besides its own errand; there are no messages for news alone.
 * Size: at most `RUMORS_MAX` rumours of at most 310 bytes each and 250 bytes besides, so under 6 kB of JSON; about 100 bytes
 * in a quiet cluster.
 * Any message may be lost, doubled, delayed or overtaken.
 */
import type { PeerId } from './ids.ts'

/** Rumours in one message. */
export const RUMORS_MAX = 16
/** Members named as the ones that suspect another: who said it first and the two that Lifeguard counts besides. */
export const SUSPECTERS_MAX = 3

export type MemberState = 'alive' | 'suspect' | 'down'

/**
 * Orders what is said of a member: a higher incarnation beats a lower one, and at the same incarnation down beats
 * suspect beats alive. Only the member itself raises it. A safe integer: see `firstIncarnation` in lib/membership.
 */
export type Incarnation = number

/** What is said of one member. */
export type Rumor =
  | { readonly state: 'alive' | 'down'; readonly peer: PeerId; readonly incarnation: Incarnation }
  | {
      readonly state: 'suspect'
      readonly peer: PeerId
      readonly incarnation: Incarnation
      /** Who could not reach it, each by probes of its own: 1 to `SUSPECTERS_MAX` different peers. */
      readonly by: readonly PeerId[]
      /** Milliseconds since it was first suspected, as far as the sender knows. */
      readonly ageMs: number
    }

export type ProbeMessage =
  /** Are you there? `seq` comes back in the answer; 0 if nobody waits for one. `incarnation` is the sender's own, here and below. */
  | { readonly kind: 'probe'; readonly seq: number; readonly incarnation: Incarnation; readonly rumors: readonly Rumor[] }
  /** Please probe `target` for me. */
  | {
      readonly kind: 'probe-relay'
      readonly seq: number
      readonly target: PeerId
      readonly incarnation: Incarnation
      readonly rumors: readonly Rumor[]
    }
  /** `peer` is there, in this incarnation of its own: the sender, or whom it was asked to probe. */
  | {
      readonly kind: 'probe-ack'
      readonly seq: number
      readonly peer: PeerId
      readonly incarnation: Incarnation
      readonly rumors: readonly Rumor[]
    }
  /** I am here, but whom you asked me to probe has not answered. */
  | { readonly kind: 'probe-nack'; readonly seq: number; readonly incarnation: Incarnation; readonly rumors: readonly Rumor[] }
