/** What admins see of other projects through a peer that has not heard of it yet. */
import t from 'tap'
import { startCluster, until } from './cluster.ts'

const NOBODYS = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0009'

t.test('an admin finds another project’s volume that so far is granted and no more, through a peer that nobody told', async (t) => {
  // Its host never hears that it may make the volume, so that no record of it spreads.
  const cluster = await startCluster({ hosts: 3, loses: ({ kind }) => kind === 'commit' })
  t.teardown(() => cluster.stop())
  const [first, , third] = cluster.hosts
  if (first === undefined || third === undefined) throw new Error('three hosts')
  const wanted = { size: 1, name: 'new', availability_zone: 'zone-2' }
  const made = await first.call('/v3/volumes', { method: 'POST', token: 'ada:green', body: { volume: wanted } })
  t.equal(made.status, 202)
  const { id } = made.body.volume
  const path = `/v3/volumes/${id}`
  t.match(await third.call(path, { token: 'root:ops' }), {
    status: 200,
    body: { volume: { id, status: 'creating', name: 'new', 'os-vol-tenant-attr:tenant_id': 'green' } },
  })
  t.match(await third.call(`/v3/volumes/${NOBODYS}`, { token: 'root:ops' }), { status: 404 }, 'and what was never there is not')
  t.match(await third.call(path, { token: 'ada:green' }), { status: 200 })
})

t.test('so is a snapshot of theirs', async (t) => {
  let isLossy = false
  const cluster = await startCluster({ hosts: 3, loses: ({ kind }) => isLossy && kind === 'commit' })
  t.teardown(() => cluster.stop())
  const [first, , third] = cluster.hosts
  if (first === undefined || third === undefined) throw new Error('three hosts')
  const volume = { size: 1, availability_zone: 'zone-2' }
  const made = (await first.call('/v3/volumes', { method: 'POST', token: 'ada:green', body: { volume } })).body.volume
  await until(first, made.id, 'available')
  isLossy = true
  const body = { snapshot: { volume_id: made.id, name: 'new' } }
  const taken = await first.call('/v3/snapshots', { method: 'POST', token: 'ada:green', body })
  t.equal(taken.status, 202)
  const { id } = taken.body.snapshot
  const path = `/v3/snapshots/${id}`
  t.match(await third.call(path, { token: 'root:ops' }), {
    status: 200,
    body: { snapshot: { id, status: 'creating', 'os-extended-snapshot-attributes:project_id': 'green' } },
  })
  t.match(await third.call(`/v3/snapshots/${NOBODYS}`, { token: 'root:ops' }), { status: 404 }, 'and what was never there is not')
  t.match(await third.call(path, { token: 'ada:green' }), { status: 200 })
})
