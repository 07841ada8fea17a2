/** Only a host that is up takes new volumes. Cinder asks the same before its filters: host_manager.py, `_update_backend_state_map`. */
import type { Filter } from './filter.ts'

export const stateFilter: Filter = (pool) => (pool.state === 'up' ? null : { reported: pool.state, needed: 'up' })
