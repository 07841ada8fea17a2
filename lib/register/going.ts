/**
 * Hosts that go, by what the registers can spare: the next manifest, or why there is none.
 *
 * A host that leaves first drains: it takes no new volume and gives its votes up, and stays a member, so that the registers
 * it holds can be read from it; it goes with a second step, when nothing is on it. A host that is lost gives nothing up: the
 * others have to have enough without it, and where they could not, it is refused.
 */
import { hostNamed, type Manifest, votersOf } from '../model/manifest.ts'
import { draining, leaving, losing, type NextManifest, type StepProblem } from '../model/manifest-steps.ts'
import type { PeerId } from '../model/ids.ts'
import { groupSize, majorityOf } from './home-group.ts'

export type GoingProblem =
  | StepProblem
  /** What lies on the lost host alone could never be read, so that the step could never end. */
  | { readonly kind: 'too-few-left'; readonly name: string; readonly voters: number }

export type Going =
  | { readonly kind: 'next'; readonly manifest: Manifest }
  /** It is so already. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly problem: GoingProblem }

/** @param isEmpty the host says itself, as one that drains, that it holds nothing any more */
export function nextOfLeaving(manifest: Manifest, name: string, isEmpty: boolean, prev: string): Going {
  const host = hostNamed(manifest, name)
  if (host?.state === 'lost') return refused({ kind: 'lost-before', name })
  const { epoch, former } = manifest.voting
  // Also where no vote changes hands: this may be the host whose registers are on their way.
  if (host !== null && former !== null) return refused({ kind: 'step-pending', epoch })
  if (host?.state === 'draining' && !isEmpty) return { kind: 'unchanged' }
  return goingOf(host?.state === 'draining' ? leaving(manifest, name, prev) : draining(manifest, name, prev))
}

export function nextOfLosing(manifest: Manifest, name: string, prev: string): Going {
  const host = hostNamed(manifest, name)
  if (host?.state === 'lost') return { kind: 'unchanged' }
  const voters = votersOf(manifest)
  const lost = losing(manifest, name, prev)
  if (lost.ok && host?.voter === true && !canSpare(voters, 1)) return refused({ kind: 'too-few-left', name, voters: voters.length })
  return goingOf(lost)
}

/** True if every group of these voters has a majority without `silent` of them. */
export function canSpare(voters: readonly PeerId[], silent: number): boolean {
  const size = groupSize(voters.length)
  return silent <= size - majorityOf(size)
}

function goingOf(next: NextManifest<StepProblem>): Going {
  return next.ok ? { kind: 'next', manifest: next.manifest } : refused(next.problem)
}

function refused(problem: GoingProblem): Going {
  return { kind: 'refused', problem }
}
