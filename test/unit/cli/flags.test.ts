import t from 'tap'
import { run, startStub, volumeBody } from './stub.ts'

const ID = '8fad1bc2-38af-50a5-9625-3366432cf25b'
const PATH = `/v3/admin/volumes/${ID}`

const routes = (volume: Readonly<Record<string, unknown>> = {}) => ({
  [`GET ${PATH}`]: () => ({ status: 200, body: { volume: volumeBody(volume) } }),
  [`POST ${PATH}/action`]: () => ({ status: 202, body: null }),
  [`DELETE ${PATH}/metadata/tier`]: () => ({ status: 200, body: null }),
})

t.test('flags and image properties are set by the actions that Cinder has for them, each with a key', async (t) => {
  const stub = await startStub(t, routes({ bootable: 'true', volume_image_metadata: { os_distro: 'debian' } }))
  const ran = await run(['volume', 'set', ID, '--bootable', '--read-only', '--image-property', 'os_distro=debian'], {
    endpoint: stub.endpoint,
  })
  t.equal(ran.exitCode, 0)
  const acts = stub.seen.filter(({ method }) => method === 'POST')
  t.same(
    acts.map(({ body }) => body),
    [
      { 'os-update_readonly_flag': { readonly: true } },
      { 'os-set_bootable': { bootable: true } },
      { 'os-set_image_metadata': { metadata: { os_distro: 'debian' } } },
    ],
  )
  for (const { headers } of acts) t.ok(headers['idempotency-key'])
  t.match(ran.out, /bootable +true\nimage properties +os_distro=debian\n/)
})

t.test('and taken back; what contradicts itself, or says nothing, is a mistake', async (t) => {
  const stub = await startStub(t, routes())
  t.equal((await run(['volume', 'set', ID, '--non-bootable', '--read-write'], { endpoint: stub.endpoint })).exitCode, 0)
  const unset = ['volume', 'unset', ID, '--image-property', 'os_distro', '--property', 'tier']
  t.match(await run(unset, { endpoint: stub.endpoint }), { exitCode: 0 })
  t.same(
    stub.seen.filter(({ method }) => method !== 'GET').map(({ method, body }) => [method, body]),
    [
      ['POST', { 'os-update_readonly_flag': { readonly: false } }],
      ['POST', { 'os-set_bootable': { bootable: false } }],
      ['POST', { 'os-unset_image_metadata': { key: 'os_distro' } }],
      ['DELETE', null],
    ],
  )
  const seen = stub.seen.length
  for (const args of [
    ['set', ID, '--read-only', '--read-write'],
    ['set', ID, '--bootable', '--non-bootable'],
    ['set', ID],
    ['unset', ID],
  ])
    t.equal((await run(['volume', ...args], { endpoint: stub.endpoint })).exitCode, 2, args.join(' '))
  t.equal(stub.seen.length, seen, 'nothing was asked')
})

t.test('another type is asked for, and that the volume keeps the one it has is a failure with its message', async (t) => {
  const fast = await startStub(t, routes({ volume_type: 'fast' }))
  const set = ['volume', 'set', ID, '--type', 'fast', '--retype-policy', 'on-demand']
  t.match(await run(set, { endpoint: fast.endpoint }), { exitCode: 0, out: /type +fast/ })
  t.match(
    fast.seen.filter(({ method }) => method === 'POST'),
    [{ body: { 'os-retype': { new_type: 'fast', migration_policy: 'on-demand' } } }],
  )
  const messages = [{ user_message: 'retype volume:The volume keeps its type: its pool is not one for type fast.' }]
  const slow = await startStub(t, {
    ...routes({ volume_type: 'slow' }),
    'GET /v3/admin/messages': () => ({ status: 200, body: { messages } }),
  })
  const kept = await run(['volume', 'set', ID, '--type', 'fast', '--name', 'x'], { endpoint: slow.endpoint })
  t.match(kept, { exitCode: 6, err: /is of type slow as before\n.*its pool is not one for type fast/ })
  t.notOk(
    slow.seen.some(({ method }) => method === 'PUT'),
    'and nothing else is changed',
  )
  for (const args of [
    ['--retype-policy', 'never'],
    ['--type', 'fast', '--retype-policy', 'always'],
  ])
    t.equal((await run(['volume', 'set', ID, ...args], { endpoint: fast.endpoint })).exitCode, 2, args.join(' '))
})
