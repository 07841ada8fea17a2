import t from 'tap'
import { join } from 'node:path'
import { parse } from 'yaml'
import { deadEndpoint, fault, run, startStub, volumeBody } from './stub.ts'

const ID = '8fad1bc2-38af-50a5-9625-3366432cf25b'
const VOLUMES = '/v3/admin/volumes'
const ok = (body: unknown) => () => ({ status: 200, body })
const named = (...volumes: readonly unknown[]) => ({ [`GET ${VOLUMES}/detail`]: ok({ volumes }) })

t.test('create sends what was asked once, under a key, as the project, at the microversion of the shapes', async (t) => {
  const stub = await startStub(t, { [`POST ${VOLUMES}`]: () => ({ status: 202, body: { volume: volumeBody({ status: 'creating' }) } }) })
  const args = ['volume', 'create', 'db', '--size', '10GiB', '--type', 'fast', '--zone', 'z1', '--property', 'a=b=c', '--property', 'd=']
  const ran = await run(args, { endpoint: stub.endpoint })
  t.equal(ran.exitCode, 0)
  t.match(ran.out, /^status +creating$/m)
  const [request] = stub.seen
  t.same(request?.body, { volume: { size: 10, name: 'db', volume_type: 'fast', availability_zone: 'z1', metadata: { a: 'b=c', d: '' } } })
  t.match(request?.headers, { 'x-auth-token': 'admin:admin', 'openstack-api-version': 'volume 3.71', 'idempotency-key': /^[0-9a-f-]{36}$/ })
})

t.test('hints go to the scheduler under Cinder’s key; a repeated one is a list', async (t) => {
  const stub = await startStub(t, { [`POST ${VOLUMES}`]: () => ({ status: 202, body: { volume: volumeBody({ status: 'creating' }) } }) })
  const hints = ['--hint', 'different_host=a', '--hint', 'different_host=b', '--hint', 'different_host=c', '--hint', 'query=["=", 1, 1]']
  t.equal((await run(['volume', 'create', 'db', '--size', '10', ...hints], { endpoint: stub.endpoint })).exitCode, 0)
  t.same(stub.seen[0]?.body, {
    volume: { size: 10, name: 'db' },
    'OS-SCH-HNT:scheduler_hints': { different_host: ['a', 'b', 'c'], query: '["=", 1, 1]' },
  })
  t.equal((await run(['volume', 'create', 'db', '--size', '10', '--hint', 'same_host'], { endpoint: stub.endpoint })).exitCode, 2)
})

t.test('a copy is asked for by the names of its source, and as large as that unless said otherwise', async (t) => {
  const stub = await startStub(t, {
    [`POST ${VOLUMES}`]: () => ({ status: 202, body: { volume: volumeBody({ status: 'creating' }) } }),
    ...named(volumeBody()),
    'GET /v3/admin/snapshots/detail': ok({ snapshots: [{ id: 'a1b2', name: 'before', status: 'available' }] }),
  })
  t.equal((await run(['volume', 'create', 'again', '--snapshot', 'before'], { endpoint: stub.endpoint })).exitCode, 0)
  t.equal((await run(['volume', 'create', 'twin', '--source', 'db', '--size', '20'], { endpoint: stub.endpoint })).exitCode, 0)
  t.same(
    stub.seen.filter(({ method }) => method === 'POST').map(({ body }) => body),
    [{ volume: { name: 'again', snapshot_id: 'a1b2', size: null } }, { volume: { name: 'twin', source_volid: ID, size: 20 } }],
  )
  for (const args of [['--dry-run', '--snapshot', 'before'], ['--snapshot', 'before', '--source', 'db'], []])
    t.equal((await run(['volume', 'create', 'x', ...args], { endpoint: stub.endpoint })).exitCode, 2, args.join(' '))
})

