/** The life of a volume over HTTP, on the real rules: what a client of Cinder does, and what it may rely on. */
import t from 'tap'
import { createVolume, eventually, PROJECT, SHARED_TYPE_ID, startCluster, TYPE_ID, until } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`

t.test('a create is answered 202 and the volume becomes available', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const created = await first.call(VOLUMES, { method: 'POST', body: { volume: { size: 2, name: 'data', metadata: { a: 'b' } } } })
  t.equal(created.status, 202)
  t.match(created.body.volume, {
    size: 2,
    name: 'data',
    status: 'creating',
    metadata: { a: 'b' },
    volume_type: '__DEFAULT__',
    volume_type_id: TYPE_ID,
  })
  const { id } = created.body.volume
  const shown = await until(first, id, 'available')
  t.match(shown.body.volume, {
    id,
    availability_zone: 'zone-1',
    'os-vol-host-attr:host': 'alpha1@memory#pool',
    user_id: 'user',
    'os-vol-tenant-attr:tenant_id': PROJECT,
  })
  t.equal(shown.headers.get('x-scoria-host-status'), 'up', 'whether the host answers is in a header')
  t.match(shown.headers.get('x-scoria-record-age'), /^\d+\.\d$/)
  const unprefixed = await first.call(`/v3/volumes/${id.toUpperCase()}`)
  t.same(unprefixed.body, shown.body, 'the path without a project shows the same')
  const old = await first.call(`${VOLUMES}/${id}`, { microversion: '3.0' })
  t.notOk('volume_type_id' in old.body.volume, 'a client of 3.0 gets the keys of 3.0')
})

t.test('update, extend, delete', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first, { size: 1 })
  const path = `${VOLUMES}/${id}`

  const renamed = await first.call(path, { method: 'PUT', body: { volume: { name: 'new', description: 'words' } } })
  t.equal(renamed.status, 200)
  t.match(renamed.body.volume, { name: 'new', description: 'words' })

  t.equal((await first.call(`${path}/action`, { method: 'POST', body: { 'os-extend': { new_size: '3' } } })).status, 202)
  t.equal((await until(first, id, 'available')).body.volume.size, 3)
  const shrunk = await first.call(`${path}/action`, { method: 'POST', body: { 'os-extend': { new_size: 3 } } })
  t.equal(shrunk.status, 400)
  t.match(shrunk.body.badRequest.message, /New size for extend must be greater than current size. \(current: 3, extended: 3\)/)

  const removed = await first.call(path, { method: 'DELETE' })
  t.equal(removed.status, 202)
  t.equal(removed.body, null, 'the answer has no body')
  const gone = await until(first, id, 'gone')
  t.match(gone.body, { itemNotFound: { code: 404, message: `Volume ${id} could not be found.` } })
  t.equal((await first.call(path, { method: 'DELETE' })).status, 404)
  t.same((await first.call(VOLUMES)).body, { volumes: [] })
})

t.test('a repeat with the same key is the same request, and with another body it is refused', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [one, two] = cluster.hosts
  const send = (host: typeof one, size: number) =>
    host?.call(VOLUMES, { method: 'POST', body: { volume: { size } }, headers: { 'idempotency-key': 'k1' } })
  const made = await send(one, 1)
  const again = await send(two, 1)
  t.equal(again?.status, 202)
  t.equal(again?.body.volume.id, made?.body.volume.id, 'whichever peer is asked')
  const other = await send(two, 2)
  t.equal(other?.status, 422)
  t.match(other?.body.computeFault.message, made?.body.volume.id)
  t.equal((await one?.call(VOLUMES))?.body.volumes.length, 1)
})

t.test('types and zones: known ones are used, unknown ones leave nothing behind', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const shared = await createVolume(first, { volume_type: 'shared', availability_zone: 'zone-2' })
  t.match(
    shared,
    { volume_type: 'shared', volume_type_id: SHARED_TYPE_ID, multiattach: true, availability_zone: 'zone-2' },
    'a type that may be shared makes a volume that may',
  )
  t.match(await createVolume(first, { volume_type: TYPE_ID }), { volume_type: '__DEFAULT__' }, 'a type by its id')
  const noType = await first.call(VOLUMES, { method: 'POST', body: { volume: { size: 1, volume_type: 'golden' } } })
  t.match(noType, { status: 404, body: { itemNotFound: { message: 'Volume type golden could not be found.' } } })
  const noZone = await first.call(VOLUMES, { method: 'POST', body: { volume: { size: 1, availability_zone: 'mars' } } })
  t.match(noZone, { status: 400, body: { badRequest: { message: /Availability zone 'mars' is invalid/ } } })
  t.equal((await first.call(VOLUMES)).body.volumes.length, 2)
})

t.test('over quota is 413 in Cinder’s words, with a body and a header that say when to come back', async (t) => {
  const cluster = await startCluster({ limits: { volumes: 1, gigabytes: 5, per_volume_gigabytes: 4 } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const create = (size: number) => first.call(VOLUMES, { method: 'POST', body: { volume: { size } } })
  const large = await create(5)
  t.equal(large.status, 413)
  t.match(large.body.overLimit, { code: 413, message: /^VolumeSizeExceedsLimit: / })
  const { id } = await createVolume(first, { size: 2 })
  const second = await create(1)
  t.match(second.body.overLimit, { message: /^VolumeLimitExceeded: Maximum number of volumes allowed \(1\) exceeded/, retryAfter: '0' })
  t.equal(second.headers.get('retry-after'), '0')
  const limits = await first.call(`/v3/${PROJECT}/limits`)
  t.match(limits.body.limits.absolute, { maxTotalVolumes: 1, maxTotalVolumeGigabytes: 5, totalVolumesUsed: 1, totalGigabytesUsed: 2 })
  const quota = await first.call(`/v3/${PROJECT}/os-quota-sets/${PROJECT}?usage=True`)
  t.match(quota.body.quota_set, { id: PROJECT, volumes: { limit: 1, in_use: 1, reserved: 0 }, gigabytes: { limit: 5, in_use: 2 } })
  await first.call(`${VOLUMES}/${id}`, { method: 'DELETE' })
  await until(first, id, 'gone')
})

t.test('without room a create is 202, then an error with a message that names what refused', async (t) => {
  const cluster = await startCluster({ hosts: 2, capacityGiB: 5 })
  t.teardown(() => cluster.stop())
  const [one, two] = cluster.hosts
  if (one === undefined || two === undefined) throw new Error('two hosts')
  const created = await one.call(VOLUMES, { method: 'POST', body: { volume: { size: 50, name: 'big' } } })
  t.equal(created.status, 202)
  t.equal(created.body.volume.status, 'creating', 'as any create')
  const { id } = created.body.volume
  for (const host of [one, two]) {
    const shown = await until(host, id, 'error')
    t.equal(shown.body.volume['os-vol-host-attr:host'], null, `${host.name}: no host has it`)
    t.same(
      (await host.call(VOLUMES)).body.volumes.map((volume: { id: string }) => volume.id),
      [id],
      `${host.name} lists it once`,
    )
    const { messages } = (await host.call(`/v3/${PROJECT}/messages?resource_uuid=${id}`)).body
    t.equal(messages.length, 1)
    t.match(messages[0], { event_id: 'VOLUME_VOLUME_001_003', resource_type: 'VOLUME', resource_uuid: id, message_level: 'ERROR' })
    t.match(messages[0].user_message, /CapacityFilter refused 2 pools.*alpha1@memory#pool/)
    t.same((await host.call(`/v3/${PROJECT}/messages/${messages[0].id}`)).body.message, messages[0])
  }
  const renamed = await two.call(`${VOLUMES}/${id}`, { method: 'PUT', body: { volume: { name: 'too big' } } })
  t.match(renamed, { status: 200, body: { volume: { name: 'too big', status: 'error' } } })
  t.equal((await two.call(`${VOLUMES}/${id}/action`, { method: 'POST', body: { 'os-extend': { new_size: 60 } } })).status, 400)
  t.equal((await two.call(`${VOLUMES}/${id}`, { method: 'DELETE' })).status, 202)
  t.equal((await until(one, id, 'gone')).status, 404)
  t.same((await one.call(`/v3/${PROJECT}/messages`)).body, { messages: [] })
})

t.test('metadata: merge, replace, one item, ETag', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first, { metadata: { a: '1' } })
  const path = `${VOLUMES}/${id}/metadata`
  const merged = await first.call(path, { method: 'POST', body: { metadata: { b: '2' } } })
  t.same([merged.status, merged.body], [200, { metadata: { a: '1', b: '2' } }])
  t.same((await first.call(`${path}/b`, { method: 'PUT', body: { meta: { b: '3' } } })).body, { meta: { b: '3' } })
  t.same((await first.call(`${path}/b`)).body, { meta: { b: '3' } })
  const removed = await first.call(`${path}/a`, { method: 'DELETE' })
  t.same([removed.status, removed.body], [200, null])
  t.equal((await first.call(`${path}/a`)).status, 404)
  t.equal((await first.call(`${path}/a`, { method: 'DELETE' })).status, 404)
  const shown = await first.call(path)
  const etag = shown.headers.get('etag') ?? ''
  t.not(etag, '')
  const replaced = await first.call(path, { method: 'PUT', body: { metadata: { c: '4' } }, headers: { 'if-match': etag } })
  t.same(replaced.body, { metadata: { c: '4' } })
  const stale = await first.call(path, { method: 'PUT', body: { metadata: {} }, headers: { 'if-match': etag } })
  t.same([stale.status, stale.body], [412, null], 'somebody changed it since')
  t.equal((await first.call(path, { microversion: '3.14' })).headers.get('etag'), null, 'ETags came with 3.15')
})

t.test('lists show the caller’s project, all of them when asked, in pages that link to the next', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const ids: string[] = []
  for (const name of ['a', 'b', 'c']) ids.push((await createVolume(first, { name })).id)
  const foreign = await first.call('/v3/other/volumes', { method: 'POST', body: { volume: { size: 1, name: 'd' } }, token: 'user:other' })
  await until(first, foreign.body.volume.id, 'available')

  const names = async (query: string): Promise<string[]> =>
    (await first.call(`${VOLUMES}/detail${query}`)).body.volumes.map((volume: { name: string }) => volume.name)
  t.same(await names('?sort=name:asc'), ['a', 'b', 'c'])
  t.same(await names('?all_tenants=1&sort=name:asc'), ['a', 'b', 'c', 'd'])
  t.same(await names('?all_tenants=1&project_id=other'), ['d'])
  t.same(await names(`?id=${ids[1]}`), ['b'])

  const page = (await first.call(`${VOLUMES}?limit=2&sort=name:asc&with_count=true`)).body
  t.equal(page.count, 3, 'the count is of all, not of the page')
  const [{ rel, href }] = page.volumes_links
  t.equal(rel, 'next')
  const next = await first.call(href.slice(first.url.length))
  t.same(
    next.body.volumes.map((volume: { name: string }) => volume.name),
    ['c'],
  )
  t.notOk('volumes_links' in next.body, 'a page that is not full is the last')
  t.equal((await first.call(`${VOLUMES}?marker=${foreign.body.volume.id}`)).status, 404, 'a marker that the list does not show')
  t.equal((await first.call(`${VOLUMES}?sort=name&sort_key=id`)).status, 400)

  const summary = (await first.call(`${VOLUMES}/summary`)).body
  t.same(summary, { 'volume-summary': { total_size: 3, total_count: 3, metadata: {} } })
  t.equal(
    (await first.call(`${VOLUMES}/summary`, { microversion: '3.11' })).status,
    404,
    'the summary came with 3.12; before, it is an id that nobody has',
  )
})

t.test('a forced delete asks for no status, and a volume that is used stays all the same', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const act = (id: string, body: object) => first.call(`${VOLUMES}/${id}/action`, { method: 'POST', body })
  const { id } = await createVolume(first)
  await act(id, { 'os-reset_status': { status: 'in-use' } })
  t.equal((await first.call(`${VOLUMES}/${id}`, { method: 'DELETE' })).status, 400)
  t.equal((await act(id, { 'os-force_delete': {} })).status, 202)
  await eventually(
    () => first.call(`${VOLUMES}/${id}`),
    ({ status }) => status === 404,
  )
  const used = (await createVolume(first)).id
  const attachment = { volume_uuid: used, connector: { initiator: 'iqn.1993-08.org.debian:01:a1', host: 'compute1', multipath: false } }
  await first.call(`/v3/${PROJECT}/attachments`, { method: 'POST', body: { attachment } })
  t.equal((await act(used, { 'os-force_delete': {} })).status, 400, 'an initiator may be writing to it')
})

t.test('one text of a volume is kept for each address and shape, and a change replaces it', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first)
  const self = async (microversion: string) => (await first.call(`${VOLUMES}/${id}`, { microversion })).body.volume
  t.same(Object.keys(await self('3.0')).length + 7, Object.keys(await self('3.71')).length)
  t.same(Object.keys(await self('3.0')).length + 7, Object.keys(await self('3.71')).length, 'also the second time')
  await first.call(`${VOLUMES}/${id}`, { method: 'PUT', body: { volume: { name: 'changed' } } })
  t.equal((await self('3.71')).name, 'changed')
})
