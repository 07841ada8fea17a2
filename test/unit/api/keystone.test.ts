/** Identity by Keystone's tokens: what is believed, for how long, and that nobody is let in on a doubt. */
import { inspect } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import { addressKey } from '../../../agent/api/identity/address-key.ts'
import type { Identified, Identity, RequestFacts } from '../../../agent/api/identity/identity.ts'
import { keystone, type KeystoneOptions } from '../../../agent/api/identity/keystone.ts'
import { SYSTEM_PROJECT } from '../../../agent/api/policy.ts'
import { Secret } from '../../../lib/model/secret.ts'
import type { Log } from '../../../lib/ports/log.ts'
import { type KeystoneStub, SERVICE_PASSWORD, startKeystoneStub } from './keystone-stub.ts'

const DOMAIN = { name: 'Default' }

interface Rig {
  readonly stub: KeystoneStub
  readonly identity: Identity
  readonly clock: { ms: number }
  readonly lines: readonly string[]
  ask(token: string, more?: Partial<RequestFacts>): Promise<Identified>
  /** What came of it: the project, or the code of the failure. */
  outcome(token: string, more?: Partial<RequestFacts>): Promise<string>
}

async function rigFor(t: Test, options: Partial<KeystoneOptions> = {}): Promise<Rig> {
  const stub = await startKeystoneStub()
  const clock = { ms: Date.now() }
  const lines: string[] = []
  const write = (event: string, fields: object = {}): void => void lines.push(inspect({ event, ...fields }, { depth: 9 }))
  const log: Log = { debug: write, info: write, warn: write, error: write }
  const identity = keystone({
    url: stub.url,
    user: { name: 'scoria', domain: DOMAIN },
    password: new Secret(SERVICE_PASSWORD),
    project: { name: 'service', domain: DOMAIN },
    ca: null,
    cacheMs: 60_000,
    log,
    wallMs: () => clock.ms,
    monoMs: () => clock.ms,
    ...options,
  })
  t.teardown(async () => {
    identity.stop()
    await stub.stop()
  })
  const ask = (token: string, more: Partial<RequestFacts> = {}) =>
    identity.identify({ token, serviceToken: undefined, remote: '192.0.2.1', urlProject: null, ...more })
  const outcome = async (token: string, more: Partial<RequestFacts> = {}): Promise<string> => {
    const came = await ask(token, more)
    return came.ok ? came.caller.project : came.failure.code
  }
  return { stub, identity, clock, lines, ask, outcome }
}

t.test('a caller is what Keystone says of the token', async (t) => {
  const { stub, ask, outcome } = await rigFor(t)
  stub.tokens.set('alice', { roles: ['Member', 'reader'] })
  stub.tokens.set('root', { roles: ['admin'] })
  t.match(await ask('alice'), {
    ok: true,
    caller: { user: '0a1b2c3d4e5f40718293a4b5c6d7e8f9', project: 'demo', roles: ['member', 'reader'], isAdmin: false, isService: false },
  })
  t.match(await ask('root'), { ok: true, caller: { isAdmin: true } })
  t.equal(await outcome('alice', { urlProject: 'demo' }), 'demo')
  t.equal(await outcome('alice', { urlProject: 'other' }), 'malformed-url')
  for (const token of ['nobody', 'two words', 'ünïcode', 'x'.repeat(8193), 'line\r\nX-Roles: admin'])
    t.match(await ask(token), { ok: false, failure: { code: 'unauthorized', challenge: `Keystone uri="${stub.url}"` } }, token.slice(0, 20))
  t.equal(stub.asked.validations, 3, 'what cannot be a token is not asked about')
})

t.test('a token acts for its project, or for the whole system if it is an admin’s', async (t) => {
  const { stub, outcome } = await rigFor(t)
  const table: ReadonlyArray<readonly [string, Parameters<typeof stub.tokens.set>[1], string]> = [
    ['system admin', { roles: ['admin'], scope: 'system' }, SYSTEM_PROJECT],
    ['system reader', { roles: ['reader'], scope: 'system' }, 'token-scope'],
    ['domain admin', { roles: ['admin'], scope: 'domain' }, 'token-scope'],
    ['unscoped', { roles: [], project: null }, 'token-scope'],
    ['the project of the register of all', { roles: ['admin'], project: '_cluster' }, 'token-scope'],
  ]
  for (const [what, token, expected] of table) {
    const name = what.replaceAll(' ', '-')
    stub.tokens.set(name, token)
    t.equal(await outcome(name), expected, what)
  }
})

t.test('a service is one by a token of its own', async (t) => {
  const { stub, ask, outcome } = await rigFor(t)
  stub.tokens.set('alice', { roles: ['member'] })
  stub.tokens.set('nova', { roles: ['service'], project: 'service' })
  stub.tokens.set('bob', { roles: ['member'] })
  const isService = async (serviceToken: string) => {
    const came = await ask('alice', { serviceToken })
    return came.ok && came.caller.isService
  }
  t.equal(await isService('nova'), true)
  t.equal(await isService('bob'), false, 'a token without the role says nothing')
  t.equal(await isService(''), false)
  t.equal(await outcome('alice', { serviceToken: 'made-up' }), 'unauthorized', 'one that is none is refused, as keystonemiddleware does')
  t.equal(await outcome('nova', { urlProject: 'demo' }), 'malformed-url', 'the user’s token alone says for whom')
})

