/**
 * The HTTP server of the REST edge: limits against floods, routes, and one shape for every error.
 *
 * It starts and stops with the agent and keeps no state of its own; a request that it cannot read is refused before
 * any resource sees it.
 */
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify'
import type { Log } from '../../lib/ports/log.ts'
import type { Joining } from '../../lib/ports/joining.ts'
import { faultBody } from '../../lib/wire/cinder/fault.ts'
import type { Service } from '../run/service.ts'
import { auditOf } from './audit.ts'
import { type Answer, type Edge, failed, type Route } from './call.ts'
import { describeApi } from './description.ts'
import type { EdgeFailure } from './failure.ts'
import type { Identity } from './identity/identity.ts'
import { ledgerReader } from './ledger-reader.ts'
import type { Membership } from '../../lib/ports/membership.ts'
import { rateLimit } from './rate-limit.ts'
import { addKeystone } from './keystone-door.ts'
import { type Reception, reception, send } from './reception.ts'
import { CINDER_ROUTES, OWN_PREFIX, OWN_ROUTES, ROOT_ROUTES } from './routes.ts'
import type { HostLogLevel } from './host-log-level.ts'
import { rootVersions } from './versions.ts'

export interface ApiOptions {
  readonly service: Service
  readonly joining: Joining
  readonly membership: Membership
  readonly log: Log
  readonly logLevel: HostLogLevel
  /** Unix milliseconds, for dates and durations. */
  readonly clock: () => number
  /** Milliseconds that only go forward. */
  readonly monoMs: () => number
  /** A random UUID of version 4. */
  readonly uuid: () => string
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  readonly identity: Identity
  /** Of one project, where projects are told apart. */
  readonly requestsPerSecond: number
  /** At once; who comes then is hung up on. */
  readonly connectionsMax: number
  /** PEM of the certificate and its key; null: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null
  /** Scheme and authority that clients reach this API by, if it is not the one they used; null or absent for that. */
  readonly publicEndpoint?: string | null
}

export interface Api {
  /** Host to connect to, in brackets if it is an IPv6 address. */
  readonly address: string
  readonly port: number
  /** Shows another certificate to whoever connects from now on; only where there was one. @throws if it is none */
  renew(pair: { readonly cert: string; readonly key: string }): void
  /** Stops listening, lets running requests end. */
  close(): Promise<void>
}

/** Limits against floods: docs of security, 'flood at the API'. */
export const BODY_BYTES_MAX = 128 * 1024
const HEADER_BYTES_MAX = 16 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** How often Node looks for requests that take too long; its own 30 s would triple the limit. */
const TIMEOUT_CHECK_MS = 2_000
/** Longer than a load balancer's usual 60 s, so that it closes idle connections first. */
const KEEP_ALIVE_MS = 65_000
const TLS_VERSION_MIN = 'TLSv1.2'
const PARAMETER_LENGTH_MAX = 1_024
/** Projects whose requests are counted at once. */
const PROJECTS_MAX = 10_000

/** Answers hold secrets and other people's words: no browser or cache on the way shall keep, guess at or run them. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

/** PATCH and HEAD are Keystone's. */
const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']
const JSON_TYPES = ['application/json', 'application/vnd.openstack.volume+json']

/** @throws if the address cannot be listened on */
export async function startApi(options: ApiOptions): Promise<Api> {
  const app = buildApi(options)
  app.server.maxConnections = options.connectionsMax
  const { host } = options.listen
  await app.listen({ host, port: options.listen.port })
  const bound = app.server.address()
  return {
    address: host.includes(':') ? `[${host}]` : host,
    port: typeof bound === 'object' && bound !== null ? bound.port : options.listen.port,
    renew(pair) {
      if (app.server instanceof HttpsServer) app.server.setSecureContext({ ...pair, minVersion: TLS_VERSION_MIN })
    },
    close: () => app.close(),
  }
}

function buildApi(options: ApiOptions): FastifyInstance {
  const { service, joining, membership, log, logLevel, clock, monoMs, uuid } = options
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    serverFactory: (handler) => serverOf(options.tls, handler),
    exposeHeadRoutes: false,
    genReqId: () => `req-${uuid()}`,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_MAX, querystringParser: parseQuery },
    frameworkErrors: (error, _, reply) => void send(reply, failed(readError(error, ''))),
    clientErrorHandler: refuseRaw,
  })
  acceptJson(app)
  const edge: Edge = {
    service,
    joining,
    membership,
    log,
    logLevel,
    clock,
    startedAtMs: clock(),
    uuid,
    ledgers: ledgerReader(service),
    description: describeApi(options.identity.api?.routes ?? []),
  }
  const root = options.publicEndpoint?.replace(/\/+$/, '') ?? null
  const scheme = options.tls === null ? 'http' : 'https'
  const rootOf = (request: FastifyRequest): string =>
    root ?? `${scheme}://${request.host || `${options.listen.host}:${options.listen.port}`}`
  app.setNotFoundHandler((_, reply) => send(reply, failed({ code: 'route-not-found' })))
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = readError(error, request.id)
    if (failure.code === 'internal') log.error('api-defect', { requestId: request.id, method: request.method, url: pathOf(request), error })
    return send(reply, failed(failure))
  })
  app.addHook('onRequest', (_, reply, done) => {
    reply.headers(SECURITY_HEADERS)
    done()
  })
  app.get('/', (request, reply) => send(reply, rootVersions(rootOf(request))))
  app.get('/healthcheck', (_, reply) => reply.header('content-type', 'text/plain').send('OK'))
  const limit = rateLimit({ perSecond: options.requestsPerSecond, burst: 2 * options.requestsPerSecond, keysMax: PROJECTS_MAX, monoMs })
  const audit = auditOf(log, monoMs)
  if (options.identity.api !== null) addKeystone(app, { api: options.identity.api, audit, rootOf })
  addRoutes(app, reception({ edge, identity: options.identity, limit, audit, rootOf }), edge)
  return app
}

