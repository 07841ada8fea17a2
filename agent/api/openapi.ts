/** `GET /scoria/v1/openapi.json`: what can be called here, for programs. */
import { answer, type Route } from './call.ts'

export const openApiRoutes: readonly Route[] = [
  { method: 'GET', path: '/openapi.json', since: 0, action: 'versions:get', handle: ({ description }) => answer(200, description) },
]
