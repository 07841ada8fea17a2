/**
 * Where the REST API listens, who may call it, and how it is encrypted.
 *
 * Plain HTTP and callers that nobody has asked who they are stay on loopback: whatever others can reach takes both a
 * certificate and an identity, and a configuration that says otherwise is refused.
 */
import Type, { type Static } from 'typebox'
import { invariant } from '../model/invariant.ts'
import { Secret } from '../model/secret.ts'
import { type HostPort, isLoopback, parseHostPort } from './address.ts'
import { type Problem, problem } from './problems.ts'

const absolutePath = Type.String({ pattern: '^/', description: 'an absolute path' })
const name = (what: string) => Type.String({ minLength: 1, maxLength: 255, description: what })

const CACHE_MS_MAX = 60_000
const TOKEN_LIFE_SECONDS_MAX = 86_400

const keystoneAuth = Type.Object({
  kind: Type.Literal('keystone'),
  url: Type.String({ pattern: '^https?://[^\\s?#@]+$', description: 'a URL such as https://keystone.example:5000/v3' }),
  /** The agent's own user; it needs the role service, or admin, in its project. */
  username: name('the name of a user'),
  password: Type.Optional(Type.String({ minLength: 1, description: 'a password, as a text', writeOnly: true })),
  /** In place of `password`: a file that holds it and nothing else. */
  passwordFile: Type.Optional(absolutePath),
  projectName: name('the name of a project'),
  userDomainName: Type.String({ minLength: 1, default: 'Default', description: 'the name of a domain' }),
  projectDomainName: Type.String({ minLength: 1, default: 'Default', description: 'the name of a domain' }),
  /** Who may have signed Keystone's certificate, if the system does not know. */
  caFile: Type.Optional(absolutePath),
  /** How long a token that was revoked may still be taken. */
  cacheMs: Type.Integer({
    minimum: 0,
    maximum: CACHE_MS_MAX,
    default: CACHE_MS_MAX,
    description: `a whole number from 0 to ${CACHE_MS_MAX}`,
  }),
})
const builtinAuth = Type.Object({
  kind: Type.Literal('builtin'),
  /** How long a token that was revoked may still be taken on other hosts. */
  cacheMs: Type.Integer({ minimum: 0, maximum: CACHE_MS_MAX, default: 5000, description: `a whole number from 0 to ${CACHE_MS_MAX}` }),
  tokenLifeSeconds: Type.Integer({
    minimum: 60,
    maximum: TOKEN_LIFE_SECONDS_MAX,
    default: 3600,
    description: `a whole number from 60 to ${TOKEN_LIFE_SECONDS_MAX}`,
  }),
})
const noAuth = Type.Object({ kind: Type.Literal('none') })

export const apiSchema = Type.Object(
  {
    listen: Type.String({
      pattern: '^(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+):(\\d{1,4}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])$',
      default: '127.0.0.1:8776',
      description: 'host:port such as 127.0.0.1:8776',
    }),
    auth: Type.Union([noAuth, keystoneAuth, builtinAuth], { default: { kind: 'none' } }),
    tls: Type.Optional(
      Type.Object({
        certificateFile: Type.Optional(absolutePath),
        keyFile: Type.Optional(absolutePath),
        /** Made at the first start, and again before it expires. */
        selfSigned: Type.Optional(Type.Boolean({ description: 'true or false' })),
      }),
    ),
  },
  { default: {} },
)

type Written = Static<typeof apiSchema>

export type AuthConfig =
  | { readonly kind: 'none' }
  /** The cluster's own users. */
  | { readonly kind: 'builtin'; readonly cacheMs: number; readonly tokenLifeSeconds: number }
  | {
      readonly kind: 'keystone'
      readonly url: string
      readonly username: string
      readonly password: { readonly text: Secret } | { readonly file: string }
      readonly projectName: string
      readonly userDomainName: string
      readonly projectDomainName: string
      readonly caFile: string | null
      readonly cacheMs: number
    }

export type TlsConfig =
  | { readonly kind: 'files'; readonly certificateFile: string; readonly keyFile: string }
  | { readonly kind: 'self-signed' }

export interface ApiConfig {
  readonly listen: HostPort
  readonly auth: AuthConfig
  /** Null: plain HTTP. */
  readonly tls: TlsConfig | null
}

/** What no single key shows. */
export function apiContradictions({ listen, auth, tls }: Written): readonly Problem[] {
  const problems: Problem[] = []
  const isOpen = !isLoopback(mustParse(listen).host)
  if (isOpen && auth.kind === 'none')
    problems.push(
      problem(
        'api.listen',
        'a loopback address, because with auth.kind none whoever reaches the API may do anything (or set api.auth)',
        listen,
      ),
    )
  if (isOpen && tls === undefined)
    problems.push(
      problem(
        'api.tls',
        'selfSigned: true, or certificateFile and keyFile, because tokens would cross the network for all to read',
        undefined,
      ),
    )
  if (tls !== undefined) problems.push(...tlsContradictions(tls))
  if (auth.kind === 'keystone' && (auth.password === undefined) === (auth.passwordFile === undefined))
    problems.push(
      problem(
        'api.auth.passwordFile',
        'one of password and passwordFile, because the agent logs in itself to ask about tokens',
        auth.passwordFile,
      ),
    )
  return problems
}

function tlsContradictions({ certificateFile, keyFile, selfSigned }: NonNullable<Written['tls']>): readonly Problem[] {
  if (selfSigned === true) {
    const file = certificateFile ?? keyFile
    const isBoth = file !== undefined
    return isBoth
      ? [problem('api.tls.selfSigned', 'true without certificateFile and keyFile, because only one certificate is shown', true)]
      : []
  }
  if (certificateFile !== undefined && keyFile !== undefined) return []
  const missing = certificateFile === undefined ? 'certificateFile' : 'keyFile'
  return [
    problem(`api.tls.${missing}`, 'an absolute path, because a certificate and its key belong together (or selfSigned: true)', undefined),
  ]
}

/** @param written as the schema and `apiContradictions` let it through */
export function apiOf({ listen, auth, tls }: Written): ApiConfig {
  return { listen: mustParse(listen), auth: authOf(auth), tls: tls === undefined ? null : tlsOf(tls) }
}

function authOf(auth: Written['auth']): AuthConfig {
  if (auth.kind !== 'keystone') return auth
  const { password, passwordFile, caFile, ...rest } = auth
  invariant(password !== undefined || passwordFile !== undefined, 'a password or its file was demanded before')
  return {
    ...rest,
    password: passwordFile === undefined ? { text: new Secret(password ?? '') } : { file: passwordFile },
    caFile: caFile ?? null,
  }
}

function tlsOf({ certificateFile, keyFile }: NonNullable<Written['tls']>): TlsConfig {
  return certificateFile === undefined || keyFile === undefined ? { kind: 'self-signed' } : { kind: 'files', certificateFile, keyFile }
}

function mustParse(text: string): HostPort {
  const parsed = parseHostPort(text)
  invariant(parsed !== null, 'what the schema passes as an address can be parsed as one')
  return parsed
}
