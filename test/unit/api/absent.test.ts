/** What belongs to services that are not there: answers as from a Cinder that runs without them. */
import t from 'tap'
import { createVolume, PROJECT, startCluster } from './cluster.ts'

const PATH = `/v3/${PROJECT}`
const NOBODY = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001'

const cluster = await startCluster()
t.teardown(() => cluster.stop())
const { first } = cluster
const send = (method: string, path: string, body?: object, microversion = '3.71') =>
  first.call(PATH + path, { method, microversion, ...(body === undefined ? {} : { body }) })
const shown = async (id: string) => (await first.call(`${PATH}/volumes/${id}`)).body.volume
const badRequest = (message: string | RegExp) => ({ status: 400, body: { badRequest: { message } } })

t.test('backups: an empty list, nothing under any id, and no service that would make one', async (t) => {
  const { id } = await createVolume(first)
  for (const path of ['/backups', '/backups/detail', '/backups/detail?limit=10&sort=name:asc&volume_id=x'])
    t.match(await send('GET', path), { status: 200, body: { backups: [] } }, path)
  const refused = await send('POST', '/backups', { backup: { volume_id: id, name: 'nightly', incremental: true } })
  t.match(refused, { status: 503, body: { serviceUnavailable: { message: 'Service cinder-backup could not be found.' } } })
  t.equal(refused.headers.get('retry-after'), null, 'nobody is to wait for it')
  t.equal((await send('POST', '/backups', { backup: { volume_id: NOBODY } })).status, 404)
  t.equal((await send('POST', '/backups', { backup: {} })).status, 400)
  t.equal((await send('POST', '/backups/import_record', { 'backup-record': {} })).status, 503)
  for (const [method, path, body] of [
    ['GET', ''],
    ['PUT', '', { backup: { name: 'n' } }],
    ['DELETE', ''],
    ['POST', '/restore', { restore: {} }],
    ['GET', '/export_record'],
    ['POST', '/action', { 'os-reset_status': { status: 'error' } }],
    ['POST', '/action', { 'os-force_delete': {} }],
  ] as const) {
    const answered = await send(method, `/backups/${NOBODY}${path}`, body)
    t.match(answered, { status: 404, body: { itemNotFound: { message: `Backup ${NOBODY} could not be found.` } } }, `${method} ${path}`)
  }
  t.equal((await first.call(`${PATH}/volumes/${id}`)).body.volume.status, 'available')
})

t.test('encryption: a volume has no key', async (t) => {
  const { id } = await createVolume(first)
  t.match(await send('GET', `/volumes/${id}/encryption`), { status: 200, body: { encryption_key_id: null } })
  t.match(await send('GET', `/volumes/${id}/encryption/encryption_key_id`), { status: 200, body: null })
  t.equal((await send('GET', `/volumes/${id}/encryption/cipher`)).status, 404)
  t.equal((await send('GET', `/volumes/${NOBODY}/encryption`)).status, 404)
})

t.test('failover: a host whose volumes are not replicated has nowhere to go', async (t) => {
  for (const call of ['failover_host', 'failover'])
    for (const host of ['alpha1', 'alpha1@memory'])
      t.match(
        await send('PUT', `/os-services/${call}`, { host, backend_id: 'other' }),
        { status: 400, body: { badRequest: { message: new RegExp(`failover of ${host}, .* not replicated`) } } },
        `${call} ${host}`,
      )
  t.equal((await send('PUT', '/os-services/failover_host', { host: 'absent' })).status, 404)
  t.equal((await send('PUT', '/os-services/failover_host', {})).status, 400)
  t.equal((await send('PUT', '/os-services/failover', { host: 'alpha1' }, '3.25')).status, 404)
})

