/** What is answered when hosts are gone: 404 only for what certainly is not there, 503 with the reason for the rest. */
import t from 'tap'
import { createVolume, PROJECT, startCluster, type TestHost } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`
const NOBODY = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001'

const create = (host: TestHost) => host.call(VOLUMES, { method: 'POST', body: { volume: { size: 1 } } })

t.test('a cluster that is forming takes no volume and says how many hosts are missing', async (t) => {
  const cluster = await startCluster({ hosts: 2, expect: 3 })
  t.teardown(() => cluster.stop())
  const refused = await create(cluster.first)
  t.match(refused, {
    status: 503,
    body: {
      serviceUnavailable: { code: 503, message: 'ClusterForming: 2 of 3 hosts have joined; the cluster takes no volume before all have.' },
    },
  })
  t.match(refused.headers.get('retry-after'), /^\d+$/)
  t.match((await cluster.first.call('/scoria/v1/status')).body, { forming: true, joined: 2, expect: 3 })
})

t.test('without a majority: reads from the view, 503 for what only the register knows', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [one, two, three] = cluster.hosts
  if (one === undefined || two === undefined || three === undefined) throw new Error('three hosts')
  const volume = await createVolume(one, { availability_zone: 'zone-1' })
  const far = await createVolume(one, { availability_zone: 'zone-2' })
  two.cut()
  three.cut()

  t.equal((await one.call(`${VOLUMES}/${volume.id}`)).status, 200, 'what the view holds is shown')
  const list = await one.call(VOLUMES)
  t.equal(list.status, 200)
  t.equal(list.body.volumes.length, 2)
  t.match(list.headers.get('x-scoria-partial'), 'QuorumUnavailable', 'a list says that it may lack something')

  const made = await create(one)
  t.match(made, { status: 503, body: { serviceUnavailable: { message: /^QuorumUnavailable: / } } })
  t.match(made.headers.get('retry-after'), /^\d+$/)
  const unknown = await one.call(`${VOLUMES}/${NOBODY}`)
  t.equal(unknown.status, 503, 'an id that might exist on the other side is not said to be gone')
  t.match(unknown.headers.get('retry-after'), /^\d+$/)
  t.equal((await one.call(`/v3/${PROJECT}/limits`)).status, 503)

  const renamed = await one.call(`${VOLUMES}/${volume.id}`, { method: 'PUT', body: { volume: { name: 'still here' } } })
  t.equal(renamed.status, 200, 'the owner decides alone')
  const elsewhere = await one.call(`${VOLUMES}/${far.id}`, { method: 'PUT', body: { volume: { name: 'x' } } })
  t.match(elsewhere, { status: 503, body: { serviceUnavailable: { message: /^OwnerUnreachable: host alpha2 stores the volume/ } } })
})

t.test('with a majority an id that nobody knows is a 404, at every peer', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  for (const host of cluster.hosts) {
    t.match(await host.call(`${VOLUMES}/${NOBODY}`), { status: 404, body: { itemNotFound: { code: 404 } } }, host.name)
    t.equal((await host.call(`${VOLUMES}/${NOBODY}`, { method: 'DELETE' })).status, 404, `${host.name}: delete`)
    t.equal((await host.call(`${VOLUMES}/no-uuid`)).status, 404, `${host.name}: what is no UUID cannot exist`)
  }
})

t.test('a volume is shown by every peer as soon as its create was answered', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  for (const coordinator of cluster.hosts) {
    const created = await create(coordinator)
    t.equal(created.status, 202)
    const { id } = created.body.volume
    for (const host of cluster.hosts) {
      t.equal((await host.call(`${VOLUMES}/${id}`)).status, 200, `made at ${coordinator.name}, read at ${host.name}`)
      const listed = (await host.call(VOLUMES)).body.volumes.filter((volume: { id: string }) => volume.id === id)
      t.equal(listed.length, 1, `listed once at ${host.name}`)
    }
  }
})
