/**
 * Rows of os-services. Cinder's clients expect a scheduler and a volume service by their binaries' names; here both
 * are the agent of the host, and a backend is a row of its own.
 */
import type { HostView } from '../../model/host.ts'
import type { PoolView } from '../../model/placement.ts'
import { cinderDateOrNull } from './dates.ts'

export interface ServiceRow {
  readonly binary: 'cinder-volume' | 'cinder-scheduler'
  readonly host: string
  readonly body: object
}

/** @param pools of all hosts */
export function serviceRows(host: HostView, pools: readonly PoolView[], microversion: number): readonly ServiceRow[] {
  const common = {
    zone: host.zone,
    status: 'enabled',
    // `full` takes no new volume but serves all it has; `recovering` does not answer for its volumes yet.
    state: host.state === 'up' || host.state === 'full' ? 'up' : 'down',
    updated_at: cinderDateOrNull(host.lastBeatMs),
    disabled_reason: null,
  }
  const cluster = microversion >= 7 ? { cluster: null } : {}
  const volumeService = { replication_status: 'disabled', active_backend_id: null, frozen: false }
  const volumeRows = backendsOf(host, pools).map(({ name, isUp }): ServiceRow => {
    const backendState = microversion >= 49 ? { backend_state: isUp ? 'up' : 'down' } : {}
    return {
      binary: 'cinder-volume',
      host: name,
      body: { binary: 'cinder-volume', host: name, ...common, ...cluster, ...volumeService, ...backendState },
    }
  })
  return [
    { binary: 'cinder-scheduler', host: host.name, body: { binary: 'cinder-scheduler', host: host.name, ...common, ...cluster } },
    ...volumeRows,
  ]
}

/** `host@backend` of each backend that reported pools; the bare host while nothing was heard from it. */
function backendsOf(host: HostView, pools: readonly PoolView[]): readonly { readonly name: string; readonly isUp: boolean }[] {
  const own = pools.filter((pool) => pool.peer === host.peer)
  if (own.length === 0) return [{ name: host.name, isUp: false }]
  const names = new Set(own.map((pool) => pool.name.split('#')[0] ?? pool.name))
  return [...names].map((name) => ({ name, isUp: own.some((pool) => pool.name.startsWith(`${name}#`) && pool.state === 'up') }))
}
