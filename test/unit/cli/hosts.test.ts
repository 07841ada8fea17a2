/** Hosts that leave or are lost: what a person is told before, and what cannot happen by mistake. */
import t from 'tap'
import { fault, run, startStub, type StubAnswer } from './stub.ts'

const LEAVE = 'POST /scoria/v1/hosts/c/leave'
const LOST = 'POST /scoria/v1/hosts/c/lost'
const VOLUME = { id: '8fad1bc2-38af-50a5-9625-3366432cf25b', name: 'db', project: 'web', size: 10, status: 'available' }

function changed(state: string, more: object = {}): StubAnswer {
  const body = {
    host: 'c',
    state,
    dry_run: false,
    epoch: 8,
    step_pending: true,
    registers: { known: 40, moving: 12 },
    volumes: [],
    ...more,
  }
  return { status: 200, body }
}
const isDry = (body: unknown): boolean => JSON.stringify(body) === '{"dry_run":true}'

t.test('leave waits until the accounts have moved, and then takes the host out', async (t) => {
  const stub = await startStub(t, {
    [LEAVE]: (_, nth) => changed(nth === 0 ? 'leaving' : 'left'),
    'GET /scoria/v1/status': (_, nth) => ({ status: 200, body: { stepPending: nth < 3 } }),
  })
  const ran = await run(['leave', 'c'], { endpoint: stub.endpoint })
  t.equal(ran.exitCode, 0)
  t.match(ran.err, /^c votes no more;.*Keep its agent running.\nhost c: leaving\nc has left the cluster/)
  t.same(
    stub.seen.map(({ method, body }) => [method, body]),
    [['POST', {}], ...Array(4).fill(['GET', null]), ['POST', {}]],
  )
})

t.test('a leave whose last answer was lost is done when nobody knows the host', async (t) => {
  const stub = await startStub(t, {
    [LEAVE]: (_, nth) => (nth === 0 ? changed('leaving') : fault(404, 'Host c is not in the cluster.')),
    'GET /scoria/v1/status': () => ({ status: 200, body: { stepPending: false } }),
  })
  t.match(await run(['leave', 'c'], { endpoint: stub.endpoint }), { exitCode: 0, err: /c has left/ })
  const typo = await startStub(t, { [LEAVE]: () => fault(404, 'Host c is not in the cluster.') })
  t.equal((await run(['leave', 'c'], { endpoint: typo.endpoint })).exitCode, 3)
})

t.test('a leave that was cut off goes on where it was', async (t) => {
  const pending: StubAnswer = {
    ...fault(503, 'StepPending: the accounts still move after change 2 of the voting hosts.'),
    headers: { 'retry-after': '2' },
  }
  const answers = [...Array(8).fill(pending), changed('left')]
  const stub = await startStub(t, {
    [LEAVE]: (_, nth) => answers[nth] ?? changed('left'),
    'GET /scoria/v1/status': (_, nth) => ({ status: 200, body: { stepPending: nth < 2 } }),
  })
  t.match(await run(['leave', 'c'], { endpoint: stub.endpoint }), {
    exitCode: 0,
    err: /still move after the change before[\s\S]*c has left/,
  })
})

t.test('a host that does not vote leaves at once; one whose step takes too long is left open', async (t) => {
  const quick = await startStub(t, { [LEAVE]: () => changed('left') })
  t.equal((await run(['leave', 'c'], { endpoint: quick.endpoint })).exitCode, 0)
  t.equal(quick.seen.length, 1)
  const slow = await startStub(t, {
    [LEAVE]: () => changed('leaving'),
    'GET /scoria/v1/status': () => ({ status: 200, body: { stepPending: true } }),
  })
  t.match(await run(['leave', 'c', '--timeout', '10s'], { endpoint: slow.endpoint }), {
    exitCode: 7,
    err: /host c is still leaving after 10 s/,
  })
})

t.test('a dry run says what would become of accounts and volumes, and changes nothing', async (t) => {
  const stub = await startStub(t, {
    [LEAVE]: () => changed('leaving', { volumes: [VOLUME] }),
    [LOST]: () => changed('lost', { volumes: Array.from({ length: 23 }, (_, n) => ({ ...VOLUME, name: `db-${n}` })) }),
  })
  const { endpoint } = stub
  const plan = await run(['leave', 'c', '--dry-run'], { endpoint })
  t.equal(
    plan.out,
    [
      'host       c: would be leaving',
      'accounts   12 of 40 known here move to other hosts',
      'volumes    1: a host leaves when nothing is on it: delete these first',
      '',
      'NAME  PROJECT  SIZE   STATUS',
      'db    web      10GiB  available',
      '',
    ].join('\n'),
  )
  const lost = await run(['peer', 'lost', 'c', '--dry-run'], { endpoint })
  t.match(lost.out, /volumes +23: lost for ever/)
  t.match(lost.out, /^db-19 .*\nand 3 more; all of them: -o json\n$/m)
  t.equal(JSON.parse((await run(['peer', 'lost', 'c', '--dry-run', '-o', 'json'], { endpoint })).out).volumes.length, 23)
  t.ok(stub.seen.every(({ body }) => isDry(body)))
})

t.test('a person types the name of a host that is lost, a script says --yes', async (t) => {
  const stub = await startStub(t, { [LOST]: () => changed('lost', { volumes: [VOLUME] }) })
  const { endpoint } = stub
  const marked = () => stub.seen.filter(({ body }) => !isDry(body)).map(({ body }) => body)
  t.match(await run(['peer', 'lost', 'c'], { endpoint, typed: 'b' }), {
    exitCode: 1,
    err: /db +web +10GiB +available\nThis cannot be undone. Type c to go on: scoria: nothing was changed/,
  })
  t.match(await run(['peer', 'lost', 'c'], { endpoint }), { exitCode: 2, err: /cannot be undone\nsay so in a script with --yes/ })
  t.same(marked(), [])
  t.match(await run(['peer', 'lost', 'c'], { endpoint, typed: 'c' }), { exitCode: 0, err: /c is lost/ })
  t.equal((await run(['peer', 'lost', 'c', '--yes'], { endpoint })).exitCode, 0)
  t.equal((await run(['peer', 'lost', 'c', '--yes', '--force'], { endpoint })).exitCode, 0)
  t.same(marked(), [{}, {}, { force: true }])
})

t.test('where the key is not, the command says where to run it; among several peers the one with the key is found', async (t) => {
  const message = "NoClusterKey: this host does not hold the cluster's key. Run on the host that ran scoria init: scoria leave c"
  const other = await startStub(t, { [LEAVE]: () => fault(409, message) })
  t.match(await run(['leave', 'c'], { endpoint: other.endpoint }), {
    exitCode: 4,
    err: /Run on the host that ran scoria init: scoria leave c\n/,
  })
  const holder = await startStub(t, { [LEAVE]: () => changed('left') })
  t.equal((await run(['leave', 'c', '--endpoint', `${other.endpoint},${holder.endpoint}`])).exitCode, 0)
})
