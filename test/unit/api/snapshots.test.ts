/** The life of a snapshot over HTTP, on the real rules: Cinder's bodies, codes and refusals, through any peer. */
import t from 'tap'
import { type Answered, createVolume, eventually, PROJECT, startCluster, type TestHost, until, untilSnapshot } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`
const SNAPSHOTS = `/v3/${PROJECT}/snapshots`

async function create(host: TestHost, snapshot: object, key: string | null = null, microversion = '3.71'): Promise<Answered> {
  const headers = key === null ? {} : { 'idempotency-key': key }
  return host.call(SNAPSHOTS, { method: 'POST', body: { snapshot }, headers, microversion })
}

async function used(host: TestHost): Promise<{ readonly volumes: number; readonly snapshots: number; readonly gigabytes: number }> {
  const { quota_set } = (await host.call(`/v3/${PROJECT}/os-quota-sets/${PROJECT}?usage=true`)).body
  return { volumes: quota_set.volumes.in_use, snapshots: quota_set.snapshots.in_use, gigabytes: quota_set.gigabytes.in_use }
}

t.test('a create is answered 202, the snapshot becomes available, and any peer shows, renames and deletes it', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  const volume = await createVolume(first, { size: 2 })
  const created = await create(second, { volume_id: volume.id, name: 'before', description: 'the upgrade', metadata: { a: 'b' } })
  t.equal(created.status, 202)
  const { id } = created.body.snapshot
  t.match(created.body.snapshot, { status: 'creating', size: 2, volume_id: volume.id, name: 'before', description: 'the upgrade' })
  const shown = await third.call(`${SNAPSHOTS}/${id}`)
  t.equal(shown.status, 200, 'a peer that has not heard of it asks those who know')
  const ready = (await untilSnapshot(third, id, 'available')).body.snapshot
  t.match(ready, {
    metadata: { a: 'b' },
    user_id: 'user',
    consumes_quota: true,
    group_snapshot_id: null,
    'os-extended-snapshot-attributes:progress': '100%',
    'os-extended-snapshot-attributes:project_id': PROJECT,
  })
  t.equal((await until(first, volume.id, 'available')).body.volume.status, 'available', 'its volume is as it was')
  t.same(await used(first), { volumes: 1, snapshots: 1, gigabytes: 4 }, 'it counts with the size of its volume')

  const renamed = await third.call(`${SNAPSHOTS}/${id}`, { method: 'PUT', body: { snapshot: { name: 'after' } } })
  t.match(renamed, { status: 200, body: { snapshot: { name: 'after', description: 'the upgrade' } } })
  t.notOk('os-extended-snapshot-attributes:progress' in renamed.body.snapshot, 'as in Cinder, on show and detail only')
  const path = `${SNAPSHOTS}/${id}/metadata`
  t.same((await second.call(path, { method: 'POST', body: { metadata: { c: 'd' } } })).body, { metadata: { a: 'b', c: 'd' } })
  t.same((await first.call(`${path}/a`, { method: 'DELETE' })).status, 200)
  t.same((await first.call(`${path}/c`)).body, { meta: { c: 'd' } })
  t.same((await first.call(path, { method: 'PUT', body: { metadata: { e: 'f' } } })).body, { metadata: { e: 'f' } })
  t.same((await third.call(path)).body, { metadata: { e: 'f' } })

  const removed = await second.call(`${SNAPSHOTS}/${id}`, { method: 'DELETE' })
  t.same([removed.status, removed.body], [202, null])
  const gone = await untilSnapshot(third, id, 'gone')
  t.match(gone.body, { itemNotFound: { code: 404, message: `Snapshot ${id} could not be found.` } })
  t.equal((await first.call(`${SNAPSHOTS}/${id}`, { method: 'DELETE' })).status, 404)
})

t.test('the quota falls when a snapshot is gone, and none is made beyond it', async (t) => {
  const cluster = await startCluster({ limits: { snapshots: 1, gigabytes: 6 } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const volume = await createVolume(first, { size: 2 })
  const { id } = (await create(first, { volume_id: volume.id })).body.snapshot
  await untilSnapshot(first, id, 'available')
  t.match(await create(first, { volume_id: volume.id }), {
    status: 413,
    body: { overLimit: { message: /^SnapshotLimitExceeded: Maximum number of snapshots allowed \(1\) exceeded/ } },
  })
  t.equal((await first.call(VOLUMES, { method: 'POST', body: { volume: { size: 3 } } })).status, 413, 'its GiB count against volumes')
  const limits = (await first.call(`/v3/${PROJECT}/limits`)).body.limits.absolute
  t.match(limits, { maxTotalSnapshots: 1, totalSnapshotsUsed: 1, totalGigabytesUsed: 4 })
  await first.call(`${SNAPSHOTS}/${id}`, { method: 'DELETE' })
  await untilSnapshot(first, id, 'gone')
  const fallen = await eventually(
    () => used(first),
    ({ snapshots }) => snapshots === 0,
  )
  t.same(fallen, { volumes: 1, snapshots: 0, gigabytes: 2 })
  t.equal((await create(first, { volume_id: volume.id })).status, 202)
})

t.test('a volume with a snapshot is not deleted, whatever the client says', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const volume = await createVolume(first)
  const { id } = (await create(first, { volume_id: volume.id })).body.snapshot
  await untilSnapshot(first, id, 'available')
  for (const query of ['', '?force=true']) {
    const refused = await first.call(`${VOLUMES}/${volume.id}${query}`, { method: 'DELETE' })
    t.match(refused, { status: 400, body: { badRequest: { message: /must not be .*have snapshots/ } } }, query)
  }
  t.equal((await first.call(`${SNAPSHOTS}/${id}/action`, { method: 'POST', body: { 'os-force_delete': {} } })).status, 202)
  await untilSnapshot(first, id, 'gone')
  t.equal((await first.call(`${VOLUMES}/${volume.id}`, { method: 'DELETE' })).status, 202)
})

t.test('of a volume in use a snapshot is made by force only, or by clients of 3.66 and later', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const volume = await createVolume(first)
  const connector = { initiator: 'iqn.1993-08.org.debian:01:a' }
  const made = await first.call(`/v3/${PROJECT}/attachments`, {
    method: 'POST',
    body: { attachment: { volume_uuid: volume.id, connector } },
  })
  await first.call(`/v3/${PROJECT}/attachments/${made.body.attachment.id}/action`, { method: 'POST', body: { 'os-complete': {} } })
  await until(first, volume.id, 'in-use')
  const of = { volume_id: volume.id }
  t.match(await create(first, of, null, '3.65'), {
    status: 400,
    body: { badRequest: { message: /status must be available to snapshot, but current status is: in-use/ } },
  })
  t.equal((await create(first, { ...of, force: false }, null, '3.65')).status, 400)
  for (const [body, minor] of [
    [{ ...of, force: 'true' }, '3.65'],
    [of, '3.66'],
    [{ ...of, force: true }, '3.66'],
  ] as const) {
    const taken = await create(first, body, null, minor)
    t.equal(taken.status, 202, JSON.stringify([body, minor]))
    await untilSnapshot(first, taken.body.snapshot.id, 'available')
  }
  t.match(await create(first, { ...of, force: false }, null, '3.66'), { status: 400, body: { badRequest: { message: /force/ } } })
  t.equal((await until(first, volume.id, 'in-use')).status, 200, 'it is in use as before')
})

t.test('one key makes one snapshot, on any peer, also after it was made; and is refused for another', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const volume = await createVolume(cluster.first)
  const other = await createVolume(cluster.first)
  const wanted = { volume_id: volume.id, name: 's' }
  const ids = new Set<string>()
  for (const host of cluster.hosts) {
    const created = await create(host, wanted, 'key-1')
    t.equal(created.status, 202, host.name)
    ids.add(created.body.snapshot.id)
    await untilSnapshot(host, created.body.snapshot.id, 'available')
  }
  t.equal(ids.size, 1)
  for (const another of [
    { ...wanted, name: 'other' },
    { ...wanted, volume_id: other.id },
  ])
    t.equal((await create(cluster.first, another, 'key-1')).status, 422, JSON.stringify(another))
})

t.test('lists are filtered, sorted and paged as those of volumes', async (t) => {
  const cluster = await startCluster({ hosts: 2, limits: { snapshots: -1 } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const [one, two] = [await createVolume(first), await createVolume(first)]
  const made: string[] = []
  for (const [volume, name] of [
    [one, 'a'],
    [two, 'b'],
    [one, 'c'],
  ] as const) {
    const { id } = (await create(first, { volume_id: volume.id, name, metadata: { tier: name } })).body.snapshot
    await untilSnapshot(first, id, 'available')
    made.push(id)
  }
  const names = async (query: string): Promise<string[]> =>
    (await first.call(`${SNAPSHOTS}/detail${query}`)).body.snapshots.map(({ name }: { name: string }) => name)
  t.same(await names('?sort=name:asc'), ['a', 'b', 'c'])
  t.same(await names(`?volume_id=${one.id}&sort=name`), ['c', 'a'])
  t.same(await names('?name=b'), ['b'])
  t.same(await names(`?metadata={'tier':'b'}`), ['b'])
  t.same(await names('?status=error'), [])
  const page = (await first.call(`${SNAPSHOTS}?sort=name:asc&limit=2`)).body
  t.match(page.snapshots_links, [{ rel: 'next', href: new RegExp(`/snapshots\\?sort=.*&limit=2&marker=${made[1]}$`) }])
  t.same(await names(`?sort=name:asc&limit=2&marker=${made[1]}`), ['c'])
  t.notOk('os-extended-snapshot-attributes:progress' in page.snapshots[0], 'the short list has no extensions')
  t.same(await names('?nonsense=1'), [], 'what no snapshot has lets none through')
  t.same((await first.call('/v3/other/snapshots', { token: 'user:other' })).body, { snapshots: [] }, 'another project has none')
})

t.test('what cannot be is refused before anything is done', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const absent = '3f2f0a3e-5a0b-4f7e-9a7e-0d1b1f6f4c10'
  t.match(await create(first, { volume_id: absent }), { status: 404, body: { itemNotFound: { message: /Volume .* could not be found/ } } })
  t.equal((await create(first, { name: 'without a volume' })).status, 400)
  t.equal((await create(first, { volume_id: absent, nonsense: 1 })).status, 400)
  t.equal((await first.call(`${SNAPSHOTS}/${absent}`)).status, 404)
  t.equal((await first.call(`${SNAPSHOTS}/some-name`)).status, 404, 'clients try a name first')
  t.equal((await first.call(`${SNAPSHOTS}/${absent}/action`, { method: 'POST', body: { 'os-unmanage': {} } })).status, 404)
})

t.test('without a majority nothing is said not to be there, and nothing is made', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  const volume = await createVolume(first, { availability_zone: 'zone-1' })
  second.down()
  third.down()
  const made = await create(first, { volume_id: volume.id })
  t.equal(made.status, 503)
  t.match(made.body, { serviceUnavailable: { message: /^QuorumUnavailable/ } })
  t.equal((await first.call(`${SNAPSHOTS}/3f2f0a3e-5a0b-4f7e-9a7e-0d1b1f6f4c10`)).status, 503)
})

t.test('a lost host’s volume goes with its snapshots, and so does what they count', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const volume = await createVolume(first, { availability_zone: 'zone-2', size: 2 })
  const { id } = (await create(first, { volume_id: volume.id })).body.snapshot
  await untilSnapshot(first, id, 'available')
  second.down()
  await first.call('/scoria/v1/hosts/alpha2/lost', { method: 'POST', body: { force: true } })
  await cluster.endStep()
  t.match((await first.call(`${SNAPSHOTS}/${id}`)).body.snapshot, { status: 'error' })
  t.match(await first.call(`${SNAPSHOTS}/${id}`, { method: 'DELETE' }), {
    status: 400,
    body: { badRequest: { message: /lost with its host/ } },
  })
  t.equal((await first.call(`${VOLUMES}/${volume.id}`, { method: 'DELETE' })).status, 202)
  t.equal((await first.call(`${SNAPSHOTS}/${id}`)).status, 404)
  t.same((await first.call(SNAPSHOTS)).body, { snapshots: [] })
  t.same(await used(first), { volumes: 0, snapshots: 0, gigabytes: 0 })
})

t.test('cascade: a volume goes with its snapshots, through any host, and so does what they count', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  const volume = await createVolume(first, { availability_zone: 'zone-2', size: 2 })
  const made: string[] = []
  for (let n = 0; n < 2; n += 1) {
    const { id } = (await create(first, { volume_id: volume.id })).body.snapshot
    await untilSnapshot(first, id, 'available')
    made.push(id)
  }
  const remove = (host: TestHost, query: string) => host.call(`${VOLUMES}/${volume.id}${query}`, { method: 'DELETE', microversion: '3.0' })
  t.match(await remove(third, ''), { status: 400, body: { badRequest: { message: /have snapshots/ } } })
  t.equal((await remove(third, '?cascade=False')).status, 400)
  t.match((await first.call(`${SNAPSHOTS}/${made[0]}`)).body.snapshot, { status: 'available' }, 'nothing was begun')
  t.equal((await remove(third, '?cascade=True')).status, 202)
  await until(first, volume.id, 'gone')
  for (const id of made) t.equal((await second.call(`${SNAPSHOTS}/${id}`)).status, 404)
  t.same(second.volumes.listSnapshots(), [])
  await eventually(
    () => used(first),
    (counted) => counted.volumes === 0,
  )
  t.same(await used(first), { volumes: 0, snapshots: 0, gigabytes: 0 })
})

t.test('cascade of a volume whose host is away is not taken: only that host knows what all would go', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const volume = await createVolume(first, { availability_zone: 'zone-2' })
  const { id } = (await create(first, { volume_id: volume.id })).body.snapshot
  await untilSnapshot(first, id, 'available')
  second.down()
  const refused = await first.call(`${VOLUMES}/${volume.id}?cascade=true`, { method: 'DELETE' })
  t.match(refused, { status: 503, body: { serviceUnavailable: { message: /^OwnerUnreachable/ } } })
  t.match((await first.call(`${SNAPSHOTS}/${id}`)).body.snapshot, { status: 'available' })
})

t.test('os-reset_status says how a snapshot stands, and os-update_snapshot_status is told how it does', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('two hosts')
  const volume = await createVolume(first)
  const { id } = (await create(first, { volume_id: volume.id })).body.snapshot
  await untilSnapshot(first, id, 'available')
  const act = (action: string, body: object) =>
    second.call(`${SNAPSHOTS}/${id}/action`, { method: 'POST', body: { [action]: body }, microversion: '3.0' })
  const status = async () => (await first.call(`${SNAPSHOTS}/${id}`)).body.snapshot.status
  for (const to of ['error', 'Error_Deleting', 'available']) {
    t.equal((await act('os-reset_status', { status: to })).status, 202, to)
    t.equal(await status(), to.toLowerCase())
  }
  for (const body of [{ status: 'creating' }, { status: 'deleting' }, { status: 'happy' }, {}, { status: 'error', more: 1 }])
    t.equal((await act('os-reset_status', body)).status, 400, JSON.stringify(body))
  const report = await act('os-update_snapshot_status', { status: 'available', progress: '100%' })
  t.match(report, { status: 400, body: { badRequest: { message: /current status is: available/ } } })
  t.equal((await act('os-update_snapshot_status', { status: 'creating', progress: 'much' })).status, 400)
  t.equal(await status(), 'available')
})
