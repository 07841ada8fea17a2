/** The description of the API: every call is in it, and what it says of a body is what the call demands. */
import t from 'tap'
import { REQUEST_BODIES } from '../../../agent/api/request-bodies.ts'
import { CINDER_ROUTES, OWN_ROUTES, ROOT_ROUTES } from '../../../agent/api/routes.ts'
import { startCluster } from './cluster.ts'

interface Operation {
  readonly operationId: string
  readonly 'x-since'?: string
  readonly 'x-policy': string
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
const answered = await first.call('/scoria/v1/openapi.json')
const { openapi, paths, components } = answered.body as {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>
}
const operations = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ call: `${method.toUpperCase()} ${path}`, path, operation })),
)

t.test('every route is described once, with its microversion and its rule, and nothing else is', async (t) => {
  t.equal(answered.status, 200)
  t.match(answered.headers.get('content-type'), /^application\/json/)
  t.equal(openapi, '3.1.0')
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
  for (const { path, call, operation } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    t.same(
      operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
      inPath,
      call,
    )
  }
  const references = [...JSON.stringify(answered.body).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)]
  t.ok(references.length > operations.length)
  for (const [reference, kind = '', name = ''] of references) t.ok(components[kind]?.[name], reference)
})

t.test('the schemas are of calls that there are', async (t) => {
  const calls = FAMILIES.flatMap(([prefix, routes]) => routes.map(({ method, path }) => `${method} ${prefix}${path}`))
  for (const call of Object.keys(REQUEST_BODIES)) t.ok(calls.includes(call), call)
})

t.test('a body without what the description demands is refused', async (t) => {
  const { id } = (await first.call('/v3/types', { method: 'POST', body: { volume_type: { name: 'one' } } })).body.volume_type
  const demanding = operations.filter(({ operation }) => operation.requestBody?.content['application/json'].schema.required !== undefined)
  t.ok(demanding.length > 20, `${demanding.length} calls`)
  for (const { call, path } of demanding) {
    const [method = ''] = call.split(' ')
    const url = path.replace(/\{\w+\}/g, path.startsWith('/v3/types') ? id : NOBODY)
    const refused = await first.call(url, { method, body: {} })
    t.equal(refused.status, 400, call)
  }
})
