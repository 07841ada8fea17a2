/** The edge itself: who may come in, which version is spoken, and what happens to requests that nobody can read. */
import { connect } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { BODY_BYTES_MAX } from '../../../agent/api/server.ts'
import { createVolume, PROJECT, startCluster } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`
const REQUEST_ID = /^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

t.test('versions: / is 300 without a token, /v3 goes through the identity', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const root = await first.call('/', { token: null })
  t.equal(root.status, 300)
  t.match(root.body.versions, [{ id: 'v3.0', status: 'CURRENT', version: '3.71', min_version: '3.0' }])
  t.equal(
    root.body.versions[0].links.find((link: { rel: string }) => link.rel === 'self').href,
    `${first.url}/v3/`,
    'under the address that the client used',
  )
  for (const path of ['/v3', '/v3/']) {
    t.equal((await first.call(path, { token: null })).status, 401, path)
    const shown = await first.call(path)
    t.same([shown.status, shown.body], [200, root.body], path)
  }
  const health = await fetch(`${first.url}/healthcheck`)
  t.same([health.status, await health.text()], [200, 'OK'])
})

t.test('a public endpoint replaces the address in every link', async (t) => {
  const cluster = await startCluster({ publicEndpoint: 'https://storage.example/' })
  t.teardown(() => cluster.stop())
  const volume = await createVolume(cluster.first)
  t.equal(volume.links[0].href, `https://storage.example/v3/${PROJECT}/volumes/${volume.id}`)
  t.equal(volume.links[1].href, `https://storage.example/${PROJECT}/volumes/${volume.id}`)
})

t.test('the token says who calls, and nothing else does', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const missing = await first.call(VOLUMES, { token: null })
  t.match(missing, { status: 401, body: { unauthorized: { code: 401 } } })
  t.equal((await first.call(VOLUMES, { token: '' })).status, 401)
  const foreign = await first.call('/v3/other/volumes')
  t.match(foreign, { status: 400, body: { badRequest: { message: 'Malformed request url' } } })
  t.equal((await first.call('/v3/any project%21/volumes', { token: 'user:any project!' })).status, 200, 'any text can be a project')
  t.equal((await first.call('/v3/p1/volumes', { token: 'notused' })).status, 200, 'a token without a project takes the URL’s')
  const claimed = { 'x-project-id': 'other', 'x-user-id': 'root', 'x-roles': 'admin', 'x-is-admin-project': 'True' }
  const made = await first.call('/v3/volumes', { method: 'POST', body: { volume: { size: 1 } }, headers: claimed })
  t.match(
    made.body.volume,
    { user_id: 'user', 'os-vol-tenant-attr:tenant_id': PROJECT },
    'headers that a token service would set are not believed',
  )
  t.equal((await first.call('/v3/volumes', { token: null, headers: claimed })).status, 401)
})

t.test('the microversion is checked and echoed, and every answer has its request id', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const good = await first.call(VOLUMES, { microversion: '3.44' })
  t.equal(good.headers.get('openstack-api-version'), 'volume 3.44')
  t.match(good.headers.get('vary'), /OpenStack-API-Version/i)
  t.match(good.headers.get('x-openstack-request-id'), REQUEST_ID)
  t.equal(good.headers.get('x-compute-request-id'), good.headers.get('x-openstack-request-id'))
  t.equal((await first.call(VOLUMES, { microversion: 'latest' })).headers.get('openstack-api-version'), 'volume 3.71')
  const high = await first.call(VOLUMES, { microversion: '3.72' })
  t.match(high, { status: 406, body: { computeFault: { code: 406, message: /Minimum is 3\.0 and maximum is 3\.71/ } } })
  t.match(high.headers.get('x-openstack-request-id'), REQUEST_ID, 'a refusal has one too')
  t.match(await first.call(VOLUMES, { microversion: 'three' }), { status: 400, body: { badRequest: { code: 400 } } })
  t.match(await first.call(`/v3/${PROJECT}/messages`, { microversion: '3.2' }), { status: 404, body: { itemNotFound: { code: 404 } } })
  t.equal((await first.call(`/v3/${PROJECT}/messages`, { microversion: '3.3' })).status, 200)
})

