/** `scoria group` and `scoria group snapshot`: what is asked of a peer, and what is printed. */
import t from 'tap'
import { run, startStub, volumeBody } from './stub.ts'

const ID = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0011'
const SNAPSHOT = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0012'
const VOLUME = String(volumeBody()['id'])
const GROUPS = '/v3/admin/groups'
const SNAPSHOTS = '/v3/admin/group_snapshots'
const GROUP = {
  id: ID,
  name: 'shop',
  status: 'available',
  availability_zone: 'z',
  created_at: '2026-11-21T08:16:35.332000',
  description: null,
  group_type: 'gt',
  volume_types: ['vt'],
  volumes: [VOLUME],
}
const TAKEN = { id: SNAPSHOT, name: 'before', status: 'available', group_id: ID, created_at: GROUP.created_at, description: null }
const accepted = (body?: unknown) => () => ({ status: 202, ...(body === undefined ? {} : { body }) })
const ok = (body: unknown) => () => ({ status: 200, body })

const ROUTES = {
  [`POST ${GROUPS}`]: accepted({ group: { id: ID, name: 'shop' } }),
  [`POST ${GROUPS}/action`]: accepted({ group: { id: ID, name: 'shop' } }),
  [`GET ${GROUPS}/detail`]: ok({ groups: [GROUP] }),
  [`GET ${GROUPS}/${ID}`]: ok({ group: GROUP }),
  [`PUT ${GROUPS}/${ID}`]: accepted(),
  [`POST ${GROUPS}/${ID}/action`]: accepted(),
  [`POST ${SNAPSHOTS}`]: accepted({ group_snapshot: { id: SNAPSHOT, name: 'before', group_type_id: 'gt' } }),
  [`GET ${SNAPSHOTS}/detail`]: ok({ group_snapshots: [TAKEN] }),
  [`GET ${SNAPSHOTS}/${SNAPSHOT}`]: ok({ group_snapshot: TAKEN }),
  [`POST ${SNAPSHOTS}/${SNAPSHOT}/action`]: accepted(),
  [`DELETE ${SNAPSHOTS}/${SNAPSHOT}`]: accepted(),
  'GET /v3/admin/volumes/detail': ok({ volumes: [volumeBody()] }),
  'POST /v3/admin/volumes': accepted({ volume: volumeBody({ group_id: ID }) }),
}

t.test('groups by name or id: create, list, show, set, delete', async (t) => {
  const stub = await startStub(t, ROUTES)
  const group = (...args: readonly string[]) => run(['group', ...args], { endpoint: stub.endpoint })
  const created = await group('create', 'shop', '--group-type', 'consistent', '--volume-type', 'fast', '--volume-type', 'slow', '--wait')
  t.match(created, { exitCode: 0, out: new RegExp(`^volumes +${VOLUME}$`, 'm') })
  t.match(stub.seen.find(({ method }) => method === 'POST')?.headers, { 'idempotency-key': /^[0-9a-f-]{36}$/ })
  t.match(await group('create', 'copy', '--source-group', 'shop'), { exitCode: 0 })
  t.match(await group('create', '--group-snapshot', 'before'), { exitCode: 0 })
  t.match(await group('create', 'shop', '--group-type', 'consistent'), { exitCode: 2, err: /--volume-type is missing/ })
  t.match(await group('create', '--source-group', 'shop', '--group-type', 'x'), { exitCode: 2 })
  t.match((await group('list', '--all-projects')).out, /^NAME +STATUS +VOLUMES +AGE\nshop +available +1 /)
  t.same(JSON.parse((await group('show', ID, '-o', 'json')).out), { group: GROUP })
  t.match(await group('show', 'absent'), { exitCode: 3, err: /no group is named absent/ })
  t.match(await group('set', 'shop', '--name', 'store', '--add-volume', 'db', '--state', 'error'), { exitCode: 0 })
  t.match(await group('set', 'shop'), { exitCode: 2, err: /nothing to set/ })
  t.match(await group('delete', 'shop'), { exitCode: 0, err: /group shop \(6a1f.*\) is being deleted/ })
  t.match(await group('delete', ID, '--force'), { exitCode: 0 })
  t.match(await run(['volume', 'create', 'db', '--size', '1', '--group', 'shop'], { endpoint: stub.endpoint }), {
    out: new RegExp(`^group +${ID}$`, 'm'),
  })
  t.match(
    stub.seen.filter(({ method }) => method !== 'GET').map(({ body }) => body),
    [
      { group: { name: 'shop', group_type: 'consistent', volume_types: ['fast', 'slow'] } },
      { 'create-from-src': { name: 'copy', source_group_id: ID } },
      { 'create-from-src': { group_snapshot_id: SNAPSHOT } },
      { reset_status: { status: 'error' } },
      { group: { name: 'store', add_volumes: VOLUME } },
      { delete: { 'delete-volumes': false } },
      { delete: { 'delete-volumes': true } },
      { volume: { name: 'db', group_id: ID, size: 1 } },
    ],
  )
})

t.test('group snapshots: create, list, show, set, delete', async (t) => {
  const stub = await startStub(t, ROUTES)
  const snapshot = (...args: readonly string[]) => run(['group', 'snapshot', ...args], { endpoint: stub.endpoint })
  t.match(await snapshot('create', 'shop', '--name', 'before', '--wait'), { exitCode: 0, out: new RegExp(`^group +${ID}$`, 'm') })
  t.match((await snapshot('list')).out, /^NAME +STATUS +GROUP +AGE\nbefore +available /)
  t.same(JSON.parse((await snapshot('show', 'before', '-o', 'json')).out), { group_snapshot: TAKEN })
  t.match(await snapshot('set', 'before', '--state', 'available'), { exitCode: 0 })
  t.match(await snapshot('delete', 'before'), { exitCode: 0, err: /group snapshot before .* is being deleted/ })
  t.match(
    stub.seen.filter(({ method }) => method !== 'GET'),
    [
      { path: SNAPSHOTS, body: { group_snapshot: { group_id: ID, name: 'before' } } },
      { body: { reset_status: { status: 'available' } } },
      { method: 'DELETE', path: `${SNAPSHOTS}/${SNAPSHOT}` },
    ],
  )
})
