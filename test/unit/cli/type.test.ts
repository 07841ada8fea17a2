/** `scoria type`: what is asked of a peer, and what is printed. */
import t from 'tap'
import { fault, run, startStub } from './stub.ts'

const ID = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0005'
const BODY = { volume_type: { id: ID, name: 'fast', description: 'ssd', is_public: true, extra_specs: { a: '1', b: '2' } } }
const TYPES = '/v3/admin/types'
const FIELDS = [`id: ${ID}`, 'name: fast', 'description: ssd', 'public: true', 'properties: a=1, b=2']

t.test('create, list, show, set, unset and delete ask what openstack asks', async (t) => {
  const ok = () => ({ status: 200, body: BODY })
  const stub = await startStub(t, {
    [`POST ${TYPES}`]: ok,
    [`GET ${TYPES}`]: () => ({ status: 200, body: { volume_types: [BODY.volume_type] } }),
    [`GET ${TYPES}/fast`]: ok,
    [`GET ${TYPES}/${ID}`]: ok,
    [`PUT ${TYPES}/${ID}`]: ok,
    [`POST ${TYPES}/${ID}/extra_specs`]: () => ({ status: 200, body: { extra_specs: { c: '3' } } }),
    [`DELETE ${TYPES}/${ID}/extra_specs/a`]: () => ({ status: 202 }),
    [`DELETE ${TYPES}/${ID}`]: () => ({ status: 202 }),
  })
  const { endpoint } = stub
  const created = await run(['type', 'create', 'fast', '--description', 'ssd', '--private', '--property', 'a=1'], { endpoint })
  t.equal(created.exitCode, 0)
  for (const line of FIELDS) t.match(created.out.replace(/ +/g, ' '), line.replace(/:/, ''), line)
  t.match((await run(['type', 'list'], { endpoint })).out, /NAME +PUBLIC +PROPERTIES\nfast +true +a=1, b=2\n/)
  t.same(JSON.parse((await run(['type', 'show', 'fast', '-o', 'json'], { endpoint })).out), BODY)
  t.equal((await run(['type', 'set', 'fast', '--name', 'faster', '--property', 'c=3'], { endpoint })).exitCode, 0)
  t.equal((await run(['type', 'unset', 'fast', '--property', 'a'], { endpoint })).exitCode, 0)
  t.match(await run(['type', 'delete', 'fast'], { endpoint }), { exitCode: 0, out: '' })
  t.match(
    stub.seen.filter(({ method }) => method !== 'GET'),
    [
      {
        method: 'POST',
        body: { volume_type: { name: 'fast', description: 'ssd', 'os-volume-type-access:is_public': false, extra_specs: { a: '1' } } },
      },
      { method: 'PUT', body: { volume_type: { name: 'faster' } } },
      { method: 'POST', body: { extra_specs: { c: '3' } } },
      { method: 'DELETE', path: `${TYPES}/${ID}/extra_specs/a` },
      { method: 'DELETE', path: `${TYPES}/${ID}` },
    ],
  )
})

t.test('access is added, removed and listed by the id of the type', async (t) => {
  const stub = await startStub(t, {
    [`GET ${TYPES}/fast`]: () => ({ status: 200, body: BODY }),
    [`POST ${TYPES}/${ID}/action`]: () => ({ status: 202 }),
    [`GET ${TYPES}/${ID}/os-volume-type-access`]: () => ({
      status: 200,
      body: { volume_type_access: [{ volume_type_id: ID, project_id: 'web' }] },
    }),
    [`GET ${TYPES}/fast/os-volume-type-access`]: () => ({ status: 200, body: { volume_type_access: [] } }),
  })
  const { endpoint } = stub
  t.match(await run(['type', 'access', 'add', 'fast', 'web', 'shop'], { endpoint }), { exitCode: 0, out: /PROJECT\nweb\n/ })
  t.match(await run(['type', 'access', 'remove', 'fast', 'shop'], { endpoint }), { exitCode: 0, out: /PROJECT\nweb\n/ })
  t.match(await run(['type', 'access', 'list', 'fast'], { endpoint }), { exitCode: 0, err: /no project/ })
  t.match(
    stub.seen.filter(({ method }) => method === 'POST').map(({ body }) => body),
    [{ addProjectAccess: { project: 'web' } }, { addProjectAccess: { project: 'shop' } }, { removeProjectAccess: { project: 'shop' } }],
  )
})

