/**
 * Bodies of the calls about users, projects and application credentials, as Keystone's clients send them.
 *
 * What Keystone has beyond that (options, tags, mail addresses, a domain) is accepted and left out.
 */
import Type from 'typebox'
import { type ProjectEdit, type Role, ROLES } from '../../model/identity.ts'
import { type ProjectId, projectId } from '../../model/ids.ts'
import { accepted, type Parsed, refused, shape } from '../cinder/input.ts'

const PRINTABLE = '^[^\\p{C}\\p{Zl}\\p{Zp}]*$'
const Name = Type.String({ minLength: 1, maxLength: 64, pattern: PRINTABLE })
const Description = Type.Optional(Type.Union([Type.String({ maxLength: 1000 }), Type.Null()]))
const Enabled = Type.Optional(Type.Boolean())
/** Short ones are refused, and none is cut: scrypt reads all of it. */
const Password = Type.String({ minLength: 8, maxLength: 1024 })
const OptionalId = Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()]))

const userFields = {
  name: Type.Optional(Name),
  password: Type.Optional(Type.Union([Password, Type.Null()])),
  description: Description,
  enabled: Enabled,
  default_project_id: OptionalId,
}
const createUserShape = shape(Type.Object({ user: Type.Object({ ...userFields, name: Name }) }))
const updateUserShape = shape(Type.Object({ user: Type.Object(userFields) }))
const passwordShape = shape(Type.Object({ user: Type.Object({ password: Password, original_password: Type.String({ maxLength: 1024 }) }) }))
const createProjectShape = shape(Type.Object({ project: Type.Object({ name: Name, description: Description, enabled: Enabled }) }))
const updateProjectShape = shape(
  Type.Object({ project: Type.Object({ name: Type.Optional(Name), description: Description, enabled: Enabled }) }),
)
const credentialShape = shape(
  Type.Object({
    application_credential: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 255, pattern: PRINTABLE }),
      description: Description,
      secret: Type.Optional(Type.Union([Type.String({ minLength: 16, maxLength: 1024 }), Type.Null()])),
      expires_at: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()])),
      roles: Type.Optional(
        Type.Array(Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) }), { maxItems: 16 }),
      ),
      unrestricted: Type.Optional(Type.Boolean()),
    }),
  }),
)

/** For the description of the API. */
export const IDENTITY_BODIES = {
  createUser: createUserShape,
  updateUser: updateUserShape,
  password: passwordShape,
  createProject: createProjectShape,
  updateProject: updateProjectShape,
  credential: credentialShape,
}

export interface CreateUser {
  readonly name: string
  readonly description: string | null
  readonly isEnabled: boolean
  readonly password: string | null
  readonly defaultProject: ProjectId | null
}

export function parseCreateUser(body: unknown): Parsed<CreateUser> {
  const parsed = createUserShape.parse(body)
  if (!parsed.ok) return parsed
  const { name, password = null, description = null, enabled = true, default_project_id: project = null } = parsed.value.user
  return accepted({ name, description, isEnabled: enabled, password, defaultProject: project === null ? null : projectId(project) })
}

export interface UpdateUser {
  readonly name?: string
  readonly description?: string | null
  readonly isEnabled?: boolean
  readonly password?: string
  readonly defaultProject?: ProjectId | null
}

export function parseUpdateUser(body: unknown): Parsed<UpdateUser> {
  const parsed = updateUserShape.parse(body)
  if (!parsed.ok) return parsed
  const { name, password, description, enabled, default_project_id: project } = parsed.value.user
  return accepted({
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(enabled === undefined ? {} : { isEnabled: enabled }),
    ...(typeof password === 'string' ? { password } : {}),
    ...(project === undefined ? {} : { defaultProject: project === null ? null : projectId(project) }),
  })
}

export function parseNewPassword(body: unknown): Parsed<{ readonly password: string; readonly original: string }> {
  const parsed = passwordShape.parse(body)
  return parsed.ok ? accepted({ password: parsed.value.user.password, original: parsed.value.user.original_password }) : parsed
}

export interface CreateProject {
  readonly name: string
  readonly description: string | null
  readonly isEnabled: boolean
}

export function parseCreateProject(body: unknown): Parsed<CreateProject> {
  const parsed = createProjectShape.parse(body)
  if (!parsed.ok) return parsed
  const { name, description = null, enabled = true } = parsed.value.project
  return accepted({ name, description, isEnabled: enabled })
}

export function parseUpdateProject(body: unknown): Parsed<ProjectEdit> {
  const parsed = updateProjectShape.parse(body)
  if (!parsed.ok) return parsed
  const { name, description, enabled } = parsed.value.project
  return accepted({
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(enabled === undefined ? {} : { isEnabled: enabled }),
  })
}

export interface CreateCredential {
  readonly name: string
  readonly description: string | null
  /** Null: one is to be made. */
  readonly secret: string | null
  readonly expiresAtMs: number | null
  /** Null: all that the token has. */
  readonly roles: readonly Role[] | null
}

export function parseCreateCredential(body: unknown): Parsed<CreateCredential> {
  const parsed = credentialShape.parse(body)
  if (!parsed.ok) return parsed
  const { name, description = null, secret = null, expires_at: expiry = null, roles, unrestricted } = parsed.value.application_credential
  // It could make further ones, and so outlive its own end.
  if (unrestricted === true) return refused({ code: 'not-supported', feature: 'unrestricted application credentials' })
  const expiresAtMs = expiry === null ? null : dateMs(expiry)
  if (Number.isNaN(expiresAtMs)) return notRight('expires_at', expiry ?? '', 'a date such as 2030-01-31T12:00:00')
  const wanted = roles?.map(({ id, name: of }) => id ?? of ?? '')
  const unknown = wanted?.find((role) => !isRole(role))
  if (unknown !== undefined) return notRight('roles', unknown, ROLES.join(', '))
  return accepted({ name, description, secret, expiresAtMs, roles: wanted?.filter(isRole) ?? null })
}

/** Without a zone it is UTC, as in Keystone. */
function dateMs(text: string): number {
  return new Date(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`).getTime()
}

function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text)
}

function notRight(key: string, value: string, wanted: string): Parsed<never> {
  return refused({ code: 'bad-value', path: `application_credential.${key}`, value: value.slice(0, 80), rule: { kind: 'form', wanted } })
}
