/** scheduler-stats/get_pools: what this peer would choose from. */
import { compareText } from '../../lib/model/ids.ts'
import { poolDetail, poolSummary } from '../../lib/wire/cinder/pool.ts'
import { isTrueWord } from '../../lib/wire/cinder/body-parts.ts'
import { answer, type Route } from './call.ts'
import { heardHosts } from './hosts.ts'

export const poolRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/scheduler-stats/get_pools',
    since: 0,
    action: 'scheduler_extension:scheduler_stats:get_pools',
    handle: (edge, call) => {
      const heard = new Map(heardHosts(edge).map((host) => [host.peer, host.lastBeatMs]))
      const { name } = call.query
      const pools = edge.service
        .pools()
        .filter((pool) => call.microversion < 28 || !name || pool.name === name)
        .sort((a, b) => compareText(a.name, b.name))
      return answer(200, {
        pools: pools.map((pool) => (isTrueWord(call.query['detail']) ? poolDetail(pool, heard.get(pool.peer) ?? null) : poolSummary(pool))),
      })
    },
  },
]
