/** os-hosts and capabilities: what this peer has heard of the hosts, in two more of Cinder's shapes. */
import { capabilitiesBody } from '../../lib/wire/cinder/capabilities.ts'
import { hostResources, hostRows } from '../../lib/wire/cinder/os-host.ts'
import { parseHostUpdate } from '../../lib/wire/cinder/os-host-request.ts'
import { isOnHost } from '../../lib/model/service.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { heardHosts } from './hosts.ts'

const HOSTS = 'volume_extension:hosts'

export const osHostRoutes: readonly Route[] = [
  { method: 'GET', path: '/os-hosts', since: 0, action: HOSTS, handle: list },
  { method: 'GET', path: '/os-hosts/:name', since: 0, action: HOSTS, handle: show },
  { method: 'PUT', path: '/os-hosts/:name', since: 0, action: HOSTS, handle: update },
  { method: 'GET', path: '/capabilities/:name', since: 0, action: 'volume_extension:capabilities', handle: capabilities },
]

function list(edge: Edge, call: Call): Answer {
  const { zone } = call.query
  const pools = edge.service.pools()
  const hosts = heardHosts(edge).filter((host) => !zone || host.zone === zone)
  return answer(200, { hosts: hosts.flatMap((host) => hostRows(host, pools, edge.service.services())) })
}

function show(edge: Edge, call: Call): Answer {
  const name = nameOf(call)
  if (!isKnown(edge, name)) return failed({ code: 'pool-not-found', pool: name })
  const volumes = edge.service.volumes(null).flatMap(({ volume }) => (volume.pool !== null && isOnHost(volume.pool, name) ? [volume] : []))
  return answer(200, hostResources(name, volumes))
}

/** Cinder checks what it is asked, and has nothing behind it that would do it: not a word more here. */
function update(edge: Edge, call: Call): Answer {
  const name = nameOf(call)
  if (!isKnown(edge, name)) return failed({ code: 'pool-not-found', pool: name })
  const wanted = parseHostUpdate(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  return wanted.value === null ? answer(200, {}) : failed({ code: 'host-not-set', host: name, status: wanted.value })
}

function capabilities(edge: Edge, call: Call): Answer {
  const name = nameOf(call)
  if (!isKnown(edge, name)) return failed({ code: 'pool-not-found', pool: name })
  const pool = edge.service.pools().find((candidate) => isOnHost(candidate.name, name))
  return pool === undefined ? failed({ code: 'backend-silent', backend: name }) : answer(200, capabilitiesBody(name, pool))
}

/** A host by its name, or one of its backends. */
function isKnown(edge: Edge, name: string): boolean {
  return heardHosts(edge).some((host) => host.name === name) || edge.service.pools().some((pool) => isOnHost(pool.name, name))
}

const nameOf = (call: Call): string => (call.params['name'] ?? '').slice(0, 255)
