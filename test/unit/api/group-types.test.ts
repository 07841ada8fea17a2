/** Group types over REST: Cinder's calls, fields and codes, through several peers. */
import t from 'tap'
import { byRole } from './by-role.ts'
import { PROJECT, startCluster, type TestHost } from './cluster.ts'

const send = (host: TestHost, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  host.call(`/v3/${PROJECT}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
const wanted = (name: string, more: object = {}) => ({ group_type: { name, ...more } })
const CONSISTENT = { consistent_group_snapshot_enabled: '<is> True' }
const namesIn = (types: readonly { readonly name: string }[]) => types.map(({ name }) => name)

t.test('two peers create one name at once: one of them does', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const answers = await Promise.all(cluster.hosts.map((host) => send(host, 'POST', '/group_types', wanted('snapped'))))
  t.same(answers.map(({ status }) => status).sort(), [202, 409, 409])
  const made = answers.find(({ status }) => status === 202)?.body.group_type
  t.match(answers.find(({ status }) => status === 409)?.body, { conflictingRequest: { message: 'Group Type snapped already exists.' } })
  for (const host of cluster.hosts)
    t.equal((await send(host, 'GET', `/group_types/${made.id}`)).body.group_type.name, 'snapped', `at ${host.name}`)
})

t.test('create, show, change, list, delete, with Cinder’s fields and codes', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const key = { 'idempotency-key': 'k1' }
  const body = wanted(' snapped ', { description: ' d ', is_public: 'False', group_specs: CONSISTENT })
  const created = await send(first, 'POST', '/group_types', body, key)
  const { id } = created.body.group_type
  const type = { id, name: 'snapped', description: 'd', is_public: false, group_specs: CONSISTENT }
  t.equal(created.status, 202)
  t.same(created.body, { group_type: type })
  t.same((await send(second, 'POST', '/group_types', body, key)).body, { group_type: type }, 'again, at another peer')
  t.match(await send(second, 'POST', '/group_types', wanted('other'), key), { status: 422 }, 'the key for something else')
  t.same((await send(second, 'GET', `/group_types/${id}`)).body, { group_type: type }, 'a peer that has not heard of it')

  const open = (await send(first, 'POST', '/group_types', wanted('open', { description: null }))).body.group_type
  t.match(open, { description: null, is_public: true, group_specs: {} })
  const names = async (query: string) => namesIn((await send(first, 'GET', `/group_types${query}`)).body.group_types)
  t.same(await names(''), ['open'], 'an admin who does not say sees public ones')
  t.same(await names('?is_public=False'), ['snapped'])
  t.same(await names('?is_public=None'), ['open', 'snapped'])
  t.same(await names('?is_public=None&sort=name:desc'), ['snapped', 'open'])
  t.same(await names(`?is_public=None&marker=${open.id}`), ['snapped'])
  t.match(await send(first, 'GET', '/group_types?limit=1'), {
    body: { group_type_links: [{ rel: 'next', href: new RegExp(`/v3/${PROJECT}/group_types\\?.*marker=${open.id}`) }] },
  })
  t.match(await send(first, 'GET', '/group_types?is_public=maybe'), { status: 400 })

  t.match(await send(first, 'PUT', `/group_types/${id}`, wanted('consistent', { description: 'e', is_public: true })), {
    status: 200,
    body: { group_type: { ...type, name: 'consistent', description: 'e', is_public: true } },
  })
  t.match(await send(first, 'PUT', `/group_types/${id}`, wanted('open')), { status: 409 })
  for (const wrong of [{}, { name: ' ' }, { name: null, description: null }, { is_public: 'maybe' }, { group_specs: {} }])
    t.match(await send(first, 'PUT', `/group_types/${id}`, { group_type: wrong }), { status: 400 }, JSON.stringify(wrong))
  for (const wrong of [
    {},
    { name: ' ' },
    { name: 'n', is_public: 'maybe' },
    { name: 'n', group_specs: { 'a/b': 'c' } },
    { name: 'n', a: 1 },
  ])
    t.match(await send(first, 'POST', '/group_types', { group_type: wrong }), { status: 400 }, JSON.stringify(wrong))

  t.match(await send(first, 'DELETE', `/group_types/${id}`), { status: 202, body: null })
  for (const method of ['GET', 'DELETE'])
    t.match(await send(first, method, `/group_types/${id}`), {
      status: 404,
      body: { itemNotFound: { message: `Group type ${id} could not be found.` } },
    })
})

t.test('specs: write, show, delete, with Cinder’s codes', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = (await send(first, 'POST', '/group_types', wanted('snapped'))).body.group_type
  const specs = `/group_types/${id}/group_specs`
  t.match(await send(first, 'POST', specs, { group_specs: CONSISTENT }), { status: 202, body: { group_specs: CONSISTENT } })
  t.match(await send(first, 'PUT', `${specs}/tier`, { tier: 'gold' }), { status: 200, body: { tier: 'gold' } })
  t.same((await send(first, 'GET', specs)).body, { group_specs: { ...CONSISTENT, tier: 'gold' } })
  t.same((await send(first, 'GET', `${specs}/tier`)).body, { tier: 'gold' })
  t.match(await send(first, 'PUT', `${specs}/tier`, { other: 'gold' }), { status: 400 }, 'a key that the URL does not name')
  t.match(await send(first, 'PUT', `${specs}/tier`, { tier: 'gold', other: 'gold' }), { status: 400 })
  t.match(await send(first, 'POST', specs, { group_specs: { a: 1 } }), { status: 400 })
  const key = { 'idempotency-key': 'k' }
  for (const what of ['deleted', 'asked once more'])
    t.match(await send(first, 'DELETE', `${specs}/tier`, undefined, key), { status: 202, body: null }, what)
  for (const method of ['GET', 'DELETE'])
    for (const lacking of ['tier', 'constructor', 'x'.repeat(300)])
      t.match(
        await send(first, method, `${specs}/${lacking}`),
        {
          status: 404,
          body: { itemNotFound: { message: new RegExp(`^Group Type ${id} has no specs with key ${lacking.slice(0, 255)}\\.`) } },
        },
        `${method} ${lacking}`,
      )
  t.match((await send(first, 'GET', `/group_types/${id}`)).body.group_type.group_specs, CONSISTENT)
})

t.test('the default group type is the one of that name, wherever it is asked for', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  t.match(await send(cluster.first, 'GET', '/group_types/default'), { status: 404 }, 'none is founded')
  const { id } = (await send(cluster.first, 'POST', '/group_types', wanted('__DEFAULT__'))).body.group_type
  for (const host of cluster.hosts) t.equal((await send(host, 'GET', '/group_types/default')).body.group_type.id, id, host.name)
  t.match(await send(cluster.first, 'DELETE', `/group_types/${id}`), { status: 202 })
  t.match(await send(cluster.first, 'GET', '/group_types/default'), { status: 404 })
})

t.test('who is no admin sees public ones, without what stands in them, and changes none', async (t) => {
  const cluster = await startCluster({ edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const as = (token: string, method: string, path: string, body?: unknown) =>
    cluster.first.call(`/v3${path}`, { method, token, ...(body === undefined ? {} : { body }) })
  const make = async (name: string, isPublic: boolean) =>
    (await as('admin:ops', 'POST', '/group_types', wanted(name, { is_public: isPublic, group_specs: CONSISTENT }))).body.group_type
  const [open, own] = [await make('open', true), await make('own', false)]
  for (const role of ['reader', 'member']) {
    t.same(
      (await as(`${role}:web`, 'GET', `/group_types/${open.id}`)).body.group_type,
      { id: open.id, name: 'open', description: null, is_public: true },
      role,
    )
    t.match(await as(`${role}:web`, 'GET', `/group_types/${own.id}`), { status: 404 }, role)
    for (const query of ['', '?is_public=False', '?is_public=None', '?name=own'])
      t.same(namesIn((await as(`${role}:web`, 'GET', `/group_types${query}`)).body.group_types), ['open'], `${role} ${query}`)
    t.match(await as(`${role}:web`, 'GET', `/group_types?marker=${own.id}`), { status: 404 }, 'what is not there marks no page')
    t.match(await as(`${role}:web`, 'GET', `/group_types/${open.id}/group_specs`), { status: 403 }, role)
    t.match(await as(`${role}:web`, 'DELETE', `/group_types/${open.id}`), { status: 403 }, role)
  }
})

t.test('group types came with 3.11; without a majority nothing is changed, and what is known is shown', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const { id } = (await send(cluster.first, 'POST', '/group_types', wanted('snapped'))).body.group_type
  t.match(await cluster.first.call(`/v3/${PROJECT}/group_types`, { microversion: '3.10' }), { status: 404 })
  t.match(await cluster.first.call(`/v3/${PROJECT}/group_types`, { microversion: '3.11' }), { status: 200 })
  for (const other of cluster.hosts.slice(1)) other.cut()
  t.match(await send(cluster.first, 'DELETE', `/group_types/${id}`), { status: 503 })
  t.match(await send(cluster.first, 'GET', `/group_types/${id}`), { status: 200 })
  t.match(await send(cluster.first, 'GET', '/group_types/other'), { status: 503 }, 'whether it exists cannot be said')
})
