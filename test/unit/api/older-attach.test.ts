/** The calls from before attachments were a resource, as Terraform and old computes make them. */
import t from 'tap'
import { type Answered, createVolume, PROJECT, startCluster, type TestHost, until } from './cluster.ts'

const SERVER = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0003'
const OTHER = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0004'
const connector = (n: string) => ({ initiator: `iqn.1993-08.org.debian:01:${n}`, host: `compute-${n}`, ip: '192.0.2.9', multipath: false })
const A = connector('a')
const B = connector('b')
/** As Terraform: gophercloud names no microversion. */
const VERSION = { microversion: '3.0' }

interface Of {
  act(action: string, body?: object | null, by?: TestHost): Promise<Answered>
  volume(): Promise<Answered['body']>
  attachments(): Promise<Answered['body']>
  readonly id: string
}

async function volumeOn(host: TestHost, changes: object = {}): Promise<Of> {
  const { id } = await createVolume(host, changes)
  const path = `/v3/${PROJECT}/volumes/${id}`
  return {
    id,
    act: (action, body = {}, by = host) => by.call(`${path}/action`, { method: 'POST', body: { [action]: body }, ...VERSION }),
    volume: async () => (await host.call(path)).body.volume,
    attachments: async () => (await host.call(`/v3/${PROJECT}/attachments/detail?volume_id=${id}`)).body.attachments,
  }
}

const initialize = (of: Of, by: object = A) => of.act('os-initialize_connection', { connector: by })
const terminate = (of: Of, by: object = A) => of.act('os-terminate_connection', { connector: by })
const hold = (of: Of, who: object = { host_name: 'compute-a' }) => of.act('os-attach', { mountpoint: '/dev/vdb', ...who })

t.test('Terraform: initialize, attach; terminate, detach', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const of = await volumeOn(cluster.first)
  const given = await initialize(of, { ...A, enforce_multipath: true })
  t.equal(given.status, 200)
  const { connection_info: info } = given.body
  t.match(info, { driver_volume_type: 'iscsi', enforce_multipath: true, data: { target_lun: 1, access_mode: 'rw', volume_id: of.id } })
  t.match(info.data.target_iqn, of.id)
  t.match(info.data.auth_password, /^.{12,16}$/)
  t.same((await initialize(of)).body.connection_info.data, info.data, 'whoever asks again is given the same export and secret')
  t.match(await of.volume(), { status: 'attaching', attachments: [] }, 'a status that Terraform waits through')

  t.same((await hold(of)).status, 202)
  const inUse = await of.volume()
  t.match(inUse, { status: 'in-use', attachments: [{ id: of.id, device: '/dev/vdb', host_name: 'compute-a', server_id: null }] })
  t.equal((await hold(of)).status, 202, 'once is enough')
  t.equal((await of.attachments()).length, 1)

  t.equal((await terminate(of)).status, 202)
  t.match(await of.volume(), { status: 'in-use' }, 'who uses it stays written down until os-detach')
  t.equal((await terminate(of)).status, 202, 'what is not connected is disconnected')
  t.equal((await of.act('os-detach', { attachment_id: inUse.attachments[0].attachment_id })).status, 202)
  t.match(await of.volume(), { status: 'available', attachments: [] })
  t.equal((await of.act('os-detach', null)).status, 202, 'nothing is left to detach')
  const again = await initialize(of)
  t.not(again.body.connection_info.data.target_iqn, info.data.target_iqn, 'a name is never used again')
  t.equal((await terminate(of)).status, 202)
  t.match(await of.volume(), { status: 'available' }, 'what was made for the connection goes with it')
})