t.test('an encryption record is made where there is none, and changed where there is one', async (t) => {
  const record: { now: object } = { now: {} }
  const path = `${TYPES}/${ID}/encryption`
  const stub = await startStub(t, {
    [`GET ${TYPES}/secret`]: () => ({ status: 200, body: BODY }),
    [`GET ${path}`]: () => ({ status: 200, body: record.now }),
    [`POST ${path}`]: () => {
      record.now = { encryption_id: 'e1', provider: 'luks', key_size: 256, control_location: 'front-end', cipher: null }
      return { status: 200, body: {} }
    },
    [`PUT ${path}/provider`]: () => ({ status: 200, body: {} }),
    [`DELETE ${path}/provider`]: () => ({ status: 202 }),
  })
  const { endpoint } = stub
  const encryption = (...args: readonly string[]) => run(['type', 'encryption', ...args], { endpoint })
  t.match(await encryption('show', 'secret'), { exitCode: 0, out: '', err: /no encryption record/ })
  t.match(await encryption('set', 'secret', '--key-size', '256'), { exitCode: 2, err: /--provider/ })
  t.match(await encryption('set', 'secret', '--provider', 'luks', '--key-size', '256'), { exitCode: 0, out: /provider +luks\n/ })
  t.equal((await encryption('set', 'secret', '--key-size', '512')).exitCode, 0)
  t.equal((await encryption('unset', 'secret')).exitCode, 0)
  t.match(await encryption('set', 'secret'), { exitCode: 2, err: /nothing to set/ })
  t.match(
    stub.seen.filter(({ method }) => method !== 'GET'),
    [
      { method: 'POST', body: { encryption: { control_location: 'front-end', provider: 'luks', key_size: 256 } } },
      { method: 'PUT', body: { encryption: { key_size: 512 } } },
      { method: 'DELETE', path: `${path}/provider` },
    ],
  )
})

t.test('projects’ default types are set, shown, listed and unset', async (t) => {
  const path = '/v3/admin/default-types'
  const web = { project_id: 'web', volume_type_id: ID }
  const stub = await startStub(t, {
    [`GET ${TYPES}/fast`]: () => ({ status: 200, body: BODY }),
    [`PUT ${path}/web`]: () => ({ status: 200, body: { default_type: web } }),
    [`GET ${path}/web`]: () => ({ status: 200, body: { default_type: web } }),
    [`GET ${path}`]: () => ({ status: 200, body: { default_types: [web] } }),
    [`DELETE ${path}/web`]: () => ({ status: 204 }),
  })
  const defaults = (...args: readonly string[]) => run(['type', 'default', ...args], { endpoint: stub.endpoint })
  const table = new RegExp(`PROJECT +TYPE\\nweb +${ID}\\n`)
  t.match(await defaults('set', 'web', 'fast'), { exitCode: 0, out: table })
  t.match(await defaults('show', 'web'), { exitCode: 0, out: table })
  t.match(await defaults('list'), { exitCode: 0, out: table })
  t.match(await defaults('unset', 'web'), { exitCode: 0, out: '' })
  t.match(
    stub.seen.filter(({ method }) => method !== 'GET'),
    [{ method: 'PUT', body: { default_type: { volume_type: ID } } }, { method: 'DELETE' }],
  )
})

t.test('what makes no sense is said before anybody is asked; a name that is taken in the peer’s words', async (t) => {
  const stub = await startStub(t, { [`POST ${TYPES}`]: () => fault(409, 'Volume Type fast already exists.') })
  const { endpoint } = stub
  t.match(await run(['type', 'set', 'fast'], { endpoint }), { exitCode: 2, err: /nothing to set/ })
  t.match(await run(['type', 'create', 'fast', '--public', '--private'], { endpoint }), { exitCode: 2, err: /not both/ })
  t.equal(stub.seen.length, 0)
  t.match(await run(['type', 'create', 'fast'], { endpoint }), { err: /fast already exists/ })
})
