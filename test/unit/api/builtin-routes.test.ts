/** Who may call which of Keystone's calls: each route has a row here, and none is without. */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { KeystoneAnswer, KeystoneCall } from '../../../agent/api/identity/keystone-route.ts'
import type { Accounts } from '../../../agent/api/identity/builtin/accounts.ts'
import { builtin } from '../../../agent/api/identity/builtin/builtin.ts'
import { newHostToken } from '../../../agent/api/identity/builtin/host-token.ts'
import { newTokenText, tokenHashOf } from '../../../agent/api/identity/builtin/token-text.ts'
import { evaluate, LEDGER_RULES } from '../../../lib/ledger/rules.ts'
import { success } from '../../../lib/model/failure.ts'
import type { IdentityChange, Role } from '../../../lib/model/identity.ts'
import { IDENTITY_PROJECT, projectId, requestId, tokensProject } from '../../../lib/model/ids.ts'
import { putEntry } from '../../../lib/model/cell.ts'
import { type Register, newRegister } from '../ledger/register.ts'

/** `anybody`, whoever has a token (a member is not refused), or an admin (a member is). */
const WHO: Readonly<Record<string, 'anybody' | 'token' | 'admin'>> = {
  'GET /identity': 'anybody',
  'GET /identity/v3': 'anybody',
  'POST /identity/v3/auth/tokens': 'anybody',
  'GET /identity/v3/auth/tokens': 'token',
  'HEAD /identity/v3/auth/tokens': 'token',
  'DELETE /identity/v3/auth/tokens': 'token',
  'GET /identity/v3/auth/catalog': 'token',
  'GET /identity/v3/auth/projects': 'token',
  'GET /identity/v3/auth/domains': 'token',
  'GET /identity/v3/users': 'admin',
  'POST /identity/v3/users': 'admin',
  'GET /identity/v3/users/:user': 'admin',
  'PATCH /identity/v3/users/:user': 'admin',
  'DELETE /identity/v3/users/:user': 'admin',
  'POST /identity/v3/users/:user/password': 'admin',
  'GET /identity/v3/users/:user/projects': 'admin',
  'GET /identity/v3/users/:user/application_credentials': 'admin',
  'POST /identity/v3/users/:user/application_credentials': 'admin',
  'GET /identity/v3/users/:user/application_credentials/:credential': 'admin',
  'DELETE /identity/v3/users/:user/application_credentials/:credential': 'admin',
  'GET /identity/v3/projects': 'admin',
  'POST /identity/v3/projects': 'admin',
  'GET /identity/v3/projects/:project': 'admin',
  'PATCH /identity/v3/projects/:project': 'admin',
  'DELETE /identity/v3/projects/:project': 'admin',
  'GET /identity/v3/domains': 'token',
  'GET /identity/v3/domains/:domain': 'token',
  'GET /identity/v3/roles': 'token',
  'GET /identity/v3/roles/:role': 'token',
  'GET /identity/v3/projects/:project/users/:user/roles': 'admin',
  'HEAD /identity/v3/projects/:project/users/:user/roles/:role': 'admin',
  'PUT /identity/v3/projects/:project/users/:user/roles/:role': 'admin',
  'DELETE /identity/v3/projects/:project/users/:user/roles/:role': 'admin',
  'GET /identity/v3/role_assignments': 'admin',
  'GET /image': 'anybody',
  'GET /image/v2/images': 'anybody',
  'GET /image/v2/images/:image': 'anybody',
}

/** The rules on registers without a group. */
function registers(): { readonly accounts: Accounts; decide(project: string, change: IdentityChange): void; names(): readonly string[] } {
  const all = new Map<string, Register>()
  const of = (project: string): Register => {
    const known =
      all.get(project) ??
      newRegister({
        project: projectId(project),
        defaults: { volumes: 0, snapshots: 0, gigabytes: 0, per_volume_gigabytes: 0, groups: 10 },
      })
    all.set(project, known)
    return known
  }
  const ask = async (project: string, change: IdentityChange) => {
    const { account, cell } = of(project)
    const { puts, answer } = evaluate(LEDGER_RULES, account, change)
    for (const put of puts) putEntry(cell, put)
    if (answer.kind === 'refused') return { ok: false, failure: answer.refusal } as const
    if (answer.kind !== 'identity') throw new Error(`a register of users answered ${answer.kind}`)
    return success({ users: answer.users, projects: answer.projects, tokens: answer.tokens })
  }
  return {
    accounts: {
      query: (query) => ask(IDENTITY_PROJECT, { kind: 'read-identity', query }),
      change: (change) => ask(IDENTITY_PROJECT, change),
      tokens: (user, change) => ask(tokensProject(user), change),
    },
    decide: (project, change) => void of(project).decide(change),
    names: () => [...all.keys()],
  }
}

