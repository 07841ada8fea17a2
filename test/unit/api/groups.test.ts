/** Groups and group snapshots over HTTP, on the real rules: Cinder's bodies, codes and refusals, through any peer. */
import t, { type Test } from 'tap'
import { type Answered, type ClusterOptions, eventually, PROJECT, startCluster, type TestCluster, type TestHost } from './cluster.ts'

const NOWHERE = '11111111-2222-4333-8444-555555555555'
const BASE = `/v3/${PROJECT}`

interface Sent {
  readonly microversion?: string
  readonly headers?: Record<string, string>
}

const get = (host: TestHost, path: string, microversion = '3.71') => host.call(BASE + path, { microversion })
const post = (host: TestHost, path: string, body: object, more: Sent = {}) => host.call(BASE + path, { method: 'POST', body, ...more })
const put = (host: TestHost, path: string, body: object) => host.call(BASE + path, { method: 'PUT', body })
const remove = (host: TestHost, path: string) => host.call(BASE + path, { method: 'DELETE' })
const act = (host: TestHost, id: string, action: object, microversion = '3.71') =>
  post(host, `/groups/${id}/action`, action, { microversion })
const messageOf = ({ body }: Answered): string => body.badRequest?.message ?? body.itemNotFound?.message ?? body.overLimit?.message ?? ''

async function clusterOf(t: Test, options: ClusterOptions = {}): Promise<TestCluster> {
  const cluster = await startCluster({ hosts: 3, ...options })
  t.teardown(() => cluster.stop())
  await post(cluster.first, '/group_types', { group_type: { name: 'consistent' } })
  return cluster
}

function three({ hosts }: TestCluster): readonly [TestHost, TestHost, TestHost] {
  const [a, b, c] = hosts
  if (a === undefined || b === undefined || c === undefined) throw new Error('three hosts')
  return [a, b, c]
}

const WANTED = { group_type: 'consistent', volume_types: ['shared'] }

async function rested(host: TestHost, kind: 'group' | 'volume' | 'group_snapshot', id: string, status = 'available'): Promise<string> {
  await eventually(
    () => get(host, `/${kind}s/${id}`),
    ({ body }) => body[kind]?.status === status,
  )
  return id
}

async function groupOf(host: TestHost, more: object = {}): Promise<string> {
  const made = await post(host, '/groups', { group: { ...WANTED, ...more } })
  if (made.status !== 202) throw new Error(JSON.stringify(made.body))
  return rested(host, 'group', made.body.group.id)
}

async function volumeIn(host: TestHost, group: string | null, more: object = {}): Promise<string> {
  const volume = { size: 1, volume_type: 'shared', ...(group === null ? {} : { group_id: group }), ...more }
  const made = await post(host, '/volumes', { volume })
  if (made.status !== 202) throw new Error(JSON.stringify(made.body))
  return rested(host, 'volume', made.body.volume.id)
}

async function gone(host: TestHost, path: string): Promise<void> {
  await eventually(
    () => get(host, path),
    ({ status }) => status === 404,
  )
}