t.test('create --wait follows the volume to its end, with progress on stderr only', async (t) => {
  const statuses = ['creating', 'creating', 'available']
  const stub = await startStub(t, {
    [`POST ${VOLUMES}`]: () => ({ status: 202, body: { volume: volumeBody({ status: 'creating' }) } }),
    [`GET ${VOLUMES}/${ID}`]: (_, nth) => ({ status: 200, body: { volume: volumeBody({ status: statuses[nth] }) } }),
  })
  const ran = await run(['volume', 'create', 'db', '--size', '10', '--wait', '-o', 'json'], { endpoint: stub.endpoint })
  t.equal(ran.exitCode, 0)
  t.same(JSON.parse(ran.out), { volume: volumeBody() }, 'the REST body, unchanged')
  t.equal(ran.err, 'volume db: creating\n')
})

t.test('a create that finds no room says why, and which pools, with exit code 6', async (t) => {
  const why = 'schedule allocate volume:Could not find any available weighted backend. CapacityFilter refused 3 pools.'
  const stub = await startStub(t, {
    [`POST ${VOLUMES}`]: () => ({ status: 202, body: { volume: volumeBody({ status: 'creating' }) } }),
    [`GET ${VOLUMES}/${ID}`]: ok({ volume: volumeBody({ status: 'error' }) }),
    'GET /v3/admin/messages': ok({ messages: [{ event_id: 'VOLUME_VOLUME_001_003', user_message: why, resource_uuid: ID }] }),
  })
  const ran = await run(['volume', 'create', 'db', '--size', '10', '--wait'], { endpoint: stub.endpoint })
  t.equal(ran.exitCode, 6)
  t.equal(ran.out, '')
  t.same(ran.err.trimEnd().split('\n'), [
    `scoria: volume db (${ID}) is in status error`,
    why,
    'see each pool: scoria placement explain --size 10',
  ])
})

t.test('a wait that runs out is an open outcome, not a failure', async (t) => {
  const stub = await startStub(t, {
    ...named(volumeBody()),
    [`POST ${VOLUMES}/${ID}/action`]: () => ({ status: 202 }),
    [`GET ${VOLUMES}/${ID}`]: ok({ volume: volumeBody({ status: 'extending' }) }),
  })
  const ran = await run(['volume', 'extend', 'db', '20', '--wait', '--timeout', '2s'], { endpoint: stub.endpoint })
  t.equal(ran.exitCode, 7)
  t.match(ran.err, /volume db is still extending after 2 s/)
  t.same(stub.seen.find((request) => request.method === 'POST')?.body, { 'os-extend': { new_size: 20 } })
})

t.test('refusals of a peer become exit codes, and at most four lines with its own words', async (t) => {
  const rows: readonly (readonly [number, string, number])[] = [
    [400, 'Invalid volume: Volume x status must be available to extend, but current status is: in-use.', 4],
    [400, 'Invalid input received: New size for extend must be greater than current size.', 2],
    [401, 'The request you have made requires authentication.', 5],
    [403, "Policy doesn't allow volume:extend to be performed.", 5],
    [404, 'Volume x could not be found.', 3],
    [409, 'Resource conflict: Volume x is busy: extend.', 4],
    [413, 'VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota.', 6],
    [500, 'The server could not complete the request (req-1).', 1],
    [503, 'NoValidBackend: No valid backend was found.', 6],
    [503, 'OwnerUnreachable: host b stores the volume and has not answered since 2026-01-01T00:00:00.000Z.', 8],
    [503, 'QuorumUnavailable: 1 of 3 hosts answered, 2 are needed.', 8],
  ]
  for (const [status, message, exitCode] of rows) {
    const stub = await startStub(t, { ...named(volumeBody()), [`POST ${VOLUMES}/${ID}/action`]: () => fault(status, message) })
    const ran = await run(['volume', 'extend', 'db', '20'], { endpoint: stub.endpoint })
    t.equal(ran.exitCode, exitCode, `${status} ${message}`)
    t.ok(ran.err.startsWith(`scoria: ${message}\n`), message)
    t.ok(ran.err.trimEnd().split('\n').length <= 4, 'four lines at most')
  }
})

