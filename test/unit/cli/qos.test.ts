/** `scoria qos`: what is asked of a peer, and what is printed. */
import t from 'tap'
import { run, startStub } from './stub.ts'

const ID = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0006'
const TYPE = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0005'
const BODY = { qos_specs: { id: ID, name: 'slow', consumer: 'front-end', specs: { total_iops_sec: '500' } }, links: [] }
const QOS = '/v3/admin/qos-specs'

t.test('by name or id: create, list, show, set, unset, delete, associate, disassociate', async (t) => {
  const ok = () => ({ status: 200, body: BODY })
  const accepted = () => ({ status: 202 })
  const stub = await startStub(t, {
    [`POST ${QOS}`]: ok,
    [`GET ${QOS}`]: () => ({ status: 200, body: { qos_specs: [BODY.qos_specs] } }),
    [`GET ${QOS}/${ID}`]: ok,
    [`PUT ${QOS}/${ID}`]: ok,
    [`PUT ${QOS}/${ID}/delete_keys`]: accepted,
    [`DELETE ${QOS}/${ID}`]: accepted,
    'GET /v3/admin/types/cheap': () => ({ status: 200, body: { volume_type: { id: TYPE } } }),
    [`GET ${QOS}/${ID}/associate`]: accepted,
    [`GET ${QOS}/${ID}/disassociate`]: accepted,
    [`GET ${QOS}/${ID}/disassociate_all`]: accepted,
    [`GET ${QOS}/${ID}/associations`]: () => ({
      status: 200,
      body: { qos_associations: [{ association_type: 'volume_type', name: 'cheap', id: TYPE }] },
    }),
  })
  const { endpoint } = stub
  const qos = (...args: readonly string[]) => run(['qos', ...args], { endpoint })
  const created = await qos('create', 'slow', '--property', 'total_iops_sec=500')
  t.equal(created.exitCode, 0)
  t.match(created.out, /consumer +front-end\nproperties +total_iops_sec=500\n/)
  t.match((await qos('list')).out, /NAME +CONSUMER +PROPERTIES\nslow +front-end +total_iops_sec=500\n/)
  t.same(JSON.parse((await qos('show', ID, '-o', 'json')).out), BODY)
  t.equal((await qos('set', 'slow', '--consumer', 'both', '--property', 'a=b')).exitCode, 0)
  t.equal((await qos('unset', 'slow', '--property', 'a')).exitCode, 0)
  t.match(await qos('associate', 'slow', 'cheap'), { exitCode: 0, out: /TYPE\ncheap\n/ })
  t.match(await qos('associations', 'slow'), { out: /TYPE\ncheap\n/ })
  t.equal((await qos('disassociate', 'slow', 'cheap')).exitCode, 0)
  t.equal((await qos('disassociate', 'slow', '--all')).exitCode, 0)
  t.match(await qos('delete', 'slow', '--force'), { exitCode: 0, out: '' })
  t.match(
    stub.seen.filter(({ method }) => method !== 'GET'),
    [
      { method: 'POST', body: { qos_specs: { name: 'slow', consumer: 'front-end', total_iops_sec: '500' } } },
      { method: 'PUT', body: { qos_specs: { consumer: 'both', a: 'b' } } },
      { method: 'PUT', path: `${QOS}/${ID}/delete_keys`, body: { keys: ['a'] } },
      { method: 'DELETE', path: `${QOS}/${ID}?force=true` },
    ],
  )
  t.ok(
    stub.seen.some(({ path }) => path === `${QOS}/${ID}/associate?vol_type_id=${TYPE}`),
    'a type is named by its id',
  )
})

t.test('what makes no sense, or is not there, is said', async (t) => {
  const stub = await startStub(t, { [`GET ${QOS}`]: () => ({ status: 200, body: { qos_specs: [] } }) })
  const qos = (...args: readonly string[]) => run(['qos', ...args], { endpoint: stub.endpoint })
  t.match(await qos('set', 'slow'), { exitCode: 2, err: /nothing to set/ })
  t.match(await qos('create', 'slow', '--property', 'name=other'), { exitCode: 2, err: /no limit/ })
  t.match(await qos('disassociate', 'slow'), { exitCode: 2, err: /--all/ })
  t.match(await qos('disassociate', 'slow', 'cheap', '--all'), { exitCode: 2 })
  t.equal(stub.seen.length, 0)
  t.match(await qos('show', 'slow'), { exitCode: 3, err: /no QoS specs are called slow/ })
})