function serverOf(tls: ApiOptions['tls'], handler: RequestListener): Server {
  const limits = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  }
  if (tls === null) return createHttpServer(limits, handler)
  return createHttpsServer({ ...limits, ...tls, minVersion: TLS_VERSION_MIN, handshakeTimeout: HEADERS_TIMEOUT_MS }, handler)
}

function addRoutes(app: FastifyInstance, { admit, perform }: Reception, edge: Edge): void {
  const add = (
    url: string,
    method: HTTPMethods | HTTPMethods[],
    route: Route,
    handle: (request: FastifyRequest) => Promise<Answer>,
  ): void => {
    app.route({
      url,
      method,
      onRequest: async (request, reply) => {
        const refusal = await admit(route, request, reply)
        return refusal === null ? undefined : send(reply, refusal)
      },
      handler: async (request, reply) => {
        const startMs = edge.clock()
        const given = await handle(request)
        send(reply, given)
        note(edge.log, request, reply, edge.clock() - startMs)
        return reply
      },
    })
  }
  const addAll = (prefix: string, routes: readonly Route[]): void => {
    for (const route of routes) add(prefix + route.path, route.method, route, (request) => perform(route, request))
    for (const [path, known] of byPath(routes)) {
      const others = METHODS.filter((method) => !known.some((route) => route.method === method))
      const [first] = known
      if (first !== undefined) add(prefix + path, others, { ...first, since: 0 }, async () => failed({ code: 'method-not-allowed' }))
    }
  }
  addAll('/v3', ROOT_ROUTES)
  addAll('/v3', CINDER_ROUTES)
  addAll('/v3/:project_id', CINDER_ROUTES)
  addAll(OWN_PREFIX, OWN_ROUTES)
}

function byPath(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const paths = new Map<string, Route[]>()
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route])
  return paths
}

/** Changes are worth a line, reads are not. */
function note(log: Log, request: FastifyRequest, reply: FastifyReply, ms: number): void {
  const level = reply.statusCode >= 500 ? 'warn' : request.method === 'GET' ? 'debug' : 'info'
  log[level]('api-request', { requestId: request.id, method: request.method, path: pathOf(request), status: reply.statusCode, ms })
}

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? ''

/** An empty body with a content type is no body: some clients label their DELETE so. */
function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(JSON_TYPES, { parseAs: 'string' }, (_, body, done) => {
    if (body === '') return done(null, undefined)
    try {
      done(null, JSON.parse(String(body)))
    } catch (cause) {
      done(new MalformedBody('body is not JSON', { cause }))
    }
  })
}

class MalformedBody extends Error {
  override readonly name = 'MalformedBody'
}

const NO_QUERY: Readonly<Record<string, string>> = {}

/** The last of equal keys wins. */
function parseQuery(text: string): Record<string, string> {
  return text === '' ? NO_QUERY : Object.fromEntries(new URLSearchParams(text))
}

/** What the server itself refuses. Everything that it does not name is a defect of ours. */
function readError(error: FastifyError | Error, requestId: string): EdgeFailure {
  if (error instanceof MalformedBody) return { code: 'malformed-body' }
  switch ('code' in error ? error.code : '') {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { code: 'body-too-large', limitBytes: BODY_BYTES_MAX }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { code: 'bad-content-type' }
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return { code: 'malformed-body' }
    case 'FST_ERR_BAD_URL':
      return { code: 'malformed-url' }
    default:
      return { code: 'internal', requestId }
  }
}

/** Requests that never became one: headers too large, too slow, or no HTTP at all. */
function refuseRaw(
  error: Error & { readonly code?: string },
  socket: { readonly writable: boolean; end(text: string): void; destroy(): void },
): void {
  if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy()
  const [status, reason] = RAW_REFUSALS[error.code ?? ''] ?? [400, 'Bad Request']
  const body = JSON.stringify(faultBody(status, reason))
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}

const RAW_REFUSALS: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
}
