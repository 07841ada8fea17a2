/**
 * Why a host may not go, as the edge says it.
 *
 * The answers are as the rules of the manifest give them; the edge adds what it sees itself (volumes, and whether a host
 * answers), because an operator must be told before something is lost.
 */
import type { VolumeId } from '../../lib/model/ids.ts'
import { assertNever } from '../../lib/model/invariant.ts'
import type { JoiningFailure } from '../../lib/ports/joining.ts'
import type { MemberProblem } from '../../lib/ports/membership.ts'

export type MembershipFailure =
  | { readonly code: 'key-elsewhere'; readonly command: string }
  | { readonly code: 'step-pending'; readonly epoch: number }
  | { readonly code: 'host-unknown'; readonly name: string }
  | { readonly code: 'lost-before'; readonly name: string }
  | { readonly code: 'last-voter'; readonly name: string }
  | { readonly code: 'too-few-left'; readonly name: string; readonly voters: number }
  | { readonly code: 'founding'; readonly joined: number; readonly expect: number }
  | { readonly code: 'host-not-empty'; readonly name: string; readonly volumes: readonly VolumeId[] }
  /** `agoMs` null: this agent has not run long enough to say. */
  | { readonly code: 'host-answers'; readonly name: string; readonly agoMs: number | null }
  | { readonly code: 'host-silent'; readonly name: string }

/** @param command what to type on the host that holds the key */
export function failureOf(problem: MemberProblem, command: string): MembershipFailure | JoiningFailure {
  switch (problem.kind) {
    case 'no-cluster-key':
      return { code: 'key-elsewhere', command }
    case 'step-pending':
      return { code: 'step-pending', epoch: problem.epoch }
    case 'host-unknown':
    case 'lost-before':
    case 'last-voter':
    case 'name-taken':
      return { code: problem.kind, name: problem.name }
    case 'too-few-left':
      return { code: 'too-few-left', name: problem.name, voters: problem.voters }
    case 'founding':
      return { code: 'founding', joined: problem.joined, expect: problem.expect }
    default:
      return assertNever(problem)
  }
}
