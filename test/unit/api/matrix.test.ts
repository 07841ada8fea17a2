/**
 * Every call by every kind of caller, through Keystone's tokens to the real rules and back: who gets what is the table in
 * matrix.ts, and nobody ever sees or touches what is another project's.
 */
import t from 'tap'
import { keystone } from '../../../agent/api/identity/keystone.ts'
import { CINDER_ROUTES, OWN_ROUTES, ROOT_ROUTES } from '../../../agent/api/routes.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { type Answered, eventually, type Sent, startCluster, type TestHost } from './cluster.ts'
import { SERVICE_PASSWORD, startKeystoneStub } from './keystone-stub.ts'
import { CALLERS, GROUP, type Kind, NOBODYS, type Row, ROWS } from './matrix.ts'

type Caller = (typeof CALLERS)[number]

const OWN = 'demo'
const FOREIGN = 'third'
const UNLIMITED = { volumes: -1, gigabytes: -1, snapshots: -1, groups: -1 }
const TOKENS: ReadonlyArray<readonly [string, string, readonly string[]]> = [
  ['reader', OWN, ['reader']],
  ['member', OWN, ['member', 'reader']],
  ['admin', OWN, ['admin', 'member', 'reader']],
  ['stranger', 'other', ['member', 'reader']],
  [`member-of-${FOREIGN}`, FOREIGN, ['member', 'reader']],
  ['nova', 'service', ['service']],
]

const stub = await startKeystoneStub()
for (const [name, project, roles] of TOKENS) stub.tokens.set(name, { roles, project })
const domain = { name: 'Default' }
const identity = keystone({
  url: stub.url,
  user: { name: 'scoria', domain },
  password: new Secret(SERVICE_PASSWORD),
  project: { name: 'service', domain },
  ca: null,
  cacheMs: 60_000,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  wallMs: Date.now,
  monoMs: () => performance.now(),
})
const cluster = await startCluster({ edge: { identity }, limits: UNLIMITED, capacityGiB: 50_000 })
const host: TestHost = cluster.first
t.teardown(async () => {
  await cluster.stop()
  identity.stop()
  await stub.stop()
})

t.setTimeout(300_000)

function callAs(caller: Caller | string, path: string, sent: Sent = {}): Promise<Answered> {
  if (caller === 'nobody') return host.call(path, { ...sent, token: null })
  if (caller === 'service') return host.call(path, { ...sent, token: 'member', headers: { 'x-service-token': 'nova' } })
  return host.call(path, { ...sent, token: caller })
}

t.test('every route has a row, and no row is about a route that there is not', async (t) => {
  const routes = [...ROOT_ROUTES, ...CINDER_ROUTES, ...OWN_ROUTES].map(({ method, path }) => `${method} ${path}`)
  const rows = ROWS.map(({ route }) => routeOf(route))
  t.same(
    routes.filter((route) => !rows.includes(route)),
    [],
    'routes without a row in matrix.ts',
  )
  t.same(
    rows.filter((route) => !routes.includes(route)),
    [],
    'rows without a route',
  )
})

/** Rows name hosts and keys where routes have parameters. */
function routeOf(route: string): string {
  return (route.split('?')[0] ?? '')
    .replace('/kept', '/:key')
    .replace('/provider', '/:record')
    .replace('sets/default', 'sets/:class')
    .replace('specs/multiattach', 'specs/:key')
    .replace('/alpha1', '/:name')
    .replace('/encryption_key_id', '/:key')
}

t.test('who gets what', async (t) => {
  await callAs('admin', '/v3/group_types', { method: 'POST', body: { group_type: { name: 'grouped' } } })
  const gone = new Map<Kind, string>()
  for (const row of ROWS) {
    const label = `${row.route} ${row.body === undefined ? '' : JSON.stringify(row.body('ID'))}`
    t.same(await codesOf(row, OWN), row.own, `${label} own`)
    if (row.foreign !== undefined) t.same(await codesOf(row, FOREIGN), row.foreign, `${label} foreign`)
    if (row.gone === undefined || row.on === undefined) continue
    const id = gone.get(row.on) ?? (await endOf(row.on, await make(row.on, OWN)))
    gone.set(row.on, id)
    t.same(await codesOf(row, OWN, id), row.gone, `${label} gone`)
  }
})

