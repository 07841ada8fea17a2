/** set-log and get-log: how much the agents write, asked and changed through any peer. */
import t from 'tap'
import { eventually, startCluster, type TestHost } from './cluster.ts'

const set = (host: TestHost, body: object) => host.call('/v3/os-services/set-log', { method: 'PUT', body })
const get = (host: TestHost, body: object = {}) => host.call('/v3/os-services/get-log', { method: 'PUT', body })

async function threeHosts(t: { teardown(end: () => Promise<void>): void }) {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  return { first, second, third }
}

interface Row {
  readonly binary: string
  readonly host: string
  readonly levels: object
}

/** `host level` of each host's volume service, as this peer tells it. */
async function levelsAt(host: TestHost): Promise<readonly string[]> {
  const { body } = await get(host, { binary: 'cinder-volume' })
  return body.log_levels.map(({ host: name, levels }: Row) => `${name} ${Object.values(levels).join()}`)
}

t.test('a level that is set on a named host through another peer is that host’s, as every peer tells', async (t) => {
  const { first, second, third } = await threeHosts(t)
  t.match(await set(first, { binary: 'cinder-volume', server: 'alpha2@memory', prefix: '', level: 'debug' }), { status: 202, body: null })
  for (const host of [first, second, third])
    t.same(await levelsAt(host), ['alpha1@memory INFO', 'alpha2@memory DEBUG', 'alpha3@memory INFO'])
  t.same((await get(third, { binary: '*', server: 'alpha2' })).body, {
    log_levels: [
      { binary: 'cinder-api', host: 'alpha2', levels: { scoria: 'DEBUG' } },
      { binary: 'cinder-scheduler', host: 'alpha2', levels: { scoria: 'DEBUG' } },
      { binary: 'cinder-volume', host: 'alpha2@memory', levels: { scoria: 'DEBUG' } },
    ],
  })
})

t.test('without a server all hosts are meant, and of loggers those that begin with the prefix', async (t) => {
  const { first, second } = await threeHosts(t)
  t.equal((await set(first, { level: 'WARNING', prefix: null, binary: null, server: null })).status, 202)
  t.same(await levelsAt(second), ['alpha1@memory WARNING', 'alpha2@memory WARNING', 'alpha3@memory WARNING'])
  t.equal((await set(first, { level: 'ERROR', prefix: 'sqlalchemy' })).status, 202)
  t.same(await levelsAt(second), ['alpha1@memory WARNING', 'alpha2@memory WARNING', 'alpha3@memory WARNING'], 'nobody has such a logger')
  t.same((await get(first, { binary: 'cinder-api', server: 'alpha1', prefix: 'cinder.volume' })).body, {
    log_levels: [{ binary: 'cinder-api', host: 'alpha1', levels: {} }],
  })
  t.same((await get(first, { binary: 'cinder-backup' })).body, { log_levels: [] }, 'there is no such service')
})

t.test('a host that gives no answer is named; one that is known to be down is left out unless it is meant by name', async (t) => {
  const { first, third } = await threeHosts(t)
  third.cut()
  t.match(await set(first, { level: 'DEBUG' }), {
    status: 503,
    body: { serviceUnavailable: { message: /the logs of alpha3 were not reached/ } },
  })
  third.down()
  t.same(
    await eventually(
      () => get(first, { binary: 'cinder-api' }),
      ({ status }) => status === 200,
    ).then(({ body }) => body.log_levels.map(({ host, levels }: Row) => [host, levels])),
    [
      ['alpha1', { scoria: 'DEBUG' }],
      ['alpha2', { scoria: 'DEBUG' }],
    ],
    'the others were changed',
  )
  t.match(await set(first, { level: 'INFO', server: 'alpha3' }), { status: 503 })
})

t.test('what names nothing that there is, is refused', async (t) => {
  const { first } = await threeHosts(t)
  t.match(await set(first, { level: 'loud' }), { status: 400, body: { badRequest: { message: /level/ } } })
  t.match(await set(first, { level: 'toString' }), { status: 400 })
  t.match(await set(first, {}), { status: 400, body: { badRequest: { message: /level/ } } })
  t.match(await set(first, { level: 'INFO', binary: 'nova-compute' }), { status: 400 })
  t.match(await set(first, { level: 'INFO', server: 'nowhere' }), { status: 404 })
  t.match(await get(first, { server: 'nowhere' }), { status: 404 })
  t.match(await get(first, { level: 'INFO' }), { status: 400 })
  t.equal((await first.call('/v3/os-services/get-log', { method: 'PUT', body: {}, microversion: '3.31' })).status, 404)
})
