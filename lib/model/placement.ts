/** What placement reads and what it answers. Shapes only; the rules are in lib/placement. */
import type { QueryTerm } from './hints.ts'
import type { PeerId, PoolName, RequestId } from './ids.ts'
import type { Json } from './json.ts'
import type { VolumeType } from './volume-type.ts'

/**
 * A pool's report under Cinder's own keys: total_capacity_gb, free_capacity_gb, provisioned_capacity_gb,
 * allocated_capacity_gb (GiB, or 'infinite' or 'unknown'), reserved_percentage, max_over_subscription_ratio, total_volumes,
 * filter_function, goodness_function, thin_provisioning_support, thick_provisioning_support, volume_backend_name, storage_protocol … Scoria adds
 * thin_data_percent and thin_metadata_percent (0..100, or absent) for the physical guard, and what is wrong with a pool that
 * could not be measured (TROUBLE).
 */
export type Capabilities = { readonly [key: string]: Json }

export const TROUBLE = 'backend_trouble'

export interface PoolView {
  readonly name: PoolName
  readonly peer: PeerId
  readonly zone: string
  /** `up`: beat younger than 30 s and host ready; anything else takes no new volume. */
  readonly state: 'up' | 'down' | 'recovering' | 'full' | 'draining' | 'disabled' | 'stalled'
  readonly capabilities: Capabilities
  /** Builds that wait or run there. */
  readonly queue: number
}

/** What has to fit into a pool: all that its owner checks before it promises anything. */
export interface RoomRequest {
  /** GiB to add; 0 for what takes no more room. */
  readonly sizeGiB: number
  /** Zones that will do; empty for any. */
  readonly zones: readonly string[]
  readonly type: VolumeType | null
}

export interface PlaceRequest extends RoomRequest {
  /** Seeds the order, so that equal requests spread by weight. */
  readonly rid: RequestId
  readonly hints: PlaceHints
  /** What functions of backends may read of the volume to be, under Cinder's names. */
  readonly volume: Readonly<Record<string, Json>>
  /** The specs of the type's QoS specs. */
  readonly qos: Readonly<Record<string, string>>
}

/** A client's hints with what whoever ranks has found of them. A backend is `host@backend`. */
export interface PlaceHints {
  /** Backends of the volumes of `same_host`; null: not hinted. Empty: none of them is known, and no pool will do. */
  readonly sameBackends: ReadonlySet<string> | null
  readonly differentBackends: ReadonlySet<string> | null
  readonly query: QueryTerm | null
}

/** One pool left out, with the first filter (or the owner's refusal) that ruled it out and the two values it compared. */
export interface Rejection {
  readonly pool: PoolName
  /** `AvailabilityZoneFilter`, `CapacityFilter`, `CapabilitiesFilter`, `ThinPoolFilter`, `StateFilter`, `SameBackendFilter`, `DifferentBackendFilter`, `JsonFilter`, `DriverFilter`; or `owner` for a refusal by the host itself; or `no answer`. */
  readonly filter: string
  readonly reported: string
  readonly needed: string
}

export interface Candidate {
  readonly pool: PoolName
  readonly peer: PeerId
  /** Integer >= 0: what the weighers made of the pool. */
  readonly weight: number
  /** Integer >= 0: the weighted rendezvous score that orders the list, best first. */
  readonly score: number
  /** What each weigher said, before it was scaled. */
  readonly weighers: Readonly<Record<string, number>>
}

export interface Ranking {
  readonly candidates: readonly Candidate[]
  readonly rejected: readonly Rejection[]
  /** Hash over the pools that were ranked: equal digests mean equal views. */
  readonly viewDigest: string
}

export type WeigherName = 'CapacityWeigher' | 'AllocatedCapacityWeigher' | 'GoodnessWeigher' | 'VolumeNumberWeigher'

export interface PlacementOptions {
  /** `spread`: weighted rendezvous; `best`: Cinder's strict order by weight. */
  readonly order: 'spread' | 'best'
  readonly weighers: Readonly<Record<WeigherName, number>>
  /** Thin pools at or above these are refused. */
  readonly thinDataPercentMax: number
  readonly thinMetadataPercentMax: number
}
