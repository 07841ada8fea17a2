/**
 * Changes of the manifest, one at a time: who may follow whom, and why not.
 *
 * Each function gives the next manifest or the reason against it. A change of the voters moves every register from the
 * group of the former voters to that of the present ones, through a majority of the former group that is sealed first
 * (lib/flows/group/install.ts). Two such moves at once could leave two groups with majorities that never met, so a step
 * waits for the one before it, and changes one voter.
 */
import type { PeerId } from './ids.ts'
import { hasLeft, hostName, hostNamed, hostOf, isForming, type LeftHost, type Manifest, type ManifestHost, votersOf } from './manifest.ts'

/** Of so many hosts that left the manifest says so. Each is a few hundred bytes of it. */
export const LEFT_MAX = 1000

export type StepProblem =
  /** The registers are still on their way from the step before. */
  | { readonly kind: 'step-pending'; readonly epoch: number }
  | { readonly kind: 'host-unknown'; readonly name: string }
  | { readonly kind: 'name-taken'; readonly name: string; readonly by: PeerId }
  | { readonly kind: 'lost-before'; readonly name: string }
  /** Nobody would keep the registers, or too few of their former members are left to read them from. */
  | { readonly kind: 'last-voter'; readonly name: string }
  | { readonly kind: 'founding'; readonly joined: number; readonly expect: number }

/** What was granted to a host that left is ended by its key: under that it must never be there again. */
export type JoinProblem = StepProblem | { readonly kind: 'left-before'; readonly name: string }

export type NextManifest<Problem = JoinProblem> =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problem: Problem }

type Unchained = Omit<Manifest, 'epoch' | 'prev'>

/** A host joins; as a voter, so that the registers spread over it too. */
export function joining(manifest: Manifest, host: Omit<ManifestHost, 'voter' | 'state'>, prev: string): NextManifest {
  const named = hostNamed(manifest, host.name)
  if (named !== null && named.peer !== host.peer && named.state !== 'lost')
    return refused({ kind: 'name-taken', name: host.name, by: named.peer })
  const known = hostOf(manifest, host.peer)
  if (known?.state === 'lost') return refused({ kind: 'lost-before', name: known.name })
  if (hasLeft(manifest, host.peer)) return refused({ kind: 'left-before', name: hostName(manifest, host.peer) })
  const others = manifest.hosts.filter(({ peer }) => peer !== host.peer)
  // The same host again, with other addresses: nothing moves.
  if (known !== null) return next(manifest, { ...manifest, hosts: [...others, { ...known, ...host }] }, prev)
  const hosts = [...others, { ...host, voter: true, state: 'member' } as const]
  if (!isForming(manifest)) return voting(manifest, { ...manifest, hosts }, prev)
  const isFounded = hosts.length >= manifest.expect
  return next(manifest, { ...manifest, hosts, voting: { epoch: isFounded ? 1 : 0, former: null } }, prev)
}

/** A host takes no new volume from here on, and gives its votes up: the first step of its leaving. */
export function draining(manifest: Manifest, name: string, prev: string): NextManifest<StepProblem> {
  const host = hostNamed(manifest, name)
  if (host === null) return refused({ kind: 'host-unknown', name })
  const problem = problemOfLoss(manifest, host)
  if (problem !== null) return refused(problem)
  const hosts = manifest.hosts.map((one) => (one.peer === host.peer ? { ...one, voter: false, state: 'draining' as const } : one))
  return host.voter ? voting(manifest, { ...manifest, hosts }, prev) : next(manifest, { ...manifest, hosts }, prev)
}

/** A host goes, with nothing on it any more (the caller has made sure). */
export function leaving(manifest: Manifest, name: string, prev: string): NextManifest<StepProblem> {
  const host = hostNamed(manifest, name)
  if (host === null) return refused({ kind: 'host-unknown', name })
  const problem = problemOfLoss(manifest, host)
  if (problem !== null) return refused(problem)
  const hosts = manifest.hosts.filter(({ peer }) => peer !== host.peer)
  const { peer, name: called, zone } = host
  const left = [...manifest.left, { peer, name: called, zone } satisfies LeftHost].slice(-LEFT_MAX)
  return host.voter ? voting(manifest, { ...manifest, hosts, left }, prev) : next(manifest, { ...manifest, hosts, left }, prev)
}

/** A host and its disks are gone for good. It stays in the list, so that its volumes are shown as lost. */
export function losing(manifest: Manifest, name: string, prev: string): NextManifest<StepProblem> {
  const host = hostNamed(manifest, name)
  if (host === null) return refused({ kind: 'host-unknown', name })
  if (host.state === 'lost') return refused({ kind: 'lost-before', name })
  const problem = problemOfLoss(manifest, host)
  if (problem !== null) return refused(problem)
  const hosts = manifest.hosts.map((one) => (one.peer === host.peer ? { ...one, voter: false, state: 'lost' as const } : one))
  return host.voter ? voting(manifest, { ...manifest, hosts }, prev) : next(manifest, { ...manifest, hosts }, prev)
}

/** Every register has moved: the former voters need not be asked any more. */
export function stepDone(manifest: Manifest, prev: string): Manifest {
  return { ...manifest, epoch: manifest.epoch + 1, prev, voting: { ...manifest.voting, former: null } }
}

function problemOfLoss(manifest: Manifest, host: ManifestHost): StepProblem | null {
  if (isForming(manifest)) return { kind: 'founding', joined: manifest.hosts.length, expect: manifest.expect }
  return host.voter && votersOf(manifest).length === 1 ? { kind: 'last-voter', name: host.name } : null
}

function voting(manifest: Manifest, changed: Unchained, prev: string): NextManifest<StepProblem> {
  const { epoch, former } = manifest.voting
  if (former !== null) return refused({ kind: 'step-pending', epoch })
  return next(manifest, { ...changed, voting: { epoch: epoch + 1, former: votersOf(manifest) } }, prev)
}

function next(manifest: Manifest, changed: Unchained, prev: string): NextManifest<StepProblem> {
  const hosts = [...changed.hosts].sort((a, b) => (a.peer < b.peer ? -1 : 1))
  return { ok: true, manifest: { ...changed, hosts, epoch: manifest.epoch + 1, prev } }
}

function refused<Problem extends JoinProblem>(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem }
}
