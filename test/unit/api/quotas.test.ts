/** os-quota-sets and os-reset_status: Cinder's bodies, and what is refused. */
import t from 'tap'
import { createVolume, PROJECT, startCluster, until } from './cluster.ts'

const SET = `/v3/${PROJECT}/os-quota-sets/${PROJECT}`
const put = (values: unknown) => ({ method: 'PUT', body: { quota_set: values } })

t.test('limits are set by name, hold at once on every host, and go back to the defaults', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const changed = await first.call(SET, put({ tenant_id: PROJECT, volumes: 1, gigabytes: '5' }))
  t.equal(changed.status, 200)
  t.match(changed.body.quota_set, { volumes: 1, gigabytes: 5, per_volume_gigabytes: -1, snapshots: 10, volumes___DEFAULT__: -1 })
  t.notOk('id' in changed.body.quota_set, 'the answer to a change has no id')
  for (const host of cluster.hosts) t.match((await host.call(SET)).body.quota_set, { id: PROJECT, volumes: 1, gigabytes: 5 }, host.name)

  await createVolume(first, { size: 4 })
  const over = await first.call(`/v3/${PROJECT}/volumes`, { method: 'POST', body: { volume: { size: 1 } } })
  t.match(over, { status: 413, body: { overLimit: { message: /Maximum number of volumes allowed \(1\)/ } } })
  t.match((await first.call(`${SET}?usage=true`)).body.quota_set, {
    volumes: { limit: 1, in_use: 1, reserved: 0 },
    gigabytes: { limit: 5, in_use: 4, reserved: 0 },
    per_volume_gigabytes: { limit: -1, in_use: 0, reserved: 0 },
  })
  t.match((await first.call(`${SET}/defaults`)).body.quota_set, { id: PROJECT, volumes: 10, gigabytes: 1000 })

  const reset = await first.call(SET, { method: 'DELETE' })
  t.same([reset.status, reset.body], [200, null])
  t.match((await first.call(SET)).body.quota_set, { volumes: 10, gigabytes: 1000 })
})

t.test('an operator sets the limits of any project', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  t.equal((await first.call(`/v3/${PROJECT}/os-quota-sets/web`, put({ volumes: 0 }))).status, 200)
  const other = { token: 'user:web' }
  t.match((await first.call('/v3/web/limits', other)).body.limits.absolute, { maxTotalVolumes: 0, totalVolumesUsed: 0 })
  t.equal((await first.call('/v3/web/volumes', { ...other, method: 'POST', body: { volume: { size: 1 } } })).status, 413)
  t.match((await first.call(SET)).body.quota_set, { volumes: 10 }, 'and nobody else’s')
})

t.test('what is no limit is refused, and then nothing has changed', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  await createVolume(first, { size: 4 })
  const table: ReadonlyArray<readonly [string, unknown, RegExp]> = [
    ['an unknown key', { volumes: 20, colour: 1 }, /'colour' unexpected/],
    ['below no limit', { volumes: -2 }, /-2 is less than the minimum of -1/],
    ['beyond Cinder’s column', { gigabytes: 2 ** 31 }, /greater than the maximum of 2147483647/],
    ['no whole number', { volumes: 1.5 }, /quota_set.volumes. Value: 1.5/],
    ['words', { volumes: 'many' }, /Value: many/],
    ['an object', { volumes: {} }, /Value: an object/],
    ['null', { volumes: null }, /Value: null/],
    [
      'below use',
      { gigabytes: 3 },
      /Quota gigabytes limit must be equal or greater than existing resources. Current usage is 4 and the requested limit is 3./,
    ],
    ['a quota that is not kept', { volumes: 20, backups: 5 }, /a quota of backups is not supported/],
    ['a type that is none', { volumes: 20, gigabytes_fast: 5 }, /'gigabytes_fast' unexpected/],
  ]
  for (const [title, values, message] of table) {
    t.match(await first.call(SET, put(values)), { status: 400, body: { badRequest: { message } } }, title)
  }
  for (const body of [{}, { quota_set: [] }, { quota_set: null }, []])
    t.equal((await first.call(SET, { method: 'PUT', body })).status, 400, JSON.stringify(body))
  t.match((await first.call(SET)).body.quota_set, { volumes: 10, gigabytes: 1000 })
  const { quota_set: shown } = (await first.call(SET)).body
  t.equal((await first.call(SET, put({ ...shown, volumes: 20 }))).status, 200, 'a client may send back all that it was shown')
  t.equal((await first.call(`/v3/${PROJECT}/os-quota-sets/${'x'.repeat(256)}`)).status, 404)
})

t.test('os-reset_status says what a volume is, and nothing else of it', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first)
  const action = `/v3/${PROJECT}/volumes/${id}/action`
  const reset = (values: unknown) => first.call(action, { method: 'POST', body: { 'os-reset_status': values } })
  const answered = await reset({ status: 'error' })
  t.same([answered.status, answered.body], [202, null])
  await until(first, id, 'error')
  t.equal((await first.call(action, { method: 'POST', body: { 'os-extend': { new_size: 3 } } })).status, 400, 'it is in error')
  t.equal((await reset({ status: 'AVAILABLE', migration_status: null })).status, 202)
  await until(first, id, 'available')
  for (const values of [
    {},
    null,
    { status: 'deleting' },
    { status: 'maintenance' },
    { status: 5 },
    { attach_status: 'detached' },
    { status: 'error', x: 1 },
  ])
    t.equal((await reset(values)).status, 400, JSON.stringify(values))
  t.equal((await until(first, id, 'available')).status, 200, 'and nothing has changed')
})
