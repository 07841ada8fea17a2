/** os-services: which hosts are there and which answer, in the rows that Cinder's clients know. */
import { serviceRows } from '../../lib/wire/cinder/service.ts'
import { answer, type Route } from './call.ts'
import { heardHosts } from './hosts.ts'

export const serviceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/os-services',
    since: 0,
    action: 'volume_extension:services:index',
    handle: (edge, call) => {
      const { host, binary } = call.query
      const pools = edge.service.pools()
      const rows = heardHosts(edge).flatMap((view) => serviceRows(view, pools, call.microversion))
      // A host matches with and without its backend, as in Cinder.
      const shown = rows.filter(
        (row) => (!binary || row.binary === binary) && (!host || row.host === host || row.host.startsWith(`${host}@`)),
      )
      return answer(200, { services: shown.map((row) => row.body) })
    },
  },
]
