/**
 * os-services: which hosts are there and which answer, in the rows that Cinder's clients know; and an operator's word that
 * one of them, or one of its backends, takes no new volume.
 *
 * Disabled and frozen mean the same here: no new volume, and those that are there go on. The word stands in the register of
 * the cluster; the coordinator leaves the pools out, and their owner refuses by its own copy.
 */
import type { ServiceEdit } from '../../lib/model/service.ts'
import { isOnHost } from '../../lib/model/service.ts'
import { type ServiceRow, serviceRows } from '../../lib/wire/cinder/service.ts'
import { parseService, parseServiceHost, parseServiceReason, type WantedService } from '../../lib/wire/cinder/service-request.ts'
import { parseFailover } from '../../lib/wire/cinder/failover-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { heardHosts } from './hosts.ts'
import { operationRid } from './request-names.ts'

const FAILOVER = 'volume:failover_host'
const UPDATE = 'volume_extension:services:update'
const VOLUME = 'cinder-volume'

export const serviceRoutes: readonly Route[] = [
  { method: 'GET', path: '/os-services', since: 0, action: 'volume_extension:services:index', handle: list },
  { method: 'PUT', path: '/os-services/enable', since: 0, action: UPDATE, handle: enable },
  { method: 'PUT', path: '/os-services/disable', since: 0, action: UPDATE, handle: disable },
  { method: 'PUT', path: '/os-services/disable-log-reason', since: 0, action: UPDATE, handle: disableWithReason },
  { method: 'PUT', path: '/os-services/freeze', since: 0, action: 'volume:freeze_host', handle: (edge, call) => freeze(edge, call, true) },
  { method: 'PUT', path: '/os-services/thaw', since: 0, action: 'volume:thaw_host', handle: (edge, call) => freeze(edge, call, false) },
  { method: 'PUT', path: '/os-services/failover_host', since: 0, action: FAILOVER, handle: failOver },
  { method: 'PUT', path: '/os-services/failover', since: 26, action: FAILOVER, handle: failOver },
]

function list(edge: Edge, call: Call): Answer {
  const { host, binary } = call.query
  const shown = rowsOf(edge, call).filter((row) => (!binary || row.binary === binary) && (!host || isOnHost(row.host, host)))
  return answer(200, { services: shown.map((row) => row.body) })
}

function rowsOf(edge: Edge, { microversion }: Call): readonly ServiceRow[] {
  const [pools, marks] = [edge.service.pools(), edge.service.services()]
  return heardHosts(edge).flatMap((view) => serviceRows(view, pools, marks, microversion))
}

/** Whether a backend of this name, also as the name of one of its pools, runs and may take new volumes. */
export function isVolumeServiceUp(edge: Edge, call: Call, pool: string): boolean {
  const name = pool.split('#')[0] ?? pool
  return rowsOf(edge, call).some((row) => row.binary === VOLUME && row.host === name && row.isUp && !row.isDisabled)
}

async function enable(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseService(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  return set(edge, call, wanted.value, { isDisabled: false })
}

async function disable(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseService(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  return set(edge, call, wanted.value, { isDisabled: true, reason: null })
}

async function disableWithReason(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseServiceReason(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  return set(edge, call, wanted.value, { isDisabled: true, reason: wanted.value.reason })
}

async function set(edge: Edge, call: Call, { host, binary, reason }: WantedService, edit: ServiceEdit): Promise<Answer> {
  if (binary !== VOLUME && rowsOf(edge, call).some((row) => row.binary === binary))
    return failed({ code: 'not-supported', feature: `a ${binary} that is disabled: each agent places by itself, so that it` })
  const refusal = await mark(edge, call, { host, binary, edit })
  if (refusal !== null) return refusal
  const isDisabled = edit.isDisabled === true
  const body = { host, service: binary, binary, disabled: isDisabled, status: isDisabled ? 'disabled' : 'enabled' }
  return answer(200, reason === null ? body : { ...body, disabled_reason: reason })
}

async function freeze(edge: Edge, call: Call, isFrozen: boolean): Promise<Answer> {
  const host = parseServiceHost(call.body)
  if (!host.ok) return failed(host.failure)
  return (await mark(edge, call, { host: host.value, binary: VOLUME, edit: { isFrozen } })) ?? answer(200, null)
}

interface Mark {
  readonly host: string
  readonly binary: string
  readonly edit: ServiceEdit
}

/** Null: it stands in the register. */
async function mark(edge: Edge, call: Call, { host, binary, edit }: Mark): Promise<Answer | null> {
  const isThere = rowsOf(edge, call).some((row) => row.binary === binary && isOnHost(row.host, host))
  if (!isThere) return failed({ code: 'service-not-found', binary, host })
  const rid = operationRid(call, `set service ${JSON.stringify(edit)}`, host)
  const { result } = await edge.service.ask({ kind: 'types', change: { kind: 'set-service', host, rid, edit, atMs: edge.clock() } })
  return result.ok ? null : failed(result.failure)
}

/** As of a Cinder whose backends are not replicated. */
function failOver(edge: Edge, call: Call): Answer {
  const host = parseFailover(call.body)
  if (!host.ok) return failed(host.failure)
  if (!rowsOf(edge, call).some((row) => isOnHost(row.host, host.value))) return failed({ code: 'pool-not-found', pool: host.value })
  return failed({ code: 'not-supported', feature: `a failover of ${host.value}, whose volumes are not replicated,` })
}
