/**
 * Identity by tokens of OpenStack's Keystone: each is shown to Keystone, and its answer is believed for a minute at most.
 *
 * Nobody is let in on a doubt: while Keystone does not answer, or answers what nobody understands, requests get a 503,
 * except with tokens that it vouched for less than that minute ago.
 */
import { parseProjectId, type ProjectId } from '../../../lib/model/ids.ts'
import { assertNever } from '../../../lib/model/invariant.ts'
import type { Log } from '../../../lib/ports/log.ts'
import { keystoneRoot } from '../../../lib/wire/keystone/login.ts'
import { type KeystoneToken, parseKeystoneToken } from '../../../lib/wire/keystone/token.ts'
import type { Caller } from '../call.ts'
import type { HttpFailure } from '../failure.ts'
import { SYSTEM_PROJECT } from '../policy.ts'
import { type JsonResponse, jsonService, NoAnswer } from './http-json.ts'
import { type Identified, type Identity, notAsked, refusedCaller, type RequestFacts } from './identity.ts'
import { keystoneLogin, LoginRefused, type ServiceUser } from './keystone-login.ts'
import { type Heard, tokenCache } from './token-cache.ts'

export interface KeystoneOptions extends ServiceUser {
  /** As the operator wrote it; told to whoever comes without a token. */
  readonly url: string
  /** PEM of the authorities that may have signed Keystone's certificate, or null for those of the system. */
  readonly ca: string | null
  /** How long a good token is believed; 60,000 at most. */
  readonly cacheMs: number
  readonly log: Log
  readonly wallMs: () => number
  readonly monoMs: () => number
}

type Verdict =
  | { readonly kind: 'good'; readonly token: KeystoneToken }
  | { readonly kind: 'bad' }
  /** Keystone did not say. */
  | { readonly kind: 'unknown' }

/** Whether a token whose time is over still counts. */
type Expired = 'taken' | 'refused'

interface Shown {
  readonly token: string
  readonly remote: string
  /** For the log. */
  readonly which: string
  readonly expired: Expired
}

