/** Attachments as Nova, cinderclient and os-brick use them. */
import t from 'tap'
import { createVolume, PROJECT, startCluster, type TestHost, until } from './cluster.ts'

const ATTACHMENTS = `/v3/${PROJECT}/attachments`
const SERVER = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0003'
const CONNECTOR = {
  initiator: 'iqn.1993-08.org.debian:01:a1',
  host: 'compute1',
  ip: '192.0.2.9',
  multipath: false,
  platform: 'x86_64',
  os_type: 'linux',
}

const attach = (host: TestHost, attachment: object) => host.call(ATTACHMENTS, { method: 'POST', body: { attachment } })

t.test('reserve, connect, complete, delete: the status of the volume follows', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first)

  const reserved = await attach(first, { volume_uuid: id, instance_uuid: SERVER })
  t.equal(reserved.status, 200)
  t.match(reserved.body.attachment, {
    status: 'reserved',
    instance: SERVER,
    volume_id: id,
    connection_info: {},
    attached_at: '',
    detached_at: '',
  })
  t.equal((await until(first, id, 'reserved')).status, 200)
  const path = `${ATTACHMENTS}/${reserved.body.attachment.id}`

  const connected = await first.call(path, { method: 'PUT', body: { attachment: { connector: CONNECTOR } } })
  t.equal(connected.status, 200)
  const info = connected.body.attachment.connection_info
  t.match(info, {
    driver_volume_type: 'iscsi',
    target_portal: '192.0.2.1:3260',
    target_lun: 1,
    auth_method: 'CHAP',
    access_mode: 'rw',
    encrypted: false,
    volume_id: id,
  })
  t.match(info.target_iqn, id, 'the export is named after the volume')
  t.match(info.auth_password, /^.{12,16}$/)
  await until(first, id, 'attaching')

  const completed = await first.call(`${path}/action`, { method: 'POST', body: { 'os-complete': null } })
  t.same([completed.status, completed.body], [204, null])
  const inUse = await until(first, id, 'in-use')
  t.match(inUse.body.volume.attachments, [{ id, attachment_id: reserved.body.attachment.id, server_id: SERVER, host_name: 'compute1' }])

  const shown = await first.call(path)
  t.same(shown.body.attachment.connection_info, info, 'who asks later gets the same connection')
  const listed = await first.call(`${ATTACHMENTS}/detail`)
  t.match(listed.body.attachments, [{ id: reserved.body.attachment.id, status: 'attached', connection_info: {} }])
  t.notMatch(JSON.stringify(listed.body), info.auth_password, 'a list never has the secret')
  t.same((await first.call(`${ATTACHMENTS}?volume_id=${SERVER}`)).body, { attachments: [] }, 'filtered')

  const inTheWay = await first.call(`/v3/${PROJECT}/volumes/${id}`, { method: 'DELETE' })
  t.equal(inTheWay.status, 400, 'a volume in use is not deleted')

  const unsafe = await first.call(path, { method: 'DELETE' })
  t.match(
    unsafe,
    { status: 409, body: { conflictingRequest: { code: 409 } } },
    'a server’s attachment goes only through the compute service',
  )
  const removed = await first.call(path, { method: 'DELETE', headers: { 'x-service-token': 'nova:service' } })
  t.same([removed.status, removed.body], [200, { attachments: [] }])
  await until(first, id, 'available')
  t.match(await first.call(path), { status: 404, body: { itemNotFound: { code: 404 } } })
})

t.test('an attachment is made and connected in one call, and two may live at once if the type allows it', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const single = await createVolume(first)
  const made = await attach(first, { volume_uuid: single.id, connector: CONNECTOR, mode: 'ro' })
  t.match(made.body.attachment, { status: 'attaching', instance: null, attach_mode: 'ro', connection_info: { access_mode: 'ro' } })
  t.equal((await attach(first, { volume_uuid: single.id, connector: CONNECTOR })).status, 400, 'it is taken')

  const shared = await createVolume(first, { volume_type: 'shared' })
  const one = await attach(first, { volume_uuid: shared.id, connector: CONNECTOR })
  await first.call(`${ATTACHMENTS}/${one.body.attachment.id}/action`, { method: 'POST', body: { 'os-complete': {} } })
  const two = await attach(first, { volume_uuid: shared.id, connector: { ...CONNECTOR, initiator: 'iqn.1993-08.org.debian:01:b2' } })
  t.equal(two.status, 200)
  t.not(two.body.attachment.connection_info.target_iqn, one.body.attachment.connection_info.target_iqn, 'each has an export of its own')
  const left = await first.call(`${ATTACHMENTS}/${one.body.attachment.id}`, { method: 'DELETE' })
  t.same(
    left.body.attachments.map((item: { id: string }) => item.id),
    [two.body.attachment.id],
    'the answer names those that remain',
  )
})

