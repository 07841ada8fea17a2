/**
 * Asks the peers, one endpoint after the other, until one answers.
 *
 * A request goes to the next endpoint only if it cannot be done twice by that: it reads, it carries an idempotency key,
 * or it never left this machine. What broke off in between is reported as open, not as failed.
 */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import type { Settings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { refusal } from './refusal.ts'

export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  /** Same key, same request: any peer answers a repeat with the first outcome. */
  readonly idempotencyKey?: string
  /** It changes nothing, whatever its method. */
  readonly isRead?: boolean
}

export interface Client {
  /** Parsed body of a 2xx; null if it was empty. @throws CliFailure for everything else */
  call(request: RestRequest): Promise<unknown>
  /** Path in the Block Storage API of the project. */
  cinder(path: string): string
}

const MICROVERSION = 'volume 3.71'
const TIMEOUT_MS = 60_000
/** Node's codes for a connection that never came about: nothing was sent. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

export function createClient(settings: Settings, terminal: Terminal): Client {
  return {
    cinder: (path) => `/v3/${encodeURIComponent(settings.project)}${path}`,
    call: (request) => callInTurn(request, settings, terminal),
  }
}

type Attempt =
  | { readonly kind: 'body'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly failure: CliFailure; readonly isTemporary: boolean }
  | { readonly kind: 'broken'; readonly code: string; readonly wasSent: boolean }

async function callInTurn(request: RestRequest, settings: Settings, terminal: Terminal): Promise<unknown> {
  const isRead = request.method === 'GET' || request.isRead === true
  const isRepeatable = isRead || request.idempotencyKey !== undefined
  const broken: { readonly endpoint: string; readonly code: string; readonly wasSent: boolean }[] = []
  let refused: CliFailure | null = null
  for (const endpoint of settings.endpoints) {
    const attempt = await callOne(endpoint, request, settings)
    if (settings.isVerbose) terminal.err(`${request.method} ${endpoint}${request.path}: ${describe(attempt)}\n`)
    if (attempt.kind === 'body') return attempt.body
    if (attempt.kind === 'refused') {
      if (!attempt.isTemporary || !isRepeatable) throw attempt.failure
      refused = attempt.failure
      continue
    }
    broken.push({ endpoint, ...attempt })
    if (attempt.wasSent && !isRepeatable) throw leftOpen(endpoint, attempt.code)
  }
  if (refused !== null) throw refused
  const sent = broken.find((item) => item.wasSent)
  if (sent !== undefined && !isRead) throw leftOpen(sent.endpoint, sent.code, request.idempotencyKey)
  throw unreachable(broken)
}

async function callOne(endpoint: string, request: RestRequest, settings: Settings): Promise<Attempt> {
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
  return { kind: 'refused', failure, isTemporary: response.status === 503 }
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

function describe(attempt: Attempt): string {
  if (attempt.kind === 'broken') return attempt.code
  return attempt.kind === 'body' ? 'done' : attempt.failure.message
}

function leftOpen(endpoint: string, code: string, key?: string): CliFailure {
  const next = key === undefined ? 'look before you repeat it: scoria volume list' : `repeat it safely with: --idempotency-key ${key}`
  return new CliFailure(EXIT.stillOpen, `${endpoint} broke off (${code}): the request may or may not have been done`, next)
}

function unreachable(broken: readonly { readonly endpoint: string; readonly code: string }[]): CliFailure {
  const tried = broken.map((item) => `${item.endpoint} (${item.code})`).join(', ')
  return new CliFailure(
    EXIT.unreachable,
    `no peer answers at ${tried}`,
    'start the agent of this host: scoria agent --config /etc/scoria/agent.yaml',
    'or a trial cluster on this machine: scoria dev',
    'or name another peer: --endpoint URL, SCORIA_ENDPOINT',
  )
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
