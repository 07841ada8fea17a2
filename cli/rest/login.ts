/** Gets a token at Keystone, once a command. */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { Secret } from '../../lib/model/secret.ts'
import { credentialBody, keystoneRoot, loginBody } from '../../lib/wire/keystone/login.ts'
import { CliFailure } from '../failure.ts'
import type { CredentialWho, PasswordWho } from '../who.ts'
import { isItem, partOf, textOf } from './body.ts'
import { isDistrust, sendHttp } from './http.ts'

export interface Session {
  readonly token: Secret
  /** Id of the project that it is for. */
  readonly project: string
}

/** @throws CliFailure */
export async function login(who: PasswordWho | CredentialWho, ca: string | null): Promise<Session> {
  const { url } = who
  const body = JSON.stringify(bodyOf(who))
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const result = await sendHttp({ method: 'POST', url: `${keystoneRoot(url)}/auth/tokens`, headers, body, ca })
  if (result.kind === 'broken') {
    const remedy = isDistrust(result.code) ? 'name who signed its certificate: OS_CACERT, or --ca-file' : 'check OS_AUTH_URL'
    throw new CliFailure(EXIT.unreachable, `Keystone does not answer at ${url} (${result.code})`, remedy)
  }
  if (result.status === 401)
    throw new CliFailure(
      EXIT.notAllowed,
      `Keystone at ${url} refused the login`,
      who.kind === 'credential'
        ? 'check OS_APPLICATION_CREDENTIAL_ID and OS_APPLICATION_CREDENTIAL_SECRET; it may have expired or been deleted'
        : 'check OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and the two domains: OS_USER_DOMAIN_NAME, OS_PROJECT_DOMAIN_NAME',
    )
  const token = result.header('x-subject-token')
  const id = projectIn(result.text)
  if (result.status !== 201 || token === null || id === '')
    throw new CliFailure(EXIT.failed, `${url} answered a login with HTTP ${result.status}`, 'is OS_AUTH_URL the address of Keystone?')
  return { token: new Secret(token), project: id }
}

function bodyOf(who: PasswordWho | CredentialWho): object {
  if (who.kind === 'credential') return credentialBody(who.id, who.secret.reveal())
  const { user, password, project } = who
  return loginBody({ user, password: password.reveal(), project })
}

function projectIn(text: string): string {
  try {
    const body: unknown = JSON.parse(text)
    return isItem(body) ? textOf(partOf(partOf(body, 'token'), 'project'), 'id') : ''
  } catch (error) {
    if (error instanceof SyntaxError) return ''
    throw error
  }
}
