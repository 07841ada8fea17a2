/** The shapes of users, projects and tokens, where they are the cluster's own, and of the changes of these. */
import {
  type Credential,
  CREDENTIALS_MAX,
  type Grant,
  GRANTS_MAX,
  type IdentityQuery,
  type Named,
  type ProjectClaim,
  type ProjectEdit,
  type ProjectEntry,
  ROLES,
  type TokenEntry,
  type UserClaim,
  type UserEdit,
  type UserEntry,
} from '../../model/identity.ts'
import { bool, type Check, list, nullable, oneOf, optional, pattern, shape, text, variants } from './check.ts'
import { atMs, bodyHash, count, project, rid } from './plain-shapes.ts'

export const identityId = pattern(/^[0-9a-f]{32}$/, 32)
export const tokenHash = pattern(/^[A-Za-z0-9_-]{43}$/, 43)
const name = text(255)
const description = nullable(text(1000))
const secretHash = text(512)
const roles = list(oneOf(...ROLES), ROLES.length)

const credential = shape<Credential>({
  id: identityId,
  name,
  description,
  secretHash,
  project,
  roles,
  expiresAtMs: nullable(atMs),
  createdAtMs: atMs,
})
const grant = shape<Grant>({ project, roles })
const registered = { version: count, isGone: bool, bodyHash, done: list(rid, 1000) }
const userClaimFields = {
  id: identityId,
  name,
  description,
  isEnabled: bool,
  passwordHash: nullable(secretHash),
  defaultProject: nullable(project),
  createdAtMs: atMs,
}
const projectClaimFields = { id: identityId, name, description, isEnabled: bool, createdAtMs: atMs }

type FieldsOf<Entry> = Omit<{ readonly [Key in keyof Required<Entry>]: Check }, 'kind'>

export const userFields: FieldsOf<UserEntry> = {
  ...userClaimFields,
  ...registered,
  grants: list(grant, GRANTS_MAX),
  credentials: list(credential, CREDENTIALS_MAX),
  generation: count,
}
export const projectFields: FieldsOf<ProjectEntry> = { ...projectClaimFields, ...registered }
export const tokenFields: FieldsOf<TokenEntry> = {
  hash: tokenHash,
  generation: count,
  project: nullable(project),
  credential: nullable(identityId),
  methods: list(text(64), 8),
  auditId: text(64),
  issuedAtMs: atMs,
  expiresAtMs: atMs,
}

export const userClaim = shape<UserClaim>({ ...userClaimFields, bodyHash })
export const projectClaim = shape<ProjectClaim>({ ...projectClaimFields, bodyHash })
export const userEdit = shape<UserEdit>({
  name: optional(name),
  description: optional(description),
  isEnabled: optional(bool),
  passwordHash: optional(secretHash),
  defaultProject: optional(nullable(project)),
  grant: optional(shape<NonNullable<UserEdit['grant']>>({ project, role: oneOf(...ROLES), isGranted: bool })),
  credential: optional(variants<NonNullable<UserEdit['credential']>>({ add: { credential }, remove: { id: identityId } })),
})
export const projectEdit = shape<ProjectEdit>({ name: optional(name), description: optional(description), isEnabled: optional(bool) })

const byId = shape<Extract<Named, { readonly id: string }>>({ id: text(255) })
const byName = shape<Extract<Named, { readonly name: string }>>({ name })
const named: Check = (json) => byId(json) || byName(json)
export const identityQuery = variants<IdentityQuery>({
  all: {},
  login: { user: nullable(named), credential: nullable(identityId), project: nullable(named) },
})
