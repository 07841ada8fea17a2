/** Private volume types: who sees them, who makes volumes of them, and who lets projects in and out. */
import t from 'tap'
import { byRole } from './by-role.ts'
import { startCluster, type TestHost } from './cluster.ts'

const ADMIN = 'admin:ops'
const send = (host: TestHost, token: string, method: string, path: string, body?: unknown) =>
  host.call(`/v3${path}`, { method, token, ...(body === undefined ? {} : { body }) })
const names = async (host: TestHost, token: string, query = '') =>
  (await send(host, token, 'GET', `/types${query}`)).body.volume_types.map(({ name }: { name: string }) => name)
const volumeOf = (type: string) => ({ volume: { size: 1, volume_type: type } })

t.test('a private type is there for admins and for projects that were let in, at every peer', async (t) => {
  const cluster = await startCluster({ hosts: 3, edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  const made = await send(first, ADMIN, 'POST', '/types', { volume_type: { name: 'own', 'os-volume-type-access:is_public': false } })
  const { id } = made.body.volume_type
  t.match(await send(first, 'member:web', 'GET', `/types/${id}`), { status: 404 })
  t.match(await send(second, 'member:web', 'POST', '/volumes', volumeOf('own')), { status: 404 }, 'nor can volumes be made of it')
  t.match(await send(first, 'member:web', 'GET', '/types/own/extra_specs'), { status: 404 })

  const action = (key: string, project: string, at = first) => send(at, ADMIN, 'POST', `/types/${id}/action`, { [key]: { project } })
  t.match(await action('addProjectAccess', 'web'), { status: 202, body: null })
  t.match(await action('addProjectAccess', 'web', second), {
    status: 409,
    body: { conflictingRequest: { message: /web combination already exists/ } },
  })
  t.match(await send(first, ADMIN, 'GET', '/types/own/os-volume-type-access'), {
    status: 200,
    body: { volume_type_access: [{ volume_type_id: id, project_id: 'web' }] },
  })
  for (const host of cluster.hosts) t.match(await send(host, 'reader:web', 'GET', '/types/own'), { status: 200 }, `web at ${host.name}`)
  t.same(await names(first, 'member:web'), ['__DEFAULT__', 'shared', 'own'])
  t.same(await names(first, 'member:shop'), ['__DEFAULT__', 'shared'])
  t.same(await names(first, ADMIN), ['__DEFAULT__', 'shared'], 'an admin who does not ask for private ones')
  t.same(await names(first, 'admin:web'), ['__DEFAULT__', 'shared', 'own'], 'and one of the project itself')
  t.same(await names(first, ADMIN, '?is_public=False'), ['own'])
  const quotas = async (token: string) =>
    Object.keys((await send(first, token, 'GET', `/os-quota-sets/${token.split(':')[1]}`)).body.quota_set)
  t.ok((await quotas('member:web')).includes('volumes_own'))
  t.notOk((await quotas('member:shop')).includes('volumes_own'), 'nor does a quota set name it')
  t.match(await send(third, 'member:web', 'POST', '/volumes', volumeOf('own')), { status: 202, body: { volume: { volume_type: 'own' } } })
  t.match(await send(third, 'member:shop', 'POST', '/volumes', volumeOf('own')), { status: 404 })
  t.match(await send(third, ADMIN, 'POST', '/volumes', volumeOf('own')), { status: 202 }, 'an admin needs no access')

  t.match(await action('removeProjectAccess', 'web'), { status: 202 })
  t.match(await action('removeProjectAccess', 'web'), { status: 404 })
  t.match(await send(first, 'member:web', 'POST', '/volumes', volumeOf('own')), { status: 404 })
})

t.test('a public type has no list; what is not understood is refused', async (t) => {
  const cluster = await startCluster({ edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const act = (body: unknown, type = 'shared') => send(first, ADMIN, 'POST', `/types/${type}/action`, body)
  t.match(await send(first, ADMIN, 'GET', '/types/shared/os-volume-type-access'), {
    status: 404,
    body: { itemNotFound: { message: 'Access list not available for public volume types.' } },
  })
  t.match(await act({ addProjectAccess: { project: 'web' } }), {
    status: 400,
    body: { badRequest: { message: /not applicable to public/ } },
  })
  t.match(await act({ addProjectAccess: { project: 'web' } }, 'nothing'), { status: 404 })
  t.match(await act({ addProjectAccess: {} }), { status: 400 })
  t.match(await act({ addProjectAccess: { project: '_cluster' } }), { status: 400 }, 'what no client can act for')
  t.match(await act({ fly: {} }), { status: 400, body: { badRequest: { message: 'There is no such action: fly' } } })
  t.match(await act({ addProjectAccess: { project: 'a' }, removeProjectAccess: { project: 'b' } }), { status: 400 })
  t.match(await send(first, 'member:web', 'POST', '/types/shared/action', { addProjectAccess: { project: 'web' } }), { status: 403 })
})
