import t from 'tap'
import { fault, run, startStub, volumeBody } from './stub.ts'

const ID = '5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'
const SNAPSHOTS = '/v3/admin/snapshots'
const VOLUMES = '/v3/admin/volumes'
const ok = (body: unknown) => () => ({ status: 200, body })

const snapshotBody = (changes: Readonly<Record<string, unknown>> = {}) => ({
  id: ID,
  name: 'before',
  description: null,
  status: 'available',
  size: 10,
  volume_id: volumeBody()['id'],
  metadata: {},
  created_at: '2026-11-21T08:16:35.332000',
  updated_at: null,
  user_id: 'admin',
  'os-extended-snapshot-attributes:progress': '100%',
  'os-extended-snapshot-attributes:project_id': 'admin',
  ...changes,
})

t.test('create finds the volume, sends what was asked under a key, and follows the snapshot to its end', async (t) => {
  const statuses = ['creating', 'available']
  const stub = await startStub(t, {
    [`GET ${VOLUMES}/detail`]: ok({ volumes: [volumeBody()] }),
    [`POST ${SNAPSHOTS}`]: () => ({ status: 202, body: { snapshot: snapshotBody({ status: 'creating' }) } }),
    [`GET ${SNAPSHOTS}/${ID}`]: (_, nth) => ({ status: 200, body: { snapshot: snapshotBody({ status: statuses[nth] }) } }),
  })
  const args = ['snapshot', 'create', 'before', '--volume', 'db', '--property', 'a=b', '--wait']
  const ran = await run(args, { endpoint: stub.endpoint })
  t.match(ran, { exitCode: 0, out: /^status +available$/m, err: 'snapshot before: creating\n' })
  const request = stub.seen.find(({ method }) => method === 'POST')
  t.same(request?.body, { snapshot: { volume_id: volumeBody()['id'], name: 'before', metadata: { a: 'b' } } })
  t.match(request?.headers, { 'idempotency-key': /^[0-9a-f-]{36}$/ })
})

t.test('of a volume in use a snapshot is made by force only', async (t) => {
  const stub = await startStub(t, {
    [`GET ${VOLUMES}/detail`]: ok({ volumes: [volumeBody({ status: 'in-use' })] }),
    [`POST ${SNAPSHOTS}`]: () => ({ status: 202, body: { snapshot: snapshotBody({ status: 'creating' }) } }),
  })
  const { endpoint } = stub
  t.match(await run(['snapshot', 'create', '--volume', 'db'], { endpoint }), { exitCode: 2, err: /volume db is in use\n.*--force/ })
  t.same(
    stub.seen.filter(({ method }) => method === 'POST'),
    [],
  )
  t.equal((await run(['snapshot', 'create', '--volume', 'db', '--force'], { endpoint })).exitCode, 0)
})

t.test('list, show, set and delete go by name', async (t) => {
  const stub = await startStub(t, {
    [`GET ${VOLUMES}/detail`]: ok({ volumes: [volumeBody()] }),
    [`GET ${SNAPSHOTS}/detail`]: ok({ snapshots: [snapshotBody()] }),
    [`GET ${SNAPSHOTS}/${ID}`]: (_, nth) =>
      nth === 0 ? { status: 200, body: { snapshot: snapshotBody({ name: 'after' }) } } : fault(404, `Snapshot ${ID} could not be found.`),
    [`PUT ${SNAPSHOTS}/${ID}`]: ok({ snapshot: snapshotBody() }),
    [`POST ${SNAPSHOTS}/${ID}/metadata`]: ok({ metadata: {} }),
    [`DELETE ${SNAPSHOTS}/${ID}/metadata/old`]: ok(undefined),
    [`DELETE ${SNAPSHOTS}/${ID}`]: () => ({ status: 202 }),
  })
  const { endpoint } = stub
  t.match((await run(['snapshot', 'list', '--volume', 'db'], { endpoint })).out, /^before +available +10/m)
  t.ok(stub.seen.some(({ path }) => path.includes(`volume_id=${volumeBody()['id']}`)))
  t.equal((await run(['snapshot', 'show', 'before', '-o', 'value', '--columns', 'status'], { endpoint })).out, 'available\n')
  const set = await run(['snapshot', 'set', 'before', '--name', 'after', '--property', 'a=b', '--unset-property', 'old'], { endpoint })
  t.match(set, { exitCode: 0, out: /^name +after$/m })
  t.match(await run(['snapshot', 'delete', 'before', '--wait'], { endpoint }), { exitCode: 0, err: `snapshot before (${ID}) is gone\n` })
  t.same(
    stub.seen.filter(({ method }) => method !== 'GET').map(({ method, body }) => [method, body]),
    [
      ['PUT', { snapshot: { name: 'after' } }],
      ['POST', { metadata: { a: 'b' } }],
      ['DELETE', undefined],
      ['DELETE', undefined],
    ],
  )
  t.equal((await run(['snapshot', 'show', 'nothing'], { endpoint })).exitCode, 3)
})