/** @param fixed what the call is about; default: something new, and something new again after each call that changed it */
async function codesOf(row: Row, project: string, fixed?: string): Promise<string> {
  const [method = '', path = ''] = row.route.split(' ')
  const isOwn = OWN_ROUTES.some((route) => `${route.method} ${route.path}` === routeOf(row.route))
  const codes: number[] = []
  let id = fixed ?? null
  for (const caller of CALLERS) {
    if (row.on !== undefined) id ??= await make(row.on, project)
    const url = `${isOwn ? '/scoria/v1' : '/v3'}${path.replace(/:(id|project)/, id ?? '')}`
    const answer = await callAs(caller, url, { method, ...(row.body === undefined ? {} : { body: row.body(id ?? '') }) })
    codes.push(answer.status)
    if (method !== 'GET' && answer.status < 300 && fixed === undefined) id = null
  }
  return codes.join(' ')
}

const memberOf = (project: string): string => (project === OWN ? 'member' : `member-of-${project}`)

async function post(project: string, path: string, body: object): Promise<Answered['body']> {
  const made = await callAs(memberOf(project), path, { method: 'POST', body })
  if (made.status >= 300) throw new Error(`${path}: ${made.status} ${JSON.stringify(made.body)}`)
  return made.body
}

/** @returns the id of something of this project that is ready */
async function make(kind: Kind, project: string): Promise<string> {
  switch (kind) {
    case 'project':
      return project
    case 'nothing':
      return NOBODYS
    case 'volume':
      return settled('volume', project, (await post(project, '/v3/volumes', { volume: { size: 1, metadata: { kept: 'a' } } })).volume.id)
    case 'snapshot': {
      const snapshot = { volume_id: await make('volume', project), metadata: { kept: 'a' } }
      return settled('snapshot', project, (await post(project, '/v3/snapshots', { snapshot })).snapshot.id)
    }
    case 'reserved':
      return (await post(project, '/v3/attachments', { attachment: { volume_uuid: await make('volume', project) } })).attachment.id
    case 'connected': {
      const attachment = { volume_uuid: await make('volume', project), connector: { initiator: 'iqn.1993-08.org.debian:01:b', host: 'c' } }
      return (await post(project, '/v3/attachments', { attachment })).attachment.id
    }
    case 'transfer':
      return (await post(project, '/v3/volume-transfers', { transfer: { volume_id: await make('volume', project) } })).transfer.id
    case 'message': {
      const { id } = (await post(project, '/v3/volumes', { volume: { size: 90_000 } })).volume
      await settled('volume', project, id, 'error')
      return (await callAs('admin', `/v3/messages?all_tenants=1&resource_uuid=${id}`)).body.messages[0].id
    }
    case 'qos': {
      const qos_specs = { name: `qos-${Math.random()}`, kept: 'a' }
      return (await callAs('admin', '/v3/qos-specs', { method: 'POST', body: { qos_specs } })).body.qos_specs.id
    }
    case 'group':
      return settled('group', project, (await post(project, '/v3/groups', GROUP)).group.id)
    case 'group-snapshot': {
      const group_id = await make('group', project)
      const volume = { size: 1, volume_type: 'shared', group_id }
      await settled('volume', project, (await post(project, '/v3/volumes', { volume })).volume.id)
      const { id } = (await post(project, '/v3/group_snapshots', { group_snapshot: { group_id } })).group_snapshot
      return settled('group_snapshot', project, id)
    }
    case 'group-type': {
      const group_type = { name: `type-${Math.random()}`, is_public: project === OWN, group_specs: { kept: 'a' } }
      return (await callAs('admin', '/v3/group_types', { method: 'POST', body: { group_type } })).body.group_type.id
    }
    case 'type': {
      const volume_type = {
        name: `type-${Math.random()}`,
        extra_specs: { multiattach: '<is> True' },
        'os-volume-type-access:is_public': project === OWN,
      }
      return (await callAs('admin', '/v3/types', { method: 'POST', body: { volume_type } })).body.volume_type.id
    }
  }
}

