/**
 * The door that new hosts knock at: one route, small bodies, a limited number of knocks a second.
 *
 * It is the only listener that strangers may reach before they are members, so it gives nothing away and holds nothing
 * open: without a valid seal every answer is the same.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Log } from '../../lib/ports/log.ts'
import { FRAME_BYTES_MAX, parseSealedFrame, type SealedFrame } from '../../lib/wire/join.ts'
import type { JoinRefusal } from './admission.ts'

export interface DoorAddress {
  readonly host: string
  readonly port: number
}

export type JoinReply = { readonly ok: true; readonly frame: SealedFrame } | { readonly ok: false; readonly failure: JoinRefusal }

export interface DoorOptions {
  readonly listen: DoorAddress
  /** Unix milliseconds. */
  readonly clock: () => number
  readonly log: Log
  readonly knock: (frame: SealedFrame) => Promise<JoinReply>
}

export interface Door {
  /** Port that it listens on, also where 0 was asked for. */
  readonly port: number
  close(): Promise<void>
}

const KNOCKS_PER_SECOND = 5
const KNOCKS_AT_ONCE = 20
const STATUS: Readonly<Record<JoinRefusal['code'], number>> = {
  'no-cluster-key': 404,
  'token-unknown': 403,
  'token-expired': 410,
  'token-used': 409,
  'name-taken': 409,
  'bad-request': 400,
  'step-pending': 503,
  'host-lost': 403,
  'host-left': 403,
}

/** @throws if the address cannot be listened on */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const allows = knockLimit(options.clock)
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 10_000, maxHeaderSize: 8192, keepAliveTimeout: 1000 },
    (request, response) => {
      handle(request, response, options, allows).catch((error: unknown) => {
        // A write that failed: the manifest is not on disk, so the host is not in. The caller may try again.
        options.log.error('join-failed', { error })
        if (!response.headersSent) answer(response, 500, { error: { code: 'failed' } })
      })
    },
  )
  server.maxConnections = 64
  const port = await listen(server, options.listen)
  return { port, close: () => close(server) }
}

async function handle(request: IncomingMessage, response: ServerResponse, options: DoorOptions, allows: () => boolean): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/join') return answer(response, 404, { error: { code: 'not-found' } })
  if (!allows()) return answer(response, 429, { error: { code: 'too-many' } }, { 'retry-after': '2' })
  const body = await readBody(request)
  if (body === null) return answer(response, 413, { error: { code: 'too-large' } }, { connection: 'close' })
  const frame = parseSealedFrame(parseJson(body))
  const reply: JoinReply = frame === null ? { ok: false, failure: { code: 'bad-request', detail: 'no frame' } } : await options.knock(frame)
  if (reply.ok) answer(response, 200, reply.frame)
  else answer(response, STATUS[reply.failure.code], { error: reply.failure })
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) return null
    bytes += chunk.length
    if (bytes > FRAME_BYTES_MAX) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Token bucket over all callers: the door opens rarely, and an address proves nothing. */
function knockLimit(clock: () => number): () => boolean {
  let left = KNOCKS_AT_ONCE
  let filledAtMs = clock()
  return () => {
    const nowMs = clock()
    // A wall clock that was set back gives nothing and takes nothing.
    left = Math.min(KNOCKS_AT_ONCE, left + (Math.max(0, nowMs - filledAtMs) / 1000) * KNOCKS_PER_SECOND)
    filledAtMs = nowMs
    if (left < 1) return false
    left -= 1
    return true
  }
}

async function listen(server: Server, address: DoorAddress): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address.host, port: address.port }, resolve)
  })
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : address.port
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
