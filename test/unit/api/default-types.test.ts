/** Projects' default volume types. */
import t from 'tap'
import { byRole } from './by-role.ts'
import { startCluster, type TestHost, TYPE_ID } from './cluster.ts'

const ADMIN = 'admin:ops'
const send = (host: TestHost, token: string, method: string, path: string, body?: unknown, microversion = '3.62') =>
  host.call(`/v3${path}`, { method, token, microversion, ...(body === undefined ? {} : { body }) })
const wanted = (volume_type: string) => ({ default_type: { volume_type } })

t.test('set, show, list, unset, with Cinder’s fields and codes', async (t) => {
  const cluster = await startCluster({ hosts: 3, edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const { id } = (await send(first, ADMIN, 'GET', '/types/shared')).body.volume_type
  const web = { project_id: 'web', volume_type_id: id }
  t.match(await send(first, ADMIN, 'GET', '/default-types/web'), {
    status: 404,
    body: { itemNotFound: { message: 'Default type for project web not found.' } },
  })
  t.match(await send(first, ADMIN, 'PUT', '/default-types/web', wanted('shared')), { status: 200, body: { default_type: web } }, 'by name')
  t.match(
    await send(second, ADMIN, 'GET', '/default-types/web'),
    { status: 200, body: { default_type: web } },
    'at a peer that has not heard of it',
  )
  await send(first, ADMIN, 'PUT', '/default-types/shop', wanted(TYPE_ID))
  t.same((await send(first, ADMIN, 'GET', '/default-types')).body, {
    default_types: [{ project_id: 'shop', volume_type_id: TYPE_ID }, web],
  })
  t.match(await send(first, ADMIN, 'PUT', '/default-types/web', wanted('nothing')), {
    status: 400,
    body: { badRequest: { message: /nothing could not be found/ } },
  })
  t.match(await send(first, ADMIN, 'PUT', '/default-types/web', { default_type: {} }), { status: 400 })
  t.match(await send(first, ADMIN, 'PUT', '/default-types/_cluster', wanted('shared')), { status: 404 })
  t.match(await send(first, ADMIN, 'GET', '/default-types', undefined, '3.61'), { status: 404 }, 'from 3.62')
  t.match(await send(first, 'member:web', 'PUT', '/default-types/web', wanted('shared')), { status: 403 })
  t.match(await send(first, ADMIN, 'DELETE', '/types/shared'), { status: 400 }, 'a type that is a default stays')
  for (const time of ['first', 'second'])
    t.match(await send(first, ADMIN, 'DELETE', '/default-types/web'), { status: 204, body: null }, `${time} time`)
  t.match(await send(first, ADMIN, 'DELETE', '/types/shared'), { status: 202 })
})

t.test('creates of the project get it, those of others do not', async (t) => {
  const cluster = await startCluster({ hosts: 3, edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const create = (token: string, volume: object = {}) => send(first, token, 'POST', '/volumes', { volume: { size: 1, ...volume } })
  await send(first, ADMIN, 'PUT', '/default-types/web', wanted('shared'))
  t.match(await create('member:web'), { status: 202, body: { volume: { volume_type: 'shared', multiattach: true } } })
  t.match(
    await create('member:web', { volume_type: '__DEFAULT__' }),
    { body: { volume: { volume_type: '__DEFAULT__' } } },
    'what is named counts',
  )
  t.match(await create('member:shop'), { body: { volume: { volume_type: '__DEFAULT__' } } })
  t.match((await send(first, 'reader:web', 'GET', '/types/default')).body.volume_type, { name: 'shared' })
  t.match((await send(first, 'reader:shop', 'GET', '/types/default')).body.volume_type, { name: '__DEFAULT__' })
})

t.test('a private type is the default of projects that may use it; without access nothing is made in its place', async (t) => {
  const cluster = await startCluster({ edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const made = await send(first, ADMIN, 'POST', '/types', { volume_type: { name: 'own', 'os-volume-type-access:is_public': false } })
  const { id } = made.body.volume_type
  const act = (action: string) => send(first, ADMIN, 'POST', `/types/${id}/action`, { [action]: { project: 'web' } })
  t.match(await send(first, ADMIN, 'PUT', '/default-types/web', wanted('own')), {
    status: 400,
    body: { badRequest: { message: /web has no access/ } },
  })
  await act('addProjectAccess')
  t.match(await send(first, ADMIN, 'PUT', '/default-types/web', wanted('own')), { status: 200 })
  const create = () => send(first, 'member:web', 'POST', '/volumes', { volume: { size: 1 } })
  t.match(await create(), { status: 202, body: { volume: { volume_type: 'own' } } })
  await act('removeProjectAccess')
  t.match(await create(), { status: 404, body: { itemNotFound: { message: new RegExp(`Volume type ${id}`) } } })
})
