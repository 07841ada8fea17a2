/**
 * Clusters (3.7) in Cinder's sense, hosts that share one backend: there are none, since a volume has one owner.
 *
 * And the clean-up of services that are down (3.24): a host's work is taken up again by itself at its start and by nobody
 * else, since nobody else reaches its storage. So nothing is ever being cleaned here, and who would have to be asked is
 * told as not available.
 */
import type { Cleanup } from '../../lib/wire/cinder/cleanup-request.ts'
import { parseCleanup } from '../../lib/wire/cinder/cleanup-request.ts'
import { isOnHost } from '../../lib/model/service.ts'
import { type ServiceRow, serviceRows } from '../../lib/wire/cinder/service.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { heardHosts } from './hosts.ts'

export const clusterRoutes: readonly Route[] = [
  { method: 'GET', path: '/clusters', since: 7, action: 'clusters:get_all', handle: () => answer(200, { clusters: [] }) },
  { method: 'GET', path: '/clusters/detail', since: 7, action: 'clusters:get_all', handle: () => answer(200, { clusters: [] }) },
  { method: 'GET', path: '/clusters/:name', since: 7, action: 'clusters:get', handle: noCluster },
  { method: 'PUT', path: '/clusters/enable', since: 7, action: 'clusters:update', handle: noCluster },
  { method: 'PUT', path: '/clusters/disable', since: 7, action: 'clusters:update', handle: noCluster },
  { method: 'POST', path: '/workers/cleanup', since: 24, action: 'workers:cleanup', handle: cleanUp },
]

function noCluster(_: Edge, call: Call): Answer {
  return failed({ code: 'item-not-found', kind: 'Cluster', id: (call.params['name'] ?? 'of this name').slice(0, 255) })
}

function cleanUp(edge: Edge, call: Call): Answer {
  const wanted = parseCleanup(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const pools = edge.service.pools()
  const place = placeOf(edge, wanted.value)
  // Cinder counts its services; here a host has the number of its place among the hosts by name.
  const services = heardHosts(edge).flatMap((host, index) =>
    serviceRows(host, pools, edge.service.services(), call.microversion).map((row) => ({ row, id: index + 1 })),
  )
  const unavailable = services.filter(({ row, id }) => !row.isUp && isMeant(row, id, wanted.value, place))
  return answer(202, {
    cleaning: [],
    unavailable: unavailable.map(({ row, id }) => ({ id, host: row.host, binary: row.binary, cluster_name: null })),
  })
}

/** The host that a resource is on; null: any, because none was named. */
function placeOf(edge: Edge, { resource }: Cleanup): string | null {
  if (resource === null) return null
  const view = resource.kind === 'volume' ? edge.service.volume(resource.id) : edge.service.volumeOfSnapshot(resource.id)
  return view?.volume.pool ?? ''
}

function isMeant(row: ServiceRow, id: number, wanted: Cleanup, place: string | null): boolean {
  if (wanted.isUp || wanted.isDisabled || wanted.cluster !== null || row.binary !== (wanted.binary ?? 'cinder-volume')) return false
  if (wanted.service !== null && wanted.service !== id) return false
  return (wanted.host === null || isOnHost(row.host, wanted.host)) && (place === null || isOnHost(place, row.host))
}
