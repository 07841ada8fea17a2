/** Volumes whose host cannot speak for them: lost for good, or away while their deletion was asked for. */
import t from 'tap'
import { createVolume, PROJECT, startCluster, type TestCluster } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`

/** Three hosts, of which the second is gone with the volume `db`; asked at the first. */
async function loseSecond(cluster: TestCluster) {
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const lost = await createVolume(first, { availability_zone: 'zone-2', name: 'db', size: 2 })
  const kept = await createVolume(first, { availability_zone: 'zone-1', name: 'safe' })
  const attached = await first.call(`/v3/${PROJECT}/attachments`, { method: 'POST', body: { attachment: { volume_uuid: lost.id } } })
  second.down()
  return { first, second, lost, kept, attachment: attached.body.attachment.id }
}
const markLost = (cluster: TestCluster) => cluster.first.call('/scoria/v1/hosts/alpha2/lost', { method: 'POST', body: { force: true } })

t.test('a volume of a lost host is in error everywhere, says why, and can only be deleted', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const { first, lost, kept, attachment } = await loseSecond(cluster)
  t.match(await markLost(cluster), { status: 200, body: { state: 'lost', volumes: [{ id: lost.id, name: 'db', project: PROJECT }] } })
  await cluster.endStep()

  const shown = await first.call(`${VOLUMES}/${lost.id}`)
  t.match(shown, { status: 200, body: { volume: { status: 'error', name: 'db' } } })
  t.equal(shown.headers.get('x-scoria-host-status'), 'down')
  for (const path of [VOLUMES, `${VOLUMES}/detail`, `${VOLUMES}?status=error`]) {
    const ids = (await first.call(path)).body.volumes.map(({ id }: { id: string }) => id)
    t.ok(ids.includes(lost.id), path)
  }
  t.same(
    (await first.call(`${VOLUMES}/detail?status=available`)).body.volumes.map(({ id }: { id: string }) => id),
    [kept.id],
  )
  const { messages } = (await first.call(`/v3/${PROJECT}/messages?resource_uuid=${lost.id}`)).body
  t.match(messages, [{ user_message: /Its host is lost \(alpha2\).*can only be deleted/, message_level: 'ERROR' }])
  const message = `/v3/${PROJECT}/messages/${messages[0].id}`
  t.match(await first.call(message, { method: 'DELETE' }), { status: 400, body: { badRequest: { message: /lost with its host/ } } })
  t.equal((await first.call(message)).status, 200)
  t.match((await first.call('/scoria/v1/hosts')).body.hosts[1], { name: 'alpha2', state: 'lost', voter: false })
  t.match((await first.call(`/v3/${PROJECT}/os-availability-zone`)).body.availabilityZoneInfo, [
    { zoneName: 'zone-1' },
    { zoneName: 'zone-3' },
  ])

  const action = `${VOLUMES}/${lost.id}/action`
  const attempts = [
    ['extend', first.call(action, { method: 'POST', body: { 'os-extend': { new_size: 5 } } })],
    ['rename', first.call(`${VOLUMES}/${lost.id}`, { method: 'PUT', body: { volume: { name: 'x' } } })],
    ['reset', first.call(action, { method: 'POST', body: { 'os-reset_status': { status: 'available' } } })],
    ['attach', first.call(`/v3/${PROJECT}/attachments`, { method: 'POST', body: { attachment: { volume_uuid: lost.id } } })],
    ['detach', first.call(`/v3/${PROJECT}/attachments/${attachment}`, { method: 'DELETE' })],
  ] as const
  for (const [title, attempt] of attempts) {
    t.match(
      await attempt,
      {
        status: 400,
        body: { badRequest: { message: `Invalid volume: Volume ${lost.id} is lost with its host alpha2; it can only be deleted.` } },
      },
      title,
    )
  }
})

t.test('what its tenant deletes of a lost host is gone at once, everywhere, and out of the quota', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const { first, lost, kept, attachment } = await loseSecond(cluster)
  await markLost(cluster)
  const path = `${VOLUMES}/${lost.id}`
  t.equal((await first.call(path, { method: 'DELETE' })).status, 202)
  for (const host of cluster.hosts.filter(({ name }) => name !== 'alpha2')) {
    t.equal((await host.call(path)).status, 404, host.name)
    t.equal((await host.call(path, { method: 'DELETE' })).status, 404, `${host.name}: delete`)
    t.same(
      (await host.call(VOLUMES)).body.volumes.map(({ id }: { id: string }) => id),
      [kept.id],
      `${host.name}: list`,
    )
    t.same((await host.call(`/v3/${PROJECT}/attachments`)).body.attachments, [], `${host.name}: attachments`)
    t.equal((await host.call(`/v3/${PROJECT}/attachments/${attachment}`)).status, 404, `${host.name}: attachment`)
    t.same((await host.call(`/v3/${PROJECT}/messages`)).body.messages, [], `${host.name}: messages`)
  }
  t.match((await first.call(`/v3/${PROJECT}/limits`)).body.limits.absolute, { totalVolumesUsed: 1, totalGigabytesUsed: 1 })
})

t.test('a volume that was promised on a host which left without having heard of it is in error, says so, and can be deleted', async (t) => {
  const cluster = await startCluster({ hosts: 3, loses: ({ kind }) => kind === 'commit' })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  const body = { volume: { size: 2, name: 'db', availability_zone: 'zone-2' } }
  const { id } = (await first.call(VOLUMES, { method: 'POST', body })).body.volume
  second.down()
  await cluster.leave('alpha2')
  await cluster.endStep()
  for (const host of [first, third]) {
    t.match((await host.call(`${VOLUMES}/${id}`)).body.volume, { status: 'error', availability_zone: 'zone-2' }, host.name)
    t.match((await host.call(`${VOLUMES}/detail`)).body.volumes, [{ id, status: 'error' }], `${host.name}: list`)
    t.match((await host.call(`/v3/${PROJECT}/messages?resource_uuid=${id}`)).body.messages, [
      { user_message: /It was never made: .* has left the cluster \(alpha2\)\. The volume can only be deleted/ },
    ])
    const names = (await host.call('/scoria/v1/hosts')).body.hosts.map(({ name }: { name: string }) => name)
    t.notOk(names.includes('alpha2'), `${host.name}: hosts`)
  }
  t.match(await third.call(`${VOLUMES}/${id}`, { method: 'PUT', body: { volume: { name: 'x' } } }), {
    status: 400,
    body: {
      badRequest: {
        message: `Invalid volume: Volume ${id} was to be made on host alpha2, which has left the cluster; it can only be deleted.`,
      },
    },
  })
  t.equal((await third.call(`${VOLUMES}/${id}`, { method: 'DELETE' })).status, 202)
  for (const host of [first, third]) {
    t.equal((await host.call(`${VOLUMES}/${id}`)).status, 404, host.name)
    t.same((await host.call(VOLUMES)).body.volumes, [], `${host.name}: list`)
  }
  t.match((await first.call(`/v3/${PROJECT}/limits`)).body.limits.absolute, { totalVolumesUsed: 0, totalGigabytesUsed: 0 })
})

t.test('a delete that waits for its owner is shown as such, by every host', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const volume = await createVolume(first, { availability_zone: 'zone-2' })
  second.down()
  const path = `${VOLUMES}/${volume.id}`
  t.match((await first.call(path)).body.volume, { status: 'available' })
  t.equal((await first.call(path, { method: 'DELETE' })).status, 202)
  for (const host of cluster.hosts.filter(({ name }) => name !== 'alpha2')) {
    const shown = await host.call(path)
    t.equal(shown.body.volume.status, 'deleting', host.name)
    t.equal(shown.headers.get('x-scoria-host-status'), 'down')
    t.match((await host.call(`${VOLUMES}/detail`)).body.volumes, [{ id: volume.id, status: 'deleting' }], `${host.name}: list`)
  }
})
