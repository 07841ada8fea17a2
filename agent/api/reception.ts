/**
 * From an HTTP request to a call, and from an answer to an HTTP response.
 *
 * Identity and microversion are settled before the body is read, so that a stranger cannot make the server parse.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hostOf } from '../../lib/model/manifest.ts'
import { microversionHeader, microversionText, parseMicroversion } from '../../lib/wire/cinder/microversion.ts'
import type { Asked, Audit } from './audit.ts'
import { type Answer, type Call, type Caller, type Edge, failed, type Route } from './call.ts'
import { faultOf } from './errors.ts'
import type { Identity } from './identity/identity.ts'
import { isAllowed } from './policy.ts'
import type { RateLimit } from './rate-limit.ts'

interface Admitted {
  readonly caller: Caller
  readonly microversion: number
}

export interface Reception {
  /** Null: go on. */
  admit(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<Answer | null>
  perform(route: Route, request: FastifyRequest): Promise<Answer>
}

export interface ReceptionOptions {
  readonly edge: Edge
  readonly identity: Identity
  readonly limit: RateLimit
  readonly audit: Audit
  /** Where links of an answer to this request start. */
  readonly rootOf: (request: FastifyRequest) => string
}

export function reception({ edge, identity, limit, audit, rootOf }: ReceptionOptions): Reception {
  const admissions = new WeakMap<FastifyRequest, Admitted>()

  async function admit(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<Answer | null> {
    const out = stateOutside(edge)
    if (out !== null) return failed({ code: 'no-member', state: out })
    const identified = await identity.identify({
      token: headerOf(request, 'x-auth-token'),
      serviceToken: headerOf(request, 'x-service-token'),
      remote: request.ip,
      urlProject: textsOf(request.params)['project_id'] ?? null,
    })
    if (!identified.ok) {
      audit.notLetIn(askedBy(route, request), identified.reason)
      return failed(identified.failure)
    }
    const { caller } = identified
    if (identity.tellsApart && !limit.take(caller.project)) {
      audit.denied(askedBy(route, request), caller, 'too many requests')
      return failed({ code: 'too-many-requests', project: caller.project })
    }
    const microversion = parseMicroversion(headerOf(request, 'openstack-api-version'))
    if (!microversion.ok) return failed(microversion.failure)
    reply.header('openstack-api-version', microversionHeader(microversion.value)).header('vary', 'OpenStack-API-Version')
    if (microversion.value < route.since) return failed({ code: 'not-in-version', version: microversionText(microversion.value) })
    if (!isAllowed(caller, route.action)) {
      audit.denied(askedBy(route, request), caller, route.action)
      return failed({ code: 'forbidden', action: route.action })
    }
    admissions.set(request, { caller, microversion: microversion.value })
    return null
  }

  async function perform(route: Route, request: FastifyRequest): Promise<Answer> {
    const admitted = admissions.get(request)
    if (admitted === undefined) return failed({ code: 'unauthorized', challenge: null })
    const { caller, microversion } = admitted
    const call: Call = {
      requestId: request.id,
      caller,
      microversion,
      base: { root: rootOf(request), project: caller.project },
      params: textsOf(request.params),
      query: textsOf(request.query),
      body: request.body,
      idempotencyKey: headerOf(request, 'idempotency-key')?.slice(0, 255) || null,
      ifMatch: headerOf(request, 'if-match') ?? null,
    }
    const given = await route.handle(edge, call)
    // What a route allows and a part of its body does not.
    if (given.kind === 'failed' && given.failure.code === 'forbidden') audit.denied(askedBy(route, request), caller, given.failure.action)
    return given
  }

  return { admit, perform }
}

function askedBy({ method, path }: Route, { id, ip }: FastifyRequest): Asked {
  return { requestId: id, method, route: path, remote: ip }
}

/** A host that is no member serves nothing: what it holds is not the cluster's word any more. Null for a member. */
function stateOutside({ service }: Edge): 'left' | 'lost' | null {
  const host = hostOf(service.manifest(), service.self())
  if (host === null) return 'left'
  return host.state === 'lost' ? 'lost' : null
}

export function send(reply: FastifyReply, given: Answer): FastifyReply {
  reply.header('x-openstack-request-id', reply.request.id).header('x-compute-request-id', reply.request.id)
  if (given.kind === 'failed') {
    const fault = faultOf(given.failure)
    if (fault.retryAfterS !== null) reply.header('retry-after', String(fault.retryAfterS))
    if (given.failure.code === 'unauthorized' && given.failure.challenge !== null) reply.header('www-authenticate', given.failure.challenge)
    return reply.code(fault.status).header('content-type', JSON_TYPE).send(fault.body)
  }
  reply.code(given.status)
  for (const name in given.headers) reply.header(name, given.headers[name])
  if (given.body === null) return reply.send()
  return reply
    .header('content-type', JSON_TYPE)
    .send(typeof given.body === 'string' || Buffer.isBuffer(given.body) ? given.body : JSON.stringify(given.body))
}

const JSON_TYPE = 'application/json'

/** First value of a header; Node joins most repeated ones itself. */
function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** Both come from parsers of this server that give texts alone. */
function textsOf(value: unknown): Readonly<Record<string, string>> {
  return value as Readonly<Record<string, string>>
}
