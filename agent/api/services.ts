/** os-services: which hosts are there and which answer, in the rows that Cinder's clients know. */
import { isOnHost, serviceRows } from '../../lib/wire/cinder/service.ts'
import { parseFailover } from '../../lib/wire/cinder/failover-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { heardHosts } from './hosts.ts'

const FAILOVER = 'volume:failover_host'

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
      const shown = rows.filter((row) => (!binary || row.binary === binary) && (!host || isOnHost(row.host, host)))
      return answer(200, { services: shown.map((row) => row.body) })
    },
  },
  { method: 'PUT', path: '/os-services/failover_host', since: 0, action: FAILOVER, handle: failOver },
  { method: 'PUT', path: '/os-services/failover', since: 26, action: FAILOVER, handle: failOver },
]

/** As of a Cinder whose backends are not replicated. */
function failOver(edge: Edge, call: Call): Answer {
  const host = parseFailover(call.body)
  if (!host.ok) return failed(host.failure)
  const pools = edge.service.pools()
  const rows = heardHosts(edge).flatMap((view) => serviceRows(view, pools, call.microversion))
  if (!rows.some((row) => isOnHost(row.host, host.value))) return failed({ code: 'pool-not-found', pool: host.value })
  return failed({ code: 'not-supported', feature: `a failover of ${host.value}, whose volumes are not replicated,` })
}
