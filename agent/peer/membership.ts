/**
 * Hosts that go: the changes of the manifest that an operator asks for by name, signed on the host with the cluster's key.
 *
 * A voter leaves in two steps. First it gives its votes up and stays a member, so that the registers it holds can be read
 * from it; when they have moved, the same request takes it out of the manifest. A host that is lost gives nothing up: the
 * others have to have enough without it, and where they could not, it is refused.
 */
import { compareText, type PeerId } from '../../lib/model/ids.ts'
import { hostNamed, type Manifest, votersOf } from '../../lib/model/manifest.ts'
import { leaving, losing, type NextManifest, type StepProblem } from '../../lib/model/manifest-steps.ts'
import type { Log } from '../../lib/ports/log.ts'
import { groupSize, majorityOf } from '../../lib/register/home-group.ts'
import { type Change, type ManifestChanges, manifestHash } from './manifest-changes.ts'

export type MemberProblem =
  | StepProblem
  | { readonly kind: 'no-cluster-key' }
  /** What lies on the lost host alone could never be read, so that the step could never end. */
  | { readonly kind: 'too-few-left'; readonly name: string; readonly voters: number }

/** `manifest`: the one that holds now, or would after a dry run. */
export type MemberChange = { readonly ok: true; readonly manifest: Manifest } | { readonly ok: false; readonly problem: MemberProblem }

export interface MembershipOptions {
  /** Null on every host that does not hold the cluster's key. */
  readonly changes: ManifestChanges | null
  readonly manifest: () => Manifest
  readonly log: Log
}

export interface Membership {
  /** The next step of the host's leaving. @throws if the manifest could not be stored */
  leave(name: string, isDryRun: boolean): Promise<MemberChange>
  /** Marks the host as lost for good; it is so already: nothing changes. @throws if the manifest could not be stored */
  lose(name: string, isDryRun: boolean): Promise<MemberChange>
}

export function createMembership({ changes, manifest, log }: MembershipOptions): Membership {
  const perform = async (what: string, name: string, isDryRun: boolean, decide: Decision): Promise<MemberChange> => {
    // Anybody can say what would become of it; the key is needed to make it so.
    if (isDryRun) {
      const current = manifest()
      const change = decide(current, name, manifestHash(current))
      if (change.kind === 'refused') return { ok: false, problem: change.refusal }
      return { ok: true, manifest: change.kind === 'next' ? change.manifest : current }
    }
    if (changes === null) return { ok: false, problem: { kind: 'no-cluster-key' } }
    const changed = await changes.change((current, prev) => decide(current, name, prev))
    if (!changed.ok) return { ok: false, problem: changed.refusal }
    if (changed.isNew) log.info(what, { host: name, epoch: changed.manifest.epoch, voting: changed.manifest.voting.epoch })
    return { ok: true, manifest: changed.manifest }
  }
  return {
    leave: (name, isDryRun) => perform('host-leaves', name, isDryRun, leave),
    lose: (name, isDryRun) => perform('host-lost', name, isDryRun, lose),
  }
}

type Decision = (manifest: Manifest, name: string, prev: string) => Change<MemberProblem>

function leave(manifest: Manifest, name: string, prev: string): Change<MemberProblem> {
  const host = hostNamed(manifest, name)
  if (host?.state === 'lost') return refused({ kind: 'lost-before', name })
  const { epoch, former } = manifest.voting
  // Also where no vote changes hands: this may be the host whose registers are on their way.
  if (host !== null && former !== null) return refused({ kind: 'step-pending', epoch })
  const left = leaving(manifest, name, prev)
  if (!left.ok || host === null || !host.voter) return changeOf(left)
  const hosts = [...left.manifest.hosts, { ...host, voter: false }].sort((a, b) => compareText(a.peer, b.peer))
  return { kind: 'next', manifest: { ...left.manifest, hosts } }
}

function lose(manifest: Manifest, name: string, prev: string): Change<MemberProblem> {
  const host = hostNamed(manifest, name)
  if (host?.state === 'lost') return { kind: 'unchanged' }
  const lost = losing(manifest, name, prev)
  if (!lost.ok || host === null || !host.voter) return changeOf(lost)
  const voters = votersOf(manifest)
  return canSpare(voters, 1) ? changeOf(lost) : refused({ kind: 'too-few-left', name, voters: voters.length })
}

/** True if every group of these voters has a majority without `silent` of them. */
export function canSpare(voters: readonly PeerId[], silent: number): boolean {
  const size = groupSize(voters.length)
  return silent <= size - majorityOf(size)
}

function changeOf(next: NextManifest): Change<MemberProblem> {
  return next.ok ? { kind: 'next', manifest: next.manifest } : refused(next.problem)
}

function refused(refusal: MemberProblem): Change<MemberProblem> {
  return { kind: 'refused', refusal }
}
