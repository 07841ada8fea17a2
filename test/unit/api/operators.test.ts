/** Cinder's calls for operators: hosts, what their backends can do, clusters, and the clean-up after a service that is down. */
import t from 'tap'
import { createVolume, PROJECT, startCluster, untilSnapshot } from './cluster.ts'

const PATH = `/v3/${PROJECT}`
const SILENT = { id: 3, host: 'alpha3', binary: 'cinder-volume', cluster_name: null }

/** Two hosts with volumes, and a third that was never heard. */
const cluster = await startCluster({ hosts: 3, running: 2 })
t.teardown(() => cluster.stop())
const { first } = cluster
const get = (path: string, microversion = '3.71') => first.call(PATH + path, { microversion })

const here = await createVolume(first, { size: 3, availability_zone: 'zone-1' })
await createVolume(first, { size: 2, availability_zone: 'zone-2' })
const foreign = { method: 'POST', token: 'user:other', body: { volume: { size: 4, availability_zone: 'zone-1' } } }
const other = (await first.call('/v3/other/volumes', foreign)).body.volume.id
await untilAvailable(other)
const wanted = { snapshot: { volume_id: here.id } }
const snapshot = (await first.call(`${PATH}/snapshots`, { method: 'POST', body: wanted })).body.snapshot.id
await untilSnapshot(first, snapshot, 'available')

async function untilAvailable(id: string): Promise<void> {
  while ((await get(`/volumes/${id}`)).body.volume.status !== 'available') await new Promise((resolve) => setImmediate(resolve))
}

t.test('os-hosts lists the services of every host, of a zone if one is named', async (t) => {
  const { hosts } = (await get('/os-hosts')).body
  const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/
  t.match(hosts, [
    {
      host_name: 'alpha1',
      service: 'cinder-scheduler',
      zone: 'zone-1',
      'service-status': 'available',
      'service-state': 'enabled',
      'last-update': date,
    },
    { host_name: 'alpha1@memory', service: 'cinder-volume', zone: 'zone-1', 'service-status': 'available' },
    { host_name: 'alpha2', service: 'cinder-scheduler', zone: 'zone-2' },
    { host_name: 'alpha2@memory', service: 'cinder-volume', zone: 'zone-2' },
    { host_name: 'alpha3', service: 'cinder-scheduler', 'service-status': 'unavailable', 'last-update': null },
    { host_name: 'alpha3', service: 'cinder-volume', 'service-status': 'unavailable' },
  ])
  t.equal((await get('/os-hosts?zone=zone-2')).body.hosts.length, 2)
})

t.test('os-hosts shows what lies on a host, in all and by project, in texts', async (t) => {
  const row = (host: string, project: string, volumes: readonly [string, string], snapshots: readonly [string, string]) => ({
    resource: {
      host,
      project,
      volume_count: volumes[0],
      total_volume_gb: volumes[1],
      snapshot_count: snapshots[0],
      total_snapshot_gb: snapshots[1],
    },
  })
  for (const host of ['alpha1', 'alpha1@memory'])
    t.same((await get(`/os-hosts/${host}`)).body.host, [
      row(host, '(total)', ['2', '7'], ['1', '3']),
      row(host, PROJECT, ['1', '3'], ['1', '3']),
      row(host, 'other', ['1', '4'], ['0', '0']),
    ])
  t.same((await get('/os-hosts/alpha3')).body.host, [row('alpha3', '(total)', ['0', '0'], ['0', '0'])])
  t.equal((await get('/os-hosts/alpha')).status, 404, 'a name is a whole name')
})

t.test('a change of os-hosts is checked as in Cinder, and as there nothing stands behind it', async (t) => {
  const put = (host: string, body: unknown) => first.call(`${PATH}/os-hosts/${host}`, { method: 'PUT', body })
  for (const status of ['disable', ' Enable ']) {
    const word = status.trim().toLowerCase()
    const message = new RegExp(`to ${word} host alpha1@memory use os-services/${word}`)
    t.match(await put('alpha1%40memory', { status }), { status: 500, body: { computeFault: { code: 500, message } } })
  }
  t.match((await get('/os-hosts')).body.hosts[1], { host_name: 'alpha1@memory', 'service-state': 'enabled' }, 'nothing was changed')
  t.match(await put('alpha1', {}), { status: 200, body: {} })
  t.match(await put('alpha', { status: 'disable' }), { status: 404 })
  t.match(await put('alpha1', { status: 'maintenance' }), { status: 400, body: { badRequest: { message: /maintenance/ } } })
  t.match(await put('alpha1', { maintenance_mode: 'enable' }), { status: 400, body: { badRequest: { message: /maintenance_mode/ } } })
  for (const body of [{ status: 5 }, { status: null }, [], 'disable'])
    t.equal((await put('alpha1', body)).status, 400, JSON.stringify(body))
})

t.test('capabilities are those that the backend reports, under the names that extra specs use', async (t) => {
  const { status, body } = await get('/capabilities/alpha2%40memory')
  t.equal(status, 200)
  t.match(body, {
    namespace: 'OS::Storage::Capabilities::alpha2@memory',
    vendor_name: 'Scoria',
    volume_backend_name: 'memory',
    pool_name: 'pool',
    storage_protocol: 'iSCSI',
    replication_targets: [],
    properties: { thin_provisioning: { title: 'Thin Provisioning', type: 'boolean' } },
  })
  t.match(await get('/capabilities/alpha3'), { status: 502, body: { computeFault: { code: 502 } } }, 'never heard')
  t.match(await get('/capabilities/alpha2%40lvm'), { status: 404, body: { itemNotFound: { message: /alpha2@lvm/ } } })
})

t.test('clusters: none', async (t) => {
  t.same((await get('/clusters')).body, { clusters: [] })
  t.same((await get('/clusters/detail?binary=cinder-volume')).body, { clusters: [] })
  t.equal((await get('/clusters/one')).status, 404)
  t.equal((await first.call(`${PATH}/clusters/disable`, { method: 'PUT', body: { name: 'one' } })).status, 404)
  t.equal((await get('/clusters', '3.6')).status, 404, 'they came with 3.7')
})

t.test('a clean-up cleans nothing, and names who is down and would have to do it', async (t) => {
  const cleanUp = (body: object, microversion = '3.71') => first.call(`${PATH}/workers/cleanup`, { method: 'POST', body, microversion })
  const silent: readonly object[] = [{}, { host: 'alpha3' }, { binary: 'cinder-volume' }, { service_id: 3 }, { is_up: 'false' }]
  for (const body of silent)
    t.match(await cleanUp(body), { status: 202, body: { cleaning: [], unavailable: [SILENT] } }, JSON.stringify(body))
  const nobody: readonly object[] = [
    { host: 'alpha1' },
    { is_up: true },
    { disabled: true },
    { cluster_name: 'one' },
    { service_id: 1 },
    { resource_id: here.id, resource_type: 'Volume' },
    { resource_id: snapshot, resource_type: 'Snapshot' },
  ]
  for (const body of nobody) t.same((await cleanUp(body)).body, { cleaning: [], unavailable: [] }, JSON.stringify(body))
  t.same((await cleanUp({ binary: 'cinder-scheduler' })).body.unavailable, [{ ...SILENT, binary: 'cinder-scheduler' }])
  for (const body of [
    { host: 1 },
    { colour: 'red' },
    { is_up: 'maybe' },
    { resource_id: 'x', resource_type: 'Volume' },
    { resource_id: here.id },
  ])
    t.equal((await cleanUp(body)).status, 400, JSON.stringify(body))
  t.equal((await cleanUp({}, '3.23')).status, 404, 'it came with 3.24')
})