t.test('a service ends what it began for a user whose token ran out; nobody else comes in with such a one', async (t) => {
  const { stub, outcome } = await rigFor(t)
  stub.tokens.set('over', { roles: ['member'], expiresAtMs: Date.now() - 1000, isKept: true })
  stub.tokens.set('nova', { roles: ['service'], project: 'services' })
  stub.tokens.set('bob', { roles: ['member'] })
  t.equal(await outcome('over'), 'unauthorized')
  t.equal(await outcome('over', { serviceToken: 'bob' }), 'unauthorized', 'a token of no service does not help')
  t.equal(await outcome('over', { serviceToken: 'nova' }), 'demo')
  t.equal(await outcome('over'), 'unauthorized', 'and what a service was let in with lets in no other')
  stub.tokens.delete('over')
  t.equal(await outcome('over', { serviceToken: 'bob' }), 'unauthorized')
})

t.test('an answer is believed for a minute, and no longer than the token lives', async (t) => {
  const { stub, clock, outcome } = await rigFor(t)
  stub.tokens.set('alice', { roles: ['member'] })
  stub.tokens.set('brief', { roles: ['member'], expiresAtMs: clock.ms + 10_000 })
  t.equal(await outcome('alice'), 'demo')
  t.equal(await outcome('brief'), 'demo')
  stub.tokens.clear()
  clock.ms += 9_999
  t.equal(await outcome('brief'), 'demo')
  clock.ms += 1
  t.equal(await outcome('brief'), 'unauthorized', 'its own end comes first')
  clock.ms += 49_999
  t.equal(await outcome('alice'), 'demo')
  t.equal(stub.asked.validations, 3)
  clock.ms += 1
  t.equal(await outcome('alice'), 'unauthorized', 'revoked a minute ago at most')
  stub.tokens.set('old', { roles: ['member'], expiresAtMs: clock.ms })
  t.equal(await outcome('old'), 'unauthorized', 'whatever Keystone still says of it')
})

t.test('a token that is none is asked about again after a moment', async (t) => {
  const { stub, clock, outcome } = await rigFor(t)
  t.equal(await outcome('soon'), 'unauthorized')
  stub.tokens.set('soon', { roles: ['member'] })
  t.equal(await outcome('soon'), 'unauthorized')
  t.equal(stub.asked.validations, 1)
  clock.ms += 5000
  t.equal(await outcome('soon'), 'demo')
})

t.test('a hundred requests with one token are one question, and one login', async (t) => {
  const { stub, outcome } = await rigFor(t)
  stub.tokens.set('alice', { roles: ['member'] })
  const all = await Promise.all(Array.from({ length: 100 }, () => outcome('alice')))
  t.same([...new Set(all)], ['demo'])
  t.same(stub.asked, { validations: 1, logins: 1 })
})

t.test('the agent’s own token is renewed in time, and when Keystone has forgotten it', async (t) => {
  const { stub, clock, outcome } = await rigFor(t)
  for (const name of ['a', 'b', 'c', 'd']) stub.tokens.set(name, { roles: ['member'], expiresAtMs: clock.ms + 1e9 })
  t.equal(await outcome('a'), 'demo')
  stub.forgetLogins()
  t.equal(await outcome('b'), 'demo', 'a 401 is not the caller’s fault')
  t.equal(stub.asked.logins, 2)
  clock.ms += 3_600_000 - 119_000
  t.equal(await outcome('c'), 'demo')
  t.equal(stub.asked.logins, 3, 'two minutes before its end')
})

t.test('while Keystone gives no answer that can be understood, only tokens that it vouched for lately are good', async (t) => {
  const { stub, clock, outcome, lines } = await rigFor(t)
  const html = '<html>'
  const wrongs: ReadonlyArray<readonly [string, NonNullable<KeystoneStub['wrong']>]> = [
    ['500', (response) => void response.writeHead(500).end()],
    ['no JSON', (response) => void response.writeHead(200).end(html)],
    ['JSON of something else', (response) => void response.writeHead(200).end('{"token":{"user":{"id":"u"},"roles":"admin"}}')],
    ['a redirect', (response) => void response.writeHead(302, { location: `${stub.url}/elsewhere` }).end()],
    ['a broken connection', (response) => void response.destroy()],
    ['an answer without end', (response) => void response.writeHead(200).write('x'.repeat(2 * 1024 ** 2))],
    ['too many requests', (response) => void response.writeHead(429).end()],
  ]
  stub.tokens.set('alice', { roles: ['admin'] })
  t.equal(await outcome('alice'), 'demo')
  for (const [what, wrong] of wrongs) {
    stub.wrong = wrong
    t.equal(await outcome(`asked-with-${what.replaceAll(' ', '-')}`), 'identity-unavailable', what)
    t.equal(await outcome('alice'), 'demo', `${what}: vouched for a moment ago`)
  }
  t.notOk(
    stub.heard.some((request) => request.includes('/elsewhere')),
    'no redirect is followed',
  )
  t.equal(lines.length, 1, 'told once and not with each request')
  t.match(lines[0], /keystone-silent/)
  clock.ms += 60_000
  t.equal(await outcome('alice'), 'identity-unavailable', 'and after a minute nobody')
  stub.wrong = null
  t.equal(await outcome('alice'), 'demo', 'and then everybody again')
})

