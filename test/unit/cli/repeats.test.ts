/** What is sent again, to whom, and under which key: a change is made once, however often it was sent. */
import t from 'tap'
import { deadEndpoint, fault, run, startStub, type StubAnswer, volumeBody } from './stub.ts'

const ID = '8fad1bc2-38af-50a5-9625-3366432cf25b'
const VOLUMES = '/v3/admin/volumes'
const CREATED: StubAnswer = { status: 202, body: { volume: volumeBody() } }
const CUT: StubAnswer = { status: 0, isCut: true }
const busy = (message: string, retryAfterS?: number): StubAnswer => {
  return { ...fault(503, message), ...(retryAfterS === undefined ? {} : { headers: { 'retry-after': String(retryAfterS) } }) }
}
const RECOVERING = busy('HostRecovering: host a is still recovering after its start.', 5)
const named = { [`GET ${VOLUMES}/detail`]: () => ({ status: 200, body: { volumes: [volumeBody()] } }) }
const CREATE = ['volume', 'create', 'db', '--size', '10']

const keysOf = (...stubs: readonly { readonly seen: readonly { readonly method: string; readonly headers: object }[] }[]) =>
  stubs.flatMap(({ seen }) =>
    seen.filter(({ method }) => method !== 'GET').map(({ headers }) => new Map(Object.entries(headers)).get('idempotency-key')),
  )

t.test('the next endpoint is asked when one does not answer, with the same key', async (t) => {
  const stub = await startStub(t, { [`POST ${VOLUMES}`]: () => CREATED })
  const cut = await startStub(t, { [`POST ${VOLUMES}`]: () => CUT })
  const recovering = await startStub(t, { [`POST ${VOLUMES}`]: () => RECOVERING })
  const endpoints = [await deadEndpoint(), cut.endpoint, recovering.endpoint, stub.endpoint]
  t.equal((await run([...CREATE, '--endpoint', endpoints.join(',')])).exitCode, 0)
  const keys = keysOf(cut, recovering, stub)
  t.equal(keys.length, 3)
  t.equal(new Set(keys).size, 1)
})

t.test('every change carries a key, and two changes of one command two', async (t) => {
  const stub = await startStub(t, {
    ...named,
    [`PUT ${VOLUMES}/${ID}`]: () => ({ status: 200, body: {} }),
    [`POST ${VOLUMES}/${ID}/metadata`]: () => ({ status: 200, body: {} }),
    [`DELETE ${VOLUMES}/${ID}/metadata/x`]: () => ({ status: 200 }),
    [`POST ${VOLUMES}/${ID}/action`]: () => ({ status: 202 }),
    [`DELETE ${VOLUMES}/${ID}`]: () => ({ status: 202 }),
    [`GET ${VOLUMES}/${ID}`]: () => ({ status: 200, body: { volume: volumeBody() } }),
    'POST /scoria/v1/invites': () => ({ status: 200, body: { token: 'scoria1:x', expires_at: '2026-11-21T08:35:00.000Z' } }),
    'PUT /v3/admin/os-quota-sets/admin': () => ({ status: 200, body: {} }),
    'GET /v3/admin/os-quota-sets/admin': () => ({ status: 200, body: { quota_set: {} } }),
  })
  const commands = [
    ['volume', 'set', 'db', '--name', 'n', '--property', 'a=b', '--unset-property', 'x'],
    ['volume', 'extend', 'db', '20'],
    ['volume', 'delete', 'db'],
    ['volume', 'delete', 'db', '--force'],
    ['invite'],
    ['quota', 'set', '--volumes', '5'],
  ]
  for (const args of commands) t.equal((await run(args, { endpoint: stub.endpoint })).exitCode, 0, args.join(' '))
  const keys = keysOf(stub)
  t.equal(keys.length, 8)
  t.ok(keys.every((key) => typeof key === 'string' && key.length >= 36))
  t.equal(new Set(keys).size, 8, 'no key serves two changes')
  t.ok(
    stub.seen.filter(({ method }) => method === 'GET').every(({ headers }) => headers['idempotency-key'] === undefined),
    'and reads have none',
  )
})

