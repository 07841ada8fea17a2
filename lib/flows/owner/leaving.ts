/**
 * Room that was given back and is not free: what was unmanaged lies where it lay, and is somebody else's now.
 *
 * The pool's next measurement leaves it out of what may be given out. Until then it counts here, so that nobody is promised the room
 * in between. A measurement that was under way at that moment may still have seen it as a volume, hence the second.
 */
import type { PoolName } from '../../model/ids.ts'
import type { MeasuredPool } from '../step.ts'
import type { Peer } from '../tables.ts'

const MEASUREMENTS = 2

/** To be called in the step that lets go of the record of what was a volume, or a snapshot, until then. */
export function leaveRoom(peer: Peer, pool: PoolName | null, sizeGiB: number): void {
  if (pool !== null) peer.leaving.push({ pool, sizeGiB, left: MEASUREMENTS })
}

export function onMeasuredAgain(peer: Peer, pools: readonly MeasuredPool[]): void {
  if (peer.leaving.length === 0) return
  const names = new Set(pools.map(({ name }) => name))
  const counted = peer.leaving.map((one) => (names.has(one.pool) ? { ...one, left: one.left - 1 } : one))
  peer.leaving.splice(0, peer.leaving.length, ...counted.filter(({ left }) => left > 0))
}

export function leavingGiB(peer: Peer, pool: PoolName): number {
  return peer.leaving.reduce((sum, one) => (one.pool === pool ? sum + one.sizeGiB : sum), 0)
}
