/** What is said of volumes beside their names: os-update_readonly_flag, os-set_bootable, and what their images were like. */
import t from 'tap'
import { createVolume, PROJECT, startCluster, type TestHost, until, untilSnapshot } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`
const CONNECTOR = { initiator: 'iqn.1993-08.org.debian:01:a1', host: 'compute-a' }

const act = (host: TestHost, id: string, action: string, body: object | null) =>
  host.call(`${VOLUMES}/${id}/action`, { method: 'POST', body: { [action]: body }, microversion: '3.0' })
const shown = async (host: TestHost, id: string) => (await host.call(`${VOLUMES}/${id}`)).body.volume

t.test('a read-only volume is attached to be read, whatever is asked for', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('two hosts')
  const { id } = await createVolume(first, { metadata: { tier: 'gold' } })
  const readOnly = (word: unknown) => act(second, id, 'os-update_readonly_flag', { readonly: word })
  t.same((await shown(first, id)).metadata, { tier: 'gold' }, 'nothing was said yet')
  t.equal((await readOnly('True')).status, 202)
  t.same((await shown(first, id)).metadata, { tier: 'gold', readonly: 'True' }, 'as Cinder shows it')
  t.same((await first.call(`${VOLUMES}/${id}/metadata`)).body.metadata, { tier: 'gold' }, 'and keeps it elsewhere')

  const attachment = { volume_uuid: id, connector: CONNECTOR, mode: 'rw' }
  const made = await first.call(`/v3/${PROJECT}/attachments`, { method: 'POST', body: { attachment } })
  t.match(made.body.attachment, { attach_mode: 'ro', connection_info: { access_mode: 'ro' } })
  t.match(await readOnly(false), { status: 400, body: { badRequest: { message: /must be available to update readonly flag/ } } })
  await first.call(`/v3/${PROJECT}/attachments/${made.body.attachment.id}`, { method: 'DELETE' })

  const given = await act(first, id, 'os-initialize_connection', { connector: CONNECTOR })
  t.equal(given.body.connection_info.data.access_mode, 'ro')
  const hold = (mode: string) => act(first, id, 'os-attach', { host_name: 'compute-a', mountpoint: '/dev/vdb', mode })
  t.match(await hold('rw'), { status: 400, body: { badRequest: { message: /Invalid attaching mode 'rw'/ } } })
  t.equal((await hold('ro')).status, 202)
  await act(first, id, 'os-detach', null)
  await until(first, id, 'available')
  t.equal((await readOnly(false)).status, 202)
  t.same((await shown(first, id)).metadata, { tier: 'gold', readonly: 'False' })
  t.equal((await act(first, id, 'os-initialize_connection', { connector: CONNECTOR })).body.connection_info.data.access_mode, 'rw')
})

t.test('bootable is a word, can be listed by, and a copy is as bootable as its source', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first)
  const other = await createVolume(first)
  const set = (word: unknown) => act(first, id, 'os-set_bootable', { bootable: word })
  t.equal((await shown(first, id)).bootable, 'false')
  t.same([(await set(true)).status, (await shown(first, id)).bootable], [200, 'true'])
  const listed = async (word: string) => (await first.call(`${VOLUMES}?bootable=${word}`)).body.volumes.map((one: { id: string }) => one.id)
  t.same(await listed('true'), [id])
  t.same(await listed('false'), [other.id])
  await act(first, id, 'os-set_image_metadata', { metadata: { os_distro: 'debian' } })
  const copied = { volume: { size: 1, source_volid: id } }
  const copy = (await first.call(VOLUMES, { method: 'POST', body: copied })).body.volume
  t.notHas(copy, 'volume_image_metadata', 'what is made is not shown with its image')
  await until(first, copy.id, 'available')
  t.match(await shown(first, copy.id), { bootable: 'true', volume_image_metadata: { os_distro: 'debian' } })
  const snapshot = (await first.call(`/v3/${PROJECT}/snapshots`, { method: 'POST', body: { snapshot: { volume_id: id } } })).body.snapshot
  await untilSnapshot(first, snapshot.id, 'available')
  const restored = { volume: { size: 1, snapshot_id: snapshot.id } }
  const { id: third } = (await first.call(VOLUMES, { method: 'POST', body: restored })).body.volume
  await until(first, third, 'available')
  t.equal((await shown(first, third)).bootable, 'true')
  t.same([(await set('no')).status, (await shown(first, id)).bootable], [200, 'false'])
})

t.test('what a volume’s image was like: set, shown, listed by, unset', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('two hosts')
  const { id } = await createVolume(first)
  const image = async (host: TestHost) => (await act(host, id, 'os-show_image_metadata', null)).body.metadata
  t.notHas(await shown(first, id), 'volume_image_metadata', 'only if there is some')
  t.same(await image(first), {})
  const set = (metadata: object) => act(first, id, 'os-set_image_metadata', { metadata })
  t.same((await set({ os_distro: 'debian', min_disk: '1' })).body, { metadata: { os_distro: 'debian', min_disk: '1' } })
  t.match(await set({ min_disk: '2' }), { status: 200, body: { metadata: { os_distro: 'debian', min_disk: '2' } } }, 'items are added')
  t.same(await image(second), { os_distro: 'debian', min_disk: '2' }, 'through another host at once')
  t.same((await shown(second, id)).volume_image_metadata, { os_distro: 'debian', min_disk: '2' })
  const detail = (await first.call(`${VOLUMES}/detail?glance_metadata=${encodeURIComponent("{'min_disk': '2'}")}`)).body.volumes
  t.match(detail, [{ id, volume_image_metadata: { os_distro: 'debian' } }])
  const renamed = await first.call(`${VOLUMES}/${id}`, { method: 'PUT', body: { volume: { name: 'new' } } })
  t.notHas(renamed.body.volume, 'volume_image_metadata')
  const unset = (key: string) => act(first, id, 'os-unset_image_metadata', { key })
  t.same([(await unset('os_distro')).status, (await unset('os_distro')).status], [200, 404])
  t.equal((await unset('min_disk')).status, 200)
  t.notHas(await shown(second, id), 'volume_image_metadata')
})

t.test('nonsense is refused, and nothing comes of it', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first)
  const before = await shown(first, id)
  for (const [action, body] of [
    ['os-update_readonly_flag', {}],
    ['os-update_readonly_flag', { readonly: 'perhaps' }],
    ['os-set_bootable', { bootable: 2 }],
    ['os-set_bootable', { bootable: true, more: 1 }],
    ['os-set_image_metadata', { metadata: { key: 1 } }],
    ['os-set_image_metadata', { metadata: { 'a\nb': 'c' } }],
    ['os-unset_image_metadata', {}],
    ['os-show_image_metadata', 'words'],
  ] as const)
    t.equal((await act(first, id, action, body as object)).status, 400, `${action} ${JSON.stringify(body)}`)
  t.same(await shown(first, id), before)
})
