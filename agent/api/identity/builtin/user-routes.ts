/** Users: kept by admins; each may see himself, and change his password who knows the old one. */
import { hashHex } from '../../../../lib/model/hash.ts'
import type { IdentityChange, UserEntry } from '../../../../lib/model/identity.ts'
import { type RequestId, requestId } from '../../../../lib/model/ids.ts'
import { canonicalJson } from '../../../../lib/model/json.ts'
import { parseCreateUser, parseNewPassword, parseUpdateUser } from '../../../../lib/wire/keystone/user-request.ts'
import { projectFields, userFields } from '../../../../lib/wire/keystone/user-body.ts'
import { namedUuid } from '../../request-names.ts'
import { denied, type KeystoneAnswer, type KeystoneCall, shown } from '../keystone-route.ts'
import { type Holder, isAdmin } from './holders.ts'
import { type Desk, type DeskRoute, notAllowed } from './desk.ts'
import { PASSWORDS_WAITING_MAX } from './login.ts'

export const userRoutes: readonly DeskRoute[] = [
  { method: 'GET', path: '/identity/v3/users', who: 'admin', handle: list },
  { method: 'POST', path: '/identity/v3/users', who: 'admin', handle: create },
  { method: 'GET', path: '/identity/v3/users/:user', who: 'own', handle: show },
  { method: 'PATCH', path: '/identity/v3/users/:user', who: 'admin', handle: update },
  { method: 'DELETE', path: '/identity/v3/users/:user', who: 'admin', handle: remove },
  { method: 'POST', path: '/identity/v3/users/:user/password', who: 'own', handle: changePassword },
  { method: 'GET', path: '/identity/v3/users/:user/projects', who: 'own', handle: projectsOf },
]

async function list({ accounts }: Desk, { query }: KeystoneCall): Promise<KeystoneAnswer> {
  const found = await accounts.query({ kind: 'all' })
  if (!found.ok) return denied(found.failure)
  const { name } = query
  const users = found.value.users.filter((user) => name === undefined || user.name.toLowerCase() === name.toLowerCase())
  return shown(200, { users: users.map(userFields), links: {} })
}

async function create(desk: Desk, call: KeystoneCall): Promise<KeystoneAnswer> {
  const wanted = parseCreateUser(call.body)
  if (!wanted.ok) return denied(wanted.failure)
  const { password, ...user } = wanted.value
  const passwordHash = password === null ? null : await desk.passwords.hash(password)
  if (password !== null && passwordHash === null) return tooManyPasswords()
  const id = newId(desk, call, 'user')
  // Without the password: a quick hash of it would give it away.
  const bodyHash = hashHex(canonicalJson(user))
  const claim = { ...user, id, passwordHash, createdAtMs: desk.wallMs(), bodyHash }
  return changed(desk, { kind: 'claim-user', claim }, (made) => shown(201, { user: userFields(made) }))
}

async function show(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  return withUser(desk, call, holder, async (user) => shown(200, { user: userFields(user) }))
}

async function update(desk: Desk, call: KeystoneCall): Promise<KeystoneAnswer> {
  const wanted = parseUpdateUser(call.body)
  if (!wanted.ok) return denied(wanted.failure)
  const { password, ...edit } = wanted.value
  const passwordHash = password === undefined ? undefined : await desk.passwords.hash(password)
  if (passwordHash === null) return tooManyPasswords()
  const id = call.params['user'] ?? ''
  const whole = passwordHash === undefined ? edit : { ...edit, passwordHash }
  return changed(desk, { kind: 'revise-user', id, rid: ridOf(call, 'update user', id), edit: whole }, (user) =>
    shown(200, { user: userFields(user) }),
  )
}

function remove(desk: Desk, call: KeystoneCall): Promise<KeystoneAnswer> {
  const id = call.params['user'] ?? ''
  return changed(desk, { kind: 'release-user', id, rid: ridOf(call, 'delete user', id) }, () => shown(204, null))
}

async function changePassword(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  return withUser(desk, call, holder, async (user) => {
    const wanted = parseNewPassword(call.body)
    if (!wanted.ok) return denied(wanted.failure)
    const isRight = await desk.passwords.isRight(wanted.value.original, user.passwordHash)
    if (isRight === null) return tooManyPasswords()
    if (!isRight) return denied({ code: 'unauthorized', challenge: null }, 'wrong password')
    const passwordHash = await desk.passwords.hash(wanted.value.password)
    if (passwordHash === null) return tooManyPasswords()
    const rid = ridOf(call, 'new password', user.id)
    return changed(desk, { kind: 'revise-user', id: user.id, rid, edit: { passwordHash } }, () => shown(204, null))
  })
}

async function projectsOf(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  return withUser(desk, call, holder, async (user) => {
    const found = await desk.accounts.query({ kind: 'login', user: { id: user.id }, credential: null, project: null })
    return found.ok ? shown(200, { projects: found.value.projects.map(projectFields), links: {} }) : denied(found.failure)
  })
}

/** The user of the path, for himself or an admin. */
export async function withUser(
  { accounts }: Desk,
  call: KeystoneCall,
  holder: Holder,
  then: (user: UserEntry) => Promise<KeystoneAnswer>,
): Promise<KeystoneAnswer> {
  const id = call.params['user'] ?? ''
  if (!isSelf(holder, id) && !isAdmin(holder)) return notAllowed({ method: 'GET', path: '/identity/v3/users/:user' })
  const found = await accounts.query({ kind: 'login', user: { id }, credential: null, project: null })
  if (!found.ok) return denied(found.failure)
  const [user] = found.value.users
  return user === undefined ? denied({ code: 'identity-not-found', of: 'user', id }) : await then(user)
}

export function isSelf(holder: Holder, id: string): boolean {
  return holder.kind === 'user' && holder.facts.user.id === id
}

export async function changed(
  { accounts }: Desk,
  change: Extract<IdentityChange, { kind: 'claim-user' | 'revise-user' | 'release-user' }>,
  done: (user: UserEntry) => KeystoneAnswer,
): Promise<KeystoneAnswer> {
  const result = await accounts.change(change)
  if (!result.ok) return denied(result.failure)
  const [user] = result.value.users
  return user === undefined ? denied({ code: 'identity-not-found', of: 'user', id: '' }) : done(user)
}

/** 32 hex digits, as Keystone's; the same for a repeat under one key. */
export function newId({ uuid }: Desk, { idempotencyKey }: KeystoneCall, kind: string): string {
  return (idempotencyKey === null ? uuid() : namedUuid(kind, idempotencyKey)).replaceAll('-', '')
}

export function ridOf({ idempotencyKey, requestId: id }: KeystoneCall, operation: string, target: string): RequestId {
  return requestId(hashHex('identity', idempotencyKey ?? id, operation, target).slice(0, 32))
}

export function tooManyPasswords(): KeystoneAnswer {
  return denied({ code: 'overloaded', queue: 'passwords to be checked', limit: PASSWORDS_WAITING_MAX })
}