t.test('a group is made, shown at every peer as each version has it, changed and deleted', async (t) => {
  const cluster = await clusterOf(t)
  const [a, b, c] = three(cluster)
  const headers = { 'idempotency-key': 'k' }
  const body = { group: { ...WANTED, name: ' shop ', description: 'd' } }
  const created = await post(a, '/groups', body, { headers })
  t.same([created.status, Object.keys(created.body.group)], [202, ['id', 'name']])
  const { id } = created.body.group
  t.same((await post(b, '/groups', body, { headers })).body, created.body, 'the same key at another peer')
  t.equal((await post(b, '/groups', { group: { ...WANTED, name: 'other' } }, { headers })).status, 422)
  await rested(c, 'group', id)
  const type = (await get(a, '/types/shared')).body.volume_type.id
  const shown = (await get(c, `/groups/${id}`)).body.group
  t.match(shown, { id, status: 'available', name: 'shop', description: 'd', volume_types: [type], availability_zone: /./ })
  const keys = ['availability_zone', 'created_at', 'description', 'group_type', 'id', 'name', 'status', 'volume_types']
  for (const [version, more] of [
    ['3.13', []],
    ['3.14', ['group_snapshot_id', 'source_group_id']],
    ['3.38', ['group_snapshot_id', 'replication_status', 'source_group_id']],
    ['3.58', ['group_snapshot_id', 'project_id', 'replication_status', 'source_group_id']],
  ] as const)
    t.same(Object.keys((await get(c, `/groups/${id}`, version)).body.group).sort(), [...keys, ...more].sort(), version)
  t.equal((await get(c, `/groups/${id}`, '3.12')).status, 404)
  t.equal((await get(c, `/volumes/${id}`)).status, 404, 'a group is no volume')
  t.same((await get(c, '/volumes/detail')).body.volumes, [])

  t.equal((await put(b, `/groups/${id}`, { group: { name: 'store' } })).status, 202)
  t.equal((await get(c, `/groups/${id}`)).body.group.name, 'store')
  t.match(messageOf(await put(b, `/groups/${id}`, { group: { name: 'store' } })), /because no valid name, description/)
  t.equal((await put(b, `/groups/${id}`, { group: {} })).status, 400)
  t.equal((await put(b, `/groups/${NOWHERE}`, { group: { name: 'n' } })).status, 404)

  const volume = await volumeIn(a, id)
  t.equal((await get(b, `/volumes/${volume}`)).body.volume.group_id, id)
  t.equal((await get(b, `/volumes/${volume}`, '3.12')).body.volume.group_id, undefined)
  t.same((await get(b, `/groups/${id}?list_volume=true`)).body.group.volumes, [volume])
  t.equal((await get(b, `/groups/${id}?list_volume=true`, '3.24')).body.group.volumes, undefined)
  t.match(messageOf(await remove(b, `/volumes/${volume}`)), /must not belong to a group/)
  const plain = (await post(b, '/types', { volume_type: { name: 'plain' } })).body.volume_type.id
  const retyped = await post(b, `/volumes/${volume}/action`, { 'os-retype': { new_type: plain, migration_policy: 'never' } })
  t.match(messageOf(retyped), /must not belong to a group to retype/)
  t.match(messageOf(await act(b, id, { delete: {} })), /still contains volumes/)
  t.equal((await act(b, id, { delete: { 'delete-volumes': 'maybe' } })).status, 400)
  t.equal((await act(b, id, { delete: { 'delete-volumes': true } })).status, 202)
  for (const host of cluster.hosts) {
    await gone(host, `/groups/${id}`)
    await gone(host, `/volumes/${volume}`)
  }
  const counted = await eventually(
    async () => (await get(a, `/os-quota-sets/${PROJECT}?usage=true`)).body.quota_set.groups,
    ({ in_use }) => in_use === 0,
  )
  t.same(counted, { limit: 10, in_use: 0, reserved: 0 })
})

t.test('what is wrong with a create is told, and nothing is made', async (t) => {
  const cluster = await clusterOf(t, { limits: { groups: 1 } })
  const [a, b] = three(cluster)
  for (const [wrong, status] of [
    [{}, 400],
    [{ group_type: 'consistent' }, 400],
    [{ ...WANTED, volume_types: [] }, 400],
    [{ ...WANTED, volume_types: ['shared', 'shared'] }, 400],
    [{ ...WANTED, size: 1 }, 400],
    [{ ...WANTED, group_type: 'absent' }, 404],
    [{ ...WANTED, volume_types: ['absent'] }, 404],
    [{ ...WANTED, availability_zone: 'absent' }, 400],
  ] as const)
    t.equal((await post(a, '/groups', { group: wrong })).status, status, JSON.stringify(wrong))
  t.same((await get(a, '/groups')).body, { groups: [] })
  await groupOf(a)
  const over = await post(b, '/groups', { group: WANTED })
  t.equal(over.status, 413)
  t.match(messageOf(over), /^GroupLimitExceeded: Maximum number of groups allowed \(1\)/)
})

