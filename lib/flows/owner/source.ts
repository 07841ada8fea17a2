/**
 * A volume that begins as a copy needs its source as it was when the room was set aside: until the copy is made, or has
 * failed, the source is neither deleted nor grown. What lies in the pool already becomes one volume or snapshot, and not two.
 */
import type { Failure } from '../../model/failure.ts'
import { groupSnapshotOf, type Holds, isGroup } from '../../model/group.ts'
import type { GroupId, PoolName, ProjectId, SnapshotId, VolumeId } from '../../model/ids.ts'
import { snapshotOf, type SnapshotStatus } from '../../model/snapshot.ts'
import type { VolumeSpec, VolumeStatus } from '../../model/volume.ts'
import type { CopySource, VolumeSource } from '../../model/volume-source.ts'
import { copiedFlags, type VolumeFlags } from '../../model/volume-flags.ts'
import type { Peer } from '../tables.ts'
import { missingVolume } from './forgotten.ts'
import { groupOn, membersOf } from './members.ts'

/** As in Cinder: of a volume in use the copy has what has reached it by then, as after a power cut. */
const COPYABLE: readonly VolumeStatus[] = ['available', 'reserved', 'attaching', 'in-use', 'detaching']
const READABLE: readonly SnapshotStatus[] = ['available']

/** Why there may be no copy of what this volume is to begin as; null if there may, or if it begins empty. */
export function refuseSource(peer: Peer, spec: VolumeSpec, pool: PoolName): Failure | null {
  const { source, project, sizeGiB } = spec
  if (isGroup(spec)) return refuseGroupSource(peer, spec)
  if (source === null) return null
  if (source.kind === 'existing') return isTaken(peer, pool, source.name) ? { code: 'existing-taken', name: source.name } : null
  return refuseCopy(peer, source, project, sizeGiB)
}

function refuseCopy(peer: Peer, source: CopySource, project: ProjectId, sizeGiB: number): Failure | null {
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

/**
 * Why there may be no group that begins as a copy of that one: what is in it, or in its snapshot, is not what the request says, which is what
 * somebody else saw a moment ago.
 */
function refuseGroupSource(peer: Peer, { holds, project }: VolumeSpec): Failure | null {
  const source = holds?.source ?? null
  if (holds === undefined || source === null) return null
  const group = groupOn(peer, source.group)
  if (group === null || group.volume.project !== project) {
    const facts = missingVolume(peer, source.group, project)
    return facts.code === 'volume-not-found' ? { code: 'group-not-found', group: source.group } : facts
  }
  const { volume, step, pending } = group
  const action = 'create a group from it'
  if (source.kind === 'group-snapshot') {
    const known = groupSnapshotOf(volume, source.groupSnapshot)
    if (known === null) return { code: 'group-snapshot-not-found', groupSnapshot: source.groupSnapshot }
    if (known.status !== 'available')
      return { code: 'group-snapshot-status', groupSnapshot: known.id, action, status: known.status, allowed: ['available'] }
    return refuseCopies(peer, source.group, holds, project, new Set(known.members.map(({ snapshot }) => snapshot)))
  }
  if (pending !== null) return { code: 'volume-busy', volume: volume.id, running: pending.kind }
  if (step !== 'built' || volume.status !== 'available')
    return { code: 'group-status', group: volume.id, action, status: volume.status, allowed: ['available'] }
  return refuseCopies(peer, source.group, holds, project, new Set(membersOf(peer, volume.id).map((member) => member.volume.id)))
}

/** @param wanted all volumes, or all snapshots, of which there is to be a copy each */
function refuseCopies(peer: Peer, group: GroupId, { members }: Holds, project: ProjectId, wanted: ReadonlySet<string>): Failure | null {
  if (wanted.size === 0) return { code: 'group-empty', group }
  const copied = new Set(members.map(({ source }) => (source.kind === 'snapshot' ? source.snapshot : source.volume)))
  const isSame = copied.size === wanted.size && members.length === wanted.size && [...copied].every((id) => wanted.has(id))
  if (!isSame) return { code: 'volume-busy', volume: group, running: 'update' }
  for (const { source, sizeGiB } of members) {
    const facts = refuseCopy(peer, source, project, sizeGiB)
    if (facts !== null) return facts
  }
  return null
}

/** Whether a volume is being made of this volume, or of this snapshot of it. */
export function isBeingCopied(peer: Peer, volume: VolumeId, snapshot: SnapshotId | null): boolean {
  for (const { step, volume: copy } of peer.owned.values()) {
    if (step !== 'reserved' && step !== 'committed') continue
    const sources = copy.holds === undefined ? [copy.source] : copy.holds.members.map(({ source }) => source)
    if (sources.some((source) => isCopyOf(source, volume, snapshot))) return true
  }
  return false
}

function isCopyOf(source: VolumeSource | null, volume: VolumeId, snapshot: SnapshotId | null): boolean {
  if (source === null || source.kind === 'existing' || source.volume !== volume) return false
  return snapshot === null || (source.kind === 'snapshot' && source.snapshot === snapshot)
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