async function settled(
  kind: 'volume' | 'snapshot' | 'group' | 'group_snapshot',
  project: string,
  id: string,
  status = 'available',
): Promise<string> {
  const show = () => callAs(memberOf(project), `/v3/${kind}s/${id}`)
  await eventually(show, (answer) => answer.body[kind]?.status === status)
  return id
}

/** Deletes it. @returns its id */
async function endOf(kind: Kind, id: string): Promise<string> {
  const collection =
    {
      reserved: 'attachment',
      connected: 'attachment',
      transfer: 'volume-transfer',
      message: 'message',
      qos: 'qos-spec',
      'group-type': 'group_type',
      'group-snapshot': 'group_snapshot',
    }[kind as string] ?? kind
  if (kind === 'group') await callAs('member', `/v3/groups/${id}/action`, { method: 'POST', body: { delete: {} } })
  else if (kind === 'message') {
    const { resource_uuid } = (await callAs('admin', `/v3/messages/${id}`)).body.message
    await callAs('member', `/v3/volumes/${resource_uuid}`, { method: 'DELETE' })
  } else
    await callAs(kind === 'type' || kind === 'group-type' || kind === 'qos' ? 'admin' : 'member', `/v3/${collection}s/${id}`, {
      method: 'DELETE',
    })
  await eventually(
    () => callAs('admin', `/v3/${collection}s/${id}`),
    ({ status }) => status === 404,
  )
  return id
}

t.test('lists hold nothing of other projects, on no page, whatever is asked for', async (t) => {
  const kinds = ['volume', 'snapshot', 'connected', 'transfer', 'message', 'group', 'group-snapshot'] as const
  const made = new Map<string, { own: string; foreign: string }>()
  for (const kind of kinds) made.set(kind, { own: await make(kind, OWN), foreign: await make(kind, FOREIGN) })
  const lists: ReadonlyArray<readonly [string, string, string]> = [
    ['volume', 'volumes', 'volumes'],
    ['volume', 'volumes/detail', 'volumes'],
    ['snapshot', 'snapshots', 'snapshots'],
    ['snapshot', 'snapshots/detail', 'snapshots'],
    ['connected', 'attachments', 'attachments'],
    ['connected', 'attachments/detail', 'attachments'],
    ['transfer', 'os-volume-transfer', 'transfers'],
    ['transfer', 'volume-transfers/detail', 'transfers'],
    ['message', 'messages', 'messages'],
    ['group', 'groups', 'groups'],
    ['group', 'groups/detail', 'groups'],
    ['group-snapshot', 'group_snapshots', 'group_snapshots'],
    ['group-snapshot', 'group_snapshots/detail', 'group_snapshots'],
  ]
  for (const [kind, path, key] of lists) {
    const { own = '', foreign = '' } = made.get(kind) ?? {}
    const idsFor = async (caller: Caller, query: string) =>
      (await callAs(caller, `/v3/${path}?${query}`)).body[key].map((item: { id: string }) => item.id)
    for (const query of ['', 'all_tenants=1']) {
      for (const caller of ['reader', 'member', 'service'] as const) {
        const ids = await idsFor(caller, query)
        t.notOk(ids.includes(foreign), `${caller}: ${path}?${query} has nothing foreign`)
      }
      t.notOk((await idsFor('stranger', query)).includes(own), `stranger: ${path}?${query}`)
    }
    const foreignFilter = await callAs('member', `/v3/${path}?all_tenants=1&project_id=${FOREIGN}`)
    t.equal(foreignFilter.status, 400, `${path}: projects are told apart by admins alone`)
    const found = await idsFor('admin', `all_tenants=1&project_id=${FOREIGN}`)
    t.ok(found.includes(foreign) && !found.includes(own), `${path}: who finds what is one project’s`)
    t.ok((await idsFor('reader', '')).includes(own), `${path} has what is the project’s`)
    const all = await idsFor('admin', 'all_tenants=1')
    t.ok(all.includes(own) && all.includes(foreign), `${path}: an admin sees both`)
    t.notOk((await idsFor('admin', '')).includes(foreign), `${path}: and only its own unless it asks`)
    t.equal((await callAs('member', `/v3/${path}?marker=${foreign}`)).status, 404, `${path}: what is foreign marks no page`)
    const strange = await idsFor('stranger', 'limit=1&all_tenants=1')
    t.notOk(strange.includes(own) || strange.includes(foreign), `${path}: a page is cut out of what is left`)
  }
  const sum = async (caller: Caller) => (await callAs(caller, '/v3/volumes/summary?all_tenants=1')).body['volume-summary'].total_count
  t.equal(await sum('reader'), (await callAs('reader', '/v3/volumes')).body.volumes.length, 'sums are of the project alone')
})

