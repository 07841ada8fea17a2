/** The document by which clients find out which versions are spoken here. */
import { MICROVERSION_MAX, microversionText } from './microversion.ts'

export function versionsBody(root: string): object {
  return {
    versions: [
      {
        id: 'v3.0',
        status: 'CURRENT',
        version: microversionText(MICROVERSION_MAX),
        min_version: microversionText(0),
        updated: '2023-08-31T00:00:00Z',
        links: [
          { rel: 'describedby', type: 'text/html', href: 'https://docs.openstack.org/' },
          { rel: 'self', href: `${root}/v3/` },
        ],
        'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.volume+json;version=3' }],
      },
    ],
  }
}
