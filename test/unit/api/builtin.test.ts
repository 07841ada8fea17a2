/** The cluster's own users on three hosts: made at one, logged in at another, checked at the third. */
import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { accountsOf } from '../../../agent/api/identity/builtin/accounts.ts'
import { builtin } from '../../../agent/api/identity/builtin/builtin.ts'
import { newHostToken } from '../../../agent/api/identity/builtin/host-token.ts'
import { type Answered, startCluster, type TestHost } from './cluster.ts'

// Each login is a scrypt at its real costs.
t.setTimeout(240_000)

const PASSWORD = 'correct horse battery'

interface Setting {
  readonly hosts: readonly TestHost[]
  readonly admin: string
  readonly clock: { ms: number }
  /** Moves all clocks on, so that what was heard is asked for again. */
  pass(ms: number): void
}

async function setting(t: Test, tokenLifeMs = 3_600_000): Promise<Setting> {
  const hostToken = newHostToken()
  const clock = { ms: Date.UTC(2030, 0, 1), monoMs: 0 }
  const cluster = await startCluster({
    hosts: 3,
    edge: {
      identity: (service) =>
        builtin({
          accounts: accountsOf(service),
          hostToken,
          cacheMs: 5000,
          tokenLifeMs,
          wallMs: () => clock.ms,
          monoMs: () => clock.monoMs,
          uuid: randomUUID,
        }),
    },
  })
  t.teardown(() => cluster.stop())
  const pass = (ms: number): void => {
    clock.ms += ms
    clock.monoMs += ms
  }
  return { hosts: cluster.hosts, admin: hostToken.text.reveal(), clock, pass }
}

function at(hosts: readonly TestHost[], index: number): TestHost {
  const host = hosts[index]
  if (host === undefined) throw new Error('no such host')
  return host
}

interface Person {
  readonly user: string
  readonly project: string
}

/** A user with a role in a project of his own. */
async function person({ hosts, admin }: Setting, name: string, role: string): Promise<Person> {
  const call = (method: string, path: string, body?: object) =>
    at(hosts, 0).call(`/identity/v3${path}`, { method, token: admin, ...(body === undefined ? {} : { body }) })
  const project = await call('POST', '/projects', { project: { name: `of ${name}` } })
  const user = await call('POST', '/users', { user: { name, password: PASSWORD } })
  await call('PUT', `/projects/${project.body.project.id}/users/${user.body.user.id}/roles/${role}`)
  return { user: user.body.user.id, project: project.body.project.id }
}

function byPassword(name: string, password = PASSWORD): object {
  return { methods: ['password'], password: { user: { name, domain: { id: 'default' }, password } } }
}

function login(host: TestHost, identity: object, project?: string): Promise<Answered> {
  const scope = project === undefined ? {} : { scope: { project: { id: project } } }
  return host.call('/identity/v3/auth/tokens', { method: 'POST', token: null, body: { auth: { identity, ...scope } } })
}

const tokenOf = (answer: Answered): string => answer.headers.get('x-subject-token') ?? ''

t.test('a user who was made at one host logs in at another and works at the third', async (t) => {
  const all = await setting(t)
  const ada = await person(all, 'ada', 'member')
  const answer = await login(at(all.hosts, 1), byPassword('ADA'), ada.project)
  t.equal(answer.status, 201)
  t.match(answer.body.token, {
    methods: ['password'],
    user: { id: ada.user, name: 'ada', domain: { id: 'default', name: 'Default' } },
    project: { id: ada.project, name: 'of ada' },
    roles: [{ name: 'member' }, { name: 'reader' }],
    expires_at: '2030-01-01T01:00:00.000000Z',
  })
  const third = at(all.hosts, 2)
  const token = tokenOf(answer)
  t.equal((await third.call(`/v3/${ada.project}/volumes`, { token })).status, 200)
  const created = await third.call(`/v3/${ada.project}/volumes`, { token, method: 'POST', body: { volume: { size: 1 } } })
  t.equal(created.status, 202)
  t.equal(created.body.volume.user_id, ada.user)
  t.equal((await third.call('/scoria/v1/hosts', { token })).status, 403, 'a member is no admin')
  const [storage] = answer.body.token.catalog
  t.match(storage, { type: 'block-storage', endpoints: [{ interface: 'public', url: `${at(all.hosts, 1).url}/v3/${ada.project}` }] })
})

