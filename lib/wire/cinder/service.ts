/**
 * Rows of os-services. Cinder's clients expect a scheduler and a volume service by their binaries' names; here both
 * are the agent of the host, and a backend is a row of its own.
 */
import type { HostView } from '../../model/host.ts'
import type { PoolView } from '../../model/placement.ts'
import { isOnHost, type ServiceMark } from '../../model/service.ts'
import { cinderDateOrNull } from './dates.ts'

export interface ServiceRow {
  readonly binary: 'cinder-volume' | 'cinder-scheduler'
  readonly host: string
  readonly isUp: boolean
  readonly isDisabled: boolean
  readonly updatedAt: string | null
  readonly body: object
}

/** @param pools of all hosts; @param marks of all services */
export function serviceRows(
  host: HostView,
  pools: readonly PoolView[],
  marks: readonly ServiceMark[],
  microversion: number,
): readonly ServiceRow[] {
  // `full` takes no new volume but serves all it has; `recovering` does not answer for its volumes yet.
  const isUp = host.state === 'up' || host.state === 'full'
  const updatedAt = cinderDateOrNull(host.lastBeatMs)
  const common = (status: 'enabled' | 'disabled', reason: string | null) => ({
    zone: host.zone,
    status,
    state: isUp ? 'up' : 'down',
    updated_at: updatedAt,
    disabled_reason: reason,
  })
  const cluster = microversion >= 7 ? { cluster: null } : {}
  const volumeRows = backendsOf(host, pools).map((backend): ServiceRow => {
    const { name } = backend
    const own = marks.filter((mark) => isOnHost(name, mark.host))
    const disabled = own.find(({ isDisabled }) => isDisabled)
    const said = common(disabled === undefined ? 'enabled' : 'disabled', disabled?.reason ?? null)
    const isFrozen = own.some((mark) => mark.isFrozen)
    const volumeService = { replication_status: 'disabled', active_backend_id: null, frozen: isFrozen }
    const backendState = microversion >= 49 ? { backend_state: backend.isUp ? 'up' : 'down' } : {}
    return {
      binary: 'cinder-volume',
      host: name,
      isUp,
      isDisabled: disabled !== undefined,
      updatedAt,
      body: { binary: 'cinder-volume', host: name, ...said, ...cluster, ...volumeService, ...backendState },
    }
  })
  // Nobody but the host itself schedules for it, and it always does.
  const always = common('enabled', null)
  return [
    {
      binary: 'cinder-scheduler',
      host: host.name,
      isUp,
      isDisabled: false,
      updatedAt,
      body: { binary: 'cinder-scheduler', host: host.name, ...always, ...cluster },
    },
    ...volumeRows,
  ]
}

/** `host@backend` of each backend that reported pools; the bare host while nothing was heard from it. */
function backendsOf(host: HostView, pools: readonly PoolView[]): readonly { readonly name: string; readonly isUp: boolean }[] {
  const own = pools.filter((pool) => pool.peer === host.peer)
  if (own.length === 0) return [{ name: host.name, isUp: false }]
  const names = new Set(own.map((pool) => pool.name.split('#')[0] ?? pool.name))
  return [...names].map((name) => ({ name, isUp: own.some((pool) => pool.name.startsWith(`${name}#`) && isServing(pool)) }))
}

/** A pool that takes no new volume serves those that it has. */
function isServing({ state }: PoolView): boolean {
  return state === 'up' || state === 'disabled'
}
