/**
 * The far side and the near side of a command: a peer that answers with captured bodies, and a terminal whose clock
 * moves only when the command sleeps.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { Test } from 'tap'
import { runCli } from '../../../cli/program.ts'
import type { Terminal } from '../../../cli/terminal.ts'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

export interface StubAnswer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Cuts the connection instead of answering. */
  readonly isCut?: boolean
}

export type Route = (request: SeenRequest, nth: number) => StubAnswer

export interface Stub {
  readonly endpoint: string
  readonly seen: readonly SeenRequest[]
}

/** @param routes by `METHOD /path`, without the query; the function hears how often its route was asked before */
export async function startStub(t: Test, routes: Readonly<Record<string, Route>>): Promise<Stub> {
  const seen: SeenRequest[] = []
  const counts = new Map<string, number>()
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk))
    const text = Buffer.concat(chunks).toString()
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: text === '' ? null : JSON.parse(text),
    }
    seen.push(request)
    const key = `${request.method} ${request.path.split('?')[0]}`
    const nth = counts.get(key) ?? 0
    counts.set(key, nth + 1)
    const answer = routes[key]?.(request, nth) ?? { status: 404, body: { itemNotFound: { code: 404, message: `no route ${key}` } } }
    if (answer.isCut === true) return incoming.socket.destroy()
    outgoing.writeHead(answer.status, { 'content-type': 'application/json', 'x-openstack-request-id': 'req-1', ...answer.headers })
    return outgoing.end(answer.body === undefined ? '' : JSON.stringify(answer.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const bound = server.address()
  return { endpoint: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`, seen }
}

/** An endpoint that nobody listens on. */
export async function deadEndpoint(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
}

export interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly endpoint?: string
  readonly env?: Readonly<Record<string, string>>
  readonly home?: string
  /** What a person types when asked; absent: there is no person. */
  readonly typed?: string
}

const NOW_MS = Date.UTC(2026, 10, 21, 8, 20, 0)

export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const said = { out: '', err: '' }
  let nowMs = NOW_MS
  const terminal: Terminal = {
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    outIsTty: false,
    errIsTty: false,
    inIsTty: options.typed !== undefined,
    env: { ...(options.endpoint === undefined ? {} : { SCORIA_ENDPOINT: options.endpoint }), ...options.env },
    home: options.home ?? '/nonexistent',
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms
    },
    ask: async (question) => {
      said.err += question
      return options.typed ?? ''
    },
  }
  const exitCode = await runCli(args, terminal)
  return { exitCode, ...said }
}

/** A body as an agent 0.1.0 sends it at microversion 3.71. */
export function volumeBody(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    id: '8fad1bc2-38af-50a5-9625-3366432cf25b',
    status: 'available',
    size: 10,
    availability_zone: 'nova',
    created_at: '2026-11-21T08:16:35.332000',
    updated_at: '2026-11-21T08:16:35.381000',
    name: 'db',
    description: null,
    volume_type: '__DEFAULT__',
    snapshot_id: null,
    source_volid: null,
    metadata: {},
    links: [],
    user_id: 'admin',
    bootable: 'false',
    encrypted: false,
    multiattach: false,
    attachments: [],
    volume_type_id: '3d3128b8-1db3-454c-996a-c97f63aeb3cb',
    consumes_quota: true,
    'os-vol-tenant-attr:tenant_id': 'admin',
    'os-vol-host-attr:host': 'peer-0@file#pool',
    ...changes,
  }
}

/** Cinder's error body. */
export function fault(code: number, message: string): StubAnswer {
  return { status: code, body: { [code === 404 ? 'itemNotFound' : 'badRequest']: { code, message } } }
}
