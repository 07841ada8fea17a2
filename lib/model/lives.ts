/**
 * A member that loses its memory begins another life, and what it said in the one before may still be on its way.
 *
 * Such a vote must not count: its member has taken over what the others remembered when it asked them, and nothing keeps what
 * they are asked to remember later. So each question to the members names the lives whose votes the proposer counts, as far
 * as it knows them. A member that was asked by a later life does not vote, and says so; it keeps with the register who asked,
 * on its disk before it answers. Of the members that vote together with a former life at least one is asked by the later
 * one, and voted before: what it voted for is then taken over.
 */
import type { PeerId } from './ids.ts'

/** Members of a group at most. */
export const MEMBERS_MAX = 5

/** Boot epoch of each member, in the order of the group; 0 where none is known. */
export type Lives = readonly number[]

/** Whether a question counts the votes of a life that is over. */
export function isOutlived(asked: Lives, known: Lives): boolean {
  return known.some((life, member) => life > (asked[member] ?? 0))
}

export function livesAmong(members: readonly PeerId[], known: ReadonlyMap<PeerId, number>): Lives {
  return members.map((member) => known.get(member) ?? 0)
}

export function hearLife(known: Map<PeerId, number>, member: PeerId, life: number): void {
  if (life > (known.get(member) ?? 0)) known.set(member, life)
}