t.test('volumes go in and out; the lists of both say so', async (t) => {
  const cluster = await clusterOf(t)
  const [a, b, c] = three(cluster)
  const group = await groupOf(a, { name: 'one' })
  const other = await groupOf(a, { name: 'two' })
  await post(a, '/types', { volume_type: { name: 'plain' } })
  const [inIt, plain] = [await volumeIn(a, group), await volumeIn(b, null, { volume_type: 'plain' })]
  const why = async (changes: object): Promise<string> => messageOf(await put(b, `/groups/${group}`, { group: changes }))
  t.match(await why({ add_volumes: plain }), /volume type .* is not supported by the group/)
  t.match(await why({ add_volumes: NOWHERE }), /because volume cannot be found/)
  t.match(await why({ add_volumes: 'x' }), /a UUID/)
  t.match(await why({ remove_volumes: plain }), /because it is not in the group/)
  t.match(await why({ add_volumes: inIt, remove_volumes: inIt }), /in both add and remove/)
  t.match(messageOf(await put(b, `/groups/${other}`, { group: { add_volumes: inIt } })), new RegExp(`already in group ${group}`))
  t.equal((await put(b, `/groups/${group}`, { group: { remove_volumes: `${inIt},` } })).status, 202)
  t.equal((await get(c, `/volumes/${inIt}`)).body.volume.group_id, null)
  t.equal((await put(b, `/groups/${group}`, { group: { add_volumes: inIt } })).status, 202)
  const ids = async (path: string, version?: string) => (await get(c, path, version)).body.volumes.map((one: { id: string }) => one.id)
  t.same(await ids(`/volumes?group_id=${group}`), [inIt])
  t.same(await ids(`/volumes/detail?group_id=${other}`), [])
  t.match((await post(c, '/volumes', { volume: { size: 1, volume_type: 'plain', group_id: group } })).status, 400)
  t.match((await post(c, '/volumes', { volume: { size: 1, volume_type: 'shared', group_id: NOWHERE } })).status, 404)
  t.equal((await post(c, '/volume-transfers', { transfer: { volume_id: inIt } })).status, 400)

  const names = async (query: string) => (await get(c, `/groups/detail${query}`)).body.groups.map((one: { name: string }) => one.name)
  t.same(await names(''), ['two', 'one'], 'newest first')
  t.same(await names('?sort=name:asc'), ['one', 'two'])
  t.same(await names('?name=one'), ['one'], 'an admin may filter by everything')
  t.match((await get(c, '/groups?limit=1')).body, { groups: [{ id: other, name: 'two' }], group_links: [{ rel: 'next' }] })
  t.same((await get(c, `/groups?marker=${other}`)).body.groups, [{ id: group, name: 'one' }])
  t.equal((await get(c, `/groups?marker=${NOWHERE}`)).status, 404)
  t.match((await get(c, '/groups/detail?list_volume=true')).body.groups, [{ volumes: [] }, { volumes: [inIt] }])
})