t.test('the secret of an export is for who may use it, and where things lie for admins', async (t) => {
  const attachment = await make('connected', OWN)
  const infoFor = async (caller: Caller) => (await callAs(caller, `/v3/attachments/${attachment}`)).body.attachment.connection_info
  t.match(await infoFor('member'), { auth_method: 'CHAP', auth_password: /./ })
  t.match(await infoFor('admin'), { auth_password: /./ })
  t.same(await infoFor('reader'), {}, 'who only reads could write with it')
  const volume = await make('volume', OWN)
  const keysFor = async (caller: Caller) => Object.keys((await callAs(caller, `/v3/volumes/${volume}`)).body.volume)
  t.ok((await keysFor('admin')).includes('os-vol-host-attr:host'))
  for (const caller of ['reader', 'member', 'service'] as const)
    t.notOk((await keysFor(caller)).includes('os-vol-host-attr:host'), `${caller} does not see where it lies`)
  const ageFor = async (caller: Caller) => Object.keys((await callAs(caller, `/scoria/v1/volumes/${volume}/age`)).body)
  t.same(await ageFor('member'), ['volume', 'hostStatus', 'ageMs'])
  t.same(await ageFor('admin'), ['volume', 'owner', 'hostStatus', 'ageMs'])
})

t.test('a server’s attachment goes only at the word of a service that Keystone knows as one', async (t) => {
  const server = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0003'
  const volume = await make('volume', OWN)
  const { attachment } = await post(OWN, '/v3/attachments', {
    attachment: { volume_uuid: volume, instance_uuid: server, connector: { initiator: 'iqn.1993-08.org.debian:01:b', host: 'c' } },
  })
  await callAs('member', `/v3/attachments/${attachment.id}/action`, { method: 'POST', body: { 'os-complete': {} } })
  const remove = (token: string, serviceToken: string | null) =>
    host.call(`/v3/attachments/${attachment.id}`, {
      method: 'DELETE',
      token,
      ...(serviceToken === null ? {} : { headers: { 'x-service-token': serviceToken } }),
    })
  t.equal((await remove('member', null)).status, 409)
  t.equal((await remove('admin', null)).status, 409)
  t.equal((await remove('member', 'member')).status, 409, 'anybody’s token is no service’s')
  t.equal((await remove('member', 'made-up')).status, 401)
  t.equal((await remove('member', 'nova')).status, 200)
})

t.test('headers that a token service would set are not read', async (t) => {
  const claimed = {
    'x-roles': 'admin',
    'x-role': 'admin',
    'x-project-id': FOREIGN,
    'x-tenant-id': FOREIGN,
    'x-user-id': 'root',
    'x-is-admin-project': 'True',
    'x-identity-status': 'Confirmed',
    'x-service-roles': 'service',
    'openstack-system-scope': 'all',
  }
  const foreign = await make('volume', FOREIGN)
  t.equal((await host.call('/v3/volumes', { token: null, headers: claimed })).status, 401)
  t.equal((await host.call(`/v3/volumes/${foreign}`, { token: 'member', headers: claimed })).status, 404)
  t.equal((await host.call('/v3/os-services', { token: 'member', headers: claimed })).status, 403)
  const made = await host.call('/v3/volumes', { method: 'POST', token: 'member', headers: claimed, body: { volume: { size: 1 } } })
  t.match(made.body.volume, { user_id: '0a1b2c3d4e5f40718293a4b5c6d7e8f9', 'os-vol-tenant-attr:tenant_id': OWN })
  const nobody = await host.call('/v3/volumes', { token: null })
  t.equal(nobody.headers.get('www-authenticate'), `Keystone uri="${stub.url}"`)
})
