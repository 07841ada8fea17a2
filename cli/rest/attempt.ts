/** One request to one peer, and what came of it: an answer, a refusal, or a connection that broke. */
import type { CliFailure } from '../failure.ts'
import type { Settings } from '../settings.ts'
import { refusal } from './refusal.ts'

export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
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
   * `isOfThisPeer`: another may answer otherwise (a 503, or the cluster's key is elsewhere).
   * `retryAfterMs`: when to come back, of a 503 that says so.
   */
  | { readonly kind: 'refused'; readonly failure: CliFailure; readonly isOfThisPeer: boolean; readonly retryAfterMs: number | null }
  /** `wasSent`: the peer may have heard it. */
  | { readonly kind: 'broken'; readonly code: string; readonly wasSent: boolean }

const MICROVERSION = 'volume 3.71'
const TIMEOUT_MS = 60_000
/** Node's codes for a connection that never came about: nothing was sent. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

export async function attempt(endpoint: string, request: RestRequest, settings: Settings): Promise<Attempt> {
  let response: Response
  let text: string
  try {
    response = await fetch(`${endpoint}${request.path}`, {
      method: request.method,
      headers: headersFor(request, settings),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    text = await response.text()
  } catch (error) {
    const code = codeOf(error)
    return { kind: 'broken', code, wasSent: !NOT_SENT.has(code) }
  }
  const body = parseJson(text)
  if (response.ok) return { kind: 'body', body }
  const requestId = response.headers.get('x-openstack-request-id')
  const failure = refusal({ status: response.status, body, requestId, isVerbose: settings.isVerbose })
  const isBusy = response.status === 503
  const isOfThisPeer = isBusy || failure.message.startsWith('NoClusterKey')
  return { kind: 'refused', failure, isOfThisPeer, retryAfterMs: isBusy ? retryAfterMs(response) : null }
}

function headersFor(request: RestRequest, settings: Settings): Readonly<Record<string, string>> {
  return {
    accept: 'application/json',
    'x-auth-token': `${settings.user}:${settings.project}`,
    'openstack-api-version': MICROVERSION,
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(request.idempotencyKey === undefined ? {} : { 'idempotency-key': request.idempotencyKey }),
  }
}

/** Null for a 503 that does not say when to come back. */
function retryAfterMs(response: Response): number | null {
  const seconds = response.headers.get('retry-after') ?? ''
  return /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : null
}

/** fetch hides what went wrong in the cause; happy-eyeballs hides it once more. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer in ${TIMEOUT_MS / 1000} s`
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return error.cause === undefined ? error.message : codeOf(error.cause)
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
