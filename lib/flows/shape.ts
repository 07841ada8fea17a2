/** Volumes as they are before their owner has said anything, and what was asked for. */
import { hashHex } from '../model/hash.ts'
import type { PeerId, PoolName, RequestId } from '../model/ids.ts'
import { assertNever } from '../model/invariant.ts'
import { canonicalJson } from '../model/json.ts'
import type { Binding, Unplaced } from '../model/ledger.ts'
import type { RoomOperation } from '../model/request.ts'
import { creatingGroupSnapshot, type GroupSnapshot } from '../model/group.ts'
import { addUsage, NO_USAGE, type Usage, usageOfType } from '../model/quota.ts'
import { creatingSnapshot, type Snapshot } from '../model/snapshot.ts'
import type { Volume, VolumeSpec } from '../model/volume.ts'

/** A volume that is promised and not made yet. */
export function creatingVolume(spec: VolumeSpec, rid: RequestId, owner: PeerId | null, pool: PoolName | null, zone: string): Volume {
  return {
    ...spec,
    status: 'creating',
    rid,
    owner,
    pool,
    availabilityZone: zone,
    updatedAtMs: null,
    attachments: [],
    snapshots: [],
    detached: [],
    transfer: null,
    failure: null,
  }
}

/** What a grant shows while its host has not published the volume: null if it is for something else than a volume. */
export function grantedVolume(binding: Binding, zone: string): Volume | null {
  return binding.spec === null ? null : creatingVolume(binding.spec, binding.rid, binding.host, binding.pool, zone)
}

/** The same for a snapshot. */
export function grantedSnapshot({ snapshot, rid, sizeGiB, bodyHash }: Binding): Snapshot | null {
  return snapshot === null ? null : creatingSnapshot(snapshot, { rid, sizeGiB, bodyHash })
}

/** The same for a snapshot of a whole group. */
export function grantedGroupSnapshot({ groupSnapshot, rid, bodyHash }: Binding): GroupSnapshot | null {
  return groupSnapshot === undefined ? null : creatingGroupSnapshot(groupSnapshot, { rid, bodyHash })
}

/** What a create adds to its project's account. */
export function usageOfSpec(spec: Pick<VolumeSpec, 'sizeGiB' | 'typeId' | 'holds'>): Usage {
  const { holds } = spec
  if (holds !== undefined) return holds.members.map(usageOfVolume).reduce(addUsage, { ...NO_USAGE, groups: 1 })
  return usageOfVolume(spec)
}

function usageOfVolume({ typeId, sizeGiB }: Pick<VolumeSpec, 'sizeGiB' | 'typeId'>): Usage {
  return usageOfType(typeId, { volumes: 1, gigabytes: sizeGiB })
}

/** A create that found no room, as every peer shows it. */
export function unplacedAsVolume(unplaced: Unplaced): Volume {
  const volume = creatingVolume(unplaced.spec, unplaced.rid, null, null, unplaced.spec.zone ?? 'nova')
  const { rejected, isDismissed } = unplaced
  const failure = { kind: 'no-room', rejected, ...(isDismissed === undefined ? {} : { isDismissed }) } as const
  return { ...volume, status: 'error', updatedAtMs: unplaced.updatedAtMs, failure }
}

/** Names what a client asked for, as it is sent to an owner; the time is each coordinator's own. */
export function createBody(spec: VolumeSpec): string {
  const { user, name, description, sizeGiB, zone, type, typeId, metadata, multiattach, source, group = null, holds = null } = spec
  const wanted = { user, name, description, sizeGiB, zone, type, typeId, metadata, multiattach, source, group, holds }
  return hashHex('create', canonicalJson(wanted)).slice(0, 32)
}

export function roomBody(operation: RoomOperation): string {
  switch (operation.kind) {
    case 'extend':
      return hashHex('room', String(operation.sizeGiB)).slice(0, 32)
    case 'snapshot':
    case 'group-snapshot':
      return hashHex('room', operation.bodyHash).slice(0, 32)
    case 'accept':
      return hashHex('accept', operation.transfer).slice(0, 32)
    case 'retype':
      return hashHex('retype', operation.typeId).slice(0, 32)
    default:
      return assertNever(operation)
  }
}
