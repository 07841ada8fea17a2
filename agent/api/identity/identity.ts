/**
 * Who calls: the port that every request passes before anything else is looked at.
 *
 * An identity goes by the tokens and by nothing else: headers such as X-Roles or X-Project-Id, which a token middleware
 * in front of an OpenStack service sets, are never read here, so nobody can pretend to be one.
 */
import type { Caller } from '../call.ts'
import type { Failure } from '../../../lib/model/failure.ts'
import type { HttpFailure } from '../failure.ts'
import type { KeystoneApi } from './keystone-route.ts'
import type { Unasked } from './token-cache.ts'

/** All that a request says about who sent it. */
export interface RequestFacts {
  /** X-Auth-Token */
  readonly token: string | undefined
  /** X-Service-Token: a service such as Nova, which asks on behalf of the caller. */
  readonly serviceToken: string | undefined
  /** Address that it came from. */
  readonly remote: string
  /** Project named by the URL, or null. */
  readonly urlProject: string | null
}

type CallerFailure = HttpFailure | Extract<Failure, { readonly code: 'overloaded' }>

export type Identified =
  | { readonly ok: true; readonly caller: Caller }
  /** `reason`: for the log of the operator alone; holds nothing of the token. */
  | { readonly ok: false; readonly failure: CallerFailure; readonly reason: string }

export interface Identity {
  /** Never rejects; what cannot be told is a failure, and nobody is let in on a doubt. */
  identify(facts: RequestFacts): Promise<Identified>
  /** Whether callers are told apart: only then a limit by project limits anybody. */
  readonly tellsApart: boolean
  /** The part of Keystone's API that is served in its place; null where tokens come from elsewhere. */
  readonly api: KeystoneApi | null
  stop(): void
}

/** Why a token was not asked about. */
export function notAsked(why: Unasked, askingMax: number): Extract<Identified, { ok: false }> {
  return why === 'crowded'
    ? { ok: false, failure: { code: 'overloaded', queue: 'tokens to be checked', limit: askingMax }, reason: 'too many tokens at once' }
    : { ok: false, failure: { code: 'too-many-tokens' }, reason: 'too many tokens from there were none' }
}

export function refusedCaller(failure: CallerFailure, reason: string): Identified {
  return { ok: false, failure, reason }
}
