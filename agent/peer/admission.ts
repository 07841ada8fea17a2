/**
 * Whether a host that knocks may become a member, and the manifest that says so. Pure.
 *
 * The rules are those of every change of the manifest (lib/model/manifest-steps.ts). A host that is a member already keeps
 * its name, because its pools are named after it; the name of a lost host may be used again.
 */
import { canonicalJson } from '../../lib/model/json.ts'
import { hostNamed, hostOf, isMember, type Manifest } from '../../lib/model/manifest.ts'
import { joining, type JoinProblem } from '../../lib/model/manifest-steps.ts'
import type { JoiningFailure } from '../../lib/ports/joining.ts'
import type { JoinRequest } from '../../lib/wire/join.ts'
import type { Change } from './manifest-changes.ts'

/** Why a host is not let in; `step-pending` passes by itself. */
export type JoinRefusal =
  | JoiningFailure
  | { readonly code: 'step-pending'; readonly epoch: number }
  | { readonly code: 'host-lost'; readonly name: string }
  | { readonly code: 'host-left'; readonly name: string }

/** @param prev hash of `manifest` */
export function admit(manifest: Manifest, request: JoinRequest, prev: string): Change<JoinRefusal> {
  const { peer, name, addrs, zone } = request
  const member = isMember(manifest, peer) ? hostOf(manifest, peer) : null
  const namesake = hostNamed(manifest, name)
  if (namesake !== null && namesake.peer !== peer && namesake.state !== 'lost') return refused({ code: 'name-taken', name })
  if (member !== null && member.name !== name)
    return refused({ code: 'bad-request', detail: `this host is a member already, under the name ${member.name}` })
  const host = { peer, name, addrs, zone }
  if (member !== null && canonicalJson({ ...member, ...host }) === canonicalJson(member)) return { kind: 'unchanged' }
  const next = joining(manifest, host, prev)
  return next.ok ? { kind: 'next', manifest: next.manifest } : refused(refusalOf(next.problem))
}

function refusalOf(problem: JoinProblem): JoinRefusal {
  switch (problem.kind) {
    case 'step-pending':
      return { code: 'step-pending', epoch: problem.epoch }
    case 'name-taken':
      return { code: 'name-taken', name: problem.name }
    case 'lost-before':
      return { code: 'host-lost', name: problem.name }
    case 'left-before':
      return { code: 'host-left', name: problem.name }
    default:
      return { code: 'bad-request', detail: problem.kind }
  }
}

function refused(refusal: JoinRefusal): Change<JoinRefusal> {
  return { kind: 'refused', refusal }
}
