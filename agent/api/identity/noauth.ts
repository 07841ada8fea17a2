/**
 * Identity without a token service: the caller says who he is, and everybody is an admin, as in Cinder's `noauth`.
 *
 * Nothing but the token counts: headers such as X-Roles or X-Project-Id, which a real token middleware would set, are
 * never read, so a client cannot pretend that one did.
 */
import { parseProjectId } from '../../../lib/model/ids.ts'
import type { Caller } from '../call.ts'
import type { HttpFailure } from '../failure.ts'

export type Identified = { readonly ok: true; readonly caller: Caller } | { readonly ok: false; readonly failure: HttpFailure }

const USER_MAX = 255
const CONTROL = /\p{Cc}/u

/**
 * @param token header X-Auth-Token: `user:project`. Without a colon (keystoneauth's `none` sends a fixed word) the
 *   project is the URL's, else the token itself, as in Cinder
 * @param urlProject project named by the URL, or null
 */
export function identify(token: string | undefined, urlProject: string | null): Identified {
  if (token === undefined || token === '') return { ok: false, failure: { code: 'unauthorized' } }
  const colon = token.indexOf(':')
  const user = colon < 0 ? token : token.slice(0, colon)
  const project = parseProjectId((colon < 0 ? urlProject : token.slice(colon + 1)) || user)
  if (project === null || user.length > USER_MAX || CONTROL.test(token)) return { ok: false, failure: { code: 'unauthorized' } }
  if (urlProject !== null && urlProject !== project) return { ok: false, failure: { code: 'malformed-url' } }
  return { ok: true, caller: { user, project, isAdmin: true } }
}
