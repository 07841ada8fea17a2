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
