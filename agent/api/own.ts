/**
 * Scoria's own data, below /scoria/v1: what Cinder's bodies have no room for. Shapes of lib/model go out as they are.
 */
import { hashHex } from '../../lib/model/hash.ts'
import { hostOf, isForming } from '../../lib/model/manifest.ts'
import { requestId } from '../../lib/model/ids.ts'
import { parseExplain, parseInvite } from '../../lib/wire/cinder/own-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { heardHosts, hostRoutes } from './hosts.ts'
import { lookForHinted } from './hinted-volumes.ts'
import { locateVolume } from './locate.ts'
import { wantedType } from './types.ts'
import { hasZone } from './zones.ts'

export const ownRoutes: readonly Route[] = [
  { method: 'GET', path: '/status', since: 0, action: 'scoria:read', handle: status },
  ...hostRoutes,
  { method: 'POST', path: '/placement/explain', since: 0, action: 'scoria:read', handle: explain },
  { method: 'GET', path: '/volumes/:id/age', since: 0, action: 'volume:get', handle: age },
  { method: 'POST', path: '/invites', since: 0, action: 'scoria:invite', handle: invite },
]

function status(edge: Edge): Answer {
  const { service } = edge
  const manifest = service.manifest()
  const self = service.self()
  // What is lost is never heard again and makes no picture old.
  const others = service.hosts().filter((host) => host.peer !== self && host.state !== 'lost')
  const heard = others.flatMap((host) => (host.lastBeatMs === null ? [] : [host.lastBeatMs]))
  return answer(200, {
    cluster: manifest.cluster,
    epoch: manifest.epoch,
    forming: isForming(manifest),
    joined: manifest.hosts.length,
    expect: manifest.expect,
    // The accounts are moving after a change of the voting hosts.
    stepPending: manifest.voting.former !== null,
    self: { peer: self, name: hostOf(manifest, self)?.name ?? null },
    // How far back this peer's picture of the host that it heard longest ago reaches; null while it heard of nobody else.
    viewAgeMs: heard.length === 0 ? null : Math.max(0, edge.clock() - Math.min(...heard)),
    volumes: service.volumes(null).length,
    hosts: heardHosts(edge),
  })
}

/** The ranking that a create of this size would walk. Without a rid all peers with equal views give the same. */
async function explain(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseExplain(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const { sizeGiB, type: typeName, zone, rid, hints } = wanted.value
  const found = await wantedType(edge, call, typeName)
  if (!found.ok) return failed(found.failure)
  const { type } = found
  if (type !== null && type.encryption !== null) return failed({ code: 'type-encrypted', type: type.name })
  if (zone !== null && !hasZone(edge.service.manifest(), zone)) return failed({ code: 'zone-not-found', zone })
  const unknown = await lookForHinted(edge, call, hints)
  if (unknown !== null) return failed(unknown)
  const name = requestId(rid ?? hashHex('explain', String(sizeGiB), typeName ?? '', zone ?? '').slice(0, 32))
  const { project, user } = call.caller
  const spec = { project, user, name: null, description: null, sizeGiB, zone }
  return answer(200, { rid: name, ...edge.service.explain({ rid: name, spec, sizeGiB, type, hints }) })
}

async function age(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateVolume(edge, call, call.params['id'] ?? '')
  if (!found.ok) return failed(found.failure)
  const { volume, hostStatus, ageMs } = found.view
  // Where it lies is for admins, as in the volume's own body.
  const owner = call.caller.isAdmin ? { owner: volume.owner } : {}
  return answer(200, { volume: volume.id, ...owner, hostStatus, ageMs })
}

async function invite(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseInvite(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const made = await edge.joining.invite(wanted.value.ttlMs)
  return made.ok
    ? answer(200, { token: made.value.token, expires_at: new Date(made.value.expiresAtMs).toISOString() })
    : failed(made.failure)
}
