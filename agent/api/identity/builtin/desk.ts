/** What the calls about users and tokens work with, and the rows that they are. */
import { denied, type KeystoneAnswer, type KeystoneCall, type KeystoneRoute } from '../keystone-route.ts'
import type { Accounts } from './accounts.ts'
import type { Holder, Holders } from './holders.ts'
import type { HostToken } from './host-token.ts'
import type { Login } from './login.ts'
import type { Passwords } from './passwords.ts'

export interface BuiltinOptions {
  readonly accounts: Accounts
  readonly hostToken: HostToken
  /** How long a token that was taken back may still be believed elsewhere. */
  readonly cacheMs: number
  readonly tokenLifeMs: number
  readonly wallMs: () => number
  readonly monoMs: () => number
  readonly uuid: () => string
}

export interface Desk extends BuiltinOptions {
  readonly holders: Holders
  readonly passwords: Passwords
  readonly login: Login
}

/** `own`: for who has any token; the call itself looks whose. */
export interface DeskRoute {
  readonly method: KeystoneRoute['method']
  readonly path: string
  readonly who: 'own' | 'admin'
  readonly handle: (desk: Desk, call: KeystoneCall, holder: Holder) => Promise<KeystoneAnswer>
}

export interface OpenRoute {
  readonly method: KeystoneRoute['method']
  readonly path: string
  readonly who: 'anybody'
  readonly handle: (desk: Desk, call: KeystoneCall) => Promise<KeystoneAnswer>
}

export function notAllowed({ method, path }: Pick<DeskRoute, 'method' | 'path'>): KeystoneAnswer {
  return denied({ code: 'forbidden', action: `identity:${method} ${path}` }, 'not an admin')
}
