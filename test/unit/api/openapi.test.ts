/** The description of the API: every call is in it, and what it says of a body is what the call demands. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { accountsOf } from '../../../agent/api/identity/builtin/accounts.ts'
import { builtin } from '../../../agent/api/identity/builtin/builtin.ts'
import { newHostToken } from '../../../agent/api/identity/builtin/host-token.ts'
import { REQUEST_BODIES } from '../../../agent/api/request-bodies.ts'
import { CINDER_ROUTES, OWN_ROUTES, ROOT_ROUTES } from '../../../agent/api/routes.ts'
import { type Answered, startCluster } from './cluster.ts'

interface Operation {
  readonly operationId: string
  readonly 'x-since'?: string
  readonly 'x-policy': string
  readonly security?: readonly object[]
  readonly parameters: ReadonlyArray<{ readonly name?: string; readonly in?: string; readonly $ref?: string }>
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: { readonly required?: readonly string[] } } }
  }
}

const FAMILIES = [
  ['/v3', [...ROOT_ROUTES, ...CINDER_ROUTES]],
  ['/scoria/v1', OWN_ROUTES],
] as const
const NOBODY = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001'

const cluster = await startCluster()
t.teardown(() => cluster.stop())
const { first } = cluster

interface Described {
  readonly call: string
  readonly path: string
  readonly operation: Operation
}

function described({ body }: Answered): readonly Described[] {
  const paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = body.paths
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ call: `${method.toUpperCase()} ${path}`, path, operation })),
  )
}

const answered = await first.call('/scoria/v1/openapi.json')
const operations = described(answered)

// Where users are the cluster's own, their calls are described too.
const hostToken = newHostToken()
const admin = hostToken.text.reveal()
const withUsers = await startCluster({
  edge: {
    identity: (service) =>
      builtin({
        accounts: accountsOf(service),
        hostToken,
        cacheMs: 0,
        tokenLifeMs: 60_000,
        wallMs: Date.now,
        monoMs: () => performance.now(),
        uuid: randomUUID,
      }),
  },
})
t.teardown(() => withUsers.stop())
const answeredWithUsers = await withUsers.first.call('/scoria/v1/openapi.json', { token: admin })
const ofUsers = described(answeredWithUsers).filter(({ path }) => path.startsWith('/identity') || path.startsWith('/image'))

t.test('every route is described once, with its microversion and its rule, and nothing else is', async (t) => {
  t.equal(answered.status, 200)
  t.match(answered.headers.get('content-type'), /^application\/json/)
  t.equal(answered.body.openapi, '3.1.0')
  const routes = FAMILIES.flatMap(([prefix, of]) => of.map((route) => ({ prefix, route })))
  for (const { prefix, route } of routes) {
    const call = `${route.method} ${prefix}${route.path.replace(/:(\w+)/g, '{$1}')}`
    const found = operations.filter((operation) => operation.call === call)
    t.equal(found.length, 1, call)
    t.equal(found[0]?.operation['x-policy'], route.action, call)
    t.equal(found[0]?.operation['x-since'], prefix === '/v3' ? `3.${route.since}` : undefined, call)
  }
  t.equal(operations.length, routes.length)
  t.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length, 'each has a name of its own')
})

t.test('the description is whole: parameters are declared, references lead somewhere', async (t) => {
  for (const { path, call, operation } of [...operations, ...ofUsers]) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    t.same(
      operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
      inPath,
      call,
    )
  }
  const { components } = answeredWithUsers.body
  const references = [...JSON.stringify(answeredWithUsers.body).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)]
  t.ok(references.length > operations.length)
  for (const [reference, kind = '', name = ''] of references) t.ok(components[kind]?.[name], reference)
})

t.test('the calls about users are described where there are any, each with who may make it', async (t) => {
  const calls = described(answeredWithUsers).map(({ call }) => call)
  t.same(
    calls,
    [...operations, ...ofUsers].map(({ call }) => call),
  )
  const { api } = builtin({
    accounts: accountsOf({ ask: () => Promise.reject(new Error('nobody asks')) }),
    hostToken,
    cacheMs: 0,
    tokenLifeMs: 0,
    wallMs: () => 0,
    monoMs: () => 0,
    uuid: randomUUID,
  })
  const routes = api?.routes ?? []
  t.same(
    ofUsers.map(({ call, operation }) => `${call} ${operation['x-policy']}`).sort(),
    routes.map(({ method, path, who }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')} identity:${who}`).sort(),
  )
  for (const { call, operation } of ofUsers) {
    t.equal(operation.security?.length === 0, operation['x-policy'] === 'identity:anybody', `${call} is open to anybody, or takes a token`)
    t.equal(operation['x-since'], undefined, call)
  }
  const all = described(answeredWithUsers).map(({ operation }) => operation.operationId)
  t.equal(new Set(all).size, all.length, 'each has a name of its own')
})

t.test('the schemas are of calls that there are', async (t) => {
  const calls = FAMILIES.flatMap(([prefix, routes]) => routes.map(({ method, path }) => `${method} ${prefix}${path}`))
  const more = ofUsers.map(({ call }) => call.replace(/\{(\w+)\}/g, ':$1'))
  for (const call of Object.keys(REQUEST_BODIES)) t.ok([...calls, ...more].includes(call), call)
})

const isDemanding = ({ operation }: Described): boolean => operation.requestBody?.content['application/json'].schema.required !== undefined

t.test('a body without what the description demands is refused', async (t) => {
  const { id } = (await first.call('/v3/types', { method: 'POST', body: { volume_type: { name: 'one' } } })).body.volume_type
  const demanding = operations.filter(isDemanding)
  t.ok(demanding.length > 20, `${demanding.length} calls`)
  for (const { call, path } of demanding) {
    const [method = ''] = call.split(' ')
    const url = path.replace(/\{\w+\}/g, path.startsWith('/v3/types') ? id : NOBODY)
    const refused = await first.call(url, { method, body: {} })
    t.equal(refused.status, 400, call)
  }
})

t.test('so is one to a call about users', async (t) => {
  const call = (method: string, path: string, token: string | null, body: object = {}) =>
    withUsers.first.call(path, { method, token, body })
  const password = 'a long password'
  const project = (await call('POST', '/identity/v3/projects', admin, { project: { name: 'one' } })).body.project.id
  const user = (await call('POST', '/identity/v3/users', admin, { user: { name: 'one', password } })).body.user.id
  await call('PUT', `/identity/v3/projects/${project}/users/${user}/roles/admin`, admin)
  const identity = { methods: ['password'], password: { user: { id: user, password } } }
  const login = await call('POST', '/identity/v3/auth/tokens', null, { auth: { identity, scope: { project: { id: project } } } })
  const token = login.headers.get('x-subject-token')
  const demanding = ofUsers.filter(isDemanding)
  t.equal(demanding.length, 7)
  for (const { call: name, path } of demanding) {
    const url = path.replace('{user}', user).replace('{project}', project)
    t.equal((await call(name.split(' ')[0] ?? '', url, token)).status, 400, name)
  }
})