t.test('a peer that breaks off is asked again under the same key, until it answers', async (t) => {
  const stub = await startStub(t, {
    ...named,
    [`POST ${VOLUMES}/${ID}/action`]: (_, nth) => (nth < 2 ? CUT : { status: 202 }),
    [`GET ${VOLUMES}/${ID}`]: () => CREATED,
  })
  const ran = await run(['volume', 'extend', 'db', '20'], { endpoint: stub.endpoint })
  t.equal(ran.exitCode, 0)
  t.match(ran.err, /broke off \(.*\)\nasking again/)
  const keys = keysOf(stub)
  t.equal(keys.length, 3)
  t.equal(new Set(keys).size, 1)
})

t.test('what stays unknown is told as open', async (t) => {
  const cut = await startStub(t, { ...named, [`POST ${VOLUMES}/${ID}/action`]: () => CUT })
  const ran = await run(['volume', 'extend', 'db', '20'], { endpoint: cut.endpoint })
  t.equal(ran.exitCode, 7)
  t.match(ran.err, /may or may not have been done/)
  t.equal(new Set(keysOf(cut)).size, 1)
})

t.test('a create whose answer is lost says how to repeat it safely', async (t) => {
  const cut = await startStub(t, { [`POST ${VOLUMES}`]: () => CUT })
  const ran = await run(CREATE, { endpoint: cut.endpoint })
  t.equal(ran.exitCode, 7)
  t.match(ran.err, new RegExp(`--idempotency-key ${keysOf(cut)[0]}`))
})

t.test('a 503 is asked again when it said to come back, if that is soon', async (t) => {
  const soon = await startStub(t, { [`POST ${VOLUMES}`]: (_, nth) => (nth < 2 ? RECOVERING : CREATED) })
  const ran = await run(CREATE, { endpoint: soon.endpoint })
  t.equal(ran.exitCode, 0)
  t.match(ran.err, /^HostRecovering: host a is still recovering after its start.\nasking again for up to 15 s\n/)
  t.equal(ran.err.split('HostRecovering').length, 2, 'and told once')
  t.equal(new Set(keysOf(soon)).size, 1)

  const table = [
    { title: 'for ever', answer: RECOVERING, asked: 4 },
    { title: 'but in an hour', answer: busy('NoValidBackend: No valid backend was found.', 3600), asked: 1 },
    { title: 'and not said when', answer: busy('HostRecovering: host a.'), asked: 1 },
  ]
  for (const { title, answer, asked } of table) {
    const stub = await startStub(t, { [`POST ${VOLUMES}`]: () => answer })
    t.not((await run(CREATE, { endpoint: stub.endpoint })).exitCode, 0, title)
    t.equal(stub.seen.length, asked, title)
  }
})

t.test('a removal whose answer was lost is done when nothing is there any more', async (t) => {
  const gone = (nth: number): StubAnswer => (nth === 0 ? CUT : fault(404, `Volume ${ID} could not be found.`))
  const stub = await startStub(t, {
    ...named,
    [`DELETE ${VOLUMES}/${ID}`]: (_, nth) => gone(nth),
    [`POST ${VOLUMES}/${ID}/action`]: (_, nth) => gone(nth),
  })
  t.equal((await run(['volume', 'delete', 'db'], { endpoint: stub.endpoint })).exitCode, 0)
  t.equal((await run(['volume', 'delete', 'db', '--force'], { endpoint: stub.endpoint })).exitCode, 0)
  const never = await startStub(t, { ...named, [`DELETE ${VOLUMES}/${ID}`]: () => fault(404, `Volume ${ID} could not be found.`) })
  t.equal((await run(['volume', 'delete', 'db'], { endpoint: never.endpoint })).exitCode, 3, 'and not found at the first time is not found')
})
