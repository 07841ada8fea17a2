/**
 * The body of `POST /v3/auth/tokens` as it arrives: how somebody shows who he is, and what he wants to act for.
 *
 * One method at a time: password, token, or application credential. The one domain that there is may be named by its id
 * or its name; another knows nobody.
 */
import Type, { type Static } from 'typebox'
import type { Named } from '../../model/identity.ts'
import { accepted, type Parsed, refused, shape } from '../cinder/input.ts'

export const DOMAIN = { id: 'default', name: 'Default' } as const

export type AuthMethod =
  | { readonly kind: 'password'; readonly user: Named; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  /** By id, or by the name that it has with its user. */
  | { readonly kind: 'application_credential'; readonly id: string; readonly secret: string }
  | { readonly kind: 'application_credential'; readonly name: string; readonly user: Named; readonly secret: string }

/** `default`: nothing was said, so that it is the user's own project if he has one. */
export type AuthScope =
  | { readonly kind: 'default' }
  | { readonly kind: 'unscoped' }
  | { readonly kind: 'project'; readonly project: Named }
  /** Of a domain or of the system: nobody has a role there. */
  | { readonly kind: 'other' }

export interface AuthRequest {
  readonly method: AuthMethod
  readonly scope: AuthScope
}

const Name = Type.String({ minLength: 1, maxLength: 255 })
const Domain = Type.Object({ id: Type.Optional(Name), name: Type.Optional(Name) })
const Party = Type.Object({ id: Type.Optional(Name), name: Type.Optional(Name), domain: Type.Optional(Domain) })
/** As long as anybody types; scrypt reads all of it. */
const PasswordText = Type.String({ maxLength: 4096 })
const PasswordUser = Type.Intersect([Party, Type.Object({ password: PasswordText })])
const ApplicationCredential = Type.Object({
  id: Type.Optional(Name),
  name: Type.Optional(Name),
  secret: PasswordText,
  user: Type.Optional(Party),
})

const AuthBody = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 1 }),
      password: Type.Optional(Type.Object({ user: PasswordUser })),
      token: Type.Optional(Type.Object({ id: Type.String({ minLength: 1, maxLength: 8192 }) })),
      application_credential: Type.Optional(ApplicationCredential),
    }),
    scope: Type.Optional(Type.Union([Type.Literal('unscoped'), Type.Record(Type.String(), Type.Unknown())])),
  }),
})
/** For the description of the API. */
export const AUTH_BODY = shape(AuthBody)
const projectShape = shape(Type.Object({ project: Party }))

export function parseAuthRequest(body: unknown): Parsed<AuthRequest> {
  const parsed = AUTH_BODY.parse(body)
  if (!parsed.ok) return parsed
  const { identity, scope } = parsed.value.auth
  const method = methodOf(identity)
  if (!method.ok) return method
  const scoped = scopeOf(scope)
  return scoped.ok ? accepted({ method: method.value, scope: scoped.value }) : scoped
}

type Identity = Static<typeof AuthBody>['auth']['identity']

function methodOf({ methods, password, token, application_credential: credential }: Identity): Parsed<AuthMethod> {
  const [method = ''] = methods
  switch (method) {
    case 'password': {
      if (password === undefined) return missing('password')
      const user = namedOf('auth.identity.password.user', password.user)
      return user.ok ? accepted({ kind: 'password', user: user.value, password: password.user.password }) : user
    }
    case 'token':
      return token === undefined ? missing('token') : accepted({ kind: 'token', token: token.id })
    case 'application_credential': {
      if (credential === undefined) return missing('application_credential')
      const { id, name, secret } = credential
      if (id !== undefined) return accepted({ kind: 'application_credential', id, secret })
      if (name === undefined || credential.user === undefined) return missing('application_credential.id')
      const user = namedOf('auth.identity.application_credential.user', credential.user)
      return user.ok ? accepted({ kind: 'application_credential', name, user: user.value, secret }) : user
    }
    default:
      return refused({
        code: 'bad-value',
        path: 'auth.identity.methods',
        value: method.slice(0, 80),
        rule: { kind: 'form', wanted: 'password, token, application_credential' },
      })
  }
}

function missing(key: string): Parsed<never> {
  return refused({ code: 'missing-key', path: 'auth.identity', keys: [key] })
}

function scopeOf(scope: unknown): Parsed<AuthScope> {
  if (scope === undefined) return accepted({ kind: 'default' })
  if (scope === 'unscoped') return accepted({ kind: 'unscoped' })
  const named = projectShape.parse(scope)
  if (!named.ok) return accepted({ kind: 'other' })
  const project = namedOf('auth.scope.project', named.value.project)
  return project.ok ? accepted({ kind: 'project', project: project.value }) : project
}

/** A name in another domain is nobody's, which is found out where the name is looked for: no name holds a NUL. */
function namedOf(path: string, { id, name, domain }: Static<typeof Party>): Parsed<Named> {
  if (id !== undefined) return accepted({ id })
  if (name === undefined) return refused({ code: 'missing-key', path, keys: ['id', 'name'] })
  const isHere = domain === undefined || domain.id === DOMAIN.id || domain.name?.toLowerCase() === DOMAIN.name.toLowerCase()
  return accepted({ name: isHere ? name : `\0${name}`.slice(0, 255) })
}
