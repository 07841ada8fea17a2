/** By what lists may be filtered (3.33). */
import { resourceFiltersBody } from '../../lib/wire/cinder/resource-filters.ts'
import { answer, type Route } from './call.ts'

export const resourceFilterRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/resource_filters',
    since: 33,
    action: 'resource_filters:list',
    handle: (_, call) => answer(200, resourceFiltersBody(call.query['resource'])),
  },
]
