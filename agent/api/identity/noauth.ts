/**
 * Identity without a token service: the caller says who he is, and everybody is an admin, as in Cinder's `noauth`. For
 * loopback alone: the configuration refuses it on any other address.
 */
import { parseProjectId } from '../../../lib/model/ids.ts'
import { type Identified, type Identity, refusedCaller, type RequestFacts } from './identity.ts'

const USER_MAX = 255
const CONTROL = /\p{Cc}/u
const ROLES: readonly string[] = ['admin']
const UNAUTHORIZED = { code: 'unauthorized', challenge: null } as const

export const noauth: Identity = {
  identify: async (facts) => identify(facts),
  tellsApart: false,
  api: null,
  stop() {},
}

/**
 * The token is `user:project`. Without a colon (keystoneauth's `none` sends a fixed word) the project is the URL's, else
 * the token itself, as in Cinder.
 */
function identify({ token, serviceToken, urlProject }: RequestFacts): Identified {
  if (token === undefined || token === '') return refusedCaller(UNAUTHORIZED, 'no token')
  const colon = token.indexOf(':')
  const user = colon < 0 ? token : token.slice(0, colon)
  const project = parseProjectId((colon < 0 ? urlProject : token.slice(colon + 1)) || user)
  if (project === null || user.length > USER_MAX || CONTROL.test(token)) return refusedCaller(UNAUTHORIZED, 'malformed token')
  if (urlProject !== null && urlProject !== project) return refusedCaller({ code: 'malformed-url' }, 'project of the URL')
  return { ok: true, caller: { user, project, roles: ROLES, isAdmin: true, isService: Boolean(serviceToken) } }
}
