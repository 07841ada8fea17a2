/** Volume types over REST: Cinder's calls, fields and codes, through several peers. */
import t from 'tap'
import { PROJECT, startCluster, TYPE_ID, type TestHost } from './cluster.ts'

const send = (host: TestHost, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  host.call(`/v3/${PROJECT}${path}`, { method, ...(body === undefined ? {} : { body }), headers })
const wanted = (name: string, more: object = {}) => ({ volume_type: { name, ...more } })

t.test('two peers create one name at once: one of them does', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const answers = await Promise.all(cluster.hosts.map((host) => send(host, 'POST', '/types', wanted('fast'))))
  t.same(answers.map(({ status }) => status).sort(), [200, 409, 409])
  const made = answers.find(({ status }) => status === 200)?.body.volume_type
  t.match(answers.find(({ status }) => status === 409)?.body, { conflictingRequest: { message: 'Volume Type fast already exists.' } })
  for (const host of cluster.hosts) t.equal((await send(host, 'GET', '/types/fast')).body.volume_type.id, made.id, `at ${host.name}`)
})

t.test('create, show, change, list, delete, with Cinder’s fields and codes', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const key = { 'idempotency-key': 'k1' }
  const body = wanted(' fast ', { description: 'd', extra_specs: { storage_protocol: 'iSCSI' }, 'os-volume-type-access:is_public': false })
  const created = await send(first, 'POST', '/types', body, key)
  const { id } = created.body.volume_type
  const type = {
    id,
    name: 'fast',
    description: 'd',
    is_public: false,
    'os-volume-type-access:is_public': false,
    extra_specs: { storage_protocol: 'iSCSI' },
    qos_specs_id: null,
  }
  t.match(created, { status: 200, body: { volume_type: type } })
  t.match(await send(second, 'POST', '/types', body, key), { status: 200, body: { volume_type: type } }, 'again, at another peer')
  t.match(await send(second, 'POST', '/types', wanted('other'), key), { status: 422 }, 'the key for something else')
  t.match(await send(second, 'GET', `/types/${id}`), { status: 200, body: { volume_type: type } }, 'a peer that has not heard of it')

  const names = async (query: string) =>
    (await send(first, 'GET', `/types${query}`)).body.volume_types.map(({ name }: { name: string }) => name)
  t.same(await names(''), ['__DEFAULT__', 'shared'], 'an admin who does not say sees public ones')
  t.same(await names('?is_public=False'), ['fast'])
  t.same(await names('?is_public=None'), ['__DEFAULT__', 'shared', 'fast'])
  t.match(await send(first, 'GET', '/types?is_public=maybe'), { status: 400 })

  const update = { volume_type: { name: 'faster', description: 'e', is_public: true } }
  t.match(await send(first, 'PUT', `/types/${id}`, update), {
    status: 200,
    body: { volume_type: { name: 'faster', description: 'e', is_public: true } },
  })
  t.match(await send(first, 'PUT', `/types/${id}`, wanted('shared')), { status: 409 })
  t.match(await send(first, 'PUT', `/types/${id}`, { volume_type: {} }), { status: 400 })
  t.match(await send(first, 'PUT', `/types/${id}`, wanted(' ')), { status: 400 })

  const specs = `/types/${id}/extra_specs`
  t.match(await send(first, 'POST', specs, { extra_specs: { a: '1' } }), { status: 200, body: { extra_specs: { a: '1' } } })
  t.match(await send(first, 'PUT', `${specs}/a`, { a: '2' }), { status: 200, body: { a: '2' } })
  t.match(await send(first, 'PUT', `${specs}/a`, { b: '2' }), { status: 400 })
  t.match(await send(first, 'POST', specs, { extra_specs: { 'no blanks': '1' } }), { status: 400 })
  t.match(await send(first, 'DELETE', `${specs}/storage_protocol`), { status: 202, body: null })
  t.match(await send(first, 'DELETE', `${specs}/storage_protocol`), { status: 404 })
  t.same((await send(first, 'GET', specs)).body, { extra_specs: { a: '2' } })

  t.match(await send(first, 'DELETE', `/types/${id}`), { status: 202, body: null })
  t.match(await send(first, 'DELETE', `/types/${id}`), { status: 404 })
  t.match(await send(first, 'DELETE', '/types/__DEFAULT__'), { status: 400 })
  t.match(await send(first, 'POST', '/types', { volume_type: {} }), { status: 400 })
})

t.test('a type that a volume has is neither deleted nor given other demands; its name may change', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const { id } = (await send(first, 'POST', '/types', wanted('fast'))).body.volume_type
  const volume = await send(second, 'POST', '/volumes', { volume: { size: 1, volume_type: 'fast' } })
  t.match(volume, { status: 202, body: { volume: { volume_type: 'fast' } } }, 'created at another peer by the new name')
  t.match(await send(first, 'DELETE', `/types/${id}`), { status: 400, body: { badRequest: { message: /still in use/ } } })
  t.match(await send(first, 'POST', `/types/${id}/extra_specs`, { extra_specs: { a: '1' } }), { status: 400 })
  t.match(await send(first, 'PUT', `/types/${id}`, wanted('faster')), { status: 200 })
  t.match(await send(second, 'POST', '/volumes', { volume: { size: 1, volume_type: id } }), { status: 202 }, 'by id, whatever its name')
})

t.test('a founding type is changed and deleted as the others; a quota set names the types that count', async (t) => {
  const cluster = await startCluster({ hosts: 1 })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const shared = (await send(first, 'GET', '/types/shared')).body.volume_type
  t.match(await send(first, 'PUT', `/types/${shared.id}`, wanted('common')), {
    status: 200,
    body: { volume_type: { id: shared.id, name: 'common' } },
  })
  t.match((await send(first, 'GET', `/os-quota-sets/${PROJECT}`)).body.quota_set, { volumes_common: -1 })
  t.match(await send(first, 'DELETE', '/types/common'), { status: 202 })
  t.match(await send(first, 'GET', `/types/${shared.id}`), { status: 404 })
  t.match(await send(first, 'POST', '/volumes', { volume: { size: 1, volume_type: 'common' } }), { status: 404 })
  t.match(await send(first, 'GET', `/types/${TYPE_ID}`), { status: 200 }, 'the others stay')
})

t.test('without a majority nothing is changed, and what is known is shown', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  for (const other of cluster.hosts.slice(1)) other.cut()
  const refused = await send(cluster.first, 'POST', '/types', wanted('fast'))
  t.match(refused, { status: 503, body: { serviceUnavailable: { message: /keep the volume types/ } } })
  t.equal(refused.headers.get('retry-after'), '5')
  t.match(await send(cluster.first, 'GET', '/types/shared'), { status: 200 })
  t.match(await send(cluster.first, 'GET', '/types/fast'), { status: 503 }, 'whether it exists cannot be said')
})

t.test('nobody acts for the project that is the cluster', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  t.match(await cluster.first.call('/v3/types', { token: 'me:_cluster' }), { status: 401 })
  t.match(await cluster.first.call('/v3/_cluster/volumes', { token: 'me' }), { status: 401 })
  t.match(await send(cluster.first, 'PUT', '/os-quota-sets/_cluster', { quota_set: { volumes: 1 } }), { status: 404 })
})
