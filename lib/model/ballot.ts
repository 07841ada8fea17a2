/** Names of the attempts to change a register; what members vote on. */
import type { PeerId } from './ids.ts'

/**
 * Orders proposals: by voting epoch, counter, peer, boot epoch. An epoch is never used twice, so no ballot is either, and
 * whatever the group of a later voting epoch does outranks everything of the group before.
 */
export interface Ballot {
  /** Voting epoch of the manifest. */
  readonly group: number
  readonly counter: number
  readonly peer: PeerId
  readonly epoch: number
}

export function isAbove(ballot: Ballot | null, other: Ballot | null): boolean {
  return ballot !== null && (other === null || compareBallots(ballot, other) > 0)
}

export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.group !== b.group) return a.group - b.group
  if (a.counter !== b.counter) return a.counter - b.counter
  if (a.peer !== b.peer) return a.peer < b.peer ? -1 : 1
  return a.epoch - b.epoch
}