t.test('names are as good as ids; an ambiguous one is refused with its candidates', async (t) => {
  const other = '11111111-2222-4333-8444-555555555555'
  const stub = await startStub(t, named(volumeBody(), volumeBody({ id: other, status: 'in-use' }), volumeBody({ name: 'dbx' })))
  const ran = await run(['volume', 'show', 'db'], { endpoint: stub.endpoint })
  t.equal(ran.exitCode, 4)
  t.match(ran.err, /2 volumes are named db; use an id/)
  t.match(ran.err, new RegExp(`${ID}  available`))
  t.match(ran.err, new RegExp(`${other}  in-use`))
  t.equal((await run(['volume', 'show', 'nothing'], { endpoint: stub.endpoint })).exitCode, 3)
})

t.test('no peer at all says what to start, with exit code 8', async (t) => {
  const ran = await run(['volume', 'list'], { endpoint: await deadEndpoint() })
  t.equal(ran.exitCode, 8)
  t.match(
    ran.err,
    /^scoria: no peer answers at http:\/\/127.0.0.1:\d+ \(ECONNREFUSED\)\n.*scoria agent --config.*\n.*scoria dev\n.*SCORIA_ENDPOINT\n$/,
  )
})

t.test('list prints a table for people, names for loops, and the body for programs', async (t) => {
  const volumes = [
    volumeBody({ attachments: [{ attachment_id: 'x', server_id: 'vm-1', host_name: null }] }),
    volumeBody({ name: '', size: 1024, status: 'creating', 'os-vol-host-attr:host': null }),
  ]
  const stub = await startStub(t, named(...volumes))
  const { endpoint } = stub
  const rows = (await run(['volume', 'list'], { endpoint })).out
  t.equal(
    rows,
    [
      'NAME                                  STATUS     SIZE   TYPE         POOL              ATTACHED  AGE',
      'db                                    available  10GiB  __DEFAULT__  peer-0@file#pool  vm-1      3m',
      `${ID}  creating   1TiB   __DEFAULT__  -                 -         3m`,
      '',
    ].join('\n'),
  )
  t.equal((await run(['volume', 'list', '-o', 'name'], { endpoint })).out, `db\n${ID}\n`)
  t.equal((await run(['volume', 'list', '-o', 'value', '--columns', 'id,size'], { endpoint })).out, `${ID}\t10GiB\n${ID}\t1TiB\n`)
  t.equal((await run(['volume', 'list', '--columns', 'status', '--no-headers'], { endpoint })).out, 'available\ncreating\n')
  const env = { FORCE_COLOR: '1' }
  const forced = await run(['volume', 'list'], { endpoint, env })
  t.ok(forced.out.includes('\u001b[32mavailable'), 'colour can be forced, for people')
  t.equal(
    (await run(['volume', 'list', '-o', 'value', '--columns', 'status'], { endpoint, env })).out,
    'available\ncreating\n',
    'never for programs',
  )
  t.same(JSON.parse((await run(['volume', 'list', '-o', 'json'], { endpoint })).out), { volumes })
  t.same(parse((await run(['volume', 'list', '-o', 'yaml'], { endpoint })).out), { volumes })
  t.match(await run(['volume', 'list', '--columns', 'colour'], { endpoint }), {
    exitCode: 2,
    err: /there is no column colour\ncolumns: name, id, status/,
  })
})

t.test('list reads every page', async (t) => {
  const page = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => volumeBody({ id: `v-${from + index}`, name: `v${from + index}` }))
  const stub = await startStub(t, {
    [`GET ${VOLUMES}/detail`]: (request) => ({
      status: 200,
      body: { volumes: request.path.includes('marker=v-999') ? page(1000, 5) : page(0, 1000) },
    }),
  })
  const ran = await run(['volume', 'list', '-o', 'name', '--all-projects'], { endpoint: stub.endpoint })
  t.equal(ran.out.split('\n').length, 1006)
  t.match(stub.seen[0]?.path, /all_tenants=1/)
})

t.test('a person has to type the name before a volume goes; a script is taken at its word', async (t) => {
  const stub = await startStub(t, { ...named(volumeBody()), [`DELETE ${VOLUMES}/${ID}`]: () => ({ status: 202 }) })
  const { endpoint } = stub
  const deletes = () => stub.seen.filter((request) => request.method === 'DELETE').length
  t.match(await run(['volume', 'delete', 'db'], { endpoint, typed: 'no' }), {
    exitCode: 1,
    err: /deletes volume db \(10GiB\) and all that is on it/,
  })
  t.equal(deletes(), 0)
  t.equal((await run(['volume', 'delete', 'db'], { endpoint, typed: 'db' })).exitCode, 0)
  t.equal((await run(['volume', 'delete', 'db'], { endpoint })).exitCode, 0)
  t.equal((await run(['volume', 'delete', 'db', '--yes'], { endpoint, typed: '' })).exitCode, 0)
  t.equal(deletes(), 3)
})

