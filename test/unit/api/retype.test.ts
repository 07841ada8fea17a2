/** os-retype: another volume type for a volume, as far as its pool is one for it. */
import t, { type Test } from 'tap'
import { byRole } from './by-role.ts'
import { eventually, startCluster, type TestHost } from './cluster.ts'

const ADMIN = 'admin:ops'
const WEB = 'member:web'

const send = (host: TestHost, token: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
  host.call(`/v3${path}`, { method, token, microversion: '3.71', headers, ...(body === undefined ? {} : { body }) })

async function started(t: Test) {
  const cluster = await startCluster({ hosts: 3, edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const made = await send(first, WEB, 'POST', '/volumes', { volume: { size: 2 } })
  const { id } = made.body.volume
  await eventually(
    () => send(first, WEB, 'GET', `/volumes/${id}`),
    (seen) => seen.body.volume.status === 'available',
  )
  const newType = async (name: string, extra_specs: object = {}, more: object = {}): Promise<string> =>
    (await send(first, ADMIN, 'POST', '/types', { volume_type: { name, extra_specs, ...more } })).body.volume_type.id
  const retype = (new_type: string, more: object = {}, host = first, token = WEB) =>
    send(host, token, 'POST', `/volumes/${id}/action`, { 'os-retype': { new_type, ...more } })
  const shown = async (host = first) => (await send(host, WEB, 'GET', `/volumes/${id}`)).body.volume
  const messages = async (token: string): Promise<readonly { readonly user_message: string; readonly event_id: string }[]> =>
    (await send(first, token, 'GET', `/messages?resource_uuid=${id}${token === ADMIN ? '&all_tenants=1' : ''}`)).body.messages
  return { first, second, id, newType, retype, shown, messages }
}

t.test('by name or id, through any host, with what belongs to the type', async (t) => {
  const { second, newType, retype, shown } = await started(t)
  const id = await newType('fast', { volume_backend_name: 'memory', 'RESKEY:availability_zones': 'zone-1,zone-2,zone-3' })
  const done = await retype('fast', {}, second)
  t.same([done.status, done.body], [202, null])
  t.match(await shown(), { status: 'available', volume_type: 'fast', volume_type_id: id, multiattach: false })
  t.match(await retype(id), { status: 400, body: { badRequest: { message: /another volume type/ } } }, 'the same once more')
  t.equal((await retype('shared', { migration_policy: 'on-demand' })).status, 202)
  t.match(await shown(second), { volume_type: 'shared', multiattach: true })
  t.equal((await retype('fast', { migration_policy: null })).status, 202)
  t.match(await shown(), { volume_type: 'fast', multiattach: false })
})

t.test('a type that its pool is none for changes nothing, and a message says why', async (t) => {
  const { first, newType, retype, shown, messages } = await started(t)
  await newType('elsewhere', { volume_backend_name: 'lvm' })
  await newType('nowhere', { 'RESKEY:availability_zones': 'zone-9' })
  t.equal((await retype('elsewhere', { migration_policy: 'never' })).status, 202)
  t.match(await shown(), { status: 'available', volume_type: '__DEFAULT__' })
  const [said] = await messages(WEB)
  t.match(said, {
    event_id: 'VOLUME_VOLUME_001_003',
    user_message: /keeps its type: its pool is not one for type elsewhere, and it may not be migrated/,
  })
  t.notMatch(said?.user_message, /lvm/, 'what pools report is for administrators')
  t.match(
    (await messages(ADMIN))[0]?.user_message,
    /CapabilitiesFilter: reported volume_backend_name: memory, needed volume_backend_name: lvm/,
  )
  t.equal((await retype('nowhere', { migration_policy: 'on-demand' })).status, 202)
  t.match((await messages(WEB))[0]?.user_message, /type nowhere, and volumes are not moved between pools/)
  t.match(await shown(), { status: 'available', volume_type: '__DEFAULT__' })
  await newType('plain')
  t.equal((await retype('plain')).status, 202)
  t.same(await messages(WEB), [], 'there is nothing to tell of any more')
  t.match((await send(first, WEB, 'GET', '/messages')).body.messages, [])
})

t.test('while it is used neither multiattach nor what its user was told of QoS changes', async (t) => {
  const { first, id, newType, retype, shown } = await started(t)
  const qos = async (name: string, consumer: string): Promise<string> => {
    const type = await newType(`of ${name}`)
    const made = await send(first, ADMIN, 'POST', '/qos-specs', { qos_specs: { name, consumer, total_iops_sec: '100' } })
    await send(first, ADMIN, 'GET', `/qos-specs/${made.body.qos_specs.id}/associate?vol_type_id=${type}`)
    return `of ${name}`
  }
  const [front, back] = [await qos('front', 'front-end'), await qos('back', 'back-end')]
  const connector = { initiator: 'iqn.1993-08.org.debian:01:a1', host: 'compute1' }
  const attach = async () =>
    (await send(first, WEB, 'POST', '/attachments', { attachment: { volume_uuid: id, connector } })).body.attachment
  const attachment = await attach()
  t.match(await retype(back), { status: 400, body: { badRequest: { message: /status must be available or in-use/ } } }, 'attaching')
  await send(first, WEB, 'POST', `/attachments/${attachment.id}/action`, { 'os-complete': {} })
  t.match(await retype('shared'), { status: 400, body: { badRequest: { message: /affecting multiattach/ } } })
  t.match(await retype(front), { status: 400, body: { badRequest: { message: /front-end qos specs cannot change/ } } })
  t.equal((await retype(back)).status, 202, 'what concerns the pool alone may')
  t.match(await shown(), { status: 'in-use', volume_type: back })
  t.match(await retype(front), { status: 400 })
  await send(first, WEB, 'DELETE', `/attachments/${attachment.id}`)
  t.equal((await retype(front)).status, 202)
  t.same((await attach()).connection_info.qos_specs, { total_iops_sec: '100' }, 'who attaches next is told of the new ones')
})

t.test('what is refused', async (t) => {
  const { first, id, newType, retype, shown } = await started(t)
  await newType('private', {}, { 'os-volume-type-access:is_public': false })
  const secret = await newType('secret')
  const encryption = { provider: 'luks', control_location: 'front-end' }
  await send(first, ADMIN, 'POST', `/types/${secret}/encryption`, { encryption })
  t.match(await retype('secret'), { status: 400, body: { badRequest: { message: /encrypted, which no host can/ } } })
  t.match(await retype('nothing'), { status: 404, body: { itemNotFound: { message: /nothing could not be found/ } } })
  t.match(await retype('private'), { status: 404 }, 'a private type is not there')
  t.equal((await retype('shared', {}, first, 'member:shop')).status, 404, 'nor is the volume for others')
  t.equal((await retype('shared', {}, first, 'reader:web')).status, 403)
  for (const body of [
    {},
    { new_type: 5 },
    { new_type: '' },
    { new_type: 'shared', migration_policy: 'always' },
    { new_type: 'shared', x: 1 },
  ])
    t.equal((await send(first, WEB, 'POST', `/volumes/${id}/action`, { 'os-retype': body })).status, 400, JSON.stringify(body))
  t.match(await shown(), { volume_type: '__DEFAULT__' })
  const key = { 'idempotency-key': 'k' }
  const once = () => send(first, WEB, 'POST', `/volumes/${id}/action`, { 'os-retype': { new_type: 'shared' } }, key)
  for (const time of ['first', 'second']) t.equal((await once()).status, 202, `${time} time under one key`)
})
