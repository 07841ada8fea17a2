/** scheduler-stats/get_pools: what this peer would choose from; from 3.28 by name, from 3.35 by what a volume type demands. */
import type { KnownType } from '../../lib/model/catalogue.ts'
import { compareText } from '../../lib/model/ids.ts'
import type { PoolView } from '../../lib/model/placement.ts'
import { unmetDemand } from '../../lib/placement/filters/capabilities.ts'
import { isTrueWord } from '../../lib/wire/cinder/body-parts.ts'
import { poolDetail, poolSummary } from '../../lib/wire/cinder/pool.ts'
import { selectPools } from '../../lib/wire/cinder/pool-query.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { heardHosts } from './hosts.ts'
import { withType } from './types.ts'

export const poolRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/scheduler-stats/get_pools',
    since: 0,
    action: 'scheduler_extension:scheduler_stats:get_pools',
    handle: list,
  },
]

function list(edge: Edge, call: Call): Answer | Promise<Answer> {
  const known = edge.service.pools().toSorted((a, b) => compareText(a.name, b.name))
  const selected = selectPools(known, call.query, call.microversion)
  if (!selected.ok) return failed(selected.failure)
  const { pools, type } = selected.value
  if (type === null) return show(edge, call, pools)
  return withType(edge, call, type, (found: KnownType) =>
    show(
      edge,
      call,
      pools.filter((pool) => unmetDemand(pool, found) === null),
    ),
  )
}

function show(edge: Edge, call: Call, pools: readonly PoolView[]): Answer {
  const heard = new Map(heardHosts(edge).map((host) => [host.peer, host.lastBeatMs]))
  const isDetailed = isTrueWord(call.query['detail'])
  return answer(200, { pools: pools.map((pool) => (isDetailed ? poolDetail(pool, heard.get(pool.peer) ?? null) : poolSummary(pool))) })
}