t.test('what is no call of this API is refused in Cinder’s shape', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const json = 'application/json'
  const post = (text: string, type = json) => first.call(VOLUMES, { method: 'POST', text, headers: { 'content-type': type } })
  const table: ReadonlyArray<readonly [string, Promise<{ status: number; body: unknown }>, number, string]> = [
    ['no such path', first.call('/v3/p/nothing/here', { token: 'u:p' }), 404, 'itemNotFound'],
    ['no such path at all', first.call('/v2/volumes'), 404, 'itemNotFound'],
    ['another method', first.call(`/v3/${PROJECT}/types`, { method: 'PUT', body: {} }), 405, 'badMethod'],
    ['another method on a fixed path', first.call(`${VOLUMES}/detail`, { method: 'DELETE' }), 405, 'badMethod'],
    ['PATCH', first.call(VOLUMES, { method: 'PATCH', body: {} }), 405, 'badMethod'],
    ['another content type', post('<volume/>', 'application/xml'), 415, 'badMediaType'],
    ['text that is no JSON', post('{"volume": '), 400, 'badRequest'],
    ['no body', post(''), 400, 'badRequest'],
    ['a body that is no object', post('[]'), 400, 'badRequest'],
    ['a body of the largest size', post(`{"volume":{}}${' '.repeat(BODY_BYTES_MAX - 13)}`), 400, 'badRequest'],
    ['a body over the limit', post(`{"volume":{}}${' '.repeat(BODY_BYTES_MAX - 12)}`), 413, 'overLimit'],
    ['deep nesting', post(`{"volume":${'['.repeat(50_000)}${']'.repeat(50_000)}}`), 400, 'badRequest'],
    ['a prototype', post('{"__proto__": {"volume": {"size": 1}}}'), 400, 'badRequest'],
    [
      'an unknown action',
      first.call(`${VOLUMES}/6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001/action`, { method: 'POST', body: { 'os-fly': {} } }),
      400,
      'badRequest',
    ],
    ['an escape that is none', first.call('/v3/p/volumes/%zz', { token: 'u:p' }), 400, 'badRequest'],
  ]
  for (const [what, sent, status, name] of table) {
    const answer = await sent
    t.equal(answer.status, status, what)
    t.match(answer.body, { [name]: { code: status, message: /./ } }, what)
  }
  const vendor = await post('{"volume":{"size":1}}', 'application/vnd.openstack.volume+json')
  t.equal(vendor.status, 202, 'Cinder’s own content type')
  t.match((await first.call(VOLUMES)).body.volumes, [{ id: vendor.body.volume.id }], 'nothing of the rest left a volume behind')
})

t.test('headers over the limit are refused before anything is read', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { hostname, port } = new URL(cluster.first.url)
  const socket = connect(Number(port), hostname)
  socket.setEncoding('utf8')
  let received = ''
  socket.on('data', (text) => {
    received += text
  })
  socket.write(`GET ${VOLUMES} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: u:${PROJECT}\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`)
  await once(socket, 'close')
  t.match(received, /^HTTP\/1\.1 431 /)
  t.match(JSON.parse(received.slice(received.indexOf('\r\n\r\n'))), { computeFault: { code: 431 } })
})

