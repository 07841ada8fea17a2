/**
 * Keystone as far as tokens go, on loopback: the answers that the real one gives (captured from Keystone 22.0.2), and on
 * demand all the wrong ones. The real one is asked in test/clients/keystone.test.ts.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface StubToken {
  readonly roles: readonly string[]
  /** Default: the project `demo`. Null: unscoped. */
  readonly project?: string | null
  readonly scope?: 'system' | 'domain'
  readonly expiresAtMs?: number
  /** Once it is over it is shown to who asks for such ones alone. */
  readonly isKept?: boolean
}

export interface KeystoneStub {
  readonly url: string
  readonly tokens: Map<string, StubToken>
  /** How often it was asked about tokens, and for tokens. */
  readonly asked: { validations: number; logins: number }
  /** Every header and path that it got. */
  readonly heard: string[]
  /** In place of its own answers. `silent`: none at all. Null: as it should. */
  wrong: null | 'silent' | ((response: ServerResponse) => void)
  /** Forgets the tokens that it gave to agents. */
  forgetLogins(): void
  /** Whether the agent's user may ask about tokens. */
  letsLook: boolean
  stop(): Promise<void>
}

export const SERVICE_PASSWORD = 'canary-password-of-the-agent'
const LOGIN_LIFE_MS = 3_600_000

export async function startKeystoneStub(): Promise<KeystoneStub> {
  const logins = new Set<string>()
  const stub: KeystoneStub = {
    url: '',
    tokens: new Map(),
    asked: { validations: 0, logins: 0 },
    heard: [],
    wrong: null,
    letsLook: true,
    forgetLogins: () => logins.clear(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const server = createServer(async (request, response) => {
    stub.heard.push(`${request.url} ${JSON.stringify(request.headers)}`)
    const body = await textOf(request)
    if (stub.wrong === 'silent') return
    if (stub.wrong !== null) return stub.wrong(response)
    const path = request.url?.split('?')[0]
    if (path !== '/v3/auth/tokens') return send(response, 404, { error: { code: 404 } })
    if (request.method === 'POST') return login(body, response)
    stub.asked.validations += 1
    if (!logins.has(String(request.headers['x-auth-token']))) return send(response, 401, { error: { code: 401 } })
    if (!stub.letsLook) return send(response, 403, { error: { code: 403 } })
    const shown = stub.tokens.get(String(request.headers['x-subject-token']))
    if (shown === undefined) return send(response, 404, { error: { code: 404, message: 'Could not find token.' } })
    const isOver = (shown.expiresAtMs ?? Number.POSITIVE_INFINITY) <= Date.now()
    if (isOver && shown.isKept === true && request.url?.includes('allow_expired=1') !== true)
      return send(response, 404, { error: { code: 404 } })
    return send(response, 200, tokenBody(shown))
  })

  function login(body: string, response: ServerResponse): void {
    stub.asked.logins += 1
    if (!body.includes(`"password":"${SERVICE_PASSWORD}"`)) return send(response, 401, { error: { code: 401 } })
    const token = `canary-token-of-the-agent-${stub.asked.logins}`
    logins.add(token)
    send(response, 201, tokenBody({ roles: ['service'], project: 'service' }), { 'x-subject-token': token })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  return Object.assign(stub, { url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}` })
}

function tokenBody({ roles, project = 'demo', scope, expiresAtMs = Date.now() + LOGIN_LIFE_MS }: StubToken): object {
  const domain = { id: 'default', name: 'Default' }
  const scoped =
    scope === 'system'
      ? { system: { all: true } }
      : scope === 'domain'
        ? { domain }
        : project === null
          ? {}
          : { project: { id: project, name: project, domain }, is_domain: false }
  return {
    token: {
      methods: ['password'],
      user: { domain, id: '0a1b2c3d4e5f40718293a4b5c6d7e8f9', name: 'alice', password_expires_at: null },
      audit_ids: ['jt5vsbXuQVi6K4Qa0b0Gsw'],
      expires_at: new Date(expiresAtMs).toISOString().replace('Z', '000Z'),
      issued_at: new Date(expiresAtMs - LOGIN_LIFE_MS).toISOString().replace('Z', '000Z'),
      ...scoped,
      ...(roles.length === 0 ? {} : { roles: roles.map((name, index) => ({ id: String(index), name })) }),
    },
  }
}

function send(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}
