/** `scoria service`: what is asked of a peer, and what is printed. */
import t from 'tap'
import { run, startStub } from './stub.ts'

const SERVICES = '/v3/admin/os-services'
const ROWS = [
  { binary: 'cinder-scheduler', host: 'a', zone: 'nova', status: 'enabled', state: 'up', disabled_reason: null },
  { binary: 'cinder-volume', host: 'a@lvm', zone: 'nova', status: 'disabled', state: 'up', disabled_reason: 'a new disk', frozen: true },
]

t.test('a host is taken out and put back with the calls of Cinder', async (t) => {
  const ok = () => ({ status: 200, body: {} })
  const actions = ['enable', 'disable', 'disable-log-reason', 'freeze', 'thaw'].map((action) => [`PUT ${SERVICES}/${action}`, ok] as const)
  const stub = await startStub(t, {
    ...Object.fromEntries(actions),
    [`GET ${SERVICES}`]: () => ({ status: 200, body: { services: ROWS } }),
  })
  const { endpoint } = stub
  const set = (...args: readonly string[]) => run(['service', 'set', 'a@lvm', ...args], { endpoint })
  const shown = await set('--disable-reason', 'a new disk', '--freeze')
  t.match(shown.out, /cinder-volume +a@lvm +nova +disabled, frozen +up +a new disk/)
  t.equal((await set('--disable')).exitCode, 0)
  t.equal((await set('--enable', '--thaw')).exitCode, 0)
  t.match(
    stub.seen.filter(({ method }) => method === 'PUT').map(({ path, body }) => [path.split('/').at(-1), body]),
    [
      ['disable-log-reason', { host: 'a@lvm', binary: 'cinder-volume', disabled_reason: 'a new disk' }],
      ['freeze', { host: 'a@lvm' }],
      ['disable', { host: 'a@lvm', binary: 'cinder-volume' }],
      ['enable', { host: 'a@lvm', binary: 'cinder-volume' }],
      ['thaw', { host: 'a@lvm' }],
    ],
  )
  for (const args of [[], ['--enable', '--disable'], ['--freeze', '--thaw']]) t.equal((await set(...args)).exitCode, 2, args.join(' '))
})
