/** os-availability-zone. */
import { zonesBody } from '../../lib/wire/cinder/zone.ts'
import { answer, type Route } from './call.ts'

export const zoneRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/os-availability-zone',
    since: 0,
    action: 'availability_zone:list',
    handle: (edge) => answer(200, zonesBody(edge.service.hosts())),
  },
]
