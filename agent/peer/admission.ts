/**
 * Whether a host may become a member, and the manifest that says so. Pure: the same answer for the same two lists.
 *
 * The first `expect` hosts become voters and nobody ever becomes one later: voters hold the registers, and a majority
 * may not change by somebody joining. A host that is a member already keeps its name, because pools are named after it.
 */
import { hashHex } from '../../lib/model/hash.ts'
import { compareText } from '../../lib/model/ids.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import { hostNamed, hostOf, isForming, type Manifest, type ManifestHost } from '../../lib/model/manifest.ts'
import type { JoiningFailure } from '../../lib/ports/joining.ts'
import type { JoinRequest } from '../../lib/wire/join.ts'

export type Admission =
  | { readonly kind: 'changed'; readonly manifest: Manifest }
  /** A member already, just as it asks to be. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly failure: JoiningFailure }

export function admit(manifest: Manifest, request: JoinRequest): Admission {
  const member = hostOf(manifest, request.peer)
  const namesake = hostNamed(manifest, request.name)
  if (namesake !== null && namesake.peer !== request.peer) return { kind: 'refused', failure: { code: 'name-taken', name: request.name } }
  if (member === null) return { kind: 'changed', manifest: withHost(manifest, hostFrom(request, isForming(manifest))) }
  if (member.name !== request.name) {
    return { kind: 'refused', failure: { code: 'bad-request', detail: `this host is a member already, under the name ${member.name}` } }
  }
  const host = hostFrom(request, member.voter)
  return canonicalJson(host) === canonicalJson(member) ? { kind: 'unchanged' } : { kind: 'changed', manifest: withHost(manifest, host) }
}

function hostFrom(request: JoinRequest, voter: boolean): ManifestHost {
  return { peer: request.peer, name: request.name, addrs: request.addrs, zone: request.zone, voter }
}

/** The manifest after this one, with `host` in place of any entry of the same peer. */
function withHost(manifest: Manifest, host: ManifestHost): Manifest {
  const others = manifest.hosts.filter((item) => item.peer !== host.peer)
  return {
    ...manifest,
    epoch: manifest.epoch + 1,
    prev: hashHex(canonicalJson(manifest)),
    hosts: [...others, host].sort((a, b) => compareText(a.peer, b.peer)),
  }
}
