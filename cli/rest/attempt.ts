/** One request to one peer, and what came of it: an answer, a refusal, or a connection that broke. */
import type { CliFailure } from '../failure.ts'
import type { Settings } from '../settings.ts'
import { sendHttp } from './http.ts'
import { isWithoutUsers, refusal, withoutUsers } from './refusal.ts'

export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Same key, same request: any peer answers a repeat with the first outcome. Without one, the command's own is taken. */
  readonly idempotencyKey?: string
  /** It changes nothing, whatever its method. */
  readonly isRead?: boolean
  /** Its goal is that something is not there any more: at a repeat a 404 says that it was done. A DELETE is one. */
  readonly isRemoval?: boolean
}

export type Attempt =
  | { readonly kind: 'body'; readonly body: unknown }
  /**
   * `isOfThisPeer`: another may answer otherwise (a 503, a 429, or the cluster's key is elsewhere).
   * `retryAfterMs`: when to come back, of one that says so.
   */
  | { readonly kind: 'refused'; readonly failure: CliFailure; readonly isOfThisPeer: boolean; readonly retryAfterMs: number | null }
  /** `wasSent`: the peer may have heard it. */
  | { readonly kind: 'broken'; readonly code: string; readonly wasSent: boolean }

const MICROVERSION = 'volume 3.71'

export async function attempt(endpoint: string, request: RestRequest, settings: Settings): Promise<Attempt> {
  const { method, path } = request
  const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) }
  const result = await sendHttp({ method, url: `${endpoint}${path}`, headers: headersFor(request, settings), ...body, ca: settings.ca })
  if (result.kind === 'broken') return result
  const answered = parseJson(result.text)
  const { status, header } = result
  if (status >= 200 && status < 300) return { kind: 'body', body: answered }
  const requestId = header('x-openstack-request-id')
  const failure = isWithoutUsers(path, status, answered)
    ? withoutUsers()
    : refusal({ status, body: answered, requestId, isVerbose: settings.isVerbose })
  const isBusy = status === 503 || status === 429
  const isOfThisPeer = isBusy || failure.message.startsWith('NoClusterKey')
  return { kind: 'refused', failure, isOfThisPeer, retryAfterMs: isBusy ? retryAfterMs(header('retry-after')) : null }
}

function headersFor(request: RestRequest, settings: Settings): Readonly<Record<string, string>> {
  return {
    accept: 'application/json',
    'x-auth-token': settings.token.reveal(),
    'openstack-api-version': MICROVERSION,
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...request.headers,
    ...(request.idempotencyKey === undefined ? {} : { 'idempotency-key': request.idempotencyKey }),
  }
}

/** Null for one that does not say when to come back. */
function retryAfterMs(seconds: string | null): number | null {
  return seconds !== null && /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : null
}

function parseJson(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
