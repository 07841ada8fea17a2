/** Quotas of one volume type: `volumes_TYPE`, `snapshots_TYPE` and `gigabytes_TYPE` beside those of all. */
import t, { type Test } from 'tap'
import { byRole } from './by-role.ts'
import { eventually, startCluster, type TestHost } from './cluster.ts'

const ADMIN = 'admin:ops'
const WEB = 'member:web'
const SET = '/os-quota-sets/web'
const CLASS = '/os-quota-class-sets/default'

const send = (host: TestHost, token: string, method: string, path: string, body?: object) =>
  host.call(`/v3${path}`, { method, token, microversion: '3.71', ...(body === undefined ? {} : { body }) })

async function started(t: Test, hosts = 1) {
  const cluster = await startCluster({ hosts, edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const last = cluster.hosts.at(-1) ?? first
  const newType = async (name: string): Promise<string> =>
    (await send(first, ADMIN, 'POST', '/types', { volume_type: { name } })).body.volume_type.id
  const put = (values: object, host = last) => send(host, ADMIN, 'PUT', SET, { quota_set: values })
  const used = async () => (await send(last, ADMIN, 'GET', `${SET}?usage=true`)).body.quota_set
  const create = (volume_type: string, size = 1) => send(first, WEB, 'POST', '/volumes', { volume: { size, volume_type } })
  const settled = async (answered: Awaited<ReturnType<typeof create>>): Promise<string> => {
    const { id } = answered.body.volume
    await eventually(
      () => send(first, WEB, 'GET', `/volumes/${id}`),
      (seen) => seen.body.volume.status === 'available',
    )
    return id
  }
  const act = (id: string, action: object) => send(first, WEB, 'POST', `/volumes/${id}/action`, action)
  return { cluster, first, last, newType, put, used, create, settled, act }
}

const over = (message: RegExp) => ({ status: 413, body: { overLimit: { message } } })

t.test('they are set by the name of a type that another host has just made, shown, and kept', async (t) => {
  const { newType, put, used, create, settled, act, first } = await started(t, 3)
  await newType('fast')
  const changed = await put({ volumes_fast: 2, gigabytes_fast: '5', snapshots_fast: 1 })
  t.match(changed, { status: 200, body: { quota_set: { volumes: 10, volumes_fast: 2, gigabytes_fast: 5, volumes_shared: -1 } } })
  const id = await settled(await create('fast', 3))
  t.match(
    await create('fast', 3),
    over(/^VolumeSizeExceedsAvailableQuota: .* exceeds allowed gigabytes_fast quota. Requested 3G, quota is 5G and 3G/),
  )
  t.equal((await create('shared', 3)).status, 202, 'of another type there may be more')
  t.match(await act(id, { 'os-extend': { new_size: 6 } }), over(/gigabytes_fast quota/))
  t.equal((await create('fast')).status, 202)
  t.match(await create('fast'), over(/^VolumeLimitExceeded: Maximum number of volumes allowed \(2\) exceeded for quota 'volumes_fast'/))
  await put({ gigabytes_fast: -1 })
  const snapshot = () => send(first, WEB, 'POST', '/snapshots', { snapshot: { volume_id: id } })
  t.equal((await snapshot()).status, 202)
  await eventually(snapshot, ({ status }) => status === 413)
  t.match(await snapshot(), over(/^SnapshotLimitExceeded: .* 'snapshots_fast'/))
  const value = (limit: number, in_use: number) => ({ limit, in_use, reserved: 0 })
  t.match(await used(), { volumes: value(10, 3), volumes_fast: value(2, 2), snapshots_fast: value(1, 1), gigabytes_fast: value(-1, 7) })
  t.match(await used(), { gigabytes: value(1000, 10), volumes_shared: value(-1, 1), gigabytes_shared: value(-1, 3) })
})

t.test('a volume that gets another type counts for that one, if there is room', async (t) => {
  const { newType, put, used, create, settled, act, first } = await started(t)
  await newType('fast')
  await put({ volumes_fast: 0, volumes_shared: 1 })
  const id = await settled(await create('shared', 2))
  const retype = (new_type: string) => act(id, { 'os-retype': { new_type } })
  t.match(await retype('fast'), over(/volumes_fast/))
  t.match((await send(first, WEB, 'GET', `/volumes/${id}`)).body.volume, { volume_type: 'shared', status: 'available' })
  await put({ volumes_fast: 1 })
  t.equal((await retype('fast')).status, 202)
  await eventually(used, (set) => set.volumes_shared.in_use === 0)
  t.match(await used(), { volumes: { in_use: 1 }, volumes_fast: { in_use: 1 }, gigabytes_fast: { in_use: 2 }, gigabytes: { in_use: 2 } })
  t.equal((await create('shared')).status, 202, 'what it was before is free again')
})

t.test('a type that is called something else keeps its limits, one that is gone shows none', async (t) => {
  const { newType, put, used, first } = await started(t)
  const id = await newType('fast')
  await put({ volumes_fast: 3 })
  await send(first, ADMIN, 'PUT', `/types/${id}`, { volume_type: { name: 'quick' } })
  t.match(await used(), { volumes_quick: { limit: 3 } })
  t.notOk('volumes_fast' in (await used()))
  await send(first, ADMIN, 'DELETE', `/types/${id}`)
  t.notOk('volumes_quick' in (await used()))
  t.match(await put({ volumes_quick: 3 }), { status: 400, body: { badRequest: { message: /'volumes_quick' unexpected/ } } })
  await newType('quick')
  t.match(await used(), { volumes_quick: { limit: -1 } }, 'another type of that name has none')
})

t.test('the default class says what projects have of a type that have no limit of their own for it', async (t) => {
  const { newType, put, create, settled, used, first } = await started(t)
  await newType('fast')
  const putClass = (values: object) => send(first, ADMIN, 'PUT', CLASS, { quota_class_set: values })
  t.match(await putClass({ volumes_fast: 0, gigabytes_fast: 9 }), {
    status: 200,
    body: { quota_class_set: { volumes_fast: 0, volumes: 10 } },
  })
  t.match((await send(first, ADMIN, 'GET', `${SET}/defaults`)).body.quota_set, { volumes_fast: 0, gigabytes_fast: 9, snapshots_fast: -1 })
  t.match((await send(first, ADMIN, 'GET', CLASS)).body.quota_class_set, { volumes_fast: 0 })
  t.equal((await create('fast')).status, 413)
  await put({ volumes_fast: 1 })
  t.match(await used(), { volumes_fast: { limit: 1 }, gigabytes_fast: { limit: 9 } }, 'each limit for itself')
  await settled(await create('fast', 4))
  await send(first, ADMIN, 'DELETE', SET)
  t.match(await used(), { volumes_fast: { limit: 0, in_use: 1 } })
  t.equal((await putClass({ gigabytes_fast: 1 })).status, 200, 'a class asks nobody what he has')
})

t.test('what is no limit of a type is refused, and then nothing has changed', async (t) => {
  const { newType, put, create, settled, used } = await started(t)
  await newType('fast')
  await settled(await create('fast', 4))
  const table: ReadonlyArray<readonly [object, RegExp]> = [
    [{ volumes_nothing: 1 }, /'volumes_nothing' unexpected/],
    [{ groups_fast: 1 }, /'groups_fast' unexpected/],
    [{ per_volume_gigabytes_fast: 1 }, /'per_volume_gigabytes_fast' unexpected/],
    [{ volumes_: 1 }, /'volumes_' unexpected/],
    [{ volumes_fast: -2 }, /quota_set.volumes_fast. Value: -2/],
    [{ volumes_fast: 'many' }, /Value: many/],
    [
      { volumes_shared: 7, gigabytes_fast: 3 },
      /Quota gigabytes_fast limit must be equal or greater than existing resources. Current usage is 4 and the requested limit is 3/,
    ],
  ]
  for (const [values, message] of table)
    t.match(await put({ volumes: 20, ...values }), { status: 400, body: { badRequest: { message } } }, JSON.stringify(values))
  t.match(await used(), { volumes: { limit: 10 }, gigabytes_fast: { limit: -1 }, volumes_shared: { limit: -1 } })
})