t.test('whatever is wrong with a login is the same 401', async (t) => {
  const all = await setting(t)
  const ada = await person(all, 'ada', 'member')
  const bea = await person(all, 'bea', 'reader')
  const host = at(all.hosts, 1)
  await at(all.hosts, 0).call(`/identity/v3/users/${bea.user}`, { method: 'PATCH', token: all.admin, body: { user: { enabled: false } } })
  const wrong = [
    await login(host, byPassword('ada', 'wrong horse'), ada.project),
    await login(host, byPassword('nobody'), ada.project),
    await login(host, byPassword('ada'), bea.project),
    await login(host, byPassword('ada'), '0'.repeat(32)),
    await login(host, byPassword('bea'), bea.project),
    await login(
      host,
      { methods: ['password'], password: { user: { name: 'ada', domain: { name: 'other' }, password: PASSWORD } } },
      ada.project,
    ),
    await host.call('/identity/v3/auth/tokens', {
      method: 'POST',
      token: null,
      body: { auth: { identity: byPassword('ada'), scope: { system: { all: true } } } },
    }),
  ]
  t.strictSame(new Set(wrong.map(({ status }) => status)), new Set([401]))
  t.equal(new Set(wrong.map(({ body }) => JSON.stringify(body))).size, 1)
  t.match(wrong[0]?.body, { error: { code: 401, title: 'Unauthorized' } })
})

t.test('who guesses passwords has to wait; others do not', async (t) => {
  const all = await setting(t)
  const ada = await person(all, 'ada', 'member')
  const bea = await person(all, 'bea', 'member')
  const host = at(all.hosts, 1)
  for (let guess = 0; guess < 10; guess += 1) await login(host, byPassword('ada', `guess number ${guess}`), ada.project)
  const right = await login(host, byPassword('ada'), ada.project)
  t.equal(right.status, 429, 'also the right one')
  t.ok(Number(right.headers.get('retry-after')) > 0)
  t.equal((await login(host, byPassword('bea'), bea.project)).status, 201)
  all.pass(10_000)
  t.equal((await login(host, byPassword('ada'), ada.project)).status, 201)
})

t.test('who makes tokens up has to wait; who shows one that is known does not', async (t) => {
  const { hosts, admin } = await setting(t)
  const host = at(hosts, 0)
  t.equal((await host.call('/v3/volumes', { token: admin })).status, 200)
  const madeUp = (n: number): string => `scoria_${n.toString(16).padStart(32, '0')}_${'A'.repeat(43)}`
  const codes: number[] = []
  for (let n = 0; n < 102; n += 1) codes.push((await host.call('/v3/volumes', { token: madeUp(n) })).status)
  t.same(new Set(codes.slice(0, 100)), new Set([401]))
  t.same(codes.slice(100), [429, 429])
  const refused = await host.call('/v3/volumes', { token: madeUp(1000) })
  t.match(refused.body, { computeFault: { code: 429, message: /^TooManyTokens: / } })
  t.equal(refused.headers.get('retry-after'), '1')
  t.match(await host.call('/identity/v3/users', { token: madeUp(1001) }), { status: 429, body: { error: { code: 429 } } })
  t.equal((await host.call('/v3/volumes', { token: admin })).status, 200)
  t.equal((await host.call('/identity/v3/users', { token: admin })).status, 200)
  t.equal((await at(hosts, 1).call('/v3/volumes', { token: madeUp(0) })).status, 401, 'each host counts for itself')
})

t.test('a token ends: by its time, by being taken back, with its user’s password, role, project and account', async (t) => {
  const all = await setting(t)
  const admin = (method: string, path: string, body?: object) =>
    at(all.hosts, 0).call(`/identity/v3${path}`, { method, token: all.admin, ...(body === undefined ? {} : { body }) })
  const third = at(all.hosts, 2)
  const works = async (token: string, project: string): Promise<number> => (await third.call(`/v3/${project}/volumes`, { token })).status
  const ends = async (name: string, end: (person: Person, token: string) => Promise<unknown>): Promise<void> => {
    const one = await person(all, name, 'member')
    const token = tokenOf(await login(at(all.hosts, 1), byPassword(name), one.project))
    t.equal(await works(token, one.project), 200, `${name}: good before`)
    await end(one, token)
    all.pass(5001)
    t.equal(await works(token, one.project), 401, `${name}: ended`)
  }
  await ends('time', async () => all.pass(3_600_000))
  await ends('revoked', (_, token) =>
    at(all.hosts, 1).call('/identity/v3/auth/tokens', { method: 'DELETE', token, headers: { 'x-subject-token': token } }),
  )
  await ends('password', ({ user }) => admin('PATCH', `/users/${user}`, { user: { password: 'another one' } }))
  await ends('disabled', ({ user }) => admin('PATCH', `/users/${user}`, { user: { enabled: false } }))
  await ends('role', ({ user, project }) => admin('DELETE', `/projects/${project}/users/${user}/roles/member`))
  await ends('closed', ({ project }) => admin('PATCH', `/projects/${project}`, { project: { enabled: false } }))
  await ends('deleted', ({ user }) => admin('DELETE', `/users/${user}`))
})