t.test('a group snapshot is taken of all volumes, shown, copied from and deleted as a whole', async (t) => {
  const cluster = await clusterOf(t)
  const [a, b, c] = three(cluster)
  const group = await groupOf(a)
  t.match(messageOf(await post(a, '/group_snapshots', { group_snapshot: { group_id: group } })), /is empty/)
  const volumes = [await volumeIn(a, group), await volumeIn(b, group, { name: 'two' })]
  const headers = { 'idempotency-key': 's' }
  const wanted = { group_snapshot: { group_id: group, name: ' before ', description: 'd' } }
  const made = await post(b, '/group_snapshots', wanted, { headers })
  t.equal(made.status, 202)
  const { id, group_type_id } = made.body.group_snapshot
  t.same(made.body, { group_snapshot: { id, name: 'before', group_type_id } })
  t.same((await post(c, '/group_snapshots', wanted, { headers })).body, made.body, 'the same key at another peer')
  await rested(c, 'group_snapshot', id)
  const detail = { id, group_id: group, group_type_id, status: 'available', name: 'before', description: 'd', project_id: PROJECT }
  t.match((await get(c, `/group_snapshots/${id}`)).body.group_snapshot, detail)
  t.equal((await get(c, `/group_snapshots/${id}`, '3.57')).body.group_snapshot.project_id, undefined)
  t.equal((await get(c, `/group_snapshots/${id}`, '3.13')).status, 404)
  t.same((await get(c, '/group_snapshots')).body, { group_snapshots: [{ id, name: 'before' }] })
  t.match((await get(c, `/group_snapshots/detail?group_id=${group}&status=available`)).body.group_snapshots, [detail])
  t.same((await get(c, `/group_snapshots/detail?group_id=${NOWHERE}`)).body.group_snapshots, [])
  const parts = (await get(c, '/snapshots/detail')).body.snapshots
  t.same(parts.map((part: { volume_id: string }) => part.volume_id).sort(), volumes.toSorted())
  for (const part of parts) t.match(part, { group_snapshot_id: id, name: 'before', status: 'available' })
  t.match(messageOf(await remove(c, `/snapshots/${parts[0].id}`)), /must not be part of a group/)
  t.match(messageOf(await act(c, group, { delete: { 'delete-volumes': true } })), /has existing snapshots/)

  const from = { 'create-from-src': { name: 'copy', group_snapshot_id: id } }
  const copied = await post(c, '/groups/action', from)
  t.same([copied.status, copied.body.group.name], [202, 'copy'])
  const copy = await rested(b, 'group', copied.body.group.id)
  t.match((await get(b, `/groups/${copy}`)).body.group, { group_snapshot_id: id, source_group_id: null })
  const inCopy = (await get(b, `/groups/${copy}?list_volume=true`)).body.group.volumes
  t.equal(inCopy.length, 2)
  for (const one of inCopy)
    t.match((await get(a, `/volumes/${one}`)).body.volume, { group_id: copy, status: 'available', volume_type: 'shared', snapshot_id: /./ })
  const whole = await post(a, '/groups/action', { 'create-from-src': { source_group_id: copy } })
  await rested(a, 'group', whole.body.group.id)
  t.match((await get(a, `/groups/${whole.body.group.id}`)).body.group, { source_group_id: copy, group_snapshot_id: null })
  for (const wrong of [{}, { source_group_id: copy, group_snapshot_id: id }, { source_group_id: 'x' }])
    t.equal((await post(a, '/groups/action', { 'create-from-src': wrong })).status, 400, JSON.stringify(wrong))
  t.equal((await post(a, '/groups/action', { 'create-from-src': { source_group_id: NOWHERE } })).status, 404)
  t.equal((await post(a, '/groups/action', { 'create-from-src': { group_snapshot_id: NOWHERE } })).status, 404)

  t.equal((await remove(b, `/group_snapshots/${id}`)).status, 202)
  for (const host of cluster.hosts) await gone(host, `/group_snapshots/${id}`)
  t.same((await get(c, '/snapshots')).body.snapshots, [])
  t.equal((await remove(b, `/group_snapshots/${id}`)).status, 404)
})

t.test('an operator may say a status, and nothing is replicated', async (t) => {
  const cluster = await clusterOf(t)
  const [a, b] = three(cluster)
  const group = await groupOf(a)
  await volumeIn(a, group)
  const { id } = (await post(a, '/group_snapshots', { group_snapshot: { group_id: group } })).body.group_snapshot
  await rested(a, 'group_snapshot', id)
  t.equal((await act(b, group, { reset_status: { status: 'error' } })).status, 202)
  t.equal((await get(b, `/groups/${group}`)).body.group.status, 'error')
  t.match(messageOf(await put(b, `/groups/${group}`, { group: { name: 'n' } })), /status must be available/)
  t.equal((await act(b, group, { reset_status: { status: 'Available' } })).status, 202)
  t.equal((await act(b, group, { reset_status: { status: 'updating' } })).status, 400)
  t.equal((await act(b, group, { reset_status: { status: 'error' } }, '3.19')).status, 404)
  const reset = (status: string, microversion = '3.71') =>
    post(b, `/group_snapshots/${id}/action`, { reset_status: { status } }, { microversion })
  t.equal((await reset('error')).status, 202)
  t.equal((await get(a, `/group_snapshots/${id}`)).body.group_snapshot.status, 'error')
  t.equal((await reset('available')).status, 202)
  t.equal((await reset('creating')).status, 400)
  t.equal((await reset('error', '3.18')).status, 404)
  for (const [name, value] of [
    ['enable_replication', {}],
    ['disable_replication', {}],
    ['failover_replication', { allow_attached_volume: true, secondary_backend_id: 'other' }],
    ['list_replication_targets', {}],
  ] as const) {
    t.match(messageOf(await act(b, group, { [name]: value })), /is not a replication group type/, name)
    t.equal((await act(b, NOWHERE, { [name]: value })).status, 404)
    t.equal((await act(b, group, { [name]: value }, '3.37')).status, 404)
  }
  t.equal((await act(b, group, { something: {} })).status, 400)
  t.equal((await act(b, group, {})).status, 400)
})