t.test('attachments of a volume on another host, asked of any peer', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const [one, two] = cluster.hosts
  if (one === undefined || two === undefined) throw new Error('two hosts')
  const { id } = await createVolume(one, { availability_zone: 'zone-2' })
  const made = await attach(one, { volume_uuid: id, connector: CONNECTOR })
  t.equal(made.status, 200)
  for (const host of [one, two]) {
    const shown = await host.call(`${ATTACHMENTS}/${made.body.attachment.id}`)
    t.same(shown.body.attachment?.connection_info, made.body.attachment.connection_info, host.name)
  }
})

t.test('a detach that is repeated with its key gets its first answer, through any peer and while another host is down', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [one, two, three] = cluster.hosts
  if (one === undefined || two === undefined || three === undefined) throw new Error('three hosts')
  const { id } = await createVolume(one, { availability_zone: 'zone-2' })
  const made = await attach(one, { volume_uuid: id, connector: CONNECTOR })
  const path = `${ATTACHMENTS}/${made.body.attachment.id}`
  const detach = (host: typeof one, key: string) => host.call(path, { method: 'DELETE', headers: { 'idempotency-key': key } })
  t.match(await detach(one, 'once'), { status: 200, body: { attachments: [] } })
  three.down()
  for (const host of [one, two]) {
    t.match(await detach(host, 'once'), { status: 200, body: { attachments: [] } }, host.name)
    t.match(await detach(host, 'another'), { status: 404 }, 'a new request finds that it is gone')
    t.equal((await host.call(path)).status, 404)
  }
})

t.test('what is wrong with the request is said before anything is done', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first)
  t.equal((await attach(first, { volume_uuid: SERVER })).status, 404, 'no such volume')
  t.equal((await attach(first, { volume_uuid: id, connector: { initiator: '; reboot' } })).status, 400)
  t.equal((await first.call(`${ATTACHMENTS}/${SERVER}`)).status, 404)
  t.equal((await first.call(`${ATTACHMENTS}/nonsense`)).status, 404)
  t.equal((await first.call(ATTACHMENTS, { microversion: '3.26' })).status, 404, 'attachments came with 3.27')
  t.equal(
    (await first.call(`${ATTACHMENTS}/${SERVER}/action`, { method: 'POST', body: { 'os-complete': null }, microversion: '3.43' })).status,
    404,
    'os-complete with 3.44',
  )
  t.match((await first.call(`/v3/${PROJECT}/volumes/${id}`)).body.volume, { status: 'available' })
})

t.test('a volume in use is extended from 3.42 on, where its pool can do that', async (t) => {
  for (const followsGrowth of [true, false]) {
    const cluster = await startCluster({ followsGrowth })
    t.teardown(() => cluster.stop())
    const { first } = cluster
    const { id } = await createVolume(first, { size: 1 })
    const made = await first.call(ATTACHMENTS, { method: 'POST', body: { attachment: { volume_uuid: id, connector: CONNECTOR } } })
    await first.call(`${ATTACHMENTS}/${made.body.attachment.id}/action`, { method: 'POST', body: { 'os-complete': null } })
    await until(first, id, 'in-use')
    const extend = (microversion: string) =>
      first.call(`/v3/${PROJECT}/volumes/${id}/action`, { method: 'POST', body: { 'os-extend': { new_size: 3 } }, microversion })
    const early = await extend('3.41')
    t.match(early, { status: 400, body: { badRequest: { message: /status must be available to extend, but current status is: in-use/ } } })
    const extended = await extend('3.42')
    if (!followsGrowth) {
      const message = new RegExp(`Volume ${id} is in-use, and pool alpha1@memory#pool can only extend volumes that are not`)
      t.match(extended, { status: 400, body: { badRequest: { message } } })
      t.match(await first.call(`/v3/${PROJECT}/volumes/${id}`), { body: { volume: { status: 'in-use', size: 1 } } })
    } else {
      t.equal(extended.status, 202)
      t.match(await until(first, id, 'in-use'), { body: { volume: { size: 3 } } })
      const limits = await first.call(`/v3/${PROJECT}/limits`)
      t.equal(limits.body.limits.absolute.totalGigabytesUsed, 3, 'it counts once')
    }
  }
})