t.test('an application credential logs in for its project alone, until it is deleted', async (t) => {
  const all = await setting(t)
  const ada = await person(all, 'ada', 'member')
  const host = at(all.hosts, 1)
  const token = tokenOf(await login(host, byPassword('ada'), ada.project))
  const path = `/identity/v3/users/${ada.user}/application_credentials`
  const wanted = { application_credential: { name: 'ci', roles: [{ name: 'reader' }] } }
  const made = await host.call(path, { method: 'POST', token, body: wanted })
  t.equal(made.status, 201)
  const { id, secret } = made.body.application_credential
  const logIn = (identity: object) => login(at(all.hosts, 2), { methods: ['application_credential'], application_credential: identity })
  const byId = await logIn({ id, secret })
  t.match(byId.body.token, { project: { id: ada.project }, roles: [{ name: 'reader' }], application_credential: { id } })
  t.equal((await logIn({ name: 'ci', user: { name: 'ada', domain: { id: 'default' } }, secret })).status, 201)
  t.equal((await logIn({ id, secret: `${secret}x` })).status, 401)
  const small = tokenOf(byId)
  t.equal((await host.call(`/v3/${ada.project}/volumes`, { token: small, method: 'POST', body: { volume: { size: 1 } } })).status, 403)
  t.equal((await host.call(path, { method: 'POST', token: small, body: { application_credential: { name: 'next' } } })).status, 403)
  const listed = await host.call(path, { token })
  t.notMatch(JSON.stringify(listed.body), secret, 'the secret is told once')
  t.equal((await host.call(`${path}/${id}`, { method: 'DELETE', token })).status, 204)
  all.pass(5001)
  t.equal((await host.call(`/v3/${ada.project}/volumes`, { token: small })).status, 401)
  t.equal((await logIn({ id, secret })).status, 401)
})

t.test('a token without a project is good for getting one with a project', async (t) => {
  const all = await setting(t)
  const ada = await person(all, 'ada', 'member')
  const host = at(all.hosts, 1)
  const plain = await login(host, byPassword('ada'))
  t.equal(plain.status, 201)
  t.notOk('project' in plain.body.token)
  const token = tokenOf(plain)
  t.equal((await host.call('/v3/volumes', { token })).status, 403)
  t.match((await host.call('/identity/v3/auth/projects', { token })).body.projects, [{ id: ada.project }])
  all.pass(60_000)
  const scoped = await login(host, { methods: ['token'], token: { id: token } }, ada.project)
  t.match(scoped.body.token, { methods: ['password', 'token'], project: { id: ada.project } })
  t.equal(scoped.body.token.expires_at, plain.body.token.expires_at, 'it lives no longer than the first')
})

t.test('who is no admin sees himself and nobody else', async (t) => {
  const all = await setting(t)
  const ada = await person(all, 'ada', 'member')
  const bea = await person(all, 'bea', 'admin')
  const host = at(all.hosts, 1)
  const token = tokenOf(await login(host, byPassword('ada'), ada.project))
  const beas = tokenOf(await login(host, byPassword('bea'), bea.project))
  const get = async (path: string, headers: Record<string, string> = {}) =>
    (await host.call(`/identity/v3${path}`, { token, headers })).status
  t.equal(await get(`/users/${ada.user}`), 200)
  t.equal(await get(`/projects/${ada.project}`), 200)
  for (const path of ['/users', '/projects', `/users/${bea.user}`, `/projects/${bea.project}`, '/role_assignments'])
    t.equal(await get(path), 403, path)
  t.equal(await get('/auth/tokens', { 'x-subject-token': beas }), 403)
  t.equal(await get('/auth/tokens', { 'x-subject-token': token }), 200)
  t.equal((await host.call('/identity/v3/auth/tokens', { token: beas, headers: { 'x-subject-token': token } })).status, 200)
  t.equal((await host.call('/identity/v3/users', { token: beas })).body.users.length, 2, 'an admin sees all')
  t.notMatch(JSON.stringify((await host.call('/identity/v3/users', { token: beas })).body), 'scrypt', 'and no hash')
  t.equal((await host.call('/identity/v3/users', { token: null })).status, 401)
})

t.test('nobody is let in while the users cannot be read', async (t) => {
  const all = await setting(t)
  const ada = await person(all, 'ada', 'member')
  const host = at(all.hosts, 1)
  const token = tokenOf(await login(host, byPassword('ada'), ada.project))
  t.equal((await host.call(`/v3/${ada.project}/volumes`, { token })).status, 200)
  for (const other of [0, 2]) at(all.hosts, other).down()
  t.equal((await host.call(`/v3/${ada.project}/volumes`, { token })).status, 200, 'heard a moment ago')
  all.pass(5001)
  const refused = await host.call(`/v3/${ada.project}/volumes`, { token })
  t.equal(refused.status, 503)
  t.match(refused.body.serviceUnavailable.message, /IdentityUnavailable/)
  t.equal((await login(host, byPassword('ada'), ada.project)).status, 503)
})
