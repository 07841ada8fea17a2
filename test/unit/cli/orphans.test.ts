import t from 'tap'
import { fault, run, startStub } from './stub.ts'

const ID = '5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'
const NAME = `quarantine-volume-${ID}`
const ORPHANS = {
  orphans: [
    {
      kind: 'volume',
      host: 'b',
      pool: 'b@lvm#vg0',
      name: NAME,
      size_bytes: 2 * 1024 ** 3,
      since_ms: null,
      was: { volume: ID, project: 'demo', rid: 'r' },
      reason: null,
    },
    {
      kind: 'export',
      host: 'a',
      pool: null,
      name: 'iqn.x:volume-1',
      size_bytes: null,
      since_ms: null,
      was: null,
      reason: 'no record has it',
    },
  ],
  unseen: [{ host: 'c', reason: 'no answer' }],
  cut: [],
}

t.test('list shows what lies where, whose it was and what to do, and names the hosts that were not seen', async (t) => {
  const stub = await startStub(t, { 'GET /scoria/v1/orphans': () => ({ status: 200, body: ORPHANS }) })
  const ran = await run(['orphan', 'list'], { endpoint: stub.endpoint })
  t.match(ran, { exitCode: 0, err: 'not seen: host c (no answer)\n' })
  t.match(ran.out, /^HOST +KIND +NAME +SIZE +SINCE +PROJECT +POOL +WHAT-TO-DO\n/)
  t.match(ran.out, new RegExp(`b +volume +${NAME} +2GiB +- +demo +b@lvm#vg0 +scoria orphan adopt ${NAME} --host b@lvm#vg0\n`))
  t.match(ran.out, /a +export +iqn.x:volume-1 .* no record has it/)
  await run(['orphan', 'list', '--host', 'b/c', '-o', 'json'], { endpoint: stub.endpoint })
  t.equal(stub.seen.at(-1)?.path, '/scoria/v1/orphans?host=b%2Fc')
})

t.test('adopt asks for the owner of the tags unless a project is named, with a key', async (t) => {
  const volume = { id: ID, name: 'rescued', status: 'creating', size: 2 }
  const stub = await startStub(t, { 'POST /scoria/v1/orphans/adopt': () => ({ status: 202, body: { volume } }) })
  const { endpoint } = stub
  t.equal((await run(['orphan', 'adopt', NAME, '--host', 'b@lvm#vg0'], { endpoint })).exitCode, 0)
  t.same(stub.seen[0]?.body, { pool: 'b@lvm#vg0', name: NAME })
  t.ok(stub.seen[0]?.headers['idempotency-key'])
  await run(['orphan', 'adopt', NAME, '--host', 'b@lvm#vg0', '--project', 'demo', '--name', 'rescued'], { endpoint })
  t.same(stub.seen[1]?.body, { pool: 'b@lvm#vg0', name: NAME, project: 'demo', volume_name: 'rescued' })
})

t.test('a refusal is told in the words of the peer', async (t) => {
  const stub = await startStub(t, { 'POST /scoria/v1/orphans/adopt': () => fault(400, 'whose it was is not known') })
  t.match(await run(['orphan', 'adopt', NAME, '--host', 'b@lvm#vg0'], { endpoint: stub.endpoint }), { exitCode: 2, err: /whose it was/ })
})
