/**
 * A volume that begins as a copy needs its source as it was when the room was set aside: until the copy is made, or has
 * failed, the source is neither deleted nor grown. What lies in the pool already becomes one volume or snapshot, and not two.
 */
import type { Failure } from '../../model/failure.ts'
import type { PoolName, SnapshotId, VolumeId } from '../../model/ids.ts'
import { snapshotOf, type SnapshotStatus } from '../../model/snapshot.ts'
import type { VolumeSpec, VolumeStatus } from '../../model/volume.ts'
import { copiedFlags, type VolumeFlags } from '../../model/volume-flags.ts'
import type { Peer } from '../tables.ts'
import { missingVolume } from './forgotten.ts'

/** As in Cinder: of a volume in use the copy has what has reached it by then, as after a power cut. */
const COPYABLE: readonly VolumeStatus[] = ['available', 'reserved', 'attaching', 'in-use', 'detaching']
const READABLE: readonly SnapshotStatus[] = ['available']

/** Why there may be no copy of what this volume is to begin as; null if there may, or if it begins empty. */
export function refuseSource(peer: Peer, { source, project, sizeGiB }: VolumeSpec, pool: PoolName): Failure | null {
  if (source === null) return null
  if (source.kind === 'existing') return isTaken(peer, pool, source.name) ? { code: 'existing-taken', name: source.name } : null
  const owned = peer.owned.get(source.volume)
  const action = 'create a volume from it'
  if (owned === undefined) return missingVolume(peer, source.volume, project)
  if (owned.volume.project !== project) return { code: 'volume-not-found', volume: source.volume }
  const { volume, step, pending } = owned
  if (source.kind === 'snapshot') {
    const snapshot = snapshotOf(volume, source.snapshot)
    if (snapshot === null) return { code: 'snapshot-not-found', snapshot: source.snapshot }
    const { status } = snapshot
    if (!READABLE.includes(status)) return { code: 'snapshot-status', snapshot: snapshot.id, action, status, allowed: READABLE }
    return tooSmall(snapshot.id, snapshot.sizeGiB, sizeGiB)
  }
  const { id, status } = volume
  if (step !== 'built' || !COPYABLE.includes(status)) return { code: 'invalid-status', volume: id, action, status, allowed: COPYABLE }
  // It may be larger in a moment.
  if (pending?.kind === 'extend') return { code: 'volume-busy', volume: id, running: 'extend' }
  return tooSmall(id, volume.sizeGiB, sizeGiB)
}

/** Whether a volume is being made of this volume, or of this snapshot of it. */
export function isBeingCopied(peer: Peer, volume: VolumeId, snapshot: SnapshotId | null): boolean {
  for (const { step, volume: copy } of peer.owned.values()) {
    const { source } = copy
    if (source === null || source.kind === 'existing' || source.volume !== volume || (step !== 'reserved' && step !== 'committed')) continue
    if (snapshot === null || (source.kind === 'snapshot' && source.snapshot === snapshot)) return true
  }
  return false
}

/** Whether what lies there under this name is being taken in. Once it is, the name is nobody's. */
export function isTaken(peer: Peer, pool: PoolName, name: string): boolean {
  for (const { step, volume, pending } of peer.owned.values()) {
    if (volume.pool !== pool) continue
    const isOpen = step === 'reserved' || step === 'committed'
    if (isOpen && volume.source?.kind === 'existing' && volume.source.name === name) return true
    if (pending?.kind === 'snapshot' && pending.snapshot.existing?.name === name) return true
  }
  return false
}

/** What the copy has of what is said of its source. */
export function flagsOf(peer: Peer, { source }: VolumeSpec): VolumeFlags {
  const owned = source === null || source.kind === 'existing' ? undefined : peer.owned.get(source.volume)
  return owned === undefined ? {} : copiedFlags(owned.volume)
}

function tooSmall(source: VolumeId | SnapshotId, sizeGiB: number, requestedGiB: number): Failure | null {
  return requestedGiB < sizeGiB ? { code: 'size-below-source', source, sizeGiB, requestedGiB } : null
}
