/**
 * A volume's metadata. Single keys are changed by the owner in whatever is there then, so that two clients that set
 * different keys do not undo each other; one that must see what it changes holds the ETag (3.15) against it.
 */
import { createHash } from 'node:crypto'
import { canonicalJson } from '../../lib/model/json.ts'
import type { TextEdit } from '../../lib/model/text-edit.ts'
import type { Volume } from '../../lib/model/volume.ts'
import { parseMetadata, parseMetadataItem } from '../../lib/wire/cinder/metadata-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { locateVolume } from './locate.ts'
import { operateOn } from './operate.ts'

type Metadata = Readonly<Record<string, string>>

export const metadataRoutes: readonly Route[] = [
  { method: 'GET', path: '/volumes/:id/metadata', since: 0, action: 'volume:get_volume_metadata', handle: show },
  {
    method: 'POST',
    path: '/volumes/:id/metadata',
    since: 0,
    action: 'volume:update_volume_metadata',
    handle: (edge, call) => write(edge, call, (given) => ({ metadataChanges: given })),
  },
  {
    method: 'PUT',
    path: '/volumes/:id/metadata',
    since: 0,
    action: 'volume:update_volume_metadata',
    handle: (edge, call) => write(edge, call, (given) => ({ metadata: given })),
  },
  { method: 'GET', path: '/volumes/:id/metadata/:key', since: 0, action: 'volume:get_volume_metadata', handle: showItem },
  { method: 'PUT', path: '/volumes/:id/metadata/:key', since: 0, action: 'volume:update_volume_metadata', handle: writeItem },
  { method: 'DELETE', path: '/volumes/:id/metadata/:key', since: 0, action: 'volume:update_volume_metadata', handle: removeItem },
]

async function show(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateVolume(edge, call, idOf(call))
  return found.ok ? metadataAnswer(found.view.volume, call) : failed(found.failure)
}

async function showItem(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateVolume(edge, call, idOf(call))
  if (!found.ok) return failed(found.failure)
  const value = found.view.volume.metadata[keyOf(call)]
  return value === undefined ? missing(call) : answer(200, { meta: { [keyOf(call)]: value } })
}

async function write(edge: Edge, call: Call, change: (given: Metadata) => TextEdit): Promise<Answer> {
  const given = parseMetadata(call.body)
  if (!given.ok) return failed(given.failure)
  const found = await locateVolume(edge, call, idOf(call))
  if (!found.ok) return failed(found.failure)
  const { volume } = found.view
  if (call.ifMatch !== null && call.microversion >= 15 && call.ifMatch !== etagOf(volume.metadata)) return answer(412, null)
  const done = await operateOn(edge, call, volume, { kind: 'update', ...change(given.value) })
  return done.ok ? metadataAnswer(done.volume, call) : failed(done.failure)
}

async function writeItem(edge: Edge, call: Call): Promise<Answer> {
  const value = parseMetadataItem(call.body, keyOf(call))
  if (!value.ok) return failed(value.failure)
  const found = await locateVolume(edge, call, idOf(call))
  if (!found.ok) return failed(found.failure)
  const item = { [keyOf(call)]: value.value }
  const done = await operateOn(edge, call, found.view.volume, { kind: 'update', metadataChanges: item })
  return done.ok ? answer(200, { meta: item }) : failed(done.failure)
}

async function removeItem(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateVolume(edge, call, idOf(call))
  if (!found.ok) return failed(found.failure)
  if (found.view.volume.metadata[keyOf(call)] === undefined) return missing(call)
  const done = await operateOn(edge, call, found.view.volume, { kind: 'update', metadataChanges: { [keyOf(call)]: null } })
  return done.ok ? answer(200, null) : failed(done.failure)
}

function metadataAnswer(volume: Volume, call: Call): Answer {
  return answer(200, { metadata: volume.metadata }, call.microversion >= 15 ? { ETag: etagOf(volume.metadata) } : {})
}

function etagOf(metadata: Metadata): string {
  return createHash('sha256').update(canonicalJson(metadata)).digest('hex').slice(0, 32)
}

const idOf = (call: Call): string => call.params['id'] ?? ''
const keyOf = (call: Call): string => call.params['key'] ?? ''

function missing(call: Call): Answer {
  return failed({ code: 'item-not-found', kind: 'Metadata item', id: keyOf(call).slice(0, 255) })
}
