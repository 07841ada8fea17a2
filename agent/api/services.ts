/** os-services: which hosts are there and which answer, in the rows that Cinder's clients know. */
import { compareText } from '../../lib/model/ids.ts'
import { serviceRows } from '../../lib/wire/cinder/service.ts'
import type { HostView } from '../../lib/model/host.ts'
import { answer, type Edge, type Route } from './call.ts'

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

/** All hosts by name; this one is heard now, since it speaks. */
export function heardHosts(edge: Edge): readonly HostView[] {
  const self = edge.service.self()
  const hosts = edge.service.hosts().map((host) => (host.peer === self ? { ...host, lastBeatMs: edge.clock() } : host))
  return hosts.sort((a, b) => compareText(a.name, b.name))
}