const NOW_MS = Date.UTC(2030, 0, 1)
const OTHER = '9'.repeat(32)

t.test('every call of Keystone’s says who may make it', async (t) => {
  const { accounts, decide } = registers()
  const hostToken = newHostToken()
  const { api } = builtin({ accounts, hostToken, cacheMs: 0, tokenLifeMs: 1, wallMs: () => NOW_MS, monoMs: () => 0, uuid: randomUUID })
  const people = { description: null, isEnabled: true, createdAtMs: 0, bodyHash: '' }
  const demo = projectId('d'.repeat(32))
  decide(IDENTITY_PROJECT, { kind: 'claim-project', claim: { ...people, id: demo, name: 'demo' } })
  const person = (id: string, role: Role): string => {
    decide(IDENTITY_PROJECT, { kind: 'claim-user', claim: { ...people, id, name: id, passwordHash: null, defaultProject: null } })
    const edit = { grant: { project: demo, role, isGranted: true } }
    decide(IDENTITY_PROJECT, { kind: 'revise-user', id, rid: requestId(`r${id}`), edit })
    return id
  }
  /** A new one each time: some of the calls end it. */
  const tokenOf = (user: string): string => {
    const text = newTokenText(user).reveal()
    const rest = { generation: 1, credential: null, methods: ['password'], auditId: 'a', issuedAtMs: NOW_MS, expiresAtMs: NOW_MS + 1000 }
    const token = { ...rest, kind: 'token', project: demo, hash: tokenHashOf(text) } as const
    decide(tokensProject(user), { kind: 'issue-token', token, atMs: NOW_MS })
    return text
  }
  const [member, admin] = [person('1'.repeat(32), 'member'), person('2'.repeat(32), 'admin')]
  const params = { user: OTHER, project: OTHER, role: 'member', credential: OTHER, domain: 'default', image: OTHER }
  const call = (token: string | null): KeystoneCall => ({
    requestId: 'req-1',
    remote: '192.0.2.1',
    token,
    subject: token,
    root: 'http://peer',
    params,
    query: {},
    body: {},
    idempotencyKey: null,
  })
  const codeOf = (answer: KeystoneAnswer): string => (answer.kind === 'failed' ? answer.failure.code : 'done')
  const routes = api?.routes ?? []
  t.same(routes.map(({ method, path }) => `${method} ${path}`).sort(), Object.keys(WHO).sort(), 'each route has a row, each row a route')
  for (const route of routes) {
    const name = `${route.method} ${route.path}`
    const who = WHO[name]
    const [nobody, stranger] = [codeOf(await route.handle(call(null))), codeOf(await route.handle(call('made up')))]
    if (who === 'anybody') t.not(nobody, 'unauthorized', `${name}: nobody`)
    else t.same([nobody, stranger], ['unauthorized', 'unauthorized'], `${name}: nobody, and who made a token up`)
    const mine = codeOf(await route.handle(call(tokenOf(member))))
    if (who === 'admin') t.equal(mine, 'forbidden', `${name}: a member`)
    else t.not(mine, 'forbidden', `${name}: a member`)
    t.not(codeOf(await route.handle(call(tokenOf(admin)))), 'unauthorized', `${name}: an admin`)
  }
})

t.test('tokens that strangers make up leave nothing behind in the cluster', async (t) => {
  const { accounts, names } = registers()
  const identity = builtin({
    accounts,
    hostToken: newHostToken(),
    cacheMs: 0,
    tokenLifeMs: 1,
    wallMs: () => NOW_MS,
    monoMs: () => 0,
    uuid: randomUUID,
  })
  for (const token of [newTokenText(OTHER).reveal(), 'made up', `scoria_host_${'A'.repeat(43)}`])
    t.match(await identity.identify({ token, serviceToken: undefined, remote: '192.0.2.1', urlProject: null }), {
      ok: false,
      failure: { code: 'unauthorized' },
    })
  t.same(names(), [IDENTITY_PROJECT], 'no register of a user who is none')
})
