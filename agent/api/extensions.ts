/** Extensions of the API: none, but clients ask. */
import { answer, type Route } from './call.ts'

export const extensionRoutes: readonly Route[] = [
  { method: 'GET', path: '/extensions', since: 0, action: 'extensions:list', handle: () => answer(200, { extensions: [] }) },
]
