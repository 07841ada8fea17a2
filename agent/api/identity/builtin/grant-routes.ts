/** Roles, of which there are Cinder's four, and who has which in which project. */
import { ROLES, type Role } from '../../../../lib/model/identity.ts'
import { projectId } from '../../../../lib/model/ids.ts'
import { parseRole, roleFields } from '../../../../lib/wire/keystone/token-body.ts'
import { denied, type KeystoneAnswer, type KeystoneCall, shown } from '../keystone-route.ts'
import type { Holder } from './holders.ts'
import type { Desk, DeskRoute } from './desk.ts'
import { changed, ridOf, withUser } from './user-routes.ts'

const GRANTS = '/identity/v3/projects/:project/users/:user/roles'
const GRANT = `${GRANTS}/:role`

export const grantRoutes: readonly DeskRoute[] = [
  { method: 'GET', path: '/identity/v3/roles', who: 'own', handle: roles },
  { method: 'GET', path: '/identity/v3/roles/:role', who: 'own', handle: role },
  { method: 'GET', path: GRANTS, who: 'admin', handle: granted },
  { method: 'HEAD', path: GRANT, who: 'admin', handle: isGranted },
  { method: 'PUT', path: GRANT, who: 'admin', handle: (desk, call) => set(desk, call, true) },
  { method: 'DELETE', path: GRANT, who: 'admin', handle: (desk, call) => set(desk, call, false) },
  { method: 'GET', path: '/identity/v3/role_assignments', who: 'admin', handle: assignments },
]

async function roles(_: Desk, { query }: KeystoneCall): Promise<KeystoneAnswer> {
  const { name } = query
  const wanted = ROLES.filter((one) => name === undefined || one === name.toLowerCase())
  return shown(200, { roles: wanted.map(roleFields), links: {} })
}

async function role(_: Desk, { params }: KeystoneCall): Promise<KeystoneAnswer> {
  const known = parseRole(params['role'] ?? '')
  return known === null ? noRole(params['role'] ?? '') : shown(200, { role: roleFields(known) })
}

function granted(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  return withUser(desk, call, holder, async ({ grants }) => {
    const own = grants.find(({ project }) => project === call.params['project'])?.roles ?? []
    return shown(200, { roles: own.map(roleFields), links: {} })
  })
}

function isGranted(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  return withUser(desk, call, holder, async ({ grants }) => {
    const known = parseRole(call.params['role'] ?? '')
    const own: readonly Role[] = grants.find(({ project }) => project === call.params['project'])?.roles ?? []
    return known !== null && own.includes(known) ? shown(204, null) : noRole(call.params['role'] ?? '')
  })
}

async function set(desk: Desk, call: KeystoneCall, isGiven: boolean): Promise<KeystoneAnswer> {
  const { user = '', project = '', role: name = '' } = call.params
  const known = parseRole(name)
  if (known === null) return noRole(name)
  const rid = ridOf(call, `${isGiven ? 'grant' : 'take'} ${known} ${project}`, user)
  const edit = { grant: { project: projectId(project), role: known, isGranted: isGiven } }
  return changed(desk, { kind: 'revise-user', id: user, rid, edit }, () => shown(204, null))
}

async function assignments({ accounts }: Desk, { query }: KeystoneCall): Promise<KeystoneAnswer> {
  const found = await accounts.query({ kind: 'all' })
  if (!found.ok) return denied(found.failure)
  const names = new Map<string, string>(found.value.projects.map(({ id, name }) => [id, name]))
  const withNames = query['include_names'] !== undefined && query['include_names'] !== 'false'
  const rows = found.value.users.flatMap((user) =>
    user.grants.flatMap(({ project, roles: own }) => own.map((one) => ({ user, project, role: one }))),
  )
  const wanted = rows.filter(
    (row) =>
      names.has(row.project) &&
      (query['user.id'] === undefined || query['user.id'] === row.user.id) &&
      (query['role.id'] === undefined || query['role.id'] === row.role) &&
      (query['scope.project.id'] === undefined || query['scope.project.id'] === row.project),
  )
  const domain = { domain: { id: 'default', name: 'Default' } }
  return shown(200, {
    role_assignments: wanted.map((row) => ({
      role: withNames ? roleFields(row.role) : { id: row.role },
      user: withNames ? { id: row.user.id, name: row.user.name, ...domain } : { id: row.user.id },
      scope: { project: withNames ? { id: row.project, name: names.get(row.project), ...domain } : { id: row.project } },
      links: {},
    })),
    links: {},
  })
}

function noRole(id: string): KeystoneAnswer {
  return denied({ code: 'identity-not-found', of: 'role', id })
}
