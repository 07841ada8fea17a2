/** A pool and a request to vary: only what a test is about stands in the test. */
import { peerId, poolName, requestId } from '../../../lib/model/ids.ts'
import type { Json } from '../../../lib/model/json.ts'
import type { PlaceHints, PlaceRequest, PoolView } from '../../../lib/model/placement.ts'
import type { VolumeType } from '../../../lib/model/volume-type.ts'

/** A thick pool, 100 GiB of 100 GiB free, in zone `a`. */
export function poolOf(host: string, capabilities: Readonly<Record<string, Json>> = {}, rest: Partial<PoolView> = {}): PoolView {
  return {
    name: poolName(host, 'lvm', 'pool'),
    peer: peerId(`peer-${host}`),
    zone: 'a',
    state: 'up',
    queue: 0,
    capabilities: { total_capacity_gb: 100, free_capacity_gb: 100, allocated_capacity_gb: 0, provisioned_capacity_gb: 0, ...capabilities },
    ...rest,
  }
}

export const NOWHERE: PlaceHints = { sameBackends: null, differentBackends: null, query: null }

export function requestOf(rest: Partial<PlaceRequest> = {}): PlaceRequest {
  return {
    rid: requestId('00000000000000000000000000000001'),
    sizeGiB: 10,
    zones: [],
    type: null,
    hints: NOWHERE,
    volume: { size: 10 },
    qos: {},
    ...rest,
  }
}

export function typeOf(extraSpecs: Readonly<Record<string, string>>): VolumeType {
  return { id: 'b6b5a1f4-0000-4000-8000-000000000001', name: 'tested', description: null, extraSpecs }
}
