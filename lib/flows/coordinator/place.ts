/**
 * A create as placement reads it: with where the volumes of its hints lie by this peer's picture, and with what functions
 * of backends may ask for.
 *
 * As in Cinder a client is told of no place by the volumes of other projects: to its hints they do not exist.
 */
import { effectiveQos, type KnownType } from '../../model/catalogue.ts'
import type { Hints } from '../../model/hints.ts'
import type { ProjectId, RequestId, VolumeId } from '../../model/ids.ts'
import type { PlaceRequest } from '../../model/placement.ts'
import type { VolumeSpec } from '../../model/volume.ts'
import { backendOf } from '../../placement/filters/affinity.ts'
import type { Peer } from '../tables.ts'

/** What is asked for; `sizeGiB` is the room that it takes, which may be less than the volume has. */
export interface Placing {
  readonly rid: RequestId
  readonly spec: Pick<VolumeSpec, 'project' | 'user' | 'name' | 'description' | 'sizeGiB' | 'zone'>
  readonly sizeGiB: number
  readonly type: KnownType | null
  readonly hints: Hints
}

export function placeRequest(peer: Peer, { rid, spec, sizeGiB, type, hints }: Placing): PlaceRequest {
  const backends = (volumes: readonly VolumeId[]): ReadonlySet<string> | null =>
    volumes.length === 0 ? null : backendsOf(peer, spec.project, volumes)
  const qos = type === null || type.qosId === null ? undefined : effectiveQos(peer.catalogue.entries).find(({ id }) => id === type.qosId)
  return {
    rid,
    sizeGiB,
    zones: spec.zone === null ? [] : [spec.zone],
    type,
    hints: { sameBackends: backends(hints.sameHost), differentBackends: backends(hints.differentHost), query: hints.query },
    volume: {
      size: spec.sizeGiB,
      project_id: spec.project,
      user_id: spec.user,
      display_name: spec.name,
      display_description: spec.description,
      availability_zone: spec.zone,
      volume_type_id: type?.id ?? null,
    },
    qos: qos?.specs ?? {},
  }
}

function backendsOf({ view }: Peer, project: ProjectId, volumes: readonly VolumeId[]): ReadonlySet<string> {
  const found = volumes.flatMap((id) => {
    const volume = view.volumes.get(id)?.volume
    return volume === undefined || volume.project !== project || volume.pool === null ? [] : [backendOf({ name: volume.pool })]
  })
  return new Set(found)
}