t.test('services, pools, zones, types, quota defaults, extensions', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const get = async (path: string) => (await first.call(`/v3/${PROJECT}${path}`)).body
  const rows = (await get('/os-services')).services.map((row: { binary: string; host: string; state: string }) => [
    row.binary,
    row.host,
    row.state,
  ])
  t.same(rows, [
    ['cinder-scheduler', 'alpha1', 'up'],
    ['cinder-volume', 'alpha1@memory', 'up'],
    ['cinder-scheduler', 'alpha2', 'up'],
    ['cinder-volume', 'alpha2@memory', 'up'],
  ])
  t.equal((await get('/os-services?binary=cinder-volume&host=alpha2')).services.length, 1)
  t.same((await get('/scheduler-stats/get_pools')).pools, [{ name: 'alpha1@memory#pool' }, { name: 'alpha2@memory#pool' }])
  const [pool] = (await get('/scheduler-stats/get_pools?detail=True')).pools
  t.match(pool.capabilities, { volume_backend_name: 'memory', total_capacity_gb: 100, backend_state: 'up', timestamp: /^\d{4}-.*\.\d{6}$/ })
  t.match((await get('/os-availability-zone')).availabilityZoneInfo, [
    { zoneName: 'zone-1', zoneState: { available: true } },
    { zoneName: 'zone-2', zoneState: { available: true } },
  ])
  t.match((await get('/types')).volume_types, [{ name: '__DEFAULT__' }, { name: 'shared' }])
  t.match((await get('/types/default')).volume_type, { name: '__DEFAULT__' })
  t.match((await get('/types/shared')).volume_type, { extra_specs: { multiattach: '<is> True' } })
  t.same(await get('/types/shared/extra_specs'), { extra_specs: { multiattach: '<is> True' } })
  t.same(await get('/types/shared/extra_specs/multiattach'), { multiattach: '<is> True' })
  t.match(await get('/types/golden'), { itemNotFound: { code: 404 } })
  t.match((await get(`/os-quota-sets/${PROJECT}/defaults`)).quota_set, {
    id: PROJECT,
    volumes: 10,
    gigabytes: 1000,
    per_volume_gigabytes: -1,
  })
  t.same(await get('/extensions'), { extensions: [] })
})

t.test('Scoria’s own data', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const [one, two] = cluster.hosts
  if (one === undefined || two === undefined) throw new Error('two hosts')
  const status = await two.call('/scoria/v1/status')
  t.match(status.body, {
    cluster: '6e0a6d8c-6d2f-4ff8-bf59-8f0f1a2b3c4d',
    epoch: 1,
    forming: false,
    joined: 2,
    expect: 2,
    self: { name: 'alpha2' },
  })
  t.match((await one.call('/scoria/v1/hosts')).body.hosts, [
    { name: 'alpha1', state: 'up' },
    { name: 'alpha2', state: 'up' },
  ])

  const explain = (host: typeof one, body: object) => host.call('/scoria/v1/placement/explain', { method: 'POST', body })
  const order = async (host: typeof one) =>
    (await explain(host, { size: 1 })).body.candidates.map((candidate: { pool: string }) => candidate.pool)
  t.equal((await order(one)).length, 2)
  t.same(await order(one), await order(two), 'both peers give the same order')
  t.match((await explain(one, { size: 101 })).body, {
    candidates: [],
    rejected: [{ filter: 'CapacityFilter' }, { filter: 'CapacityFilter' }],
  })
  t.match((await explain(one, { size: 1, availability_zone: 'zone-2' })).body.rejected, [
    { pool: 'alpha1@memory#pool', filter: 'AvailabilityZoneFilter' },
  ])
  t.equal((await explain(one, { size: 1, volume_type: 'golden' })).status, 404)
  t.match((await explain(one, { size: 0 })).body, { badRequest: { code: 400 } }, 'errors have Cinder’s shape')

  const { id } = await createVolume(one)
  t.match((await one.call(`/scoria/v1/volumes/${id}/age`)).body, { volume: id, hostStatus: 'up' })
  const invite = await one.call('/scoria/v1/invites', { method: 'POST', body: { ttl_seconds: 60 } })
  t.same(invite.body, { token: 'invite-1', expires_at: '2030-01-01T00:01:00.000Z' })
  t.equal((await one.call('/scoria/v1/status', { token: null })).status, 401)
})
