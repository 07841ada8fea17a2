import t from 'tap'
import { fault, run, startStub, volumeBody } from './stub.ts'

const ID = '5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'
const TRANSFERS = '/v3/admin/volume-transfers'
const REQUEST = ['volume', 'transfer', 'request'] as const
const ok = (body: unknown) => () => ({ status: 200, body })

const transferBody = (changes: Readonly<Record<string, unknown>> = {}) => ({
  id: ID,
  name: 'for-shop',
  volume_id: volumeBody()['id'],
  created_at: '2026-11-21T08:16:35.332000',
  no_snapshots: false,
  source_project_id: 'admin',
  destination_project_id: null,
  accepted: false,
  links: [],
  ...changes,
})

t.test('create finds the volume, offers it under a key, and tells what accepts it once', async (t) => {
  const stub = await startStub(t, {
    'GET /v3/admin/volumes/detail': ok({ volumes: [volumeBody()] }),
    [`POST ${TRANSFERS}`]: () => ({ status: 202, body: { transfer: transferBody({ auth_key: '9266c59563c84664' }) } }),
  })
  const { endpoint } = stub
  const ran = await run([...REQUEST, 'create', 'db', '--name', 'for-shop'], { endpoint })
  t.match(ran, { exitCode: 0, out: /^auth_key +9266c59563c84664$/m, err: /told this once/ })
  const request = stub.seen.find(({ method }) => method === 'POST')
  t.same(request?.body, { transfer: { volume_id: volumeBody()['id'], name: 'for-shop', no_snapshots: false } })
  t.match(request?.headers, { 'idempotency-key': /^[0-9a-f-]{36}$/ })
  const key = await run([...REQUEST, 'create', 'db', '--no-snapshots', '-o', 'value', '--columns', 'auth_key'], { endpoint })
  t.equal(key.out, '9266c59563c84664\n')
  t.same(stub.seen.at(-1)?.body, { transfer: { volume_id: volumeBody()['id'], no_snapshots: true } })
})

t.test('list, show and delete go by name, accept by id and key', async (t) => {
  const stub = await startStub(t, {
    [`GET ${TRANSFERS}/detail`]: ok({ transfers: [transferBody()] }),
    [`GET ${TRANSFERS}/${ID}`]: ok({ transfer: transferBody() }),
    [`DELETE ${TRANSFERS}/${ID}`]: () => ({ status: 202 }),
    [`POST ${TRANSFERS}/${ID}/accept`]: ({ body }) =>
      JSON.stringify(body) === '{"accept":{"auth_key":"right"}}'
        ? { status: 202, body: { transfer: { id: ID, name: 'for-shop', volume_id: 'V', links: [] } } }
        : fault(400, 'Invalid auth key: it is not the key of the transfer.'),
  })
  const { endpoint } = stub
  t.match((await run([...REQUEST, 'list', '--all-projects'], { endpoint })).out, new RegExp(`^for-shop +${ID}`, 'm'))
  t.ok(stub.seen.some(({ path }) => path.includes('all_tenants=1')))
  t.match((await run([...REQUEST, 'show', 'for-shop'], { endpoint })).out, /^snapshots +with the volume$/m)
  t.match(await run([...REQUEST, 'delete', 'for-shop'], { endpoint }), { exitCode: 0, err: /for-shop \(5f0c.*\) is taken back/ })
  t.match(await run([...REQUEST, 'show', 'no-such'], { endpoint }), { exitCode: 3, err: /no transfer request is named no-such/ })
  t.match(await run([...REQUEST, 'accept', ID, '--auth-key', 'right'], { endpoint }), { exitCode: 0, out: /^volume +V$/m })
  t.match(await run([...REQUEST, 'accept', ID, '--auth-key', 'wrong'], { endpoint }), { err: /Invalid auth key/ })
  t.match(await run([...REQUEST, 'accept', 'for-shop', '--auth-key', 'right'], { endpoint }), { exitCode: 2, err: /is no id/ })
  t.match(await run([...REQUEST, 'accept', ID], { endpoint }), { exitCode: 2, err: /--auth-key/ })
})