t.test('an administrator says the state of a snapshot, alone or with what else is to change', async (t) => {
  const stub = await startStub(t, {
    [`GET ${SNAPSHOTS}/detail`]: ok({ snapshots: [snapshotBody({ status: 'error' })] }),
    [`POST ${SNAPSHOTS}/${ID}/action`]: () => ({ status: 202 }),
    [`PUT ${SNAPSHOTS}/${ID}`]: ok({ snapshot: snapshotBody() }),
    [`GET ${SNAPSHOTS}/${ID}`]: ok({ snapshot: snapshotBody() }),
  })
  const { endpoint } = stub
  const set = (...more: readonly string[]) => run(['snapshot', 'set', 'before', ...more], { endpoint })
  t.match(await set('--state', 'available'), { exitCode: 0, out: /^status +available$/m })
  t.equal((await set('--state', 'error', '--name', 'old')).exitCode, 0)
  t.same(
    stub.seen.filter(({ method }) => method !== 'GET').map(({ body }) => body),
    [{ 'os-reset_status': { status: 'available' } }, { 'os-reset_status': { status: 'error' } }, { snapshot: { name: 'old' } }],
  )
  t.match(await set('--state', 'deleting'), { exitCode: 2, err: /available, error, error_deleting/ })
  t.match(await set(), { exitCode: 2, err: /--state/ })
})

t.test('a volume is reverted to its latest snapshot, or to the one that is named, after its name was typed', async (t) => {
  const other = '11111111-6a6f-4c39-9d0b-0d2f3c1b7a10'
  const id = volumeBody()['id']
  const statuses = ['reverting', 'available']
  const stub = await startStub(t, {
    [`GET ${VOLUMES}/detail`]: ok({ volumes: [volumeBody()] }),
    [`GET ${VOLUMES}/${id}`]: (_, nth) => ({ status: 200, body: { volume: volumeBody({ status: statuses[nth] ?? 'available' }) } }),
    [`GET ${SNAPSHOTS}/detail`]: ok({ snapshots: [snapshotBody({ id: other, status: 'deleting', name: 'going' }), snapshotBody()] }),
    [`POST ${VOLUMES}/${id}/action`]: () => ({ status: 202 }),
  })
  const { endpoint } = stub
  t.match(await run(['volume', 'revert', 'db'], { endpoint, typed: 'no' }), { exitCode: 1, err: /nothing was done: "no" is not db/ })
  t.match(await run(['volume', 'revert', 'db', '--wait'], { endpoint, typed: 'db' }), { exitCode: 0, out: /^status +available$/m })
  t.equal((await run(['volume', 'revert', 'db', '--snapshot', 'going', '--yes'], { endpoint })).exitCode, 0)
  t.same(
    stub.seen.filter(({ method }) => method === 'POST').map(({ body }) => body),
    [{ revert: { snapshot_id: ID } }, { revert: { snapshot_id: other } }],
  )
})

t.test('a volume is deleted with its snapshots if that was said', async (t) => {
  const id = '8fad1bc2-38af-50a5-9625-3366432cf25b'
  const path = `/v3/admin/volumes/${id}`
  const stub = await startStub(t, {
    [`GET ${path}`]: () => ({ status: 200, body: { volume: volumeBody() } }),
    [`DELETE ${path}`]: () => ({ status: 202, body: null }),
  })
  const ran = await run(['volume', 'delete', id, '--cascade'], { endpoint: stub.endpoint, typed: 'db' })
  t.match(ran, { exitCode: 0, err: /all that is on it, and its snapshots/ })
  t.match(stub.seen.at(-1)?.path, /\?cascade=true$/)
  t.equal((await run(['volume', 'delete', id, '--cascade', '--force', '--yes'], { endpoint: stub.endpoint })).exitCode, 2)
})
