/** Volumes that begin as copies over HTTP, on the real rules: Cinder's bodies, codes and refusals, through any peer. */
import t from 'tap'
import { type Answered, createVolume, PROJECT, startCluster, type TestHost, until, untilSnapshot } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`
const SNAPSHOTS = `/v3/${PROJECT}/snapshots`
const NOWHERE = '11111111-2222-4333-8444-555555555555'

function create(host: TestHost, volume: object, key: string | null = null): Promise<Answered> {
  return host.call(VOLUMES, { method: 'POST', body: { volume }, headers: key === null ? {} : { 'idempotency-key': key } })
}

async function snapshotOf(host: TestHost, volume: string): Promise<string> {
  const { id } = (await host.call(SNAPSHOTS, { method: 'POST', body: { snapshot: { volume_id: volume } } })).body.snapshot
  await untilSnapshot(host, id, 'available')
  return id
}

t.test('a volume begins as a copy of a snapshot or of a volume, on its host, and outlives it', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  const volume = await createVolume(first, { size: 2, volume_type: 'shared' })
  const snapshot = await snapshotOf(second, volume.id)
  const copied = await create(third, { snapshot_id: snapshot, size: 3, name: 'of the snapshot' })
  t.match(copied, { status: 202, body: { volume: { status: 'creating', size: 3, snapshot_id: snapshot, source_volid: null } } })
  const copy = (await until(first, copied.body.volume.id, 'available')).body.volume
  t.match(copy, { volume_type: 'shared', multiattach: true, 'os-vol-host-attr:host': volume['os-vol-host-attr:host'] }, 'like its source')
  const cloned = await create(second, { source_volid: copy.id, size: null })
  t.match(cloned, { status: 202, body: { volume: { size: 3, snapshot_id: null, source_volid: copy.id } } }, 'as large as its source')
  await until(third, cloned.body.volume.id, 'available')
  t.equal((await first.call(`${SNAPSHOTS}/${snapshot}`, { method: 'DELETE' })).status, 202)
  await untilSnapshot(first, snapshot, 'gone')
  for (const { id } of [volume, copy]) {
    t.equal((await first.call(`${VOLUMES}/${id}`, { method: 'DELETE' })).status, 202)
    await until(first, id, 'gone')
  }
  t.match((await third.call(`${VOLUMES}/${cloned.body.volume.id}`)).body.volume, { status: 'available', source_volid: copy.id })
})

t.test('what cannot be copied is refused as in Cinder, and leaves nothing behind', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const volume = await createVolume(first, { size: 2 })
  const snapshot = await snapshotOf(first, volume.id)
  const zone = volume.availability_zone === 'zone-1' ? 'zone-2' : 'zone-1'
  const rows: readonly (readonly [object, number, RegExp])[] = [
    [{ snapshot_id: NOWHERE }, 404, /Snapshot .* could not be found/],
    [{ source_volid: NOWHERE }, 404, /Volume .* could not be found/],
    [{ snapshot_id: 'a name' }, 404, /Snapshot a name could not be found/],
    [{ snapshot_id: snapshot, size: 1 }, 400, /Volume size 1GB cannot be smaller than the size 2GB/],
    [{ source_volid: volume.id, size: 1 }, 400, /Volume size 1GB cannot be smaller/],
    [{ snapshot_id: snapshot, source_volid: volume.id }, 400, /one source/],
    [{ snapshot_id: snapshot, volume_type: 'shared' }, 400, /requested type is not compatible/],
    [{ source_volid: volume.id, availability_zone: zone }, 400, /same availability zone/],
    [{ size: null }, 400, /'size' is a required property/],
  ]
  for (const [wanted, status, message] of rows) {
    const refused = await create(first, { size: 2, ...wanted })
    t.equal(refused.status, status, JSON.stringify(wanted))
    t.match(JSON.stringify(refused.body), message)
  }
  const left = (await first.call(`${VOLUMES}/detail`)).body.volumes
  t.same(
    left.map(({ id }: { readonly id: string }) => id),
    [volume.id],
  )
})

t.test('a repeat is answered with the same volume, also when its source is gone', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('two hosts')
  const source = await createVolume(first)
  const wanted = { source_volid: source.id, size: 1, name: 'twin' }
  const { id } = (await create(first, wanted, 'once')).body.volume
  await until(first, id, 'available')
  t.equal((await create(second, wanted, 'once')).body.volume.id, id)
  t.equal((await first.call(`${VOLUMES}/${source.id}`, { method: 'DELETE' })).status, 202)
  await until(second, source.id, 'gone')
  t.match(await create(second, wanted, 'once'), { status: 202, body: { volume: { id, status: 'available' } } })
  t.equal((await create(second, wanted, 'another')).status, 404)
})

t.test('a copy whose owner is away is refused for now', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const volume = await createVolume(cluster.first)
  const owner = cluster.hosts.find(({ name }) => volume['os-vol-host-attr:host'].startsWith(`${name}@`))
  const other = cluster.hosts.find((host) => host !== owner)
  if (owner === undefined || other === undefined) throw new Error('an owner and another')
  owner.down()
  const refused = await create(other, { source_volid: volume.id, size: 1 })
  t.match(refused, { status: 503, body: { serviceUnavailable: { message: /OwnerUnreachable/ } } })
  t.equal((await other.call(`${VOLUMES}/detail`)).body.volumes.length, 1)
})
