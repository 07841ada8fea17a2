/**
 * Asks the peers, one endpoint after the other, until one answers.
 *
 * Every request that changes something carries an idempotency key, the same at each repeat and at each peer, so that it
 * is done once however often it was sent. It is repeated where no peer can be reached, where none answers in time, and
 * where a 503 says when to come back, as long as that is soon. What stays unknown is reported as open, not as failed.
 */
import { randomUUID } from 'node:crypto'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { oneLine } from '../output/table.ts'
import type { Settings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { type Attempt, attempt, type RestRequest } from './attempt.ts'
import { isDistrust } from './http.ts'

export interface Client {
  /** Parsed body of a 2xx; null if it was empty. @throws CliFailure for everything else */
  call(request: RestRequest): Promise<unknown>
  /** Path in the Block Storage API of the project. */
  cinder(path: string): string
}

/** What a person waits without asking why. A 503 that says to come back later than that is an answer. */
const PATIENCE_MS = 15_000
/** Before peers are asked again that broke off and did not say when to come back. */
const AGAIN_MS = 1000

/** One client serves one command. */
export function createClient(settings: Settings, terminal: Terminal): Client {
  const command = randomUUID()
  let changes = 0
  return {
    cinder: (path) => (settings.project === null ? `/v3${path}` : `/v3/${encodeURIComponent(settings.project)}${path}`),
    call(request) {
      if (isRead(request)) return callPatiently(request, settings, terminal)
      changes += 1
      // A command may make several changes; under one key the second would be taken for the first again.
      const key = request.idempotencyKey ?? `${command}.${changes}`
      return callPatiently({ ...request, idempotencyKey: key }, settings, terminal, request.idempotencyKey)
    },
  }
}

interface Broken {
  readonly endpoint: string
  readonly code: string
  readonly wasSent: boolean
}

interface Round {
  readonly broken: readonly Broken[]
  /** Of the peer that can be asked again soonest; that one speaks for the round. */
  readonly refused: { readonly failure: CliFailure; readonly retryAfterMs: number } | null
}

const NEVER_MS = Number.POSITIVE_INFINITY

/** @param given the key that the caller chose, which can be told again */
async function callPatiently(request: RestRequest, settings: Settings, terminal: Terminal, given?: string): Promise<unknown> {
  const startedAtMs = terminal.nowMs()
  let wasSent = false
  let said = ''
  for (;;) {
    const round = await callInTurn(request, settings, terminal, wasSent)
    if ('body' in round) return round.body
    const { broken, refused } = round
    wasSent ||= broken.some((one) => one.wasSent)
    const waitMs = refused?.retryAfterMs ?? AGAIN_MS
    // Where nobody listens, nobody will in a second.
    const isWorthIt = refused !== null || broken.some((one) => one.wasSent)
    if (isWorthIt && terminal.nowMs() - startedAtMs + waitMs <= PATIENCE_MS) {
      const why = refused?.failure.message ?? `${broken[0]?.endpoint} broke off (${broken[0]?.code})`
      if (why !== said) terminal.err(`${oneLine(why)}\nasking again for up to ${PATIENCE_MS / 1000} s\n`)
      said = why
      await terminal.sleep(waitMs)
      continue
    }
    if (refused !== null) throw refused.failure
    const sent = broken.find((one) => one.wasSent)
    throw wasSent && !isRead(request) ? leftOpen(sent ?? broken[0], given) : unreachable(broken)
  }
}

/** Each peer once. @throws CliFailure for an answer that another peer would give too */
async function callInTurn(
  request: RestRequest,
  settings: Settings,
  terminal: Terminal,
  wasSentBefore: boolean,
): Promise<Round | { readonly body: unknown }> {
  const broken: Broken[] = []
  let refused: Round['refused'] = null
  for (const endpoint of settings.endpoints) {
    const result = await attempt(endpoint, request, settings)
    if (settings.isVerbose) terminal.err(`${request.method} ${endpoint}${request.path}: ${describe(result)}\n`)
    if (result.kind === 'body') return { body: result.body }
    if (result.kind === 'broken') {
      broken.push({ endpoint, code: result.code, wasSent: result.wasSent })
      continue
    }
    const wasSent = wasSentBefore || broken.some((one) => one.wasSent)
    if (wasSent && result.failure.exitCode === EXIT.notFound && isRemoval(request)) return { body: null }
    if (!result.isOfThisPeer) throw result.failure
    const retryAfterMs = result.retryAfterMs ?? NEVER_MS
    if (refused === null || retryAfterMs < refused.retryAfterMs) refused = { failure: result.failure, retryAfterMs }
  }
  return { broken, refused }
}

function isRead(request: RestRequest): boolean {
  return request.method === 'GET' || request.isRead === true
}

function isRemoval(request: RestRequest): boolean {
  return request.method === 'DELETE' || request.isRemoval === true
}

function describe(result: Attempt): string {
  if (result.kind === 'broken') return result.code
  return result.kind === 'body' ? 'done' : result.failure.message
}

function leftOpen(broken: Broken | undefined, key: string | undefined): CliFailure {
  const next = key === undefined ? 'look before you repeat it: scoria volume list' : `repeat it safely with: --idempotency-key ${key}`
  return new CliFailure(EXIT.stillOpen, `${broken?.endpoint} broke off (${broken?.code}): the request may or may not have been done`, next)
}

function unreachable(broken: readonly Broken[]): CliFailure {
  const tried = broken.map((item) => `${item.endpoint} (${item.code})`).join(', ')
  if (broken.some(({ code }) => isDistrust(code)))
    return new CliFailure(
      EXIT.unreachable,
      `the certificate that is shown is not believed: ${tried}`,
      'name who signed it: --ca-file FILE, SCORIA_CA_FILE; of an agent that signs its own that is api.crt in its directory',
    )
  return new CliFailure(
    EXIT.unreachable,
    `no peer answers at ${tried}`,
    'start the agent of this host: scoria agent --config /etc/scoria/agent.yaml',
    'or a trial cluster on this machine: scoria dev',
    'or name another peer: --endpoint URL, SCORIA_ENDPOINT',
  )
}
