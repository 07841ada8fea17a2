/** Transfers of volumes over HTTP, on the real rules: Cinder's bodies, codes and refusals, through any peer, and nothing left behind. */
import t, { type Test } from 'tap'
import { byRole } from './by-role.ts'
import { type Answered, type ClusterOptions, eventually, startCluster, type TestCluster, type TestHost } from './cluster.ts'

const NOWHERE = '11111111-2222-4333-8444-555555555555'
const OLD = 'os-volume-transfer'
const NEW = 'volume-transfers'
const [BLUE, GREEN, ADMIN] = ['member:blue', 'member:green', 'admin:ops'] as const

async function clusterOf(t: Test, options: ClusterOptions = {}): Promise<TestCluster> {
  const cluster = await startCluster({ hosts: 3, ...options, edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  return cluster
}

const get = (host: TestHost, token: string, path: string, microversion = '3.71') => host.call(`/v3/${path}`, { token, microversion })
const post = (
  host: TestHost,
  token: string,
  path: string,
  body: object,
  more: { microversion?: string; headers?: Record<string, string> } = {},
) => host.call(`/v3/${path}`, { method: 'POST', token, body, ...more })
const remove = (host: TestHost, token: string, path: string) => host.call(`/v3/${path}`, { method: 'DELETE', token })

async function volumeOf(host: TestHost, token: string, volume: object = {}): Promise<string> {
  const { id } = (await post(host, token, 'volumes', { volume: { size: 1, name: 'v', ...volume } })).body.volume
  await eventually(
    () => get(host, token, `volumes/${id}`),
    ({ body }) => body.volume?.status === 'available',
  )
  return id
}

async function snapshotOf(host: TestHost, token: string, volume: string): Promise<string> {
  const { id } = (await post(host, token, 'snapshots', { snapshot: { volume_id: volume } })).body.snapshot
  await eventually(
    () => get(host, token, `snapshots/${id}`),
    ({ body }) => body.snapshot?.status === 'available',
  )
  return id
}

async function offered(host: TestHost, token: string, volume: string, more: object = {}, path = NEW): Promise<Answered['body']> {
  const made = await post(host, token, path, { transfer: { volume_id: volume, ...more } })
  if (made.status !== 202) throw new Error(JSON.stringify(made.body))
  return made.body.transfer
}

const accept = (host: TestHost, token: string, { id, auth_key }: { id: string; auth_key: string }, key?: string) =>
  post(host, token, `${NEW}/${id}/accept`, { accept: { auth_key } }, key === undefined ? {} : { headers: { 'idempotency-key': key } })

t.test('a volume changes hands with its snapshots, and every peer shows it to its new project alone', async (t) => {
  const cluster = await clusterOf(t)
  const [a, b, c] = cluster.hosts
  if (a === undefined || b === undefined || c === undefined) throw new Error('three hosts')
  const id = await volumeOf(a, BLUE, { metadata: { kept: 'yes' } })
  const snapshot = await snapshotOf(a, BLUE, id)
  const transfer = await offered(b, BLUE, id, { name: ' for green ' })
  t.match(transfer, { volume_id: id, name: 'for green', no_snapshots: false, accepted: false, source_project_id: 'blue' })
  t.equal(transfer.destination_project_id, null)
  t.match(transfer.auth_key, /^[0-9a-f]{16}$/)
  t.match(transfer.links[0], { rel: 'self', href: new RegExp(`/v3/blue/os-volume-transfer/${transfer.id}$`) })
  t.equal((await get(c, BLUE, `volumes/${id}`)).body.volume.status, 'awaiting-transfer')
  t.equal((await get(c, GREEN, `volumes/${id}`)).status, 404, 'not there yet')

  const taken = await accept(c, GREEN, transfer)
  t.match(taken, { status: 202, body: { transfer: { id: transfer.id, volume_id: id, name: 'for green' } } })
  t.same(Object.keys(taken.body.transfer).sort(), ['id', 'links', 'name', 'volume_id'], 'the summary, as in Cinder')
  for (const host of cluster.hosts) {
    const shown = (await get(host, GREEN, `volumes/${id}`)).body.volume
    t.match(shown, {
      id,
      status: 'available',
      name: 'v',
      metadata: { kept: 'yes' },
      user_id: 'member',
      'os-vol-tenant-attr:tenant_id': 'green',
    })
    t.match((await get(host, GREEN, `snapshots/${snapshot}`)).body.snapshot, { id: snapshot, volume_id: id })
    t.equal((await get(host, BLUE, `volumes/${id}`)).status, 404)
    t.equal((await get(host, BLUE, `snapshots/${snapshot}`)).status, 404)
    t.same((await get(host, BLUE, 'volumes')).body.volumes, [])
    t.same((await get(host, BLUE, 'snapshots')).body.snapshots, [])
    t.same((await get(host, BLUE, NEW)).body.transfers, [])
    t.same((await get(host, GREEN, NEW)).body.transfers, [], 'what was accepted is no transfer any more')
    t.equal((await get(host, GREEN, `${NEW}/${transfer.id}`)).status, 404)
  }
  t.equal((await remove(a, BLUE, `volumes/${id}`)).status, 404)
  const tags = cluster.hosts.flatMap(({ volumes }) => [...volumes.list(), ...volumes.listSnapshots()].map((found) => found.tags?.project))
  t.same(tags, ['green', 'green'], 'the tags of the bytes follow')
  t.equal((await remove(b, GREEN, `snapshots/${snapshot}`)).status, 202)
})

t.test('what counts goes with it: in both projects for a moment, in one from then on', async (t) => {
  const { first } = await clusterOf(t, { limits: { volumes: 2, gigabytes: 6, snapshots: 1 } })
  const id = await volumeOf(first, BLUE, { size: 3 })
  await snapshotOf(first, BLUE, id)
  const used = async (token: string) => (await get(first, token, 'limits')).body.limits.absolute
  await eventually(
    () => used(BLUE),
    (absolute) => absolute.totalVolumesUsed === 1 && absolute.totalGigabytesUsed === 6,
  )
  const own = await volumeOf(first, GREEN, { size: 1 })
  const transfer = await offered(first, BLUE, id)
  const refused = await accept(first, GREEN, transfer)
  t.match(refused, { status: 413, body: { overLimit: { message: /gigabytes/i } } })
  t.equal((await get(first, BLUE, `volumes/${id}`)).body.volume.status, 'awaiting-transfer', 'as it was')
  t.equal((await remove(first, GREEN, `volumes/${own}`)).status, 202)
  await eventually(
    () => accept(first, GREEN, transfer),
    ({ status }) => status === 202,
  )
  await eventually(
    async () => [await used(BLUE), await used(GREEN)],
    ([blue, green]) => blue.totalVolumesUsed === 0 && green.totalVolumesUsed === 1 && green.totalSnapshotsUsed === 1,
  )
  t.match(await used(BLUE), { totalVolumesUsed: 0, totalGigabytesUsed: 0, totalSnapshotsUsed: 0 })
  t.match(await used(GREEN), { totalVolumesUsed: 1, totalGigabytesUsed: 6, totalSnapshotsUsed: 1 })
})

t.test('a repeat under one key gets the same answer, also the key of the transfer', async (t) => {
  const { hosts } = await clusterOf(t)
  const [a, b] = hosts
  if (a === undefined || b === undefined) throw new Error('hosts')
  const create = { headers: { 'idempotency-key': 'make' } }
  const made = await post(a, BLUE, 'volumes', { volume: { size: 1, name: 'v' } }, create)
  const { id } = made.body.volume
  await eventually(
    () => get(a, BLUE, `volumes/${id}`),
    ({ body }) => body.volume?.status === 'available',
  )
  const body = { transfer: { volume_id: id } }
  const one = await post(a, BLUE, NEW, body, { headers: { 'idempotency-key': 'offer' } })
  const two = await post(b, BLUE, NEW, body, { headers: { 'idempotency-key': 'offer' } })
  t.same(two.body, { transfer: { ...one.body.transfer, links: two.body.transfer.links } })
  const { transfer } = one.body
  t.equal((await accept(a, GREEN, transfer, 'mine')).status, 202)
  t.equal((await accept(b, GREEN, transfer, 'mine')).status, 202)
  t.equal((await accept(b, GREEN, transfer, 'again')).status, 404, 'another request finds nothing to accept')
  const again = await post(b, BLUE, 'volumes', { volume: { size: 1, name: 'v' } }, create)
  t.match(again, { status: 202, body: { volume: { id, status: 'creating' } } }, 'the create is answered as it was')
  t.notMatch(JSON.stringify(again.body), /green/)
})

t.test('of two who accept at once one wins; what was taken back is accepted by nobody', async (t) => {
  const { first } = await clusterOf(t)
  const id = await volumeOf(first, BLUE)
  const transfer = await offered(first, BLUE, id)
  const answers = await Promise.all(['member:green', 'member:red'].map((token) => accept(first, token, transfer)))
  t.same(answers.map(({ status }) => status).sort()[0], 202)
  t.ok(
    answers.every(({ status }) => [202, 404].includes(status)),
    'for the other one there is none any more',
  )
  const winner = answers[0]?.status === 202 ? 'member:green' : 'member:red'
  const next = await offered(first, winner, id)
  t.equal((await remove(first, BLUE, `${NEW}/${next.id}`)).status, 404, 'not theirs')
  t.equal((await remove(first, winner, `${NEW}/${next.id}`)).status, 202)
  t.equal((await accept(first, BLUE, next)).status, 404)
  t.equal((await remove(first, winner, `${NEW}/${next.id}`)).status, 404)
  t.equal((await get(first, winner, `volumes/${id}`)).body.volume.status, 'available')
})

t.test('what cannot be transferred is refused as in Cinder', async (t) => {
  const { first } = await clusterOf(t)
  const id = await volumeOf(first, BLUE)
  const offer = (body: object, path = NEW, microversion = '3.71') => post(first, BLUE, path, { transfer: body }, { microversion })
  t.equal((await offer({ volume_id: NOWHERE })).status, 404)
  t.equal((await offer({ volume_id: 'by name' })).status, 400)
  t.equal((await offer({})).status, 400)
  t.equal((await offer({ volume_id: id, no_snapshots: true }, OLD)).status, 400, 'the older call has no such key')
  t.equal((await offer({ volume_id: id, no_snapshots: 'perhaps' })).status, 400)
  t.equal((await offer({ volume_id: id }, NEW, '3.54')).status, 404, 'it came with 3.55')
  t.equal((await post(first, GREEN, NEW, { transfer: { volume_id: id } })).status, 404, "another project's")
  await snapshotOf(first, BLUE, id)
  const left = { status: 400, body: { badRequest: { message: /has 1 snapshot and can be transferred only together/ } } }
  t.match(await offer({ volume_id: id }, OLD), left, 'the older call takes none along')
  t.match(await offer({ volume_id: id, no_snapshots: 'true' }), left)
  const transfer = await offered(first, BLUE, id)
  t.match(await offer({ volume_id: id }), { status: 400, body: { badRequest: { message: /current status is: awaiting-transfer/ } } })
  for (const [path, body] of [
    ['attachments', { attachment: { volume_uuid: id } }],
    [`volumes/${id}/action`, { 'os-extend': { new_size: 2 } }],
    ['snapshots', { snapshot: { volume_id: id } }],
    ['volumes', { volume: { size: 1, source_volid: id } }],
  ] as const)
    t.equal((await post(first, BLUE, path, body)).status, 400, `${path} has to wait`)
  t.equal((await remove(first, BLUE, `volumes/${id}`)).status, 400)

  const wrong = await accept(first, GREEN, { ...transfer, auth_key: '0123456789abcdef' })
  t.match(wrong, { status: 400, body: { badRequest: { message: /^Invalid auth key/ } } })
  t.equal((await accept(first, GREEN, { ...transfer, id: NOWHERE })).status, 404)
  t.equal((await post(first, GREEN, `${NEW}/${transfer.id}/accept`, { accept: {} })).status, 400)
  t.equal((await post(first, 'reader:green', `${NEW}/${transfer.id}/accept`, { accept: transfer })).status, 403)
  t.equal((await accept(first, GREEN, transfer)).status, 202, 'the right key still fits')
})

t.test('a private type is taken over by whom it is there for', async (t) => {
  const { first } = await clusterOf(t)
  const wanted = { name: 'private', 'os-volume-type-access:is_public': false }
  const type = (await post(first, ADMIN, 'types', { volume_type: wanted })).body.volume_type.id
  const access = (project: string) => post(first, ADMIN, `types/${type}/action`, { addProjectAccess: { project } })
  t.equal((await access('blue')).status, 202)
  const id = await volumeOf(first, BLUE, { volume_type: 'private' })
  const transfer = await offered(first, BLUE, id)
  t.match(await accept(first, GREEN, transfer), { status: 404, body: { itemNotFound: { message: new RegExp(type) } } })
  t.equal((await access('green')).status, 202)
  await eventually(
    () => accept(first, GREEN, transfer),
    ({ status }) => status === 202,
  )
  t.equal((await get(first, GREEN, `volumes/${id}`)).body.volume.volume_type, 'private')
})

t.test('lists have what the project offers, in pages and orders from 3.59, with the fields of their version', async (t) => {
  const { first } = await clusterOf(t)
  const made: string[] = []
  for (const name of ['b', 'a', 'c']) made.push((await offered(first, BLUE, await volumeOf(first, BLUE), { name }, OLD)).id)
  await offered(first, GREEN, await volumeOf(first, GREEN))
  const names = async (query: string, microversion = '3.71', token: string = BLUE) =>
    (await get(first, token, `${NEW}${query}`, microversion)).body.transfers.map((item: { name: string }) => item.name)
  t.same(await names('?sort=name:asc'), ['a', 'b', 'c'])
  t.same(await names('?sort_key=name&sort_dir=desc&limit=2'), ['c', 'b'])
  t.same(await names('?name=a'), ['a'])
  const page = await get(first, BLUE, `${NEW}/detail?limit=1&sort=name:asc`)
  t.match(page.body.transfers_links[0].href, /volume-transfers\/detail\?limit=1&sort=name%3Aasc&marker=/)
  t.same(await names(`?sort=name:asc&limit=1&marker=${page.body.transfers[0].id}`), ['b'])
  t.same((await names('?limit=2&sort=name:asc', '3.58')).length, 2, 'an order that came later is passed over')
  t.equal((await get(first, BLUE, `${NEW}?marker=${NOWHERE}`)).status, 404)
  t.equal((await names('?all_tenants=1', '3.71', ADMIN)).length, 4, 'admins see all')
  t.equal((await names('?all_tenants=1')).length, 3, 'and nobody else')
  const keys = async (microversion: string, path = OLD) =>
    Object.keys((await get(first, BLUE, `${path}/${made[0]}`, microversion)).body.transfer).sort()
  const before = ['created_at', 'id', 'links', 'name', 'volume_id']
  t.same(await keys('3.0'), before)
  t.same(await keys('3.55', NEW), [...before, 'no_snapshots'].sort())
  t.same(await keys('3.57', NEW), [...before, 'no_snapshots', 'accepted', 'source_project_id', 'destination_project_id'].sort())
  t.same(Object.keys((await get(first, BLUE, OLD)).body.transfers[0]).sort(), ['id', 'links', 'name', 'volume_id'])
  t.notMatch(JSON.stringify((await get(first, BLUE, `${OLD}/detail`)).body), /auth_key/, 'the key is told once')
})
