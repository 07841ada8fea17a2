/** Only a host that is up takes new volumes. Cinder asks the same before its filters: host_manager.py, `_update_backend_state_map`. */
import { type PoolView, TROUBLE } from '../../model/placement.ts'
import type { Filter } from './filter.ts'

export const stateFilter: Filter = (pool) => (pool.state === 'up' ? null : { reported: reported(pool), needed: 'up' })

function reported({ state, capabilities }: PoolView): string {
  const trouble = capabilities[TROUBLE]
  return state === 'stalled' && typeof trouble === 'string' ? `${state}, ${trouble}` : state
}
