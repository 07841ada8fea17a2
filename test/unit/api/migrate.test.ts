/** Moves of volumes, which nothing here can carry out: looked at as in Cinder, refused in its words, and nothing comes of them. */
import t from 'tap'
import { createVolume, eventually, PROJECT, startCluster, type TestCluster, type TestHost, until, untilSnapshot } from './cluster.ts'

const PATH = `/v3/${PROJECT}`
const NOBODY = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001'
const CONNECTOR = { initiator: 'iqn.1993-08.org.debian:01:a1', host: 'compute-a' }

function act(host: TestHost, id: string, action: string, body: unknown, microversion = '3.71') {
  return host.call(`${PATH}/volumes/${id}/action`, { method: 'POST', body: { [action]: body }, microversion })
}

const shown = async (host: TestHost, id: string) => (await host.call(`${PATH}/volumes/${id}`)).body.volume
const refusal = (message: string | RegExp) => ({ status: 400, body: { badRequest: { code: 400, message } } })

async function twoHosts(): Promise<{ cluster: TestCluster; first: TestHost; other: (volume: { [key: string]: string }) => string }> {
  const cluster = await startCluster({ hosts: 2 })
  const other = (volume: { [key: string]: string }) =>
    volume['os-vol-host-attr:host'] === 'alpha1@memory#pool' ? 'alpha2@memory#pool' : 'alpha1@memory#pool'
  return { cluster, first: cluster.first, other }
}

t.test('os-migrate_volume to a host that is there: refused, whatever else would allow it, and nothing has begun', async (t) => {
  const { cluster, first, other } = await twoHosts()
  t.teardown(() => cluster.stop())
  const before = await createVolume(first)
  const wanted = { host: other(before), force_host_copy: 'True', lock_volume: true }
  for (const microversion of ['3.0', '3.15', '3.16', '3.71'])
    t.match(
      await act(first, before.id, 'os-migrate_volume', wanted, microversion),
      refusal(`Invalid host: Cannot place volume ${before.id} on ${other(before)}: volumes are not moved between hosts here.`),
      microversion,
    )
  t.same(await shown(first, before.id), before)
  t.equal(before.migration_status, null)

  const attachment = { volume_uuid: before.id, connector: CONNECTOR }
  const { id } = (await first.call(`${PATH}/attachments`, { method: 'POST', body: { attachment } })).body.attachment
  for (const [status, message] of [
    ['attaching', /must be available or in-use, must not be migrating/],
    ['in-use', /Cannot place volume/],
  ] as const) {
    const held = await shown(first, before.id)
    t.equal(held.status, status)
    t.match(await act(first, before.id, 'os-migrate_volume', wanted), refusal(message), status)
    t.same(await shown(first, before.id), held)
    await first.call(`${PATH}/attachments/${id}/action`, { method: 'POST', body: { 'os-complete': {} } })
  }
})

t.test('os-migrate_volume of what cannot be moved, or to where it lies: Cinder’s conditions', async (t) => {
  const { cluster, first, other } = await twoHosts()
  t.teardown(() => cluster.stop())
  const volume = await createVolume(first)
  const conditions = refusal(
    `Invalid volume: Volume ${volume.id} status must be available or in-use, must not be migrating, have snapshots, be replicated, be part of a group and destination host/cluster must be different than the current one`,
  )
  t.match(await act(first, volume.id, 'os-migrate_volume', { host: volume['os-vol-host-attr:host'] }), conditions, 'it is there')
  const made = await first.call(`${PATH}/snapshots`, { method: 'POST', body: { snapshot: { volume_id: volume.id } } })
  await untilSnapshot(first, made.body.snapshot.id, 'available')
  t.match(await act(first, volume.id, 'os-migrate_volume', { host: other(volume) }), conditions, 'it has a snapshot')
  t.match(await first.call(`${PATH}/snapshots/${made.body.snapshot.id}`), { body: { snapshot: { status: 'available' } } })
  const broken = await createVolume(first)
  await act(first, broken.id, 'os-reset_status', { status: 'error' })
  t.match(await act(first, broken.id, 'os-migrate_volume', { host: other(broken) }), refusal(/status must be available or in-use/))
  t.equal((await shown(first, broken.id)).status, 'error')
})

