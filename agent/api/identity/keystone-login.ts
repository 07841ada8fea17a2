/**
 * The token of this agent's own, with which it asks Keystone about the tokens of others: fetched when it is needed first,
 * kept, and renewed before it ends or when Keystone has forgotten it.
 *
 * One login at a time, whoever waits for it; and after one that failed none for a moment, so that a wrong password does
 * not lock the user out faster than somebody can read the log.
 */
import { Secret } from '../../../lib/model/secret.ts'
import { type KeystoneName, loginBody } from '../../../lib/wire/keystone/login.ts'
import { parseKeystoneToken } from '../../../lib/wire/keystone/token.ts'
import { type JsonService, NoAnswer } from './http-json.ts'

export interface ServiceUser {
  readonly user: KeystoneName
  readonly password: Secret
  readonly project: KeystoneName
}

export interface KeystoneLogin {
  /** @throws NoAnswer if Keystone cannot be asked, LoginRefused if it does not know this user */
  token(): Promise<Secret>
  /** Keystone does not take it any more. */
  drop(token: Secret): void
}

/** Somebody has to repair the configuration. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused'
}

interface Clocks {
  readonly wallMs: () => number
  readonly monoMs: () => number
}

const FAILED_PAUSE_MS = 2000
/** Before its end a token is renewed by so much, or by a fifth of its life if that is less. */
const RENEW_BEFORE_MS = 120_000

export function keystoneLogin(service: JsonService, { user, password, project }: ServiceUser, { wallMs, monoMs }: Clocks): KeystoneLogin {
  let held: { readonly token: Secret; readonly renewAtMs: number } | null = null
  let running: Promise<Secret> | null = null
  let failed: { readonly error: unknown; readonly untilMs: number } | null = null

  async function login(): Promise<Secret> {
    const body = JSON.stringify(loginBody({ user, password: password.reveal(), project }))
    const response = await service.ask({ method: 'POST', path: '/auth/tokens?nocatalog', headers: {}, body })
    if (response.status >= 400 && response.status < 500 && response.status !== 429)
      throw new LoginRefused(`Keystone refused the login of the agent's own user (HTTP ${response.status})`)
    const text = response.header('x-subject-token')
    const known = parseKeystoneToken(response.body)
    if (response.status !== 201 || text === null || known === null) throw new NoAnswer(`a login was answered with HTTP ${response.status}`)
    const lifeMs = known.expiresAtMs - wallMs()
    const token = new Secret(text)
    held = { token, renewAtMs: monoMs() + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 5) }
    return token
  }

  return {
    async token() {
      if (held !== null && monoMs() < held.renewAtMs) return held.token
      if (failed !== null && monoMs() < failed.untilMs) throw failed.error
      running ??= login()
        .catch((error: unknown) => {
          failed = { error, untilMs: monoMs() + FAILED_PAUSE_MS }
          throw error
        })
        .finally(() => {
          running = null
        })
      return running
    },
    drop(token) {
      if (held?.token === token) held = null
    },
  }
}
