/**
 * From a password, a token or an application credential to a new token.
 *
 * Whatever is wrong the answer is the same 401 and takes as long: nobody learns here which names exist. Who fails often
 * has to wait, by his address and the name that he tried, so that nobody is locked out by somebody else's guesses.
 */
import { randomBytes } from 'node:crypto'
import type { Failure } from '../../../../lib/model/failure.ts'
import type { Credential, IdentityFound, Named, TokenEntry, UserEntry } from '../../../../lib/model/identity.ts'
import type { ProjectId } from '../../../../lib/model/ids.ts'
import type { Secret } from '../../../../lib/model/secret.ts'
import type { AuthMethod, AuthRequest, AuthScope } from '../../../../lib/wire/keystone/auth-request.ts'
import type { TokenFacts } from '../../../../lib/wire/keystone/token-body.ts'
import type { HttpFailure } from '../../failure.ts'
import { rateLimit } from '../../rate-limit.ts'
import { type Accounts, factsOf, hasEnded, rolesFor } from './accounts.ts'
import type { Holders } from './holders.ts'
import type { Passwords } from './passwords.ts'
import { newTokenText, tokenHashOf } from './token-text.ts'

export type LoggedIn =
  | { readonly ok: true; readonly text: Secret; readonly facts: TokenFacts }
  /** `reason`: for the log of the operator alone. */
  | { readonly ok: false; readonly failure: Failure | HttpFailure; readonly reason: string | null }

export interface Login {
  login(request: AuthRequest, remote: string): Promise<LoggedIn>
}

export interface LoginOptions {
  readonly accounts: Accounts
  readonly passwords: Passwords
  readonly holders: Holders
  readonly tokenLifeMs: number
  readonly wallMs: () => number
  readonly monoMs: () => number
}

/** Who somebody has shown to be. */
interface Proven {
  readonly user: UserEntry
  readonly found: IdentityFound
  readonly methods: readonly string[]
  readonly credential: Credential | null
  /** The new token does not outlive it; null if there is no such bound. */
  readonly endsAtMs: number | null
}

type Outcome = { readonly ok: true; readonly proven: Proven } | Extract<LoggedIn, { ok: false }>

const FAILURES_AT_ONCE = 10
const FAILURES_PER_SECOND = 1 / 6
const NAMES_MAX = 10_000
const NOT_RIGHT = { ok: false, failure: { code: 'unauthorized', challenge: null } } as const

