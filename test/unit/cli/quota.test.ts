import t from 'tap'
import { fault, run, startStub } from './stub.ts'

const SET = '/v3/admin/os-quota-sets/web'
const value = (limit: number, used: number) => ({ limit, in_use: used, reserved: 0 })
const SHOWN = {
  quota_set: {
    id: 'web',
    volumes: value(20, 3),
    snapshots: value(10, 2),
    gigabytes: value(-1, 70),
    per_volume_gigabytes: value(-1, 0),
    groups: value(10, 1),
  },
}
const TABLE = [
  'RESOURCE              LIMIT  USED',
  'volumes               20     3',
  'snapshots             10     2',
  'gigabytes             none   70',
  'per_volume_gigabytes  none   -',
  'groups                10     1',
  '',
].join('\n')

t.test('show prints limits and use; set changes what is named; unset goes back', async (t) => {
  const stub = await startStub(t, {
    [`GET ${SET}`]: () => ({ status: 200, body: SHOWN }),
    [`PUT ${SET}`]: () => ({ status: 200, body: { quota_set: {} } }),
    [`DELETE ${SET}`]: () => ({ status: 200 }),
  })
  const { endpoint } = stub
  t.equal((await run(['quota', 'show', 'web'], { endpoint })).out, TABLE)
  t.same(JSON.parse((await run(['quota', 'show', 'web', '-o', 'json'], { endpoint })).out), SHOWN)
  const set = await run(
    [
      'quota',
      'set',
      'web',
      '--volumes',
      '20',
      '--snapshots',
      '30',
      '--gigabytes',
      'none',
      '--per-volume-gigabytes',
      '-1',
      '--groups',
      '10',
    ],
    { endpoint },
  )
  t.match(set, { exitCode: 0, out: TABLE })
  t.match(await run(['quota', 'unset', 'web'], { endpoint }), { exitCode: 0, out: TABLE })
  const changes = stub.seen.filter(({ method }) => method !== 'GET')
  t.match(changes, [
    { method: 'PUT', body: { quota_set: { volumes: 20, snapshots: 30, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 } } },
    { method: 'DELETE' },
  ])
  t.ok(stub.seen.every(({ method, path }) => method !== 'GET' || path.endsWith('?usage=true')))
})

t.test('the project is that of the command if none is named', async (t) => {
  const stub = await startStub(t, { 'GET /v3/p%2F1/os-quota-sets/p%2F1': () => ({ status: 200, body: SHOWN }) })
  t.equal((await run(['quota', 'show', '--project', 'p/1'], { endpoint: stub.endpoint })).exitCode, 0)
})

t.test('a limit below what is used is refused in the words of the peer', async (t) => {
  const message =
    'Invalid input received: Quota volumes limit must be equal or greater than existing resources. Current usage is 3 and the requested limit is 2.'
  const stub = await startStub(t, { [`PUT ${SET}`]: () => fault(400, message) })
  t.match(await run(['quota', 'set', 'web', '--volumes', '2'], { endpoint: stub.endpoint }), { exitCode: 2, err: /Current usage is 3/ })
})

t.test('a class is shown and changed by its name, the default one if none is given', async (t) => {
  const limits = { volumes: 20, snapshots: 10, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 }
  const answers = (path: string) => ({
    [`GET ${path}`]: () => ({ status: 200, body: { quota_class_set: { id: 'default', ...limits } } }),
    [`PUT ${path}`]: () => ({ status: 200, body: { quota_class_set: limits } }),
  })
  const stub = await startStub(t, {
    ...answers('/v3/admin/os-quota-class-sets/default'),
    ...answers('/v3/admin/os-quota-class-sets/a%2Fb'),
  })
  const { endpoint } = stub
  const table =
    'RESOURCE              LIMIT\nvolumes               20\nsnapshots             10\ngigabytes             none\nper_volume_gigabytes  none\ngroups                10\n'
  t.match(await run(['quota', 'show', '--class'], { endpoint }), { exitCode: 0, out: table })
  t.match(await run(['quota', 'set', '--class', 'default', '--volumes', '20'], { endpoint }), { exitCode: 0, out: table })
  t.match(await run(['quota', 'set', '--class', 'a/b', '--gigabytes', 'none'], { endpoint }), { exitCode: 0 })
  t.match(
    stub.seen.filter(({ method }) => method === 'PUT'),
    [
      { path: '/v3/admin/os-quota-class-sets/default', body: { quota_class_set: { volumes: 20 } } },
      { path: '/v3/admin/os-quota-class-sets/a%2Fb', body: { quota_class_set: { gigabytes: -1 } } },
    ],
  )
  t.match(await run(['quota', 'set', '--class'], { endpoint }), { exitCode: 2, err: /nothing to set/ })
})

t.test('limits of a volume type are set under its name, and shown where there is something to tell', async (t) => {
  const set = {
    ...SHOWN.quota_set,
    volumes_fast: value(5, 0),
    gigabytes_fast: value(-1, 3),
    snapshots_fast: value(-1, 0),
    volumes_a_b: value(-1, 0),
  }
  const limits = { volumes: 20, snapshots: 10, gigabytes: -1, per_volume_gigabytes: -1, groups: 10, volumes_fast: 5, gigabytes_fast: -1 }
  const stub = await startStub(t, {
    [`GET ${SET}`]: () => ({ status: 200, body: { quota_set: set } }),
    [`PUT ${SET}`]: () => ({ status: 200, body: { quota_set: {} } }),
    'GET /v3/admin/types/a%20b': () => ({ status: 200, body: { volume_type: { id: 'x', name: 'a b' } } }),
    'GET /v3/admin/os-quota-class-sets/default': () => ({ status: 200, body: { quota_class_set: limits } }),
    'PUT /v3/admin/os-quota-class-sets/default': () => ({ status: 200, body: { quota_class_set: limits } }),
  })
  const { endpoint } = stub
  const ofType = ['--volume-type', 'a b', '--volumes', '5', '--gigabytes', 'none']
  const { out } = await run(['quota', 'set', 'web', ...ofType], { endpoint })
  t.match(out, /groups +10 +1\nvolumes_fast +5 +0\ngigabytes_fast +none +3\n$/)
  t.match((await run(['quota', 'set', '--class', ...ofType], { endpoint })).out, /groups +10\nvolumes_fast +5\n$/)
  t.same(
    stub.seen.flatMap(({ method, body }) => (method === 'PUT' ? [body] : [])),
    [{ quota_set: { 'volumes_a b': 5, 'gigabytes_a b': -1 } }, { quota_class_set: { 'volumes_a b': 5, 'gigabytes_a b': -1 } }],
  )
  t.match(await run(['quota', 'set', '--volume-type', 'fast'], { endpoint }), { exitCode: 2, err: /nothing to set/ })
  t.match(await run(['quota', 'set', '--volume-type', 'fast', '--groups', '1'], { endpoint }), {
    exitCode: 2,
    err: /no such limit of its own/,
  })
})
