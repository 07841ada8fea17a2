/**
 * What this host's pools hold and may still give out, by its own records.
 *
 * The sums (holdings.ts) include reservations, so that two requests can never be promised the same room (I4); what
 * others see of them in a beat is the same number, a few seconds older.
 */
import { sizeWithMembers } from '../../model/group.ts'
import type { PoolName } from '../../model/ids.ts'
import type { Capabilities, PoolView, Rejection } from '../../model/placement.ts'
import type { SnapshotSpec } from '../../model/snapshot.ts'
import type { VolumeSpec } from '../../model/volume.ts'
import { effectiveTypes, type KnownType } from '../../model/catalogue.ts'
import type { VolumeType } from '../../model/volume-type.ts'
import { hostOf } from '../../model/manifest.ts'
import { fits } from '../../placement/rank.ts'
import { poolSums } from '../holdings.ts'
import type { MeasuredPool } from '../step.ts'
import type { Peer } from '../tables.ts'
import { leavingGiB } from './leaving.ts'

/** Pools of this host as placement sees them. */
export function ownPools(peer: Peer): readonly PoolView[] {
  const zone = hostOf(peer.options.manifest, peer.self)?.zone ?? ''
  const state = peer.state === 'ready' ? 'up' : peer.state
  return [...peer.pools.values()].map((measured) => ({
    name: measured.name,
    peer: peer.self,
    zone,
    state: measured.state === 'stalled' ? 'stalled' : state,
    capabilities: capabilitiesNow(peer, measured),
    queue: poolSums(peer.holdings, measured.name).queue,
  }))
}

/** The filter that refuses `sizeGiB` more on this pool of ours, or null if there is room. */
export function refusalOf(
  peer: Peer,
  pool: PoolName,
  sizeGiB: number,
  zones: readonly string[],
  type: VolumeType | null,
): Rejection | null {
  const view = ownPools(peer).find((own) => own.name === pool)
  if (view === undefined) return { pool, filter: 'owner', reported: 'no such pool here', needed: pool }
  return fits(view, { sizeGiB, zones, type }, peer.options.placement)
}

/** The same for all of these types: the first that is refused. */
export function refusalOfAny(
  peer: Peer,
  pool: PoolName,
  sizeGiB: number,
  zones: readonly string[],
  types: readonly VolumeType[],
): Rejection | null {
  if (types.length === 0) return refusalOf(peer, pool, sizeGiB, zones, null)
  for (const type of types) {
    const rejection = refusalOf(peer, pool, sizeGiB, zones, type)
    if (rejection !== null) return rejection
  }
  return null
}

/** The types of a volume, or those that a group's volumes may have, by this peer's copy; null if one of them is not there (any more). */
export function typesFor(peer: Peer, { typeId, holds }: Pick<VolumeSpec, 'typeId' | 'holds'>): readonly KnownType[] | null {
  const ids = holds?.volumeTypes ?? (typeId === null ? [] : [typeId])
  if (ids.length === 0) return []
  const all = effectiveTypes(peer.options.manifest.types, peer.catalogue.entries)
  const found = ids.flatMap((id) => all.find((type) => type.id === id) ?? [])
  return found.length === ids.length ? found : null
}

/** By which two copies of the types are compared: the newest of them; null without a type, or if one is missing. */
export function versionOf(types: readonly KnownType[] | null): number | null {
  return types === null || types.length === 0 ? null : Math.max(...types.map(({ version }) => version))
}

/** The type of a volume by this peer's copy; null without one, or if there is none of its id (any more). */
export function typeOf(peer: Peer, { typeId }: Pick<VolumeSpec, 'typeId'>): KnownType | null {
  if (typeId === null) return null
  return effectiveTypes(peer.options.manifest.types, peer.catalogue.entries).find(({ id }) => id === typeId) ?? null
}

function capabilitiesNow(peer: Peer, measured: MeasuredPool): Capabilities {
  const { provisionedGiB: provisioned, volumes } = poolSums(peer.holdings, measured.name)
  const isThin = isThinPool(measured)
  // A thin pool is as large as it is; of a thick one only what nobody else has may be given out.
  const totalGiB = isThin ? measured.totalGiB : Math.max(0, measured.totalGiB - leavingGiB(peer, measured.name))
  return {
    ...measured.capabilities,
    total_capacity_gb: totalGiB,
    // A thick pool's free room is what its records leave; a thin pool measures its own.
    free_capacity_gb: isThin ? (measured.capabilities['free_capacity_gb'] ?? null) : Math.max(0, totalGiB - provisioned),
    allocated_capacity_gb: provisioned,
    provisioned_capacity_gb: provisioned,
    total_volumes: volumes,
  }
}

/**
 * What a new volume takes of its pool, or a group with all that it begins with, GiB. What lies there already takes nothing of a thick pool, whose measure leaves it out; in a thin
 * one its size is a promise that is made now.
 */
export function roomFor(spec: Pick<VolumeSpec, 'source' | 'sizeGiB' | 'holds'>, pool: Pick<PoolView, 'capabilities'> | null): number {
  return spec.source?.kind === 'existing' ? roomForExisting(spec.sizeGiB, pool) : sizeWithMembers(spec)
}

/** The same for a snapshot of a volume that has so many GiB. */
export function roomForSnapshot(snapshot: SnapshotSpec, volumeGiB: number, pool: Pick<PoolView, 'capabilities'> | null): number {
  return snapshot.existing === undefined ? volumeGiB : roomForExisting(snapshot.existing.sizeGiB, pool)
}

function roomForExisting(sizeGiB: number, pool: Pick<PoolView, 'capabilities'> | null): number {
  return pool !== null && !isThinPool(pool) ? 0 : sizeGiB
}

function isThinPool({ capabilities }: Pick<PoolView, 'capabilities'>): boolean {
  return capabilities['thin_provisioning_support'] === true
}

/** This host takes nothing new any more; what was promised before is kept. */
export function isDraining(peer: Peer): boolean {
  return hostOf(peer.options.manifest, peer.self)?.state === 'draining'
}
