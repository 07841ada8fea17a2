/** os-availability-zone. */
import type { Manifest } from '../../lib/model/manifest.ts'
import { zonesBody } from '../../lib/wire/cinder/zone.ts'
import { answer, type Route } from './call.ts'

export const zoneRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/os-availability-zone',
    since: 0,
    action: 'availability_zone:list',
    handle: (edge) => answer(200, zonesBody(edge.service.hosts().filter(({ state }) => state !== 'lost'))),
  },
]

/** A zone whose hosts are all lost is none. */
export function hasZone({ hosts }: Manifest, zone: string): boolean {
  return hosts.some((host) => host.zone === zone && host.state === 'member')
}
