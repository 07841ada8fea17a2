/** Versions, and tokens: got, looked at, taken back; what they are good for. */
import type { Failure } from '../../../../lib/model/failure.ts'
import type { ProjectEntry } from '../../../../lib/model/identity.ts'
import { parseAuthRequest } from '../../../../lib/wire/keystone/auth-request.ts'
import { catalogOf, tokenBody } from '../../../../lib/wire/keystone/token-body.ts'
import { domainFields, projectFields } from '../../../../lib/wire/keystone/user-body.ts'
import { denied, type KeystoneAnswer, type KeystoneCall, shown } from '../keystone-route.ts'
import { rolesFor } from './accounts.ts'
import { type Holder, isAdmin } from './holders.ts'
import type { Desk, DeskRoute, OpenRoute } from './desk.ts'
import { tokenHashOf } from './token-text.ts'

export const authRoutes: readonly (DeskRoute | OpenRoute)[] = [
  { method: 'GET', path: '/identity', who: 'anybody', handle: async (_, call) => shown(300, { versions: { values: [version(call)] } }) },
  { method: 'GET', path: '/identity/v3', who: 'anybody', handle: async (_, call) => shown(200, { version: version(call) }) },
  { method: 'POST', path: '/identity/v3/auth/tokens', who: 'anybody', handle: issue },
  { method: 'GET', path: '/identity/v3/auth/tokens', who: 'own', handle: look },
  { method: 'HEAD', path: '/identity/v3/auth/tokens', who: 'own', handle: look },
  { method: 'DELETE', path: '/identity/v3/auth/tokens', who: 'own', handle: revoke },
  { method: 'GET', path: '/identity/v3/auth/catalog', who: 'own', handle: catalog },
  { method: 'GET', path: '/identity/v3/auth/projects', who: 'own', handle: projects },
  {
    method: 'GET',
    path: '/identity/v3/auth/domains',
    who: 'own',
    handle: async () => shown(200, { domains: [domainFields()], links: {} }),
  },
]

/** Of Keystone 2024.1, whose calls these are. */
function version({ root }: KeystoneCall): object {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${root}/identity/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  }
}

async function issue({ login }: Desk, call: KeystoneCall): Promise<KeystoneAnswer> {
  const wanted = parseAuthRequest(call.body)
  if (!wanted.ok) return denied(wanted.failure)
  const done = await login.login(wanted.value, call.remote)
  if (!done.ok) return denied(done.failure, done.reason)
  return shown(201, tokenBody(done.facts, catalogRoot(call)), { 'x-subject-token': done.text.reveal(), vary: 'X-Auth-Token' })
}

/** One's own, or anybody's for who vouches for others: an admin, or a service. */
async function look(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  const { subject } = call
  if (subject === null) return denied({ code: 'missing-key', path: 'headers', keys: ['X-Subject-Token'] })
  if (!mayLookAt(call, holder, subject)) return denied({ code: 'forbidden', action: 'identity:validate_token' }, 'token of somebody else')
  const held = await desk.holders.now(subject)
  if (held.kind === 'unknown') return denied(held.failure)
  if (held.kind === 'bad' || held.holder.kind === 'host') return denied(noToken())
  const headers = { 'x-subject-token': subject, vary: 'X-Auth-Token' }
  return shown(200, tokenBody(held.holder.facts, catalogRoot(call)), headers)
}

async function revoke(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  const { subject } = call
  if (subject === null) return denied({ code: 'missing-key', path: 'headers', keys: ['X-Subject-Token'] })
  const isOwn = subject === call.token
  if (!isOwn && !isAdmin(holder)) return denied({ code: 'forbidden', action: 'identity:revoke_token' }, 'token of somebody else')
  const held = await desk.holders.now(subject)
  if (held.kind === 'unknown') return denied(held.failure)
  if (held.kind === 'bad' || held.holder.kind === 'host') return denied(noToken())
  const { user } = held.holder.facts
  const revoked = await desk.accounts.tokens(user.id, { kind: 'revoke-token', hash: tokenHashOf(subject) })
  if (!revoked.ok) return denied(revoked.failure)
  desk.holders.forget(subject)
  return shown(204, null)
}

async function catalog(_: Desk, { root }: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  const project = holder.kind === 'user' ? holder.facts.project : null
  return project === null
    ? denied({ code: 'token-scope', scope: 'unscoped' })
    : shown(200, { catalog: catalogOf(root, project), links: {} })
}

/** Those that the caller could get a token for. */
async function projects({ accounts }: Desk, _: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  if (holder.kind === 'host') return shown(200, { projects: [], links: {} })
  const { id } = holder.facts.user
  const found = await accounts.query({ kind: 'login', user: { id }, credential: null, project: null })
  if (!found.ok) return denied(found.failure)
  const [user] = found.value.users
  const mine = found.value.projects.filter(
    (project: ProjectEntry) => user !== undefined && rolesFor(user, found.value, project.id).length > 0,
  )
  return shown(200, { projects: mine.map(projectFields), links: {} })
}

function mayLookAt({ token }: KeystoneCall, holder: Holder, subject: string): boolean {
  return subject === token || isAdmin(holder) || (holder.kind === 'user' && holder.facts.roles.includes('service'))
}

/** Null: whoever asks does not want it. */
function catalogRoot({ query, root }: KeystoneCall): string | null {
  return query['nocatalog'] === undefined ? root : null
}

function noToken(): Extract<Failure, { code: 'identity-not-found' }> {
  return { code: 'identity-not-found', of: 'token', id: '' }
}
