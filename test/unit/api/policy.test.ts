/** The rules by themselves: which role may ask for what. What a request with a token then gets: matrix.test.ts. */
import t from 'tap'
import type { Caller } from '../../../agent/api/call.ts'
import { isAllowed, isVisible, SYSTEM_PROJECT } from '../../../agent/api/policy.ts'
import { CINDER_ROUTES, OWN_ROUTES, ROOT_ROUTES } from '../../../agent/api/routes.ts'
import { projectId } from '../../../lib/model/ids.ts'

const ROUTES = [...CINDER_ROUTES, ...OWN_ROUTES, ...ROOT_ROUTES]

function callerWith(...roles: readonly string[]): Caller {
  return { user: 'u', project: projectId('p'), roles, isAdmin: roles.includes('admin'), isService: false }
}

t.test('every route has a rule, and what no rule names is refused to everybody', async (t) => {
  for (const { method, path, action } of ROUTES) t.ok(isAllowed(callerWith('admin'), action), `${method} ${path}: ${action}`)
  t.notOk(isAllowed(callerWith('admin', 'member', 'reader', 'service'), 'volume:fly'))
})

t.test('each role may do what those below it may, and more', async (t) => {
  const allowed = (...roles: readonly string[]) =>
    [...new Set(ROUTES.filter(({ action }) => isAllowed(callerWith(...roles), action)).map(({ action }) => action))].sort()
  const [reader, member, admin] = [allowed('reader'), allowed('member'), allowed('admin')]
  t.same(
    reader.filter((action) => !member.includes(action)),
    [],
    'a member reads, whatever Keystone implies',
  )
  t.same(
    member.filter((action) => !admin.includes(action)),
    [],
  )
  t.notSame(reader, member)
  t.notSame(member, admin)
  for (const roles of [[], ['service'], ['auditor', 'administrator', 'Admin '], ['__proto__']])
    t.same(allowed(...roles), ['versions:get'], `roles ${JSON.stringify(roles)}`)
  for (const { method, action } of ROUTES) if (method !== 'GET') t.notOk(isAllowed(callerWith('reader'), action), `a reader: ${action}`)
})

t.test('what is not the project’s is not there, except for admins', async (t) => {
  const other = projectId('other')
  for (const roles of [['reader'], ['member'], ['service'], []]) {
    t.notOk(isVisible(callerWith(...roles), other), roles.join())
    t.ok(isVisible(callerWith(...roles), projectId('p')), roles.join())
  }
  t.ok(isVisible(callerWith('admin'), other))
})

t.test('who acts for the whole system has no project to make a volume in', async (t) => {
  const system = { ...callerWith('admin'), project: SYSTEM_PROJECT }
  t.notOk(isAllowed(system, 'volume:create'))
  t.ok(isAllowed(system, 'volume:get_all'))
  t.ok(isAllowed(system, 'volume_extension:type_create'))
})
