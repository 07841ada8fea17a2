/** os-quota-class-sets: the limits of projects that have none of their own, changed while the cluster runs. */
import t from 'tap'
import { byRole } from './by-role.ts'
import { createVolume, PROJECT, startCluster, type TestHost } from './cluster.ts'

const ADMIN = 'admin:ops'
const CLASS = '/os-quota-class-sets/default'
const send = (host: TestHost, method: string, path: string, body?: object, token = ADMIN) =>
  host.call(`/v3${path}`, { method, token, ...(body === undefined ? {} : { body }) })
const set = (values: unknown) => ({ quota_class_set: values })

t.test('the default class is what projects have that have no limit of their own, through every host', async (t) => {
  const cluster = await startCluster({ hosts: 3, limits: { volumes: 7 }, edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  await send(first, 'PUT', '/os-quota-sets/shop', { quota_set: { volumes: 20 } })
  t.match((await send(first, 'GET', CLASS)).body, set({ id: 'default', volumes: 7, gigabytes: 1000, backups: 0 }))
  const changed = await send(first, 'PUT', CLASS, set({ class_name: 'default', volumes: 1, gigabytes: '50' }))
  t.match(changed, { status: 200, body: set({ volumes: 1, gigabytes: 50, snapshots: 10 }) })
  t.notOk('id' in changed.body.quota_class_set, 'the answer to a change has no id')
  for (const host of cluster.hosts) {
    t.match((await send(host, 'GET', CLASS)).body, set({ id: 'default', volumes: 1, gigabytes: 50 }), host.name)
    t.match((await send(host, 'GET', '/os-quota-sets/web/defaults')).body.quota_set, { id: 'web', volumes: 1, gigabytes: 50 })
  }
  const shown = async (project: string) => (await send(first, 'GET', `/os-quota-sets/${project}`)).body.quota_set
  t.match(await shown('web'), { volumes: 1, gigabytes: 50 })
  t.match(await shown('shop'), { volumes: 20, gigabytes: 50 }, 'what a project has of its own stays')
  t.match((await send(first, 'GET', '/limits', undefined, 'member:web')).body.limits.absolute, { maxTotalVolumes: 1 })
  await send(first, 'DELETE', '/os-quota-sets/shop')
  t.match(await shown('shop'), { volumes: 1 })
})

t.test('a raised default gives, a lowered one takes nothing back', async (t) => {
  const cluster = await startCluster({ limits: { volumes: 1 } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const put = (volumes: number) => first.call(`/v3${CLASS}`, { method: 'PUT', body: set({ volumes }) })
  const create = async () => (await first.call(`/v3/${PROJECT}/volumes`, { method: 'POST', body: { volume: { size: 1 } } })).status
  const { id } = await createVolume(first)
  t.equal(await create(), 413)
  await put(2)
  t.equal(await create(), 202)
  await put(0)
  t.equal(await create(), 413)
  t.equal((await first.call(`/v3/${PROJECT}/volumes/${id}`)).status, 200)
  t.match((await first.call(`/v3/${PROJECT}/os-quota-sets/${PROJECT}?usage=true`)).body.quota_set, { volumes: { limit: 0, in_use: 2 } })
})

t.test('other classes are kept and shown, and nobody is in them', async (t) => {
  const cluster = await startCluster({ edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const gold = '/os-quota-class-sets/gold%20customers'
  t.match(await send(first, 'PUT', gold, set({ volumes: 500 })), { status: 200, body: set({ volumes: 500, gigabytes: 1000 }) })
  t.match((await send(first, 'GET', gold)).body, set({ id: 'gold customers', volumes: 500 }))
  t.match((await send(first, 'GET', CLASS)).body, set({ volumes: 10 }))
  t.match((await send(first, 'GET', '/os-quota-sets/web')).body.quota_set, { volumes: 10 })
})

t.test('who may, and what is no limit', async (t) => {
  const cluster = await startCluster({ edge: { identity: byRole } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  t.equal((await send(first, 'PUT', CLASS, set({ volumes: 5 }), 'member:web')).status, 403)
  const refused: readonly (readonly [object, RegExp])[] = [
    [{}, /'quota_class_set' is a required property/],
    [set(null), /quota_class_set/],
    [{ ...set({}), x: 1 }, /'x' unexpected/],
    [set({ colour: 1 }), /'colour' unexpected/],
    [set({ volumes: -2 }), /quota_class_set.volumes. Value: -2/],
    [set({ volumes: 5, backups: 5 }), /a quota of backups is not supported/],
    [set({ gigabytes_fast: 5 }), /'gigabytes_fast' unexpected/],
  ]
  for (const [body, message] of refused)
    t.match(await send(first, 'PUT', CLASS, body), { status: 400, body: { badRequest: { message } } }, JSON.stringify(body))
  t.equal((await send(first, 'PUT', `/os-quota-class-sets/${'x'.repeat(256)}`, set({ volumes: 5 }))).status, 400)
  const { quota_class_set: shown } = (await send(first, 'GET', CLASS)).body
  t.match(shown, { volumes: 10 }, 'and nothing has changed')
  t.equal((await send(first, 'PUT', CLASS, set({ ...shown, volumes: 20 }))).status, 200, 'a client may send back all that it was shown')
})
