/** Projects: kept by admins; who has a token for one may see it. And the one domain that all of them are in. */
import { hashHex } from '../../../../lib/model/hash.ts'
import type { IdentityChange, ProjectEntry } from '../../../../lib/model/identity.ts'
import { projectId } from '../../../../lib/model/ids.ts'
import { canonicalJson } from '../../../../lib/model/json.ts'
import { DOMAIN } from '../../../../lib/wire/keystone/auth-request.ts'
import { parseCreateProject, parseUpdateProject } from '../../../../lib/wire/keystone/user-request.ts'
import { domainFields, projectFields } from '../../../../lib/wire/keystone/user-body.ts'
import { denied, type KeystoneAnswer, type KeystoneCall, shown } from '../keystone-route.ts'
import { type Holder, isAdmin } from './holders.ts'
import { type Desk, type DeskRoute, notAllowed } from './desk.ts'
import { newId, ridOf } from './user-routes.ts'

export const projectRoutes: readonly DeskRoute[] = [
  { method: 'GET', path: '/identity/v3/projects', who: 'admin', handle: list },
  { method: 'POST', path: '/identity/v3/projects', who: 'admin', handle: create },
  { method: 'GET', path: '/identity/v3/projects/:project', who: 'own', handle: show },
  { method: 'PATCH', path: '/identity/v3/projects/:project', who: 'admin', handle: update },
  { method: 'DELETE', path: '/identity/v3/projects/:project', who: 'admin', handle: remove },
  { method: 'GET', path: '/identity/v3/domains', who: 'own', handle: domains },
  { method: 'GET', path: '/identity/v3/domains/:domain', who: 'own', handle: domain },
]

async function list({ accounts }: Desk, { query }: KeystoneCall): Promise<KeystoneAnswer> {
  const found = await accounts.query({ kind: 'all' })
  if (!found.ok) return denied(found.failure)
  const { name } = query
  const projects = found.value.projects.filter((project) => name === undefined || project.name.toLowerCase() === name.toLowerCase())
  return shown(200, { projects: projects.map(projectFields), links: {} })
}

function create(desk: Desk, call: KeystoneCall): Promise<KeystoneAnswer> {
  const wanted = parseCreateProject(call.body)
  if (!wanted.ok) return Promise.resolve(denied(wanted.failure))
  const id = projectId(newId(desk, call, 'project'))
  const claim = { ...wanted.value, id, createdAtMs: desk.wallMs(), bodyHash: hashHex(canonicalJson(wanted.value)) }
  return changed(desk, { kind: 'claim-project', claim }, (made) => shown(201, { project: projectFields(made) }))
}

async function show({ accounts }: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  const id = call.params['project'] ?? ''
  const isOwn = holder.kind === 'user' && holder.facts.project?.id === id
  if (!isOwn && !isAdmin(holder)) return notAllowed({ method: 'GET', path: '/identity/v3/projects/:project' })
  const found = await accounts.query({ kind: 'login', user: null, credential: null, project: { id } })
  if (!found.ok) return denied(found.failure)
  const [project] = found.value.projects
  return project === undefined ? denied({ code: 'identity-not-found', of: 'project', id }) : shown(200, { project: projectFields(project) })
}

function update(desk: Desk, call: KeystoneCall): Promise<KeystoneAnswer> {
  const wanted = parseUpdateProject(call.body)
  if (!wanted.ok) return Promise.resolve(denied(wanted.failure))
  const id = projectId(call.params['project'] ?? '')
  return changed(desk, { kind: 'revise-project', id, rid: ridOf(call, 'update project', id), edit: wanted.value }, (project) =>
    shown(200, { project: projectFields(project) }),
  )
}

function remove(desk: Desk, call: KeystoneCall): Promise<KeystoneAnswer> {
  const id = projectId(call.params['project'] ?? '')
  return changed(desk, { kind: 'release-project', id, rid: ridOf(call, 'delete project', id) }, () => shown(204, null))
}

async function domains(_: Desk, { query }: KeystoneCall): Promise<KeystoneAnswer> {
  const isIt = query['name'] === undefined || query['name'].toLowerCase() === DOMAIN.name.toLowerCase()
  return shown(200, { domains: isIt ? [domainFields()] : [], links: {} })
}

async function domain(_: Desk, { params }: KeystoneCall): Promise<KeystoneAnswer> {
  const id = params['domain'] ?? ''
  return id === DOMAIN.id ? shown(200, { domain: domainFields() }) : denied({ code: 'identity-not-found', of: 'domain', id })
}

async function changed(
  { accounts }: Desk,
  change: Extract<IdentityChange, { kind: 'claim-project' | 'revise-project' | 'release-project' }>,
  done: (project: ProjectEntry) => KeystoneAnswer,
): Promise<KeystoneAnswer> {
  const result = await accounts.change(change)
  if (!result.ok) return denied(result.failure)
  const [project] = result.value.projects
  return project === undefined ? denied({ code: 'identity-not-found', of: 'project', id: '' }) : done(project)
}
