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
  readonly isUp: boolean
  readonly updatedAt: string | null
  readonly body: object
}

/** @param pools of all hosts */
export function serviceRows(host: HostView, pools: readonly PoolView[], microversion: number): readonly ServiceRow[] {
  // `full` takes no new volume but serves all it has; `recovering` does not answer for its volumes yet.
  const isUp = host.state === 'up' || host.state === 'full'
  const updatedAt = cinderDateOrNull(host.lastBeatMs)
  const common = { zone: host.zone, status: 'enabled', state: isUp ? 'up' : 'down', updated_at: updatedAt, disabled_reason: null }
  const cluster = microversion >= 7 ? { cluster: null } : {}
  const volumeService = { replication_status: 'disabled', active_backend_id: null, frozen: false }
  const volumeRows = backendsOf(host, pools).map((backend): ServiceRow => {
    const { name } = backend
    const backendState = microversion >= 49 ? { backend_state: backend.isUp ? 'up' : 'down' } : {}
    return {
      binary: 'cinder-volume',
      host: name,
      isUp,
      updatedAt,
      body: { binary: 'cinder-volume', host: name, ...common, ...cluster, ...volumeService, ...backendState },
    }
  })
  return [
    {
      binary: 'cinder-scheduler',
      host: host.name,
      isUp,
      updatedAt,
      body: { binary: 'cinder-scheduler', host: host.name, ...common, ...cluster },
    },
    ...volumeRows,
  ]
}

/** Whether a service's or a pool's name is of this host, which is named with or without its backend. */
export function isOnHost(name: string, host: string): boolean {
  return name === host || name.startsWith(`${host}@`) || name.startsWith(`${host}#`)
}

/** `host@backend` of each backend that reported pools; the bare host while nothing was heard from it. */
function backendsOf(host: HostView, pools: readonly PoolView[]): readonly { readonly name: string; readonly isUp: boolean }[] {
  const own = pools.filter((pool) => pool.peer === host.peer)
  if (own.length === 0) return [{ name: host.name, isUp: false }]
  const names = new Set(own.map((pool) => pool.name.split('#')[0] ?? pool.name))
  return [...names].map((name) => ({ name, isUp: own.some((pool) => pool.name.startsWith(`${name}#`) && pool.state === 'up') }))
}
