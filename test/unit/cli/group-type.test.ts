/** `scoria group type`: what is asked of a peer, and what is printed. */
import t from 'tap'
import { run, startStub } from './stub.ts'

const ID = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0007'
const SPECS = { consistent_group_snapshot_enabled: '<is> True' }
const BODY = { group_type: { id: ID, name: 'consistent', description: null, is_public: true, group_specs: SPECS } }
const TYPES = '/v3/admin/group_types'

t.test('by name or id: create, list, show, set, unset, delete', async (t) => {
  const ok = () => ({ status: 200, body: BODY })
  const accepted = () => ({ status: 202 })
  const stub = await startStub(t, {
    [`POST ${TYPES}`]: () => ({ status: 202, body: BODY }),
    [`GET ${TYPES}`]: () => ({ status: 200, body: { group_types: [BODY.group_type] } }),
    [`GET ${TYPES}/default`]: ok,
    [`GET ${TYPES}/consistent`]: ok,
    [`GET ${TYPES}/${ID}`]: ok,
    [`PUT ${TYPES}/${ID}`]: ok,
    [`POST ${TYPES}/${ID}/group_specs`]: () => ({ status: 202, body: { group_specs: SPECS } }),
    [`DELETE ${TYPES}/${ID}/group_specs/tier`]: accepted,
    [`DELETE ${TYPES}/${ID}`]: accepted,
  })
  const type = (...args: readonly string[]) => run(['group', 'type', ...args], { endpoint: stub.endpoint })
  const created = await type('create', 'consistent', '--private', '--property', 'consistent_group_snapshot_enabled=<is> True')
  t.equal(created.exitCode, 0)
  t.match(created.out, /public +true\nproperties +consistent_group_snapshot_enabled=<is> True\n/)
  const row = /NAME +PUBLIC +PROPERTIES\nconsistent +true +consistent_group_snapshot_enabled=<is> True\n/
  t.match((await type('list')).out, row)
  t.match((await type('list', '--default')).out, row)
  t.same(JSON.parse((await type('show', ID, '-o', 'json')).out), BODY)
  t.equal((await type('set', 'consistent', '--name', 'snapped', '--public', '--property', 'tier=gold')).exitCode, 0)
  t.equal((await type('unset', 'consistent', '--property', 'tier')).exitCode, 0)
  t.match(await type('delete', 'consistent', ID), { exitCode: 0, out: '' })
  t.match(
    stub.seen.filter(({ method }) => method !== 'GET'),
    [
      { method: 'POST', body: { group_type: { name: 'consistent', is_public: false, group_specs: SPECS } } },
      { method: 'PUT', body: { group_type: { name: 'snapped', is_public: true } } },
      { method: 'POST', path: `${TYPES}/${ID}/group_specs`, body: { group_specs: { tier: 'gold' } } },
      { method: 'DELETE', path: `${TYPES}/${ID}/group_specs/tier` },
      { method: 'DELETE', path: `${TYPES}/${ID}` },
      { method: 'DELETE', path: `${TYPES}/${ID}` },
    ],
  )
  t.ok(
    stub.seen.some(({ path }) => path === `${TYPES}?is_public=None`),
    'a list is of all, private ones too',
  )
})

t.test('what makes no sense is said before anybody is asked', async (t) => {
  const stub = await startStub(t, {})
  const type = (...args: readonly string[]) => run(['group', 'type', ...args], { endpoint: stub.endpoint })
  t.match(await type('set', 'consistent'), { exitCode: 2, err: /nothing to set/ })
  t.match(await type('create', 'consistent', '--public', '--private'), { exitCode: 2, err: /not both/ })
  t.match(await type('unset', 'consistent'), { exitCode: 2 })
  t.equal(stub.seen.length, 0)
})
