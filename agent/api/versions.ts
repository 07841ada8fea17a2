/** The document of versions. At `/` it needs no token and answers 300, as clients of Cinder expect. */
import { versionsBody } from '../../lib/wire/cinder/versions.ts'
import { answer, type Answer, type Route } from './call.ts'

export const versionRoutes: readonly Route[] = [
  { method: 'GET', path: '', since: 0, action: 'versions:get', handle: (_, call) => answer(200, versionsBody(call.base.root)) },
  { method: 'GET', path: '/', since: 0, action: 'versions:get', handle: (_, call) => answer(200, versionsBody(call.base.root)) },
]

export function rootVersions(root: string): Answer {
  return answer(300, versionsBody(root))
}
