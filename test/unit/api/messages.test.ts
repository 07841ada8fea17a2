/** Messages are read and put away: through any host, for everybody, and nothing else of the volume changes. */
import t from 'tap'
import { PROJECT, startCluster, type TestHost, until } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`
const MESSAGES = `/v3/${PROJECT}/messages`

t.test('a message that was dismissed is gone everywhere, and its volume is as it was', async (t) => {
  const cluster = await startCluster({ hosts: 3, capacityGiB: 10 })
  t.teardown(() => cluster.stop())
  const [one, two, three] = cluster.hosts
  if (one === undefined || two === undefined || three === undefined) throw new Error('three hosts')
  const make = async (name: string) => {
    const { id } = (await one.call(VOLUMES, { method: 'POST', body: { volume: { size: 50, name } } })).body.volume
    await until(one, id, 'error')
    return id
  }
  const [big, huge] = [await make('big'), await make('huge')]
  const told = async (host: TestHost) =>
    (await host.call(MESSAGES)).body.messages.map(({ resource_uuid }: { resource_uuid: string }) => resource_uuid)
  t.same((await told(one)).sort(), [big, huge].sort())
  const [message] = (await one.call(`${MESSAGES}?resource_uuid=${big}`)).body.messages
  const before = (await one.call(`${VOLUMES}/${big}`)).body.volume
  const path = `${MESSAGES}/${message.id}`
  const early = await two.call(path, { method: 'DELETE', microversion: '3.2' })
  t.equal(early.status, 404, 'messages came with 3.3')
  const gone = await two.call(path, { method: 'DELETE', microversion: '3.3' })
  t.same([gone.status, gone.body], [204, null])
  for (const host of [one, two, three]) {
    t.same(await told(host), [huge], host.name)
    t.equal((await host.call(path)).status, 404)
  }
  t.equal((await three.call(path, { method: 'DELETE' })).status, 404, 'once')
  t.same((await one.call(`${VOLUMES}/${big}`)).body.volume, before)
  await two.call(`${VOLUMES}/${big}`, { method: 'PUT', body: { volume: { name: 'renamed' } } })
  t.same(await told(one), [huge], 'a new name is no news')
})