t.test('images: what is wrong with a volume is told first, then that there is no image and nobody to take one', async (t) => {
  const [{ id }, busy] = [await createVolume(first), await createVolume(first)]
  await first.call(`${PATH}/attachments`, { method: 'POST', body: { attachment: { volume_uuid: busy.id } } })
  const before = [await shown(id), await shown(busy.id)]
  const act = (volume: string, action: string, body: unknown, microversion?: string) =>
    send('POST', `/volumes/${volume}/action`, { [action]: body }, microversion)
  const reimage = { image_id: NOBODY }
  const noImage = { status: 404, body: { itemNotFound: { message: `Image ${NOBODY} could not be found.` } } }
  t.match(await act(id, 'os-reimage', reimage), noImage)
  t.match(await act(busy.id, 'os-reimage', reimage), badRequest(/must be available or error to reimage, but current status is: reserved/))
  t.match(await act(busy.id, 'os-reimage', { ...reimage, reimage_reserved: 'True' }), noImage)
  t.match(await act(id, 'os-reimage', reimage, '3.67'), { status: 404, body: { itemNotFound: { message: /3\.67 is not supported/ } } })
  for (const body of [{}, { image_id: 'no id' }, { ...reimage, reimage_reserved: 'perhaps' }, { ...reimage, more: 1 }, null])
    t.equal((await act(id, 'os-reimage', body)).status, 400, JSON.stringify(body))

  const upload = { image_name: 'golden', force: false, container_format: 'bare', disk_format: 'qcow2' }
  const noService = badRequest('Connection to glance failed: there is no image service behind this API.')
  t.match(await act(id, 'os-volume_upload_image', upload, '3.0'), noService)
  t.match(await act(id, 'os-volume_upload_image', { ...upload, visibility: 'public', protected: 'yes' }, '3.1'), noService)
  for (const force of [false, true])
    t.match(
      await act(busy.id, 'os-volume_upload_image', { ...upload, force }),
      badRequest(/to upload it as an image.* reserved/),
      `${force}`,
    )
  for (const [body, microversion] of [
    [{}, '3.71'],
    [{ ...upload, image_name: '' }, '3.71'],
    [{ ...upload, disk_format: 'iso' }, '3.71'],
    [{ ...upload, force: 'perhaps' }, '3.71'],
    [{ ...upload, protected: 'perhaps' }, '3.71'],
    [{ ...upload, visibility: 'some' }, '3.71'],
    [{ ...upload, visibility: 'private' }, '3.0'],
  ] as const) {
    const answered = await act(id, 'os-volume_upload_image', body, microversion)
    t.match(answered, badRequest(/Invalid input for field/), `${JSON.stringify(body)} at ${microversion}`)
  }
  for (const [action, body] of Object.entries({ 'os-reimage': reimage, 'os-volume_upload_image': upload }))
    t.equal((await act(NOBODY, action, body)).status, 404, action)
  t.same([await shown(id), await shown(busy.id)], before, 'nothing came of it')
})

t.test('os-reimage and os-volume_upload_image look at who uses the volume', async (t) => {
  const { id } = await createVolume(first, { volume_type: 'shared' })
  const attach = async (server: string) => {
    const wanted = { volume_uuid: id, instance_uuid: server, connector: { initiator: `iqn.1993-08.org.debian:01:${server}`, host: server } }
    const { body } = await send('POST', '/attachments', { attachment: wanted })
    await send('POST', `/attachments/${body.attachment.id}/action`, { 'os-complete': {} })
  }
  await attach(NOBODY)
  const before = await shown(id)
  t.equal(before.status, 'in-use')
  const upload = (force: boolean) => send('POST', `/volumes/${id}/action`, { 'os-volume_upload_image': { image_name: 'golden', force } })
  t.match(await upload(false), badRequest(/must be available to upload it as an image, but current status is: in-use/))
  t.match(await upload(true), badRequest(/Connection to glance failed/))
  const reimage = () => send('POST', `/volumes/${id}/action`, { 'os-reimage': { image_id: NOBODY, reimage_reserved: true } })
  t.match(await reimage(), badRequest(/must be available or error or reserved to reimage/))
  t.same(await shown(id), before)
  await attach('6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0002')
  t.match(await reimage(), { status: 409, body: { conflictingRequest: { message: /attached to more than one server/ } } })
})

t.test('consistency groups: an empty list, nothing under any id, and none is made', async (t) => {
  for (const key of ['consistencygroups', 'cgsnapshots'])
    for (const path of [`/${key}`, `/${key}/detail`]) t.match(await send('GET', path), { status: 200, body: { [key]: [] } }, path)
  const wanted = { name: 'n', volume_types: 'shared' }
  t.equal((await send('POST', '/consistencygroups', { consistencygroup: wanted })).status, 400)
  t.equal((await send('POST', '/consistencygroups', { consistencygroup: { name: 'n' } })).status, 400)
  const from = (source: object) => send('POST', '/consistencygroups/create_from_src', { 'consistencygroup-from-src': source })
  t.equal((await from({ cgsnapshot_id: NOBODY })).status, 404)
  t.equal((await from({ source_cgid: NOBODY })).status, 404)
  t.equal((await from({})).status, 400)
  t.equal((await send('POST', '/cgsnapshots', { cgsnapshot: { consistencygroup_id: NOBODY } })).status, 404)
  t.equal((await send('POST', '/cgsnapshots', { cgsnapshot: {} })).status, 400)
  for (const [method, path, body] of [
    ['GET', `/consistencygroups/${NOBODY}`],
    ['PUT', `/consistencygroups/${NOBODY}/update`, { consistencygroup: { name: 'n' } }],
    ['POST', `/consistencygroups/${NOBODY}/delete`, { consistencygroup: { force: true } }],
    ['GET', `/cgsnapshots/${NOBODY}`],
    ['DELETE', `/cgsnapshots/${NOBODY}`],
  ] as const)
    t.equal((await send(method, path, body)).status, 404, `${method} ${path}`)
})
