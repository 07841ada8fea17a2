/** What Nova asks for before it opens an encrypted volume. No volume is encrypted here: there is no key. */
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { locateVolume } from './locate.ts'

const ACTION = 'volume_extension:volume_encryption_metadata'
const KEY_ID = 'encryption_key_id'

export const volumeEncryptionRoutes: readonly Route[] = [
  { method: 'GET', path: '/volumes/:id/encryption', since: 0, action: ACTION, handle: show },
  { method: 'GET', path: '/volumes/:id/encryption/:key', since: 0, action: ACTION, handle: showItem },
]

async function show(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateVolume(edge, call, call.params['id'] ?? '')
  return found.ok ? answer(200, { [KEY_ID]: null }) : failed(found.failure)
}

async function showItem(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateVolume(edge, call, call.params['id'] ?? '')
  if (!found.ok) return failed(found.failure)
  const key = call.params['key'] ?? ''
  // Nothing, as Cinder answers for a value that is null.
  return key === KEY_ID ? answer(200, null) : failed({ code: 'item-not-found', kind: 'Encryption item', id: key.slice(0, 255) })
}
