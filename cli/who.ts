/**
 * As whom to ask: a token, a login at Keystone by the variables that every client of OpenStack knows, or, where there is
 * no authentication, whoever one says to be. What was typed comes before what the environment says.
 */
import { Secret } from '../lib/model/secret.ts'
import type { KeystoneName } from '../lib/wire/keystone/login.ts'
import { usage } from './failure.ts'

export type Who =
  | { readonly kind: 'said'; readonly user: string; readonly project: string }
  | { readonly kind: 'token'; readonly token: Secret }
  | PasswordWho
  | CredentialWho

export interface PasswordWho {
  readonly kind: 'password'
  readonly url: string
  readonly user: KeystoneName
  readonly password: Secret
  readonly project: KeystoneName
  /** Who may have signed Keystone's certificate, or null. */
  readonly caFile: string | null
}

/** An application credential, which is for one project. */
export interface CredentialWho {
  readonly kind: 'credential'
  readonly url: string
  readonly id: string
  readonly secret: Secret
  readonly caFile: string | null
}

export interface WhoOptions {
  readonly osToken?: string
  readonly project?: string
  readonly user?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** @param said what the configuration file says, or the default */
export function whoOf(options: WhoOptions, env: Environment, said: { readonly user: string; readonly project: string }): Who {
  if (options.osToken !== undefined) return { kind: 'token', token: new Secret(options.osToken) }
  const isTyped = options.user !== undefined || options.project !== undefined
  if (!isTyped && env['OS_TOKEN']) return { kind: 'token', token: new Secret(env['OS_TOKEN']) }
  if (!isTyped && env['OS_AUTH_URL']) return loginWho(env['OS_AUTH_URL'], env)
  return {
    kind: 'said',
    project: options.project ?? env['SCORIA_PROJECT'] ?? said.project,
    user: options.user ?? env['SCORIA_USER'] ?? said.user,
  }
}

function loginWho(url: string, env: Environment): PasswordWho | CredentialWho {
  const [id, secret] = [env['OS_APPLICATION_CREDENTIAL_ID'], env['OS_APPLICATION_CREDENTIAL_SECRET']]
  if (!id) return passwordWho(url, env)
  if (!secret) throw usage('OS_APPLICATION_CREDENTIAL_ID is set, and OS_APPLICATION_CREDENTIAL_SECRET is missing', 'set both, or neither')
  return { kind: 'credential', url, id, secret: new Secret(secret), caFile: env['OS_CACERT'] || null }
}

/** @throws CliFailure that names what is missing */
function passwordWho(url: string, env: Environment): PasswordWho {
  const user = named(env, 'OS_USER_ID', 'OS_USERNAME', 'OS_USER_DOMAIN')
  const project = named(env, 'OS_PROJECT_ID', 'OS_PROJECT_NAME', 'OS_PROJECT_DOMAIN')
  const password = env['OS_PASSWORD']
  if (user === null || project === null || !password) {
    const missing = [
      ...(user === null ? ['OS_USERNAME'] : []),
      ...(password ? [] : ['OS_PASSWORD']),
      ...(project === null ? ['OS_PROJECT_NAME'] : []),
    ]
    throw usage(
      `OS_AUTH_URL says to log in at Keystone, and ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
      'set what the openrc file of your project sets, or give a token: --os-token TOKEN, OS_TOKEN',
      'where there is no authentication: --user and --project, or unset OS_AUTH_URL',
    )
  }
  return { kind: 'password', url, user, password: new Secret(password), project, caFile: env['OS_CACERT'] || null }
}

function named(env: Environment, idKey: string, nameKey: string, domainKey: string): KeystoneName | null {
  const [id, name] = [env[idKey], env[nameKey]]
  if (id) return { id }
  if (!name) return null
  const domainId = env[`${domainKey}_ID`]
  return { name, domain: domainId ? { id: domainId } : { name: env[`${domainKey}_NAME`] || 'Default' } }
}
