/** `GET /scoria/v1/openapi.json`: what can be called, for programs. */
import { MICROVERSION_MAX, microversionText } from '../../lib/wire/cinder/microversion.ts'
import { openApi } from '../../lib/wire/openapi.ts'
import { answer, type Route } from './call.ts'
import { REQUEST_BODIES } from './request-bodies.ts'

export interface Family {
  /** What its paths begin with. */
  readonly prefix: string
  readonly hasMicroversions: boolean
  readonly routes: readonly Route[]
}

/** The call itself is no part of `families`, and is in what it answers with: as one of the family of this prefix. */
export function openApiRoute(families: readonly Family[], prefix: string): Route {
  const route: Route = { method: 'GET', path: '/openapi.json', since: 0, action: 'versions:get', handle: () => answer(200, text) }
  const calls = [...families, { prefix, hasMicroversions: false, routes: [route] }].flatMap((family) =>
    family.routes.map(({ method, path, since, action }) => ({
      method,
      path: family.prefix + path,
      since: family.hasMicroversions ? since : null,
      action,
      bodies: (REQUEST_BODIES[`${method} ${family.prefix}${path}`] ?? []).map(({ schema }) => schema),
    })),
  )
  const text = JSON.stringify(openApi(calls, microversionText(MICROVERSION_MAX)))
  return route
}
