/** From HTTP to the calls of Keystone's that are served here, and back, with Keystone's shape of errors. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { keystoneFault } from '../../lib/wire/keystone/fault.ts'
import type { Audit } from './audit.ts'
import { ERRORS } from './errors.ts'
import type { Row } from './error-rows.ts'
import type { EdgeFailure } from './failure.ts'
import type { KeystoneAnswer, KeystoneApi, KeystoneRoute } from './identity/keystone-route.ts'

export interface DoorOptions {
  readonly api: KeystoneApi
  readonly audit: Audit
  readonly rootOf: (request: FastifyRequest) => string
}

const ROOTS: ReadonlySet<string> = new Set(['/identity', '/identity/v3', '/image'])

export function addKeystone(app: FastifyInstance, { api, audit, rootOf }: DoorOptions): void {
  for (const route of api.routes) {
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const given = await route.handle({
        requestId: request.id,
        remote: request.ip,
        token: textOf(request, 'x-auth-token'),
        subject: textOf(request, 'x-subject-token'),
        root: rootOf(request),
        // Both come from parsers of this server that give texts alone.
        params: request.params as Readonly<Record<string, string>>,
        query: request.query as Readonly<Record<string, string>>,
        body: request.body,
        idempotencyKey: textOf(request, 'idempotency-key')?.slice(0, 255) ?? null,
      })
      tell(audit, route, request, given)
      return answer(reply, given)
    }
    app.route({ method: route.method, url: route.path, handler })
    // Clients write the root of an API with a slash and without.
    if (ROOTS.has(route.path)) app.route({ method: route.method, url: `${route.path}/`, handler })
  }
}

function tell(audit: Audit, { method, path }: KeystoneRoute, { id, ip }: FastifyRequest, given: KeystoneAnswer): void {
  if (given.kind === 'failed' && given.reason !== null) audit.notLetIn({ requestId: id, method, route: path, remote: ip }, given.reason)
}

function answer(reply: FastifyReply, given: KeystoneAnswer): FastifyReply {
  reply.header('x-openstack-request-id', reply.request.id)
  if (given.kind === 'done') {
    reply.code(given.status).headers(given.headers)
    return given.body === null ? reply.send() : reply.header('content-type', 'application/json').send(JSON.stringify(given.body))
  }
  // One lookup for all codes, as in `faultOf`.
  const row = ERRORS[given.failure.code] as Row<EdgeFailure>
  if (row.retryAfterS !== undefined) reply.header('retry-after', String(row.retryAfterS))
  if (row.status === 401) reply.header('www-authenticate', 'Keystone uri="/identity/v3"')
  const body = JSON.stringify(keystoneFault(row.status, row.text(given.failure)))
  return reply.code(row.status).header('content-type', 'application/json').send(body)
}

/** First value of a header, or null. */
function textOf(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name]
  return (Array.isArray(value) ? value[0] : value) || null
}
