/** Services that an operator has disabled or frozen: no new volume comes to them, and those that are there go on. */
import t from 'tap'
import { createVolume, eventually, startCluster, type TestHost, until } from './cluster.ts'

function put(host: TestHost, action: string, body: object) {
  return host.call(`/v3/os-services/${action}`, { method: 'PUT', body })
}

async function threeHosts(t: { teardown(end: () => Promise<void>): void }) {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  return { first, second, third }
}

const rowOf = async (host: TestHost, name: string) => {
  const { body } = await host.call(`/v3/os-services?host=${name}&binary=cinder-volume`)
  return body.services[0]
}

t.test('a disabled host gets no new volume from any peer, and one that is enabled gets them again', async (t) => {
  const { first, second, third } = await threeHosts(t)
  const where = async (count: number) => {
    const hosts: string[] = []
    for (let n = 0; n < count; n += 1) {
      const { id } = (await second.call('/v3/volumes', { method: 'POST', body: { volume: { size: 1 } } })).body.volume
      await eventually(
        () => second.call(`/v3/volumes/${id}`),
        ({ body }) => body.volume.status === 'available',
      )
      hosts.push((await second.call(`/v3/volumes/${id}`)).body.volume['os-vol-host-attr:host'].split('@')[0])
    }
    return new Set(hosts)
  }
  t.match(await put(first, 'disable-log-reason', { host: 'alpha1@memory', binary: 'cinder-volume', disabled_reason: 'a new disk' }), {
    status: 200,
    body: { host: 'alpha1@memory', binary: 'cinder-volume', disabled: true, status: 'disabled', disabled_reason: 'a new disk' },
  })
  t.match(await put(third, 'disable', { host: 'alpha2', binary: 'cinder-volume' }), { status: 200, body: { disabled: true } })
  // Every peer hears of it with the next beat.
  for (const host of [first, second, third])
    for (const name of ['alpha1', 'alpha2'])
      await eventually(
        () => rowOf(host, name),
        (row) => row.status === 'disabled',
      )
  t.same(await where(6), new Set(['alpha3']))
  t.match(await rowOf(first, 'alpha1'), {
    status: 'disabled',
    state: 'up',
    disabled_reason: 'a new disk',
    frozen: false,
    backend_state: 'up',
  })
  const enabled = { host: 'alpha1@memory', disabled: false, status: 'enabled' }
  t.match(await put(second, 'enable', { host: 'alpha1@memory', binary: 'cinder-volume' }), { status: 200, body: enabled })
  await put(second, 'disable', { host: 'alpha3', binary: 'cinder-volume' })
  for (const host of [first, second, third])
    await eventually(
      () => rowOf(host, 'alpha3'),
      (row) => row.status === 'disabled',
    )
  t.match(await rowOf(first, 'alpha1'), { status: 'enabled', disabled_reason: null })
  t.same(await where(2), new Set(['alpha1']))
})

t.test('what lies on a frozen host goes on, and nothing is added', async (t) => {
  const { first, second, third } = await threeHosts(t)
  const volume = await createVolume(first)
  for (const host of ['alpha1', 'alpha2', 'alpha3']) t.equal((await put(second, 'freeze', { host })).status, 200)
  for (const host of [first, second, third])
    await eventually(
      () => rowOf(host, 'alpha3'),
      (row) => row.frozen,
    )
  t.match(await rowOf(second, 'alpha2'), { frozen: true, status: 'enabled' })
  const act = (body: object) => third.call(`/v3/volumes/${volume.id}/action`, { method: 'POST', body })
  t.equal((await act({ 'os-extend': { new_size: 2 } })).status, 202, 'it grows')
  await until(first, volume.id, 'available')
  const made = await third.call('/v3/volumes', { method: 'POST', body: { volume: { size: 1 } } })
  t.equal(made.status, 202)
  const failed = await eventually(
    () => third.call(`/v3/volumes/${made.body.volume.id}`),
    ({ body }) => body.volume?.status === 'error',
  )
  t.equal(failed.status, 200)
  const { messages } = (await third.call('/v3/messages')).body
  t.match(messages[0].user_message, /disabled/, 'and the message says why')
  for (const host of ['alpha1', 'alpha2', 'alpha3']) await put(first, 'thaw', { host })
  for (const host of [first, second, third])
    await eventually(
      () => rowOf(host, 'alpha3'),
      (row) => !row.frozen,
    )
  t.match(await createVolume(second), { status: 'available' })
})

t.test('one that is not there, and a scheduler, are refused', async (t) => {
  const { first } = await threeHosts(t)
  t.match(await put(first, 'disable', { host: 'nowhere', binary: 'cinder-volume' }), {
    status: 404,
    body: { itemNotFound: { message: 'Service cinder-volume could not be found on host nowhere.' } },
  })
  t.match(await put(first, 'disable', { host: 'alpha1', binary: 'cinder-backup' }), { status: 404 })
  t.match(await put(first, 'disable', { host: 'alpha1', binary: 'cinder-scheduler' }), { status: 400 })
  t.match(await put(first, 'disable', { host: 'alpha1' }), { status: 400 })
  t.match(await put(first, 'disable-log-reason', { host: 'alpha1', binary: 'cinder-volume' }), { status: 400 })
})