/** A token that is none is asked about again after so long: somebody may be told of it before Keystone has it everywhere. */
const BAD_MS = 5000
const TOKENS_MAX = 10_000
const ASKING_MAX = 256
const TIMEOUT_MS = 10_000
/** How often the log says that Keystone is silent. */
const TELL_EVERY_MS = 30_000
/** What can stand in a header, and no longer than any kind of token is. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/
const SERVICE_ROLE = 'service'
const BAD: Heard<Verdict> = { value: { kind: 'bad' }, verdict: 'bad', keepMs: BAD_MS }
const UNKNOWN: Heard<Verdict> = { value: { kind: 'unknown' }, verdict: 'unknown', keepMs: 0 }

export function keystone(options: KeystoneOptions): Identity {
  const { url, ca, log, wallMs, monoMs } = options
  const service = jsonService({ url: keystoneRoot(url), ca, timeoutMs: TIMEOUT_MS })
  const own = keystoneLogin(service, options, { wallMs, monoMs })
  const cache = tokenCache<Verdict>({ entriesMax: TOKENS_MAX, askingMax: ASKING_MAX, monoMs })
  const challenge = `Keystone uri="${url}"`
  let toldAtMs = Number.NEGATIVE_INFINITY

  async function askAbout(token: string, expired: Expired): Promise<Heard<Verdict>> {
    try {
      return heardOf(await show(token, expired), expired)
    } catch (error) {
      if (!(error instanceof NoAnswer || error instanceof LoginRefused)) throw error
      return unknown(error)
    }
  }

  /** Keystone's answer about a token; asked once more if it has forgotten who asks. */
  async function show(token: string, expired: Expired): Promise<JsonResponse> {
    const first = await showAs(token, expired)
    return first.status === 401 ? await showAs(token, expired) : first
  }

  async function showAs(token: string, expired: Expired): Promise<JsonResponse> {
    const mine = await own.token()
    const headers = { 'x-auth-token': mine.reveal(), 'x-subject-token': token }
    const response = await service.ask({
      method: 'GET',
      path: `/auth/tokens?nocatalog${expired === 'taken' ? '&allow_expired=1' : ''}`,
      headers,
    })
    if (response.status === 401) own.drop(mine)
    return response
  }

  function heardOf({ status, body }: JsonResponse, expired: Expired): Heard<Verdict> {
    if (status === 404) return BAD
    if (status === 401 || status === 403)
      return unknown(new LoginRefused(`Keystone does not let the agent's own user look at tokens (HTTP ${status})`))
    const token = status === 200 ? parseKeystoneToken(body) : null
    if (token === null) return unknown(new NoAnswer(`a question about a token was answered with HTTP ${status}`))
    const leftMs = token.expiresAtMs - wallMs()
    if (expired === 'taken') return { value: { kind: 'good', token }, verdict: 'good', keepMs: options.cacheMs }
    return leftMs <= 0 ? BAD : { value: { kind: 'good', token }, verdict: 'good', keepMs: Math.min(options.cacheMs, leftMs) }
  }

  function unknown(error: NoAnswer | LoginRefused): Heard<Verdict> {
    if (monoMs() - toldAtMs >= TELL_EVERY_MS) {
      toldAtMs = monoMs()
      const fields = { url, why: error.message }
      if (error instanceof NoAnswer) log.warn('keystone-silent', fields)
      else log.error('keystone-refuses', { ...fields, remedy: 'look at api.auth: its user needs the role service or admin in its project' })
    }
    return UNKNOWN
  }

  /** The caller's verdict, or why there is none. */
  async function verdictOn({ token, remote, which, expired }: Shown): Promise<KeystoneToken | Identified> {
    if (!TOKEN.test(token)) return refusedCaller({ code: 'unauthorized', challenge }, `malformed ${which}`)
    const verdict = await cache.get(expired === 'taken' ? `expired ${token}` : token, remote, () => askAbout(token, expired))
    if (typeof verdict === 'string') return notAsked(verdict, ASKING_MAX)
    switch (verdict.kind) {
      case 'good':
        return verdict.token
      case 'bad':
        return refusedCaller({ code: 'unauthorized', challenge }, `${which} unknown, expired or revoked`)
      case 'unknown':
        return refusedCaller({ code: 'identity-unavailable' }, 'Keystone did not say')
      default:
        return assertNever(verdict)
    }
  }

  return {
    tellsApart: true,
    api: null,
    stop: () => service.stop(),
    async identify({ token, serviceToken, remote, urlProject }: RequestFacts): Promise<Identified> {
      if (token === undefined || token === '') return refusedCaller({ code: 'unauthorized', challenge }, 'no token')
      const asService = serviceToken ? await verdictOn({ token: serviceToken, remote, which: 'service token', expired: 'refused' }) : null
      if (asService !== null && 'ok' in asService) return asService
      const isService = asService?.roles.includes(SERVICE_ROLE) ?? false
      // A service ends what it began for a user whose token ran out meanwhile. For how long Keystone says, a day or two.
      const user = await verdictOn({ token, remote, which: 'token', expired: isService ? 'taken' : 'refused' })
      if ('ok' in user) return user
      const project = projectOf(user)
      if (typeof project !== 'string') return refusedCaller(project, `token of a ${user.scope.kind} scope`)
      if (urlProject !== null && urlProject !== project) return refusedCaller({ code: 'malformed-url' }, 'project of the URL')
      return { ok: true, caller: callerOf(user, project, isService) }
    },
  }
}

/** As in Cinder an admin of the system is one; nobody else may act without a project. */
function projectOf({ scope, roles }: KeystoneToken): ProjectId | HttpFailure {
  if (scope.kind === 'system' && roles.includes('admin')) return SYSTEM_PROJECT
  const project = scope.kind === 'project' ? parseProjectId(scope.id) : null
  return project ?? { code: 'token-scope', scope: scope.kind }
}

function callerOf({ userId, roles }: KeystoneToken, project: ProjectId, isService: boolean): Caller {
  return { user: userId, project, roles, isAdmin: roles.includes('admin'), isService }
}
