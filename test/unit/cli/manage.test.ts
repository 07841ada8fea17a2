import t from 'tap'
import { fault, run, startStub } from './stub.ts'

const ID = '5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'
const POOL = 'a@lvm#vg0'
const FOUND = {
  'manageable-volumes': [
    { reference: { 'source-name': 'old-db' }, size: 3, safe_to_manage: true, reason_not_safe: null, cinder_id: null },
    { reference: { 'source-name': 'swap' }, size: 1, safe_to_manage: false, reason_not_safe: 'in use', cinder_id: null },
    { reference: { 'source-name': `volume-${ID}` }, size: 2, safe_to_manage: false, reason_not_safe: 'already managed', cinder_id: ID },
  ],
}

t.test('what lies in a pool is listed with what stands against it', async (t) => {
  const stub = await startStub(t, {
    'GET /v3/admin/manageable_volumes/detail': () => ({ status: 200, body: FOUND }),
  })
  const ran = await run(['volume', 'manageable', POOL], { endpoint: stub.endpoint })
  t.match(ran.out, /^NAME +SIZE +MANAGEABLE +VOLUME\nold-db +3GiB +yes +-\nswap +1GiB +no: in use +-\n/)
  t.match(stub.seen[0]?.path, /host=a%40lvm%23vg0$/)
})

t.test('a disk is managed under its name there, with a key', async (t) => {
  const volume = { id: ID, name: 'db', status: 'creating', size: 3 }
  const stub = await startStub(t, { 'POST /v3/admin/manageable_volumes': () => ({ status: 202, body: { volume } }) })
  const ran = await run(['volume', 'manage', POOL, 'old-db', '--name', 'db', '--type', 'gold', '--bootable'], { endpoint: stub.endpoint })
  t.equal(ran.exitCode, 0)
  t.same(stub.seen[0]?.body, { volume: { host: POOL, ref: { 'source-name': 'old-db' }, name: 'db', volume_type: 'gold', bootable: true } })
  t.ok(stub.seen[0]?.headers['idempotency-key'])
})

t.test('unmanage says where the bytes are, and does not wait for what has gone wrong', async (t) => {
  let looks = 0
  const volume = { id: ID, name: 'db', status: 'available', size: 3, 'os-vol-host-attr:host': POOL }
  const stub = await startStub(t, {
    [`GET /v3/admin/volumes/${ID}`]: () => {
      looks += 1
      return { status: 200, body: { volume } }
    },
    [`POST /v3/admin/volumes/${ID}/action`]: () => ({ status: 202, body: null }),
    'GET /v3/admin/messages': () => ({ status: 200, body: { messages: [{ user_message: 'it could not be given back' }] } }),
  })
  t.match(await run(['volume', 'unmanage', ID], { endpoint: stub.endpoint }), {
    exitCode: 0,
    err: /its bytes stay in a@lvm#vg0/,
  })
  const before = looks
  const waited = await run(['volume', 'unmanage', ID, '--wait'], { endpoint: stub.endpoint })
  t.match(waited, { err: /it could not be given back/ })
  t.not(waited.exitCode, 0)
  t.ok(looks > before)
})

t.test('a refusal is told in the words of the peer', async (t) => {
  const stub = await startStub(t, { 'POST /v3/admin/manageable_volumes': () => fault(400, 'swap is open on its host') })
  t.match(await run(['volume', 'manage', POOL, 'swap'], { endpoint: stub.endpoint }), { exitCode: 2, err: /swap is open/ })
})

const SNAPSHOT = '11111111-6a6f-4c39-9d0b-0d2f3c1b7a10'
const snapshotBody = { id: SNAPSHOT, name: 'nightly', status: 'available', size: 3, volume_id: ID }

t.test('snapshots that lie in a pool are listed with what they are of, and one is managed for its volume', async (t) => {
  const rows = [
    {
      reference: { 'source-name': 'db-nightly' },
      size: 3,
      safe_to_manage: true,
      reason_not_safe: null,
      cinder_id: null,
      source_reference: { 'source-name': `volume-${ID}` },
    },
  ]
  const stub = await startStub(t, {
    'GET /v3/admin/manageable_snapshots/detail': () => ({ status: 200, body: { 'manageable-snapshots': rows } }),
    [`GET /v3/admin/volumes/${ID}`]: () => ({ status: 200, body: { volume: { id: ID, name: 'db', status: 'available', size: 3 } } }),
    'POST /v3/admin/manageable_snapshots': () => ({ status: 202, body: { snapshot: { ...snapshotBody, status: 'creating' } } }),
    [`GET /v3/admin/snapshots/${SNAPSHOT}`]: () => ({ status: 200, body: { snapshot: snapshotBody } }),
  })
  const { endpoint } = stub
  const listed = await run(['snapshot', 'manageable', POOL], { endpoint })
  t.match(listed.out, new RegExp(`^NAME +SIZE +MANAGEABLE +OF +SNAPSHOT\\ndb-nightly +3GiB +yes +volume-${ID} +-\\n`))
  const args = ['snapshot', 'manage', ID, 'db-nightly', '--name', 'nightly', '--property', 'keep=yes', '--wait']
  t.match(await run(args, { endpoint }), { exitCode: 0, out: /^status +available$/m })
  const posted = stub.seen.find(({ method }) => method === 'POST')
  t.same(posted?.body, { snapshot: { volume_id: ID, ref: { 'source-name': 'db-nightly' }, name: 'nightly', metadata: { keep: 'yes' } } })
  t.ok(posted?.headers['idempotency-key'])
})

t.test('a snapshot is unmanaged, and one that could not be given back is told of', async (t) => {
  const statuses = ['available', 'unmanaging', 'gone', 'available', 'unmanaging', 'available']
  const stub = await startStub(t, {
    [`GET /v3/admin/snapshots/${SNAPSHOT}`]: (_, nth) => {
      const status = statuses[nth] ?? ''
      return status === 'gone' ? fault(404, 'it could not be found') : { status: 200, body: { snapshot: { ...snapshotBody, status } } }
    },
    [`POST /v3/admin/snapshots/${SNAPSHOT}/action`]: () => ({ status: 202, body: null }),
  })
  const { endpoint } = stub
  t.match(await run(['snapshot', 'unmanage', SNAPSHOT, '--wait'], { endpoint }), { exitCode: 0, err: /is unmanaged; its bytes stay/ })
  t.same(stub.seen.find(({ method }) => method === 'POST')?.body, { 'os-unmanage': null })
  const stuck = await run(['snapshot', 'unmanage', SNAPSHOT, '--wait'], { endpoint })
  t.match(stuck, { err: /is still managed, in status available/ })
  t.not(stuck.exitCode, 0)
})
