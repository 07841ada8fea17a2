/**
 * An image service that has no images. `openstack volume create` looks for one in the catalogue before it makes a volume of
 * no image, and makes none where it finds none.
 */
import { denied, shown } from '../keystone-route.ts'
import type { OpenRoute } from './desk.ts'

export const imageRoutes: readonly OpenRoute[] = [
  { method: 'GET', path: '/image', who: 'anybody', handle: async (_, { root }) => shown(300, versions(root)) },
  { method: 'GET', path: '/image/v2/images', who: 'anybody', handle: async () => shown(200, NONE) },
  {
    method: 'GET',
    path: '/image/v2/images/:image',
    who: 'anybody',
    handle: async (_, { params }) => denied({ code: 'item-not-found', kind: 'Image', id: params['image'] ?? '' }),
  },
]

const NONE = { images: [], first: '/v2/images', schema: '/v2/schemas/images' }

function versions(root: string): object {
  return { versions: [{ id: 'v2.9', status: 'CURRENT', links: [{ rel: 'self', href: `${root}/image/v2/` }] }] }
}
