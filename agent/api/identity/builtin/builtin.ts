/** Identity by the cluster's own users: their tokens count on every peer, and no other service is asked. */
import { assertNever } from '../../../../lib/model/invariant.ts'
import { SYSTEM_PROJECT } from '../../policy.ts'
import type { Caller } from '../../call.ts'
import { type Identified, type Identity, notAsked, refusedCaller, type RequestFacts } from '../identity.ts'
import type { BuiltinOptions } from './desk.ts'
import { ASKING_MAX, type Holder, holdersOf } from './holders.ts'
import { keystoneApi } from './keystone-api.ts'

const SERVICE_ROLE = 'service'
/** What can stand in a header, and no longer than such a token is. */
const TOKEN_CHARS_MAX = 200
const CHALLENGE = 'Keystone uri="/identity/v3"'
const UNAUTHORIZED = { code: 'unauthorized', challenge: CHALLENGE } as const

export function builtin(options: BuiltinOptions): Identity {
  const holders = holdersOf(options)

  async function holderOf(token: string, remote: string, which: string): Promise<Holder | Identified> {
    if (token.length > TOKEN_CHARS_MAX) return refusedCaller(UNAUTHORIZED, `malformed ${which}`)
    const held = await holders.of(token, remote)
    if (typeof held === 'string') return notAsked(held, ASKING_MAX)
    switch (held.kind) {
      case 'good':
        return held.holder
      case 'bad':
        return refusedCaller(UNAUTHORIZED, `${which} unknown, expired or revoked`)
      case 'unknown':
        return refusedCaller({ code: 'identity-unavailable' }, 'the hosts that keep the users did not say')
      default:
        return assertNever(held)
    }
  }

  return {
    tellsApart: true,
    api: keystoneApi(options, holders),
    stop() {},
    async identify({ token, serviceToken, remote, urlProject }: RequestFacts): Promise<Identified> {
      if (token === undefined || token === '') return refusedCaller(UNAUTHORIZED, 'no token')
      const holder = await holderOf(token, remote, 'token')
      if ('ok' in holder) return holder
      const service = serviceToken ? await holderOf(serviceToken, remote, 'service token') : null
      if (service !== null && 'ok' in service) return service
      const caller = callerOf(holder, service)
      if (caller === null) return refusedCaller({ code: 'token-scope', scope: 'unscoped' }, 'token for no project')
      if (urlProject !== null && urlProject !== caller.project && holder.kind === 'user')
        return refusedCaller({ code: 'malformed-url' }, 'project of the URL')
      return { ok: true, caller }
    },
  }
}

function callerOf(holder: Holder, service: Holder | null): Caller | null {
  const isService = service?.kind === 'user' && service.facts.roles.includes(SERVICE_ROLE)
  if (holder.kind === 'host') return { user: 'root', project: SYSTEM_PROJECT, roles: ['admin'], isAdmin: true, isService }
  const { user, project, roles } = holder.facts
  return project === null ? null : { user: user.id, project: project.id, roles, isAdmin: roles.includes('admin'), isService }
}