t.test('delete --wait ends when nothing is left; several are all tried', async (t) => {
  const stub = await startStub(t, {
    [`GET ${VOLUMES}/detail`]: (request) => ({ status: 200, body: { volumes: request.path.includes('name=db') ? [volumeBody()] : [] } }),
    [`DELETE ${VOLUMES}/${ID}`]: () => ({ status: 202 }),
    [`GET ${VOLUMES}/${ID}`]: (_, nth) =>
      nth < 2 ? { status: 200, body: { volume: volumeBody({ status: 'deleting' }) } } : fault(404, 'Volume could not be found.'),
  })
  const ran = await run(['volume', 'delete', 'nothing', 'db', '--wait'], { endpoint: stub.endpoint })
  t.equal(ran.exitCode, 9)
  t.match(ran.err, /no volume is named nothing/)
  t.match(ran.err, /volume db \(.*\) is gone/)
  t.match(ran.err, /1 of 2 volumes were not deleted/)
})

t.test('an attachment shows all that a login needs', async (t) => {
  const attachment = {
    id: '05fd63b8-9ae7-5e57-a239-cc33873c5450',
    status: 'attaching',
    instance: null,
    volume_id: ID,
    attached_at: '',
    detached_at: '',
    attach_mode: 'rw',
    connection_info: {
      driver_volume_type: 'iscsi',
      target_portal: '127.0.0.1:17201',
      target_iqn: `iqn.2026-01.io.scoria:volume-${ID}-1`,
      target_lun: 1,
      auth_method: 'CHAP',
      auth_username: 'u',
      auth_password: 'p',
    },
  }
  const stub = await startStub(t, { ...named(volumeBody()), 'POST /v3/admin/attachments': ok({ attachment }) })
  const ran = await run(['attachment', 'create', 'db', '--initiator', 'iqn.1993-08.org.debian:01:abc', '--host', 'web-1'], {
    endpoint: stub.endpoint,
  })
  t.equal(ran.exitCode, 0)
  for (const line of [/^portal +127.0.0.1:17201$/m, /^iqn +iqn.2026-01/m, /^lun +1$/m, /^username +u$/m, /^password +p$/m])
    t.match(ran.out, line)
  t.match(stub.seen.at(-1)?.body, {
    attachment: { volume_uuid: ID, mode: 'rw', connector: { initiator: 'iqn.1993-08.org.debian:01:abc', host: 'web-1' } },
  })
})

t.test('an attachment can be named by its volume if there is one', async (t) => {
  const attachment = (id: string) => ({ id, volume_id: ID, status: 'attached' })
  let attachments = [attachment('05fd63b8-9ae7-5e57-a239-cc33873c5450')]
  const stub = await startStub(t, {
    ...named(volumeBody()),
    'GET /v3/admin/attachments/detail': () => ({ status: 200, body: { attachments } }),
    'DELETE /v3/admin/attachments/05fd63b8-9ae7-5e57-a239-cc33873c5450': ok({ attachments: [] }),
  })
  t.equal((await run(['attachment', 'delete', 'db'], { endpoint: stub.endpoint })).exitCode, 0)
  attachments = [...attachments, attachment('11111111-2222-4333-8444-555555555555')]
  t.equal((await run(['attachment', 'delete', 'db'], { endpoint: stub.endpoint })).exitCode, 4)
})