t.test('an agent that Keystone does not know lets nobody in, says so, and does not try with each request', async (t) => {
  const { stub, clock, outcome, lines } = await rigFor(t, { password: new Secret('wrong') })
  stub.tokens.set('alice', { roles: ['admin'] })
  for (const name of ['alice', 'bob', 'carol']) t.equal(await outcome(name), 'identity-unavailable')
  t.equal(stub.asked.logins, 1)
  clock.ms += 2000
  t.equal(await outcome('alice'), 'identity-unavailable')
  t.equal(stub.asked.logins, 2)
  t.match(lines, [/keystone-refuses.*HTTP 401.*api\.auth/s])
})

t.test('an agent whose user may not look at tokens lets nobody in', async (t) => {
  const { stub, outcome, lines } = await rigFor(t)
  stub.letsLook = false
  stub.tokens.set('alice', { roles: ['admin'] })
  t.equal(await outcome('alice'), 'identity-unavailable')
  t.match(lines, [/keystone-refuses.*HTTP 403/s])
})

t.test('a flood of made-up tokens pushes out no good one, and no more of them wait than a limit says', async (t) => {
  const { stub, outcome } = await rigFor(t)
  stub.tokens.set('alice', { roles: ['member'] })
  t.equal(await outcome('alice'), 'demo')
  const outcomes = await Promise.all(Array.from({ length: 300 }, (_, n) => outcome(`made-up-${n}`)))
  t.equal(outcomes.filter((code) => code === 'overloaded').length, 300 - 256)
  t.equal(await outcome('alice'), 'demo')
  t.equal(stub.asked.validations, 1 + 256, 'from what is kept')
})

t.test('from where too many tokens came that are none new ones have to wait; who was known and who is elsewhere does not', async (t) => {
  const { stub, clock, outcome } = await rigFor(t, { cacheMs: 100 })
  for (const name of ['known', 'fresh', 'other']) stub.tokens.set(name, { roles: ['member'] })
  t.equal(await outcome('known'), 'demo')
  let turn = 0
  const flood = async (tokens: number): Promise<ReadonlyMap<string, number>> => {
    const came = new Map<string, number>()
    for (const end = turn + tokens; turn < end; turn += 1) {
      const code = await outcome(`made-up-${turn}`)
      came.set(code, (came.get(code) ?? 0) + 1)
    }
    return came
  }
  t.same(
    [...(await flood(150))],
    [
      ['unauthorized', 100],
      ['too-many-tokens', 50],
    ],
  )
  t.equal(stub.asked.validations, 101, 'what was refused was not asked about')
  t.equal(await outcome('fresh'), 'too-many-tokens')
  t.equal(await outcome('other', { remote: '192.0.2.2' }), 'demo', 'another address')
  clock.ms += 150
  await flood(10)
  t.equal(await outcome('known'), 'demo', 'asked about anew, since it was good before')
  t.equal(await outcome('fresh'), 'too-many-tokens')
  clock.ms += 1000
  t.equal(await outcome('fresh'), 'demo', 'after as long as Retry-After says')
  t.same(
    [...(await flood(20))],
    [
      ['unauthorized', 5],
      ['too-many-tokens', 15],
    ],
    'and a good one costs nothing',
  )
  stub.tokens.delete('known')
  clock.ms += 150
  t.equal(await outcome('known'), 'unauthorized')
  clock.ms += 5000
  await flood(40)
  t.equal(await outcome('known'), 'too-many-tokens', 'what was revoked is known no more')
})

t.test('an address is counted once, however it is written, and an IPv6 network as one', async (t) => {
  for (const [remote, key] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ] as const)
    t.equal(addressKey(remote), key, remote)
})

t.test('no secret is in what is logged, printed or made JSON of', async (t) => {
  const { stub, outcome, lines, identity } = await rigFor(t)
  stub.tokens.set('canary-token-of-alice', { roles: ['member'] })
  await outcome('canary-token-of-alice')
  stub.wrong = (response) => void response.writeHead(500).end()
  await outcome('canary-token-of-bob')
  stub.forgetLogins()
  const secret = new Secret('canary-in-itself')
  const shown = [
    ...lines,
    inspect(identity, { depth: 9 }),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true }),
  ].join()
  t.notMatch(shown, 'canary')
  t.match(shown, '[secret]')
  t.equal(secret.reveal(), 'canary-in-itself')
})