t.test('an old compute: reserve, initialize, attach; begin and roll; and detach with the service’s token alone', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [, second, third] = cluster.hosts
  const of = await volumeOn(cluster.first)
  const status = async () => (await of.volume()).status
  t.equal((await of.act('os-reserve', null, second)).status, 202)
  t.equal(await status(), 'attaching', 'seen through another host at once')
  t.match(await of.act('os-reserve', {}, third), { status: 400, body: { badRequest: { message: /must be available to reserve/ } } })
  t.equal((await of.act('os-unreserve')).status, 202)
  t.equal(await status(), 'available')
  t.equal((await of.act('os-unreserve')).status, 202, 'nothing was reserved')

  await of.act('os-reserve')
  t.equal((await initialize(of)).status, 200)
  t.equal((await terminate(of)).status, 202)
  t.equal(await status(), 'attaching', 'a reservation outlives its connection')
  t.equal((await initialize(of)).status, 200)
  t.equal((await hold(of, { instance_uuid: SERVER, mode: 'ro' })).status, 202)
  t.match(await of.attachments(), [{ status: 'attached', instance: SERVER, attach_mode: 'rw' }], 'an export stays as it was made')

  t.equal((await of.act('os-roll_detaching')).status, 202, 'nothing was begun')
  t.equal((await of.act('os-begin_detaching')).status, 202)
  t.equal(await status(), 'detaching')
  t.match(await of.act('os-begin_detaching'), { status: 400 })
  t.equal((await of.act('os-roll_detaching')).status, 202)
  t.equal(await status(), 'in-use')
  await of.act('os-begin_detaching')

  t.match((await terminate(of)).body, { conflictingRequest: { message: /Compute API/ } }, 'a user does not cut a server off')
  for (const action of ['os-detach', 'os-force_detach'] as const) t.equal((await of.act(action)).status, 409, action)
  const asNova = (action: string, body: object) =>
    cluster.first.call(`/v3/${PROJECT}/volumes/${of.id}/action`, {
      method: 'POST',
      body: { [action]: body },
      headers: { 'x-service-token': 'nova:service' },
    })
  t.equal((await asNova('os-terminate_connection', { connector: A })).status, 202)
  t.equal(await status(), 'detaching', 'what was begun goes on')
  t.equal((await asNova('os-detach', {})).status, 202)
  t.equal(await status(), 'available')
})

t.test('os-attach and os-initialize_connection in the other order', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const of = await volumeOn(cluster.first)
  t.equal((await hold(of, { instance_uuid: SERVER, mode: 'ro' })).status, 202)
  t.match(await of.attachments(), [{ status: 'attached', instance: SERVER, connection_info: {} }])
  t.match(await hold(of, { instance_uuid: OTHER }), { status: 400 }, 'it is taken')
  const given = await initialize(of)
  t.match(given.body.connection_info.data, { access_mode: 'ro' }, 'in the mode that os-attach named')
  t.match(await of.volume(), { status: 'in-use', attachments: [{ server_id: SERVER, device: '/dev/vdb' }] })
  t.equal((await of.attachments()).length, 1, 'one attachment, one export')
  t.match(await initialize(of, B), { status: 400 }, 'a second initiator does not get in beside the first')
})

t.test('a volume of several: each its own export, and nobody is cut off with another', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const of = await volumeOn(cluster.first, { volume_type: 'shared' })
  const iqnOf = async (by: object) => (await initialize(of, by)).body.connection_info.data.target_iqn
  const [a, b] = [await iqnOf(A), await iqnOf(B)]
  t.not(a, b)
  await hold(of, { host_name: 'compute-b' })
  await hold(of, { host_name: 'compute-a' })
  t.equal((await of.attachments()).length, 2)
  t.match(await of.act('os-detach'), { status: 400, body: { badRequest: { message: /no attachment_id provided/ } } })
  await terminate(of, A)
  t.equal(await iqnOf(B), b)
  const known: readonly { attachment_id: string; host_name: string }[] = (await of.volume()).attachments
  const held = known.find(({ host_name }) => host_name === 'compute-a')
  await of.act('os-detach', { attachment_id: held?.attachment_id ?? '' })
  t.equal(await iqnOf(B), b, 'the other is connected as before')
  t.match(await of.volume(), { status: 'in-use', attachments: [{ host_name: 'compute-b' }] })
  t.equal((await of.act('os-force_detach', { connector: B })).status, 202)
  await until(cluster.first, of.id, 'available')
})

t.test('what is wrong with a request is said before anything is done', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const of = await volumeOn(cluster.first)
  const refused: ReadonlyArray<readonly [string, object | null]> = [
    ['os-initialize_connection', { connector: {} }],
    ['os-initialize_connection', { connector: { ...A, initiator: 'nonsense name' } }],
    ['os-initialize_connection', {}],
    ['os-terminate_connection', {}],
    ['os-attach', { mountpoint: '/dev/vdb' }],
    ['os-attach', { instance_uuid: 'one', mountpoint: '/dev/vdb' }],
    ['os-attach', { host_name: 'h', mountpoint: '' }],
    ['os-attach', { host_name: 'h', mountpoint: '/dev/vdb', mode: 'wr' }],
    ['os-attach', { host_name: 'h', mountpoint: '/dev/vdb', more: 1 }],
    ['os-detach', { attachment_id: 'one' }],
    ['os-begin_detaching', {}],
  ]
  for (const [action, body] of refused) t.equal((await of.act(action, body)).status, 400, `${action} ${JSON.stringify(body)}`)
  t.match(await of.volume(), { status: 'available', attachments: [] })
})
