/** Users, projects and tokens in the registers of the cluster. */
import t from 'tap'
import { type ProjectClaim, rolesIn, type TokenEntry, TOKENS_MAX, type UserClaim, type UserEdit } from '../../../lib/model/identity.ts'
import { cellEntries, cellOf } from '../../../lib/model/cell.ts'
import { IDENTITY_PROJECT, parseProjectId, projectId, requestId, tokensProject } from '../../../lib/model/ids.ts'
import type { LedgerAnswer, LedgerChange } from '../../../lib/model/ledger.ts'
import { newRegister } from './register.ts'

const UNLIMITED = { volumes: -1, snapshots: -1, gigabytes: -1, per_volume_gigabytes: -1, groups: 10 }

function register(project = IDENTITY_PROJECT) {
  return newRegister({ project, defaults: UNLIMITED, founding: [] })
}

const claimed = (id: string, name: string, rest: Partial<UserClaim> = {}): LedgerChange => ({
  kind: 'claim-user',
  claim: {
    id,
    name,
    description: null,
    isEnabled: true,
    passwordHash: 'hash',
    defaultProject: null,
    createdAtMs: 1,
    bodyHash: 'h',
    ...rest,
  },
})
const opened = (id: string, name: string, rest: Partial<ProjectClaim> = {}): LedgerChange => ({
  kind: 'claim-project',
  claim: { id: projectId(id), name, description: null, isEnabled: true, createdAtMs: 1, bodyHash: 'h', ...rest },
})
const revise = (id: string, rid: string, edit: UserEdit): LedgerChange => ({ kind: 'revise-user', id, rid: requestId(rid), edit })
const grant = (id: string, rid: string, project: string, isGranted = true): LedgerChange =>
  revise(id, rid, { grant: { project: projectId(project), role: 'member', isGranted } })
const release = (id: string, rid: string): LedgerChange => ({ kind: 'release-user', id, rid: requestId(rid) })
const all: LedgerChange = { kind: 'read-identity', query: { kind: 'all' } }
const refused = (refusal: object) => ({ kind: 'refused', refusal })
const usersIn = (answer: LedgerAnswer) => (answer.kind === 'identity' ? answer.users : [])

t.test('one name, one user, whatever its case; a claim that comes again makes no second one', async (t) => {
  const { decide } = register()
  const first = decide(claimed('1', 'ada'))
  t.match(first, { kind: 'identity', users: [{ id: '1', name: 'ada', generation: 1 }] })
  t.same(decide(claimed('1', 'ada')), first)
  t.match(decide(claimed('1', 'ada', { bodyHash: 'other' })), refused({ code: 'identity-mismatch', id: '1' }))
  t.match(decide(claimed('2', 'ADA')), refused({ code: 'identity-exists', of: 'user', name: 'ADA' }))
  decide(claimed('3', 'bea'))
  t.match(decide(revise('3', 'r1', { name: 'Ada' })), refused({ code: 'identity-exists' }))
  decide(release('1', 'r2'))
  t.match(decide(claimed('2', 'ADA')), { kind: 'identity', users: [{ id: '2' }] }, 'the name is free again')
  decide(claimed('1', 'ada'))
  t.same(
    usersIn(decide(all))
      .map(({ id }) => id)
      .sort(),
    ['2', '3'],
    'and a late repeat brings nobody back',
  )
})

t.test('nothing that could be logged in with stays of a deleted user', async (t) => {
  const { decide, cell } = register()
  decide(claimed('1', 'ada'))
  decide(opened('p', 'demo'))
  decide(grant('1', 'r1', 'p'))
  decide(release('1', 'r2'))
  t.match(cell.users.get('1'), { isGone: true, passwordHash: null, grants: [], credentials: [], isEnabled: false, generation: 2 })
  t.match(decide(revise('1', 'r3', { passwordHash: 'x' })), refused({ code: 'identity-not-found', of: 'user' }))
})

