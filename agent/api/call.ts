/**
 * One authenticated request, and what a resource answers: plain values, so that no resource knows the HTTP server.
 */
import type { ProjectId } from '../../lib/model/ids.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { Joining } from '../../lib/ports/joining.ts'
import type { LinkBase } from '../../lib/wire/cinder/links.ts'
import type { Asker } from '../../lib/wire/cinder/list-query.ts'
import type { Service } from '../run/service.ts'
import type { EdgeFailure } from './failure.ts'
import type { LedgerReader } from './ledger-reader.ts'
import type { HostLogLevel } from './host-log-level.ts'
import type { Membership } from '../../lib/ports/membership.ts'

/** Who calls, as the identity says. */
export interface Caller {
  /** The user's id. */
  readonly user: string
  /** What it acts for; of an operator of the whole system `SYSTEM_PROJECT`, which owns nothing. */
  readonly project: ProjectId
  /** In lower case, all that the token has there, implied ones too. */
  readonly roles: readonly string[]
  readonly isAdmin: boolean
  /** Whether a service such as Nova, known as one by its own token, makes the request on behalf of the user. */
  readonly isService: boolean
}

export interface Call {
  /** `req-<uuid>` */
  readonly requestId: string
  readonly caller: Caller
  /** N of 3.N */
  readonly microversion: number
  readonly base: LinkBase
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** Parsed JSON, or undefined if there was no body. */
  readonly body: unknown
  readonly idempotencyKey: string | null
  /** ETag that the client holds, or null. */
  readonly ifMatch: string | null
}

/** Who asks for a list, as far as its query is read by that. */
export function askerOf({ caller, microversion }: Call): Asker {
  return { microversion, isAdmin: caller.isAdmin }
}

/** An object, JSON made before as text or bytes, or null for an empty body. */
export type Body = object | string | Buffer | null

export type Answer =
  | {
      readonly kind: 'ok'
      readonly status: number
      readonly body: object | string | null
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly kind: 'failed'; readonly failure: EdgeFailure }

const NO_HEADERS: Readonly<Record<string, string>> = {}

export function answer(status: number, body: Body, headers: Readonly<Record<string, string>> = NO_HEADERS): Answer {
  return { kind: 'ok', status, body, headers }
}

export const failed = (failure: EdgeFailure): Answer => ({ kind: 'failed', failure })

/** What resources need of the agent. */
export interface Edge {
  readonly service: Service
  readonly joining: Joining
  readonly membership: Membership
  readonly ledgers: LedgerReader
  readonly log: Log
  readonly logLevel: HostLogLevel
  /** Of all that can be called here, in OpenAPI. */
  readonly description: string
  /** Unix milliseconds. */
  readonly clock: () => number
  /** When this edge was made, by the same clock. */
  readonly startedAtMs: number
  /** A random UUID. */
  readonly uuid: () => string
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/v3` and `/v3/{project_id}`; parameters as `:name`. */
  readonly path: string
  /** Microversion from which the call exists; below, it is a 404. */
  readonly since: number
  /** Cinder's name of the rule that allows it. */
  readonly action: string
  handle(edge: Edge, call: Call): Promise<Answer> | Answer
}