t.test('explain prints for each pool its place, or what refused it with both values', async (t) => {
  const body = {
    rid: '355512c15a38bb7397f9975bd577062a',
    candidates: [{ pool: 'a@file#pool', peer: 'p', weight: 9900, score: 60, weighers: { CapacityWeigher: 9900 } }],
    rejected: [{ pool: 'b@file#pool', filter: 'CapacityFilter', reported: '3.00 GiB free of 100 GiB (ratio 1.0)', needed: '10 GiB' }],
    viewDigest: 'c02c1d2d6c2bbee7',
  }
  const stub = await startStub(t, { 'POST /scoria/v1/placement/explain': ok(body) })
  const ran = await run(['placement', 'explain', '--size', '10', '--zone', 'z'], { endpoint: stub.endpoint })
  t.equal(
    ran.out,
    [
      'POOL         RANK  WEIGHT  SCORE  REFUSED-BY      REPORTED                              NEEDED',
      'a@file#pool  1     9900    60     -               -                                     -',
      'b@file#pool  -     -       -      CapacityFilter  3.00 GiB free of 100 GiB (ratio 1.0)  10 GiB',
      '',
    ].join('\n'),
  )
  t.same(stub.seen[0]?.body, { size: 10, availability_zone: 'z' })
  await run(['placement', 'explain', '--size', '10', '--hint', `same_host=${ID}`], { endpoint: stub.endpoint })
  t.same(stub.seen[1]?.body, { size: 10, scheduler_hints: { same_host: ID } })
  t.same(
    JSON.parse((await run(['volume', 'create', 'x', '--size', '10', '--dry-run', '-o', 'json'], { endpoint: stub.endpoint })).out),
    body,
  )
})

t.test('invite prints the line to run on the new host', async (t) => {
  const stub = await startStub(t, { 'POST /scoria/v1/invites': ok({ token: 'scoria1:x', expires_at: '2026-11-21T08:35:00.000Z' }) })
  const ran = await run(['invite', '--ttl', '2h'], { endpoint: stub.endpoint })
  t.match(ran.out, /^scoria join scoria1:x --name HOST /)
  t.match(ran.err, /before 2026-11-21T08:35:00.000Z; it works once/)
  t.same(stub.seen[0]?.body, { ttl_seconds: 7200 })
})

t.test('status says in words what is wrong, and what to do next', async (t) => {
  const host = (name: string, state: string, pending = 0) => ({
    peer: `12D3${name}`,
    name,
    zone: 'nova',
    voter: true,
    state,
    lastBeatMs: null,
    beat: { pending },
  })
  const status = { cluster: 'c', epoch: 1, forming: false, joined: 2, expect: 2, self: { peer: '12D3a', name: 'a' }, volumes: 4 }
  const stub = await startStub(t, {
    'GET /scoria/v1/status': (_, nth) => ({
      status: 200,
      body: { ...status, forming: nth === 1, expect: 3, hosts: [host('b', 'down'), host('a', 'up')] },
    }),
  })
  t.match((await run(['status'], { endpoint: stub.endpoint })).out, /state +not all hosts are up: b\n/)
  t.match((await run(['status'], { endpoint: stub.endpoint })).out, /forming: 2 of 3 founding hosts have joined.*next: scoria invite/)
  const moving = await startStub(t, {
    'GET /scoria/v1/status': ok({ ...status, stepPending: true, hosts: [host('c', 'lost', 7), host('b', 'up', 12), host('a', 'up')] }),
  })
  const { out } = await run(['status'], { endpoint: moving.endpoint })
  t.match(out, /state +accounts move after a change of the hosts/)
  t.match(out, /hosts +2 of 2 up, 1 lost\n/, 'a lost host is not one that is missed')
  t.match(out, /^NAME +STATE +ZONE +VOTER +POOLS +MOVING +HEARD$/m)
  t.match(out, /^b +up +nova +yes +- +12 /m)
  t.match(out, /^c +lost +nova +yes +- +- /m)
})