t.test('roles are given and taken once, in projects that are there', async (t) => {
  const { decide } = register()
  decide(claimed('1', 'ada'))
  t.match(decide(grant('1', 'r1', 'p')), refused({ code: 'identity-not-found', of: 'project', id: 'p' }))
  decide(opened('p', 'demo'))
  const [given] = usersIn(decide(grant('1', 'r2', 'p')))
  t.same(given && rolesIn(given, projectId('p')), ['member', 'reader'], 'with what it includes')
  const [taken] = usersIn(decide(grant('1', 'r3', 'p', false)))
  t.same(taken && rolesIn(taken, projectId('p')), [])
  t.match(decide(grant('1', 'r4', 'p', false)), refused({ code: 'identity-not-found', of: 'role assignment' }))
  const [late] = usersIn(decide(grant('1', 'r2', 'p')))
  t.same(late?.grants, [], 'a late repeat of what was taken back since gives nothing')
})

t.test('a new password and an end to the account make another person of the user; a new name does not', async (t) => {
  const { decide } = register()
  decide(claimed('1', 'ada'))
  const generationAfter = (rid: string, edit: UserEdit) => usersIn(decide(revise('1', rid, edit)))[0]?.generation
  t.equal(generationAfter('r1', { name: 'bea' }), 1)
  t.equal(generationAfter('r2', { passwordHash: 'new' }), 2)
  t.equal(generationAfter('r2', { passwordHash: 'new' }), 2, 'once')
  t.equal(generationAfter('r3', { isEnabled: false }), 3)
  t.equal(generationAfter('r4', { isEnabled: true }), 3, 'and who is let in again logs in again')
})

t.test('what is asked of a login is that user and his projects, and nobody else', async (t) => {
  const { decide } = register()
  for (const name of ['ada', 'bea']) decide(claimed(name, name))
  for (const name of ['p', 'q', 'r']) decide(opened(name, `project ${name}`))
  decide(grant('ada', 'r1', 'p'))
  const asked = decide({
    kind: 'read-identity',
    query: { kind: 'login', user: { name: 'Ada' }, credential: null, project: { name: 'Project Q' } },
  })
  t.match(asked, { users: [{ id: 'ada' }] })
  t.same(asked.kind === 'identity' && asked.projects.map(({ id }) => id), ['p', 'q'])
  const nobody = decide({ kind: 'read-identity', query: { kind: 'login', user: null, credential: null, project: null } })
  t.same(nobody, { kind: 'identity', users: [], projects: [], tokens: [] })
})

function token(name: string, expiresAtMs: number): TokenEntry {
  const common = { generation: 1, project: null, credential: null, methods: ['password'], auditId: 'a', issuedAtMs: 0 }
  return { ...common, kind: 'token', hash: name, expiresAtMs }
}

t.test('tokens that have ended go when one comes, and of too many the one that ends first', async (t) => {
  const { decide, cell } = register(tokensProject('ada'))
  decide({ kind: 'issue-token', token: token('old', 10), atMs: 0 })
  decide({ kind: 'issue-token', token: token('new', 30), atMs: 20 })
  t.same([...cell.tokens.keys()], ['new'])
  for (let n = 0; n < TOKENS_MAX; n += 1) decide({ kind: 'issue-token', token: token(`t${n}`, 1000 + n), atMs: 20 })
  t.equal(cell.tokens.size, TOKENS_MAX)
  t.notOk(cell.tokens.has('new'))
  t.match(decide({ kind: 'read-token', hash: 't5' }), { tokens: [{ hash: 't5' }] })
  decide({ kind: 'revoke-token', hash: 't5' })
  t.match(decide({ kind: 'read-token', hash: 't5' }), { tokens: [] })
})

t.test('a register that moves to other hosts takes the users and tokens along', async (t) => {
  const { decide, cell } = register()
  decide(claimed('1', 'ada'))
  decide(opened('p', 'demo'))
  decide({ kind: 'issue-token', token: token('t', 10), atMs: 0 })
  t.same(cellOf(cellEntries(cell)), cell)
})

t.test('no client can act for a register of the cluster', async (t) => {
  for (const project of [IDENTITY_PROJECT, tokensProject('0'.repeat(32))]) t.equal(parseProjectId(project), null)
})
