/** As whom a command asks, and whom it believes: tokens, logins at Keystone, certificates. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { selfSignedCertificate } from '../../../agent/system/certificate.ts'
import { createExec } from '../../../agent/system/exec.ts'
import { startCluster } from '../api/cluster.ts'
import { deadEndpoint, fault, type Route, run, startStub } from './stub.ts'

const LIST = { status: 200, body: { volumes: [] } }
const OPENRC = { OS_USERNAME: 'alice', OS_PASSWORD: 'canary', OS_PROJECT_NAME: 'demo', OS_USER_DOMAIN_NAME: 'Staff' }
const loggedIn: Route = () => ({
  status: 201,
  body: { token: { project: { id: 'd3m0', name: 'demo' }, expires_at: '2027-01-01T00:00:00.000000Z' } },
  headers: { 'x-subject-token': 'token-of-alice' },
})

t.test('a token that is given is sent, and its project is left to it', async (t) => {
  const stub = await startStub(t, { 'GET /v3/volumes/detail': () => LIST })
  for (const [what, args, env] of [
    ['typed', ['--os-token', 'secret-token'], { OS_TOKEN: 'other', OS_AUTH_URL: 'http://127.0.0.1:9' }],
    ['in the environment', [], { OS_TOKEN: 'secret-token', OS_AUTH_URL: 'http://127.0.0.1:9' }],
  ] as const) {
    t.equal((await run(['volume', 'list', ...args], { endpoint: stub.endpoint, env })).exitCode, 0, what)
    t.equal(stub.seen.at(-1)?.headers['x-auth-token'], 'secret-token', what)
  }
  const quota = await run(['quota', 'show'], { endpoint: stub.endpoint, env: { OS_TOKEN: 'x' } })
  t.match(quota, { exitCode: 2, err: /name it: scoria quota show PROJECT/ })
})

t.test('the variables of OpenStack’s clients are a login, once a command', async (t) => {
  const keystone = await startStub(t, { 'POST /v3/auth/tokens': loggedIn })
  const stub = await startStub(t, { 'GET /v3/d3m0/volumes/detail': () => LIST })
  for (const url of [keystone.endpoint, `${keystone.endpoint}/v3/`]) {
    const ran = await run(['volume', 'list', '-v'], { endpoint: stub.endpoint, env: { ...OPENRC, OS_AUTH_URL: url } })
    t.equal(ran.exitCode, 0, ran.err)
    t.equal(stub.seen.at(-1)?.headers['x-auth-token'], 'token-of-alice')
    t.notMatch(ran.out + ran.err, /canary|token-of-alice/)
  }
  t.equal(keystone.seen.length, 2)
  t.same(keystone.seen[0]?.body, {
    auth: {
      identity: { methods: ['password'], password: { user: { name: 'alice', domain: { name: 'Staff' }, password: 'canary' } } },
      scope: { project: { name: 'demo', domain: { name: 'Default' } } },
    },
  })
  await run(['volume', 'list'], {
    endpoint: stub.endpoint,
    env: { OS_AUTH_URL: keystone.endpoint, OS_USER_ID: 'u1', OS_PROJECT_ID: 'd3m0', OS_PASSWORD: 'canary' },
  })
  t.match(keystone.seen[2]?.body, { auth: { identity: { password: { user: { id: 'u1' } } }, scope: { project: { id: 'd3m0' } } } })
})

t.test('whoever says who it is, with what it typed, is not logged in', async (t) => {
  const stub = await startStub(t, { 'GET /v3/p1/volumes/detail': () => LIST })
  const env = { ...OPENRC, OS_AUTH_URL: 'http://127.0.0.1:9' }
  t.equal((await run(['volume', 'list', '--project', 'p1'], { endpoint: stub.endpoint, env })).exitCode, 0)
  t.equal(stub.seen[0]?.headers['x-auth-token'], 'admin:p1')
})

t.test('what is missing or wrong in a login is told', async (t) => {
  const refusing = await startStub(t, { 'POST /v3/auth/tokens': () => ({ status: 401, body: {} }) })
  const strange = await startStub(t, { 'POST /v3/auth/tokens': () => ({ status: 200, body: [] }) })
  const asked = (env: Readonly<Record<string, string>>) => run(['volume', 'list'], { endpoint: 'http://127.0.0.1:9', env })
  const { OS_PASSWORD: _, ...noPassword } = OPENRC
  t.match(await asked({ ...noPassword, OS_AUTH_URL: refusing.endpoint }), { exitCode: 2, err: /OS_PASSWORD is missing[\s\S]*openrc/ })
  t.match(await asked({ OS_AUTH_URL: refusing.endpoint }), {
    exitCode: 2,
    err: /OS_USERNAME and OS_PASSWORD and OS_PROJECT_NAME are missing/,
  })
  t.match(await asked({ ...OPENRC, OS_AUTH_URL: refusing.endpoint }), { exitCode: 5, err: /refused the login\ncheck OS_USERNAME/ })
  t.match(await asked({ ...OPENRC, OS_AUTH_URL: strange.endpoint }), { exitCode: 1, err: /answered a login with HTTP 200/ })
  t.match(await asked({ ...OPENRC, OS_AUTH_URL: await deadEndpoint() }), { exitCode: 8, err: /Keystone does not answer .*ECONNREFUSED/ })
})

t.test('what a peer says of who asks is passed on with what helps', async (t) => {
  const answers = [
    { status: 401, body: fault(401, 'The request you have made requires authentication.').body },
    { status: 403, body: fault(403, "Policy doesn't allow volume:delete to be performed.").body },
  ]
  const stub = await startStub(t, { 'GET /v3/volumes/detail': (_, nth) => answers[nth] ?? LIST })
  const ask = () => run(['volume', 'list'], { endpoint: stub.endpoint, env: { OS_TOKEN: 'x' } })
  const [first, second] = [await ask(), await ask()]
  t.match(first, { err: /requires authentication[\s\S]*OS_AUTH_URL/ })
  t.match(second, { exitCode: first.exitCode, err: /Policy doesn't allow/ })
})

t.test('a peer that asks for patience is asked again', async (t) => {
  const busy = { status: 429, body: { computeFault: { code: 429, message: 'TooManyRequests: …' } }, headers: { 'retry-after': '1' } }
  const stub = await startStub(t, { 'GET /v3/admin/volumes/detail': (_, nth) => (nth === 0 ? busy : LIST) })
  t.equal((await run(['volume', 'list'], { endpoint: stub.endpoint })).exitCode, 0)
  t.equal(stub.seen.length, 2)
})

t.test('over TLS a peer is believed whose certificate is, by file or by name of the file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'scoria-cli-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const certificateFile = join(folder, 'api.crt')
  const signing = {
    certificateFile,
    keyFile: join(folder, 'api.key'),
    names: ['127.0.0.1'],
    exec: createExec({ log }),
    log,
    nowMs: Date.now(),
  }
  const cluster = await startCluster({ edge: { tls: await selfSignedCertificate(signing) } })
  t.teardown(() => cluster.stop())
  const endpoint = cluster.first.url
  t.match(await run(['volume', 'list'], { endpoint }), { exitCode: 8, err: /certificate that is shown is not believed[\s\S]*--ca-file/ })
  t.equal((await run(['volume', 'list', '--ca-file', certificateFile], { endpoint })).exitCode, 0, 'typed')
  t.equal((await run(['volume', 'list'], { endpoint, env: { SCORIA_CA_FILE: certificateFile } })).exitCode, 0, 'in the environment')
  t.match(await run(['volume', 'list', '--ca-file', join(folder, 'missing')], { endpoint }), { exitCode: 2, err: /cannot be read/ })
  const byName = await run(['volume', 'list', '--ca-file', certificateFile], { endpoint: endpoint.replace('127.0.0.1', 'localhost') })
  t.match(byName, { exitCode: 8, err: /ERR_TLS_CERT_ALTNAME_INVALID/ }, 'a certificate for another name is none')
})
