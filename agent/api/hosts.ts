/**
 * Scoria's own calls about hosts: who is there, and taking one out for good or for lost.
 *
 * Before the manifest changes the answer says what would become of volumes and accounts, and what cannot be undone is
 * refused where this agent sees that it need not be: a host that holds something does not leave, one that answers is not
 * lost.
 */
import type { HostView } from '../../lib/model/host.ts'
import { compareText } from '../../lib/model/ids.ts'
import { hostNamed, type Manifest } from '../../lib/model/manifest.ts'
import type { Volume } from '../../lib/model/volume.ts'
import { homeGroup } from '../../lib/register/home-group.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { type Flags, parseFlags } from './flags.ts'
import { failureOf } from './membership.ts'
import type { MemberChange } from '../../lib/ports/membership.ts'

export const hostRoutes: readonly Route[] = [
  { method: 'GET', path: '/hosts', since: 0, action: 'scoria:read', handle: (edge) => answer(200, { hosts: heardHosts(edge) }) },
  { method: 'POST', path: '/hosts/:name/leave', since: 0, action: 'scoria:members', handle: leave },
  { method: 'POST', path: '/hosts/:name/lost', since: 0, action: 'scoria:members', handle: lose },
]

/** A host that was heard within this time is there, whatever an operator believes. Six beats. */
const ANSWERS_MS = 30_000

/** All hosts by name; this one is heard now, since it speaks. */
export function heardHosts(edge: Edge): readonly HostView[] {
  const self = edge.service.self()
  const hosts = edge.service.hosts().map((host) => (host.peer === self ? { ...host, lastBeatMs: edge.clock() } : host))
  return hosts.sort((a, b) => compareText(a.name, b.name))
}

/** Who bears the name now; else the lost host that bore it. */
function hostCalled(edge: Edge, name: string): HostView | undefined {
  const bearers = heardHosts(edge).filter((host) => host.name === name)
  return bearers.find(({ state }) => state !== 'lost') ?? bearers[0]
}

async function leave(edge: Edge, call: Call): Promise<Answer> {
  const flags = parseFlags(call.body, ['dry_run'])
  if (!flags.ok) return failed(flags.failure)
  const name = call.params['name'] ?? ''
  const host = hostCalled(edge, name)
  const volumes = host === undefined ? [] : volumesOn(edge, host)
  if (host !== undefined && host.state !== 'lost' && !flags.value.dry_run) {
    if (host.state !== 'up' && host.state !== 'full' && host.state !== 'draining') return failed({ code: 'host-silent', name })
    if (volumes.length > 0) return failed({ code: 'host-not-empty', name, volumes: volumes.map(({ id }) => id) })
  }
  const before = edge.service.manifest()
  const change = await edge.membership.leave(name, flags.value.dry_run)
  return changeAnswer(edge, { name, flags: flags.value, volumes, before, change, command: `scoria leave ${name}` })
}

async function lose(edge: Edge, call: Call): Promise<Answer> {
  const flags = parseFlags(call.body, ['dry_run', 'force'])
  if (!flags.ok) return failed(flags.failure)
  const name = call.params['name'] ?? ''
  const host = hostCalled(edge, name)
  if (host !== undefined && host.state !== 'lost' && !flags.value.dry_run) {
    // The host that signs would sign itself away, and nobody could sign anything after that.
    const isSelf = host.peer === edge.service.self()
    const agoMs = answeredAgoMs(edge, host)
    if (agoMs !== 'silent' && (isSelf || !flags.value.force)) return failed({ code: 'host-answers', name, agoMs })
  }
  const volumes = host === undefined ? [] : volumesOn(edge, host)
  const before = edge.service.manifest()
  const change = await edge.membership.lose(name, flags.value.dry_run)
  return changeAnswer(edge, { name, flags: flags.value, volumes, before, change, command: `scoria peer lost ${name}` })
}

/** Null: this agent has not run long enough to tell. */
function answeredAgoMs(edge: Edge, host: HostView): number | null | 'silent' {
  const nowMs = edge.clock()
  if (host.lastBeatMs === null) return nowMs - edge.startedAtMs < ANSWERS_MS ? null : 'silent'
  const agoMs = Math.max(0, nowMs - host.lastBeatMs)
  return agoMs < ANSWERS_MS ? agoMs : 'silent'
}

interface Asked {
  readonly name: string
  readonly flags: Flags<'dry_run'>
  readonly volumes: readonly Volume[]
  readonly before: Manifest
  readonly change: MemberChange
  readonly command: string
}

function changeAnswer(edge: Edge, { name, flags, volumes, before, change, command }: Asked): Answer {
  if (!change.ok) return failed(failureOf(change.problem, command))
  const { manifest } = change
  const projects = edge.service.projects()
  const moving = projects.filter((project) => groupText(before, project) !== groupText(manifest, project))
  const host = hostNamed(manifest, name)
  return answer(200, {
    host: name,
    // What it is after the change, or would be.
    state: host === null ? 'left' : host.state === 'lost' ? 'lost' : 'leaving',
    dry_run: flags.dry_run,
    epoch: manifest.epoch,
    step_pending: manifest.voting.former !== null,
    registers: { known: projects.length, moving: moving.length },
    volumes: volumes.map(({ id, name: title, project, sizeGiB, status }) => ({ id, name: title, project, size: sizeGiB, status })),
  })
}

function groupText(manifest: Manifest, project: Parameters<typeof homeGroup>[1]): string {
  return [...homeGroup(manifest, project)].sort().join()
}

/** A group keeps its host from leaving, too. */
function volumesOn({ service }: Edge, { peer }: HostView): readonly Volume[] {
  return [...service.volumes(null), ...service.groups(null)].flatMap(({ volume }) => (volume.owner === peer ? [volume] : []))
}
