/** Encryption records of volume types: Cinder's calls, and that nothing plain is made of a type that has one. */
import t from 'tap'
import { PROJECT, startCluster, type TestHost, until } from './cluster.ts'

const send = (host: TestHost, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  host.call(`/v3/${PROJECT}${path}`, { method, ...(body === undefined ? {} : { body }), headers })
const LUKS = { provider: 'luks', control_location: 'front-end', cipher: 'aes-xts-plain64', key_size: 256 }
const newType = async (host: TestHost, name: string): Promise<string> =>
  (await send(host, 'POST', '/types', { volume_type: { name } })).body.volume_type.id

t.test('create, show, change, delete, with Cinder’s fields and codes', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const id = await newType(first, 'secret')
  const record = `/types/${id}/encryption`
  t.match(await send(first, 'GET', record), { status: 200, body: {} }, 'none yet')
  const key = { 'idempotency-key': 'k' }
  const made = await send(first, 'POST', record, { encryption: LUKS }, key)
  t.match(made, { status: 200, body: { encryption: { ...LUKS, volume_type_id: id } } })
  const again = await send(second, 'POST', record, { encryption: LUKS }, key)
  t.same(again.body, made.body, 'the same request at another peer')
  t.match(await send(second, 'POST', record, { encryption: LUKS }), { status: 400, body: { badRequest: { message: /already exists/ } } })
  const { encryption_id } = made.body.encryption
  const shown = (await send(first, 'GET', record)).body
  t.match(shown, { ...LUKS, volume_type_id: id, encryption_id, updated_at: null, deleted: false, deleted_at: null })
  t.match(shown.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
  t.same((await send(first, 'GET', `${record}/key_size`)).body, { key_size: 256 })
  t.match(await send(first, 'GET', `${record}/nothing`), { status: 404 })

  t.match(await send(first, 'PUT', `${record}/${encryption_id}`, { encryption: { key_size: '512', cipher: null } }), {
    status: 200,
    body: { encryption: { key_size: 512, cipher: null } },
  })
  t.match((await send(first, 'GET', record)).body, { provider: 'luks', key_size: 512, cipher: null, updated_at: /^\d{4}/ })
  t.match(await send(first, 'DELETE', `${record}/provider`), { status: 202, body: null }, 'as cinderclient names it')
  t.match(await send(first, 'DELETE', `${record}/provider`), { status: 404 })
  t.match(await send(first, 'PUT', `${record}/provider`, { encryption: { key_size: 1 } }), { status: 404 })
  for (const wrong of [{ provider: 'luks' }, { ...LUKS, control_location: 'middle' }, { ...LUKS, key_size: -1 }, { ...LUKS, more: 1 }])
    t.match(await send(first, 'POST', record, { encryption: wrong }), { status: 400 }, JSON.stringify(wrong))
  t.match(await send(first, 'PUT', `${record}/x`, { encryption: {} }), { status: 400 })
})

t.test('of a type that is to be encrypted nothing is made, and nothing plain instead', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const id = await newType(first, 'secret')
  await send(first, 'POST', `/types/${id}/encryption`, { encryption: LUKS })
  const refused = { status: 400, body: { badRequest: { message: /secret have to be encrypted, which no host can/ } } }
  t.match(await send(first, 'POST', '/volumes', { volume: { size: 1, volume_type: 'secret' } }), refused)
  t.match(await send(second, 'POST', '/volumes', { volume: { size: 1, volume_type: id } }), refused, 'at a peer that hears of the type now')
  first.volumes.lay('database', { sizeBytes: 1024 ** 3, hindrance: null, former: null, bytes: 'plain' })
  const manage = { volume: { host: `${first.name}@memory#pool`, ref: { 'source-name': 'database' }, volume_type: 'secret' } }
  t.match(await send(first, 'POST', '/manageable_volumes', manage), refused, 'nor is what lies there taken in as such a one')
  const explain = await first.call('/scoria/v1/placement/explain', { method: 'POST', body: { size: 1, volume_type: 'secret' } })
  t.match(explain, refused, 'an explanation says the same')
  t.same((await send(first, 'GET', '/volumes?all_tenants=1')).body.volumes, [], 'nothing is left behind')
  await send(first, 'POST', '/types/__DEFAULT__/encryption', { encryption: LUKS })
  t.match(await send(first, 'POST', '/volumes', { volume: { size: 1 } }), { status: 400 }, 'the default type too')
})

t.test('a type that volumes have gets no record', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const id = await newType(first, 'used')
  const volume = (await send(first, 'POST', '/volumes', { volume: { size: 1, volume_type: 'used' } })).body.volume.id
  await until(first, volume, 'available')
  t.match(await send(first, 'POST', `/types/${id}/encryption`, { encryption: LUKS }), {
    status: 400,
    body: { badRequest: { message: /in use/ } },
  })
  t.match(await send(first, 'GET', `/types/${id}/encryption`), { status: 200, body: {} })
})
