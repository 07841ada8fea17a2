/**
 * Who may log in, where no Keystone is asked: users, the projects they act for, and the tokens that they got.
 *
 * Users and projects stand in one register of the cluster; each user's tokens in one of his own, so that a login moves
 * few bytes. A token counts while its user is the one that he was when he got it: a new password, or an end to his
 * account, counts his `generation` up and ends all of them at once.
 */
import type { ProjectId, RequestId } from './ids.ts'

/** Keystone's, of which each includes the next; `service` stands apart. */
export const ROLES = ['admin', 'member', 'reader', 'service'] as const
export type Role = (typeof ROLES)[number]

/** With those that it includes. */
function impliedRoles(roles: readonly Role[]): readonly Role[] {
  const isAdmin = roles.includes('admin')
  const isMember = isAdmin || roles.includes('member')
  return ROLES.filter(
    (role) => roles.includes(role) || (role === 'member' && isMember) || (role === 'reader' && (isMember || roles.includes('reader'))),
  )
}

export interface Grant {
  readonly project: ProjectId
  readonly roles: readonly Role[]
}

/** A second way in for one user, for one project, which can be taken back alone: Keystone's application credential. */
export interface Credential {
  /** 32 hex digits. */
  readonly id: string
  readonly name: string
  readonly description: string | null
  /** As `passwordHash`. */
  readonly secretHash: string
  readonly project: ProjectId
  /** No more than its user has there. */
  readonly roles: readonly Role[]
  readonly expiresAtMs: number | null
  readonly createdAtMs: number
}

export interface User {
  /** 32 hex digits. */
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly isEnabled: boolean
  /** Of scrypt, with its salt and costs; null: nobody logs in by password. */
  readonly passwordHash: string | null
  readonly defaultProject: ProjectId | null
  readonly grants: readonly Grant[]
  readonly credentials: readonly Credential[]
  readonly generation: number
  readonly createdAtMs: number
}

export interface Project {
  /** 32 hex digits. */
  readonly id: ProjectId
  readonly name: string
  readonly description: string | null
  readonly isEnabled: boolean
  readonly createdAtMs: number
}

interface Registered {
  /** One above all others when it was changed last. */
  readonly version: number
  /** Deleted; remembered for a while, so that a late repeat does not bring it back. */
  readonly isGone: boolean
  /** Hash of the request that made it. */
  readonly bodyHash: string
  /** The last requests that changed it. */
  readonly done: readonly RequestId[]
}

export interface UserEntry extends User, Registered {
  readonly kind: 'user'
}

export interface ProjectEntry extends Project, Registered {
  readonly kind: 'project'
}

export interface TokenEntry {
  readonly kind: 'token'
  /** SHA-256 of its text, in base64url. The text is nowhere but with whoever got it. */
  readonly hash: string
  /** Of the user when it was issued. */
  readonly generation: number
  /** Null: for no project; good for asking for another token. */
  readonly project: ProjectId | null
  /** Id of the application credential that it was issued for. */
  readonly credential: string | null
  /** How its user showed who he is, in Keystone's words. */
  readonly methods: readonly string[]
  readonly auditId: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

export type IdentityEntry = UserEntry | ProjectEntry | TokenEntry

/** By id, or by name. */
export type Named = { readonly id: string } | { readonly name: string }

/** What of the register somebody needs. */
export type IdentityQuery =
  | { readonly kind: 'all' }
  /** One user and, of the projects, the one that is named and those where he has a role. */
  | { readonly kind: 'login'; readonly user: Named | null; readonly credential: string | null; readonly project: Named | null }

export interface UserEdit {
  readonly name?: string
  readonly description?: string | null
  readonly isEnabled?: boolean
  readonly passwordHash?: string
  readonly defaultProject?: ProjectId | null
  readonly grant?: { readonly project: ProjectId; readonly role: Role; readonly isGranted: boolean }
  readonly credential?: { readonly kind: 'add'; readonly credential: Credential } | { readonly kind: 'remove'; readonly id: string }
}

export interface ProjectEdit {
  readonly name?: string
  readonly description?: string | null
  readonly isEnabled?: boolean
}

export type UserClaim = Pick<
  UserEntry,
  'id' | 'name' | 'description' | 'isEnabled' | 'passwordHash' | 'defaultProject' | 'createdAtMs' | 'bodyHash'
>
export type ProjectClaim = Pick<ProjectEntry, 'id' | 'name' | 'description' | 'isEnabled' | 'createdAtMs' | 'bodyHash'>

/** What somebody wants done to the users and projects, or to one user's tokens. */
export type IdentityChange =
  | { readonly kind: 'claim-user'; readonly claim: UserClaim }
  | { readonly kind: 'revise-user'; readonly id: string; readonly rid: RequestId; readonly edit: UserEdit }
  | { readonly kind: 'release-user'; readonly id: string; readonly rid: RequestId }
  | { readonly kind: 'claim-project'; readonly claim: ProjectClaim }
  | { readonly kind: 'revise-project'; readonly id: ProjectId; readonly rid: RequestId; readonly edit: ProjectEdit }
  | { readonly kind: 'release-project'; readonly id: ProjectId; readonly rid: RequestId }
  | { readonly kind: 'read-identity'; readonly query: IdentityQuery }
  | { readonly kind: 'issue-token'; readonly token: TokenEntry; readonly atMs: number }
  | { readonly kind: 'revoke-token'; readonly hash: string }
  | { readonly kind: 'read-token'; readonly hash: string }

/** What was changed, or what was asked for; nothing that is deleted. */
export interface IdentityFound {
  readonly users: readonly UserEntry[]
  readonly projects: readonly ProjectEntry[]
  readonly tokens: readonly TokenEntry[]
}

export type IdentityKind = 'user' | 'project' | 'application credential' | 'role assignment' | 'role' | 'domain' | 'token'

/** Why the register left it as it was: these facts go out to the client as they are. */
export type IdentityRefusal =
  | { readonly code: 'identity-exists'; readonly of: 'user' | 'project' | 'application credential'; readonly name: string }
  | { readonly code: 'identity-not-found'; readonly of: IdentityKind; readonly id: string }
  /** The request that made it had another body. */
  | { readonly code: 'identity-mismatch'; readonly id: string }
  | { readonly code: 'identity-full'; readonly of: 'characters' | 'application credentials' | 'role assignments'; readonly limit: number }

export const CREDENTIALS_MAX = 100
export const GRANTS_MAX = 500
/** Of one user at once; the one that ends first goes for one more. */
export const TOKENS_MAX = 1000

/** The roles that a user has in a project, included ones too; none if he may not log in for it. */
export function rolesIn({ grants }: Pick<User, 'grants'>, project: ProjectId): readonly Role[] {
  return impliedRoles(grants.find((grant) => grant.project === project)?.roles ?? [])
}

/** Whether the project of a grant, or of a token, is there and may be acted for. */
export function isOpen(projects: readonly ProjectEntry[], id: ProjectId): boolean {
  return projects.some((project) => project.id === id && project.isEnabled && !project.isGone)
}
