/**
 * The volumes' parts of a group snapshot that is only reserved: each volume keeps the room for its own, and does nothing else meanwhile.
 *
 * The register decides about all of them at once, under the group's request; so none of them asks it for itself.
 */
import { keepOwned, type Out } from '../out.ts'
import type { Peer } from '../tables.ts'
import type { Owned, Pending, PendingGroupSnapshot, PendingSnapshot } from './owned.ts'

/** Decided together with the others of its group snapshot. */
export function isPart(pending: Pending): pending is PendingSnapshot {
  return pending.kind === 'snapshot' && pending.snapshot.groupSnapshot !== undefined
}

/** The part of this group snapshot for which the volume keeps room; null if it keeps none. */
export function partIn({ pending }: Owned, { groupSnapshot: { id } }: Pick<PendingGroupSnapshot, 'groupSnapshot'>): PendingSnapshot | null {
  return pending !== null && isPart(pending) && pending.snapshot.groupSnapshot === id ? pending : null
}

/** Nothing was bound to it. */
export function letGoOfParts(peer: Peer, out: Out, pending: PendingGroupSnapshot): void {
  for (const { volume } of pending.members) {
    const owned = peer.owned.get(volume)
    const part = owned === undefined ? null : partIn(owned, pending)
    if (owned !== undefined && part?.committed === false) keepOwned(peer, out, { ...owned, pending: null })
  }
}
