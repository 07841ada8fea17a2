/** One call of the part of Keystone's API that is served here, and what it answers: plain values, as with `call.ts`. */
import type { EdgeFailure } from '../failure.ts'

export interface KeystoneCall {
  /** `req-<uuid>` */
  readonly requestId: string
  readonly remote: string
  /** X-Auth-Token */
  readonly token: string | null
  /** X-Subject-Token: the token that is asked about. */
  readonly subject: string | null
  /** Scheme and authority that the client reached this peer by. */
  readonly root: string
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
  readonly idempotencyKey: string | null
}

export type KeystoneAnswer =
  | { readonly kind: 'done'; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: object | null }
  /** `reason`: for the log of the operator alone, of who was not let in; null for everything else. */
  | { readonly kind: 'failed'; readonly failure: EdgeFailure; readonly reason: string | null }

export interface KeystoneRoute {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Whole: none of Cinder's or Scoria's own begins so. */
  readonly path: string
  /** `own`: whoever has a token, about what is his. */
  readonly who: 'anybody' | 'own' | 'admin'
  handle(call: KeystoneCall): Promise<KeystoneAnswer>
}

export interface KeystoneApi {
  readonly routes: readonly KeystoneRoute[]
}

export function shown(status: number, body: object | null, headers: Readonly<Record<string, string>> = {}): KeystoneAnswer {
  return { kind: 'done', status, headers, body }
}

export function denied(failure: EdgeFailure, reason: string | null = null): KeystoneAnswer {
  return { kind: 'failed', failure, reason }
}