t.test('wrong use is told before anything is asked of a peer, with exit code 2', async (t) => {
  const stub = await startStub(t, {})
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [['volume', 'create', 'db'], /--size is missing/],
    [['volume', 'create', 'db', '--size', '1.5G'], /whole number of GiB/],
    [['volume', 'create', 'db', '--size', '1', '--siz', '2'], /Did you mean --size/],
    [['volume', 'create', 'db', '--size', '1', '--property', 'novalue'], /key=value/],
    [['volume', 'lst'], /Did you mean list/],
    [['volum'], /Did you mean volume/],
    [['volume', 'list', '-o', 'xml'], /table, wide, json, yaml, name, value/],
    [['volume', 'extend', 'db', '10', '--timeout', '5'], /number with a unit/],
    [['volume', 'set', 'db'], /nothing to set/],
    [['quota', 'set', 'web'], /nothing to set/],
    [['quota', 'set', '--volumes', '-2'], /whole number, or none/],
    [['leave'], /missing required argument/],
    [['volume', 'show'], /missing required argument/],
    [['attachment', 'create', 'db', '--mode', 'rx'], /rw, ro/],
    [['volume', 'list', '--endpoint', 'host-a'], /"host-a" is no endpoint/],
  ]
  for (const [args, text] of rows) {
    const ran = await run(args, { endpoint: stub.endpoint })
    t.equal(ran.exitCode, 2, args.join(' '))
    t.match(ran.err, text, args.join(' '))
    t.equal(ran.out, '', args.join(' '))
  }
  t.same(stub.seen, [])
})

t.test('flag comes before environment before file before default', async (t) => {
  const home = t.testdir({
    '.config': { scoria: { 'cli.yaml': 'endpoints: [http://127.0.0.1:1]\nproject: from-file\nuser: from-file\n' } },
  })
  const stub = await startStub(t, {})
  await run(['volume', 'list'], { home, endpoint: stub.endpoint, env: { SCORIA_USER: 'from-env' } })
  await run(['volume', 'list', '--project', 'from-flag'], { home, endpoint: stub.endpoint })
  t.match(stub.seen, [
    { path: /^\/v3\/from-file\/volumes/, headers: { 'x-auth-token': 'from-env:from-file' } },
    { path: /^\/v3\/from-flag\/volumes/, headers: { 'x-auth-token': 'from-file:from-flag' } },
  ])
  t.match((await run(['volume', 'list'], { home })).err, /no peer answers at http:\/\/127.0.0.1:1 /)
  const broken = t.testdir({ scoria: { 'cli.yaml': 'endpoint: x\n' } })
  t.match(await run(['volume', 'list'], { env: { XDG_CONFIG_HOME: broken } }), {
    exitCode: 2,
    err: new RegExp(`${join(broken, 'scoria/cli.yaml')} is wrong:\\n  endpoint: expected one of the keys endpoints`),
  })
})

t.test('every command explains itself with two examples, on stdout and with exit code 0', async (t) => {
  const commands = [
    'volume create',
    'volume list',
    'volume show',
    'volume set',
    'volume extend',
    'volume delete',
    'attachment create',
    'attachment list',
    'attachment show',
    'attachment complete',
    'attachment delete',
    'placement explain',
    'host list',
    'status',
    'invite',
    'leave',
    'peer lost',
    'quota show',
    'quota set',
    'quota unset',
  ]
  for (const command of commands) {
    const ran = await run([...command.split(' '), '--help'])
    t.equal(ran.exitCode, 0, command)
    t.ok(ran.out.split(`  $ scoria ${command}`).length >= 3, `${command} has two examples`)
    t.equal(ran.err, '', command)
  }
  t.match((await run(['--help'])).out, /init .*\n.*join .*\n.*agent .*\n.*doctor .*\n.*dev /)
  t.match((await run(['--version'])).out, /^\d+\.\d+\.\d+\n$/)
})

t.test('an address that is not an agent is told as that', async (t) => {
  const stub = await startStub(t, { [`GET ${VOLUMES}/detail`]: ok('<html>') })
  t.match(await run(['volume', 'list'], { endpoint: stub.endpoint }), { exitCode: 1, err: /is this address the API of a Scoria agent/ })
})

t.test('text of a peer cannot steer the terminal', async (t) => {
  const stub = await startStub(t, { [`GET ${VOLUMES}/detail`]: () => fault(400, 'bad\u001b]0;owned\u0007\nscoria: done') })
  const { err } = await run(['volume', 'list'], { endpoint: stub.endpoint })
  t.notMatch(err.replaceAll('\n', ''), /\p{Cc}/u)
  t.equal(err.split('\n').length, 3)
})