t.test('os-migrate_volume to a host that is not there, is down or takes no volumes; and to a cluster', async (t) => {
  const { cluster, first } = await twoHosts()
  t.teardown(() => cluster.stop())
  const volume = await createVolume(first)
  const none = (name: string) => refusal(`Invalid host: No available service named '${name}'`)
  for (const host of ['nowhere', 'alpha1', 'alpha3@memory#pool', 'alpha1@disk#pool'])
    t.match(await act(first, volume.id, 'os-migrate_volume', { host }), none(host), host)
  for (const body of [{ cluster: 'c' }, { cluster: 'c', host: null }, { cluster: 'c', host: '' }])
    t.match(await act(first, volume.id, 'os-migrate_volume', body), none('c'), JSON.stringify(body))

  const target = 'alpha2@memory#pool'
  const service = { host: 'alpha2@memory', binary: 'cinder-volume' }
  await first.call(`${PATH}/os-services/disable`, { method: 'PUT', body: service })
  t.match(await act(first, volume.id, 'os-migrate_volume', { host: target }), none(target), 'disabled')
  await first.call(`${PATH}/os-services/enable`, { method: 'PUT', body: service })
  t.match(await act(first, volume.id, 'os-migrate_volume', { host: target }), refusal(/^(?!.*No available service)/), 'enabled again')
  cluster.hosts[1]?.down()
  await eventually(
    () => first.call(`${PATH}/os-services?binary=cinder-volume&host=alpha2@memory`),
    ({ body }) => body.services[0]?.state === 'down',
  )
  t.match(await act(first, volume.id, 'os-migrate_volume', { host: target }), none(target), 'down')
})

t.test('os-migrate_volume: what is wrong with the body, and a volume that is not there', async (t) => {
  const { cluster, first } = await twoHosts()
  t.teardown(() => cluster.stop())
  const volume = await createVolume(first)
  const table: ReadonlyArray<readonly [string, unknown, RegExp]> = [
    ['3.71', {}, /One and only one of cluster and host must be set/],
    ['3.71', { host: 'h', cluster: 'c' }, /One and only one of cluster and host must be set/],
    ['3.16', { host: '' }, /One and only one of cluster and host must be set/],
    ['3.15', { host: '' }, /Host field is missing/],
    ['3.15', {}, /'host' is a required property/],
    ['3.15', { host: null }, /host/],
    ['3.15', { host: 'h', cluster: null }, /'cluster' unexpected/],
    ['3.71', { host: 'h', lock_volume: 'perhaps' }, /lock_volume/],
    ['3.71', { host: 'h', force_host_copy: 2 }, /force_host_copy/],
    ['3.71', { host: 'h', more: 1 }, /'more' unexpected/],
    ['3.71', { host: 'h'.repeat(256) }, /host/],
    ['3.71', 'h', /os-migrate_volume/],
  ]
  for (const [microversion, body, message] of table)
    t.match(await act(first, volume.id, 'os-migrate_volume', body, microversion), refusal(message), JSON.stringify(body))
  t.equal((await act(first, NOBODY, 'os-migrate_volume', { host: 'nowhere' })).status, 404)
})

t.test('os-migrate_volume_completion: nothing is being moved, and no attachment changes places', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const [from, to] = [await createVolume(first), await createVolume(first)]
  await first.call(`${PATH}/attachments`, { method: 'POST', body: { attachment: { volume_uuid: from.id, connector: CONNECTOR } } })
  const before = [await shown(first, from.id), await shown(first, to.id)]
  const complete = (id: string, body: object) => act(first, id, 'os-migrate_volume_completion', body, '3.0')
  for (const error of [{}, { error: false }, { error: true }, { error: 'False' }, { error: null }])
    t.match(
      await complete(from.id, { new_volume: to.id, ...error }),
      refusal('Invalid volume: Source volume not mid-migration.'),
      JSON.stringify(error),
    )
  t.same([await shown(first, from.id), await shown(first, to.id)], before)
  t.equal((await complete(from.id, { new_volume: NOBODY })).status, 404)
  t.equal((await complete(NOBODY, { new_volume: to.id })).status, 404)
  for (const body of [{}, { new_volume: 'no id' }, { new_volume: to.id, error: 1 }, { new_volume: to.id, more: 1 }])
    t.equal((await complete(from.id, body)).status, 400, JSON.stringify(body))
})

t.test('os-extend_volume_completion: nobody waits for it, whether the volume grows or not', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first)
  const complete = (body: unknown, microversion?: string) => act(first, id, 'os-extend_volume_completion', body, microversion)
  const idle = refusal('Invalid volume: Volume is not being extended.')
  for (const body of [{}, { error: false }, { error: true }, { error: 'True' }, { error: null }]) t.match(await complete(body), idle)
  for (const body of [null, { error: 1 }, { error: true, more: 1 }]) t.equal((await complete(body)).status, 400, JSON.stringify(body))
  t.match(await complete({ error: false }, '3.70'), { status: 404, body: { itemNotFound: { message: /3\.70 is not supported/ } } })
  t.equal((await act(first, NOBODY, 'os-extend_volume_completion', {})).status, 404)

  const extend = first.volumes.extend.bind(first.volumes)
  first.volumes.extend = () => ({ kind: 'unknown', tool: 'memory', detail: 'it takes its time' })
  await act(first, id, 'os-extend', { new_size: 2 })
  await until(first, id, 'extending')
  const awaited = refusal('Invalid volume: Required volume admin metadata is malformed or missing.')
  for (const error of [true, false]) t.match(await complete({ error }), awaited)
  t.equal((await shown(first, id)).status, 'extending', 'its word is not heard')
  first.volumes.extend = extend
  t.equal((await until(first, id, 'available')).body.volume.size, 2)
})