export function createLogin({ accounts, passwords, holders, tokenLifeMs, wallMs, monoMs }: LoginOptions): Login {
  const failures = rateLimit({ perSecond: FAILURES_PER_SECOND, burst: FAILURES_AT_ONCE, keysMax: NAMES_MAX, monoMs })

  async function prove(method: AuthMethod, project: Named | null): Promise<Outcome> {
    switch (method.kind) {
      case 'password':
        return await byPassword(method, project)
      case 'token':
        return await byToken(method.token, project)
      case 'application_credential':
        return await byCredential(method)
    }
  }

  async function byPassword({ user: named, password }: Extract<AuthMethod, { kind: 'password' }>, project: Named | null): Promise<Outcome> {
    const found = await accounts.query({ kind: 'login', user: named, credential: null, project })
    if (!found.ok) return { ok: false, failure: found.failure, reason: null }
    const [user] = found.value.users
    const isRight = await passwords.isRight(password, user?.passwordHash ?? null)
    if (isRight === null) return tooMany()
    if (!isRight || user === undefined) return { ...NOT_RIGHT, reason: 'wrong user or password' }
    return { ok: true, proven: { user, found: found.value, methods: ['password'], credential: null, endsAtMs: null } }
  }

  /** For another project, and for no longer than the one that is shown. */
  async function byToken(text: string, project: Named | null): Promise<Outcome> {
    const held = await holders.now(text)
    if (held.kind === 'unknown') return { ok: false, failure: held.failure, reason: null }
    if (held.kind === 'bad' || held.holder.kind === 'host') return { ...NOT_RIGHT, reason: 'token unknown, expired or revoked' }
    const { token, user: of } = held.holder.facts
    // What a credential is for, its token cannot leave.
    if (token.credential !== null) return { ...NOT_RIGHT, reason: 'token of an application credential' }
    const found = await accounts.query({ kind: 'login', user: { id: of.id }, credential: null, project })
    if (!found.ok) return { ok: false, failure: found.failure, reason: null }
    const [user] = found.value.users
    if (user === undefined || user.generation !== token.generation) return { ...NOT_RIGHT, reason: 'token of a user who is gone' }
    const methods = [...new Set([...token.methods, 'token'])]
    return { ok: true, proven: { user, found: found.value, methods, credential: null, endsAtMs: token.expiresAtMs } }
  }

  async function byCredential(method: Extract<AuthMethod, { kind: 'application_credential' }>): Promise<Outcome> {
    const query = 'id' in method ? { user: null, credential: method.id } : { user: method.user, credential: null }
    const found = await accounts.query({ kind: 'login', ...query, project: null })
    if (!found.ok) return { ok: false, failure: found.failure, reason: null }
    const [user] = found.value.users
    const credential = user?.credentials.find((one) => ('id' in method ? one.id === method.id : one.name === method.name)) ?? null
    const isRight = await passwords.isRight(method.secret, credential?.secretHash ?? null)
    if (isRight === null) return tooMany()
    if (!isRight || user === undefined || credential === null || hasEnded(credential, wallMs()))
      return { ...NOT_RIGHT, reason: 'wrong application credential' }
    return {
      ok: true,
      proven: { user, found: found.value, methods: ['application_credential'], credential, endsAtMs: credential.expiresAtMs },
    }
  }

  async function issue({ user, found, methods, credential, endsAtMs }: Proven, project: ProjectId | null): Promise<LoggedIn> {
    const nowMs = wallMs()
    const text = newTokenText(user.id)
    const token: TokenEntry = {
      kind: 'token',
      hash: tokenHashOf(text.reveal()),
      generation: user.generation,
      project,
      credential: credential?.id ?? null,
      methods,
      auditId: randomBytes(16).toString('base64url'),
      issuedAtMs: nowMs,
      expiresAtMs: Math.min(nowMs + tokenLifeMs, endsAtMs ?? Number.POSITIVE_INFINITY),
    }
    const facts = factsOf(token, found, nowMs)
    if (facts === null) return { ...NOT_RIGHT, reason: 'no role in the project' }
    const issued = await accounts.tokens(user.id, { kind: 'issue-token', token, atMs: nowMs })
    return issued.ok ? { ok: true, text, facts } : { ok: false, failure: issued.failure, reason: null }
  }

  return {
    async login({ method, scope }, remote) {
      const key = `${remote} ${nameOf(method)}`
      if (!failures.isOpen(key)) return { ok: false, failure: { code: 'too-many-logins' }, reason: 'too many failed logins' }
      const outcome = await prove(method, scope.kind === 'project' ? scope.project : null)
      const done = outcome.ok ? await scoped(outcome.proven, scope, issue) : outcome
      if (!done.ok && done.failure.code === 'unauthorized') failures.take(key)
      return done
    },
  }
}

async function scoped(
  proven: Proven,
  scope: AuthScope,
  issue: (proven: Proven, project: ProjectId | null) => Promise<LoggedIn>,
): Promise<LoggedIn> {
  const { user, found, credential } = proven
  if (!user.isEnabled) return { ...NOT_RIGHT, reason: 'user is disabled' }
  if (credential !== null)
    return scope.kind === 'default' ? await issue(proven, credential.project) : { ...NOT_RIGHT, reason: 'a credential has its own scope' }
  switch (scope.kind) {
    case 'unscoped':
      return await issue(proven, null)
    case 'default': {
      const own = user.defaultProject
      return await issue(proven, own !== null && rolesFor(user, found, own).length > 0 ? own : null)
    }
    case 'other':
      return { ...NOT_RIGHT, reason: 'no role in a domain or in the system' }
    case 'project': {
      const wanted = scope.project
      const project = found.projects.find((one) =>
        'id' in wanted ? one.id === wanted.id : one.name.toLowerCase() === wanted.name.toLowerCase(),
      )
      return project === undefined ? { ...NOT_RIGHT, reason: 'no such project' } : await issue(proven, project.id)
    }
  }
}

function tooMany(): Extract<LoggedIn, { ok: false }> {
  return { ok: false, failure: { code: 'overloaded', queue: 'passwords to be checked', limit: PASSWORDS_WAITING_MAX }, reason: null }
}

export const PASSWORDS_WAITING_MAX = 32

/** What somebody tried to be. */
function nameOf(method: AuthMethod): string {
  const named = method.kind === 'token' ? { name: '' } : 'user' in method ? method.user : { id: method.id }
  return ('id' in named ? named.id : named.name).toLowerCase()
}
