/** Who may log in, as the registers of the cluster say. Nothing is kept here. */
import type { Result } from '../../../../lib/model/failure.ts'
import {
  type IdentityChange,
  type IdentityFound,
  type IdentityQuery,
  isOpen,
  rolesIn,
  type TokenEntry,
  type UserEntry,
} from '../../../../lib/model/identity.ts'
import { IDENTITY_PROJECT, type ProjectId, tokensProject } from '../../../../lib/model/ids.ts'
import type { TokenFacts } from '../../../../lib/wire/keystone/token-body.ts'
import type { Service } from '../../../run/service.ts'

type Change<Kind extends IdentityChange['kind']> = Extract<IdentityChange, { kind: Kind }>
type Found = Promise<Result<IdentityFound>>

export interface Accounts {
  query(query: IdentityQuery): Found
  change(change: Exclude<IdentityChange, { kind: 'issue-token' | 'revoke-token' | 'read-token' }>): Found
  tokens(user: string, change: Change<'issue-token' | 'revoke-token' | 'read-token'>): Found
}

export function accountsOf(service: Pick<Service, 'ask'>): Accounts {
  const ask = async (register: ProjectId, change: IdentityChange): Found =>
    (await service.ask({ kind: 'identity', register, change })).result
  return {
    query: (query) => ask(IDENTITY_PROJECT, { kind: 'read-identity', query }),
    change: (change) => ask(IDENTITY_PROJECT, change),
    tokens: (user, change) => ask(tokensProject(user), change),
  }
}

/** All that follows from a token, or null if it does not count any more. */
export function factsOf(token: TokenEntry, found: IdentityFound, nowMs: number): TokenFacts | null {
  const [user] = found.users
  if (user === undefined || !user.isEnabled || user.generation !== token.generation || token.expiresAtMs <= nowMs) return null
  const credential = token.credential === null ? null : (user.credentials.find(({ id }) => id === token.credential) ?? null)
  if (token.credential !== null && (credential === null || hasEnded(credential, nowMs))) return null
  if (token.project === null) return { token, user, project: null, roles: [] }
  const granted = rolesFor(user, found, token.project)
  const roles = credential === null ? granted : granted.filter((role) => credential.roles.includes(role))
  const project = found.projects.find(({ id }) => id === token.project)
  return project === undefined || roles.length === 0 ? null : { token, user, project, roles }
}

/** None in a project that is closed. */
export function rolesFor(user: UserEntry, { projects }: IdentityFound, project: ProjectId): ReturnType<typeof rolesIn> {
  return isOpen(projects, project) ? rolesIn(user, project) : []
}

export function hasEnded({ expiresAtMs }: { readonly expiresAtMs: number | null }, nowMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= nowMs
}
