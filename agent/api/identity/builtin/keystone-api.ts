/**
 * The part of Keystone's API that clients need to log in, and operators to keep users: below /identity/v3 on every peer.
 *
 * Each call but the version and the login takes a token; what is not one's own takes an admin.
 */
import { notAsked } from '../identity.ts'
import type { KeystoneApi, KeystoneCall } from '../keystone-route.ts'
import { denied, type KeystoneAnswer } from '../keystone-route.ts'
import { authRoutes } from './auth-routes.ts'
import { type BuiltinOptions, type Desk, type DeskRoute, notAllowed, type OpenRoute } from './desk.ts'
import { credentialRoutes } from './credential-routes.ts'
import { grantRoutes } from './grant-routes.ts'
import { ASKING_MAX, type Holders, isAdmin } from './holders.ts'
import { imageRoutes } from './image-routes.ts'
import { createLogin, PASSWORDS_WAITING_MAX } from './login.ts'
import { createPasswords } from './passwords.ts'
import { projectRoutes } from './project-routes.ts'
import { userRoutes } from './user-routes.ts'

const ROUTES: readonly (DeskRoute | OpenRoute)[] = [
  ...authRoutes,
  ...userRoutes,
  ...credentialRoutes,
  ...projectRoutes,
  ...grantRoutes,
  ...imageRoutes,
]

export function keystoneApi(options: BuiltinOptions, holders: Holders): KeystoneApi {
  const passwords = createPasswords(PASSWORDS_WAITING_MAX)
  const desk: Desk = { ...options, holders, passwords, login: createLogin({ ...options, holders, passwords }) }
  return {
    routes: ROUTES.map((route) => ({
      method: route.method,
      path: route.path,
      who: route.who,
      handle: (call) => (route.who === 'anybody' ? route.handle(desk, call) : admitted(desk, route, call)),
    })),
  }
}

async function admitted(desk: Desk, route: DeskRoute, call: KeystoneCall): Promise<KeystoneAnswer> {
  if (call.token === null) return denied({ code: 'unauthorized', challenge: null }, 'no token')
  const held = await desk.holders.of(call.token, call.remote)
  if (typeof held === 'string') {
    const { failure, reason } = notAsked(held, ASKING_MAX)
    return denied(failure, reason)
  }
  if (held.kind === 'unknown') return denied(held.failure)
  if (held.kind === 'bad') return denied({ code: 'unauthorized', challenge: null }, 'token unknown, expired or revoked')
  const { holder } = held
  if (route.who === 'admin' && !isAdmin(holder)) return notAllowed(route)
  return await route.handle(desk, call, holder)
}
