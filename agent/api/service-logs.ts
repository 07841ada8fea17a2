/**
 * os-services/set-log and get-log: how much the agents write into their logs, asked and changed while they run.
 *
 * Cinder's binaries are one process here, with one log, whose one logger is called `scoria`. Nothing is kept: at its next
 * start a host's log has the level of its own agent.yaml again.
 */
import type { HostView } from '../../lib/model/host.ts'
import { isOnHost } from '../../lib/model/service.ts'
import { levelText, type LogLevelName, parseGetLog, parseSetLog, type WantedLogs } from '../../lib/wire/cinder/log-request.ts'
import { serviceRows } from '../../lib/wire/cinder/service.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { heardHosts } from './hosts.ts'

export const serviceLogRoutes: readonly Route[] = [
  { method: 'PUT', path: '/os-services/set-log', since: 32, action: 'volume_extension:services:update', handle: set },
  { method: 'PUT', path: '/os-services/get-log', since: 32, action: 'volume_extension:services:index', handle: get },
]

const API = 'cinder-api'
const LOGGER = 'scoria'

async function get(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseGetLog(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const asked = await ask(edge, wanted.value, null)
  if (!asked.ok) return asked.answer
  const isMeant = LOGGER.startsWith(wanted.value.prefix)
  const rows = asked.logs.map(({ binary, host, level }) => ({ binary, host, levels: isMeant ? { [LOGGER]: levelText(level) } : {} }))
  return answer(200, { log_levels: rows })
}

async function set(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseSetLog(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const { prefix, level } = wanted.value
  // As in Cinder: loggers that nobody has are nobody's to set.
  const asked = await ask(edge, wanted.value, LOGGER.startsWith(prefix) ? level : null)
  return asked.ok ? answer(202, null) : asked.answer
}

interface Log {
  readonly binary: string
  readonly host: string
  readonly level: LogLevelName
}

type Asked = { readonly ok: true; readonly logs: readonly Log[] } | { readonly ok: false; readonly answer: Answer }

/** All that are meant, at once. As in Cinder those that are down are left out; not so if one of them was named. */
async function ask(edge: Edge, { binary, server }: WantedLogs, level: LogLevelName | null): Promise<Asked> {
  const named = heardHosts(edge).flatMap((view) => {
    const rows = rowsOf(edge, view).filter(
      (row) => (server === null || isOnHost(row.host, server)) && (binary ?? row.binary) === row.binary,
    )
    return rows.length > 0 && view.state !== 'lost' ? [{ view, rows }] : []
  })
  if (server !== null && named.length === 0)
    return { ok: false, answer: failed({ code: 'service-not-found', binary: binary ?? 'of any kind', host: server }) }
  const meant = named.filter(({ view }) => server !== null || view.state !== 'down')
  const heard = await Promise.all(meant.map(async ({ view, rows }) => ({ view, rows, now: await edge.logLevel(view.peer, level) })))
  const silent = heard.flatMap(({ view, now }) => (now === null ? [view.name] : []))
  if (silent.length > 0) return { ok: false, answer: failed({ code: 'logs-not-reached', hosts: silent }) }
  return { ok: true, logs: heard.flatMap(({ rows, now }) => (now === null ? [] : rows.map((row) => ({ ...row, level: now })))) }
}

function rowsOf(edge: Edge, view: HostView): readonly { readonly binary: string; readonly host: string }[] {
  const services = serviceRows(view, edge.service.pools(), [], 0)
  return [{ binary: API, host: view.name }, ...services.map(({ binary, host }) => ({ binary, host }))]
}
