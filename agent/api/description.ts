/**
 * The description of what can be called at this edge: every route that it has, with the schemas that bodies are checked by.
 *
 * Keystone's calls are in it only where they are served.
 */
import { MICROVERSION_MAX, microversionText } from '../../lib/wire/cinder/microversion.ts'
import { type DescribedCall, openApi } from '../../lib/wire/openapi.ts'
import type { Route } from './call.ts'
import type { KeystoneRoute } from './identity/keystone-route.ts'
import { REQUEST_BODIES } from './request-bodies.ts'
import { CINDER_ROUTES, OWN_PREFIX, OWN_ROUTES, ROOT_ROUTES } from './routes.ts'

/** As JSON. */
export function describeApi(keystone: readonly KeystoneRoute[]): string {
  const calls = [
    ...[...ROOT_ROUTES, ...CINDER_ROUTES].map((route) => describeRoute('/v3', route, route.since)),
    ...OWN_ROUTES.map((route) => describeRoute(OWN_PREFIX, route, null)),
    ...keystone.map(describeKeystone),
  ]
  return JSON.stringify(openApi(calls, microversionText(MICROVERSION_MAX)))
}

function describeRoute(prefix: string, { method, path, action }: Route, since: number | null): DescribedCall {
  const key = method === 'GET' ? [] : (['key'] as const)
  const parameters = [...(since === null ? [] : (['microversion'] as const)), ...key]
  return { method, path: prefix + path, since, action, parameters, isOpen: false, fault: 'fault', bodies: bodiesOf(method, prefix + path) }
}

const TOKENS = '/identity/v3/auth/tokens'

function describeKeystone({ method, path, who }: KeystoneRoute): DescribedCall {
  const bodies = bodiesOf(method, path)
  const common = {
    method,
    path,
    since: null,
    action: `identity:${who}`,
    isOpen: who === 'anybody',
    fault: 'keystoneFault',
    bodies,
  } as const
  // Each login makes a token of its own; the others are about one.
  if (path === TOKENS) return { ...common, parameters: method === 'POST' ? [] : ['subject'] }
  return { ...common, parameters: method === 'GET' || method === 'HEAD' ? [] : ['key'] }
}

function bodiesOf(method: string, path: string): readonly object[] {
  return (REQUEST_BODIES[`${method} ${path}`] ?? []).map(({ schema }) => schema)
}
