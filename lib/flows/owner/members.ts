/**
 * What is in a group: volumes whose records say so. They lie with the group's own host, so that whoever decides about the group decides about
 * them, in the same batch.
 */
import type { Failure } from '../../model/failure.ts'
import { groupSnapshotOf, isGroup, MEMBERS_MAX } from '../../model/group.ts'
import type { GroupId, GroupSnapshotId, PoolName } from '../../model/ids.ts'
import type { VolumeSpec } from '../../model/volume.ts'
import type { Peer } from '../tables.ts'
import { missingVolume } from './forgotten.ts'
import type { Owned } from './owned.ts'

/** Those that are only set aside included. */
export function membersOf(peer: Peer, group: GroupId): readonly Owned[] {
  return [...peer.owned.values()].filter(({ volume }) => volume.group === group)
}

/** A group of this host; null if there is none of this id, or if it is a volume's. */
export function groupOn(peer: Peer, id: GroupId): Owned | null {
  const owned = peer.owned.get(id)
  return owned !== undefined && isGroup(owned.volume) ? owned : null
}

/** The group of this host that has this group snapshot. */
export function groupWith(peer: Peer, id: GroupSnapshotId): Owned | null {
  for (const owned of peer.owned.values()) if (groupSnapshotOf(owned.volume, id) !== null) return owned
  return null
}

/** Why no volume may be made in the group that this one is to be in; null if it may, or if it is to be in none. */
export function refuseMember(peer: Peer, spec: VolumeSpec, pool: PoolName): Failure | null {
  const { group: id, project, typeId } = spec
  if (id === undefined) return null
  const group = groupOn(peer, id)
  if (group === null) {
    const facts = missingVolume(peer, id, project)
    return facts.code === 'volume-not-found' ? { code: 'group-not-found', group: id } : facts
  }
  const { volume, step, pending } = group
  if (volume.project !== project) return { code: 'group-not-found', group: id }
  // Promised already, and this host hears of it in a moment; or its volumes are what they are until its snapshot is taken.
  if (step === 'reserved') return { code: 'volume-busy', volume: id, running: 'create' }
  if (pending !== null) return { code: 'volume-busy', volume: id, running: pending.kind }
  if (step !== 'built' || volume.status !== 'available') {
    return { code: 'group-status', group: id, action: 'create a volume in it', status: volume.status, allowed: ['available'] }
  }
  const types = volume.holds?.volumeTypes ?? []
  if (typeId === null || !types.includes(typeId)) return { code: 'group-type', group: id, type: typeId }
  if (volume.pool !== pool) return { code: 'group-volume', group: id, volume: spec.id, why: { kind: 'elsewhere' } }
  return membersOf(peer, id).length >= MEMBERS_MAX ? { code: 'group-full', group: id, of: 'volumes', limit: MEMBERS_MAX } : null
}
