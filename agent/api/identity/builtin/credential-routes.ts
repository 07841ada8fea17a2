/** Application credentials: each user makes his own, for the project that his token is for and no role that it has not. */
import { randomBytes } from 'node:crypto'
import type { Credential } from '../../../../lib/model/identity.ts'
import { parseCreateCredential } from '../../../../lib/wire/keystone/user-request.ts'
import { credentialFields } from '../../../../lib/wire/keystone/user-body.ts'
import { denied, type KeystoneAnswer, type KeystoneCall, shown } from '../keystone-route.ts'
import type { Holder } from './holders.ts'
import { type Desk, type DeskRoute, notAllowed } from './desk.ts'
import { changed, isSelf, newId, ridOf, tooManyPasswords, withUser } from './user-routes.ts'

const ALL = '/identity/v3/users/:user/application_credentials'
const ONE = `${ALL}/:credential`
const SECRET_BYTES = 32

export const credentialRoutes: readonly DeskRoute[] = [
  { method: 'GET', path: ALL, who: 'own', handle: list },
  { method: 'POST', path: ALL, who: 'own', handle: create },
  { method: 'GET', path: ONE, who: 'own', handle: show },
  { method: 'DELETE', path: ONE, who: 'own', handle: remove },
]

function list(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  const { name } = call.query
  return withUser(desk, call, holder, async ({ credentials }) => {
    const mine = credentials.filter((one) => name === undefined || one.name === name)
    return shown(200, { application_credentials: mine.map((one) => credentialFields(one)), links: {} })
  })
}

/** A token that came from a credential makes none: it would outlive its own end. */
async function create(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  const id = call.params['user'] ?? ''
  if (holder.kind === 'host' || !isSelf(holder, id) || holder.facts.token.credential !== null)
    return notAllowed({ method: 'POST', path: ALL })
  const wanted = parseCreateCredential(call.body)
  if (!wanted.ok) return denied(wanted.failure)
  const { project, roles } = holder.facts
  if (project === null) return denied({ code: 'token-scope', scope: 'unscoped' })
  const { name, description, expiresAtMs } = wanted.value
  const lacking = wanted.value.roles?.find((role) => !roles.includes(role))
  if (lacking !== undefined) return denied({ code: 'identity-not-found', of: 'role assignment', id: lacking })
  const secret = wanted.value.secret ?? randomBytes(SECRET_BYTES).toString('base64url')
  const secretHash = await desk.passwords.hash(secret)
  if (secretHash === null) return tooManyPasswords()
  const credential: Credential = {
    id: newId(desk, call, `credential ${id}`),
    name,
    description,
    secretHash,
    project: project.id,
    roles: wanted.value.roles ?? roles,
    expiresAtMs,
    createdAtMs: desk.wallMs(),
  }
  const rid = ridOf(call, 'add credential', id)
  return changed(desk, { kind: 'revise-user', id, rid, edit: { credential: { kind: 'add', credential } } }, () =>
    shown(201, { application_credential: credentialFields(credential, secret) }),
  )
}

function show(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  const id = call.params['credential'] ?? ''
  return withUser(desk, call, holder, async ({ credentials }) => {
    const found = credentials.find((one) => one.id === id)
    return found === undefined
      ? denied({ code: 'identity-not-found', of: 'application credential', id })
      : shown(200, { application_credential: credentialFields(found) })
  })
}

function remove(desk: Desk, call: KeystoneCall, holder: Holder): Promise<KeystoneAnswer> {
  const id = call.params['credential'] ?? ''
  return withUser(desk, call, holder, (user) => {
    const edit = { credential: { kind: 'remove', id } } as const
    return changed(desk, { kind: 'revise-user', id: user.id, rid: ridOf(call, 'remove credential', id), edit }, () => shown(204, null))
  })
}
