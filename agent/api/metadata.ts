/**
 * The metadata of a volume or a snapshot. Single keys are changed by the owner in whatever is there then, so that two
 * clients that set different keys do not undo each other; one that must see what it changes holds the ETag (3.15) against it.
 */
import { createHash } from 'node:crypto'
import { canonicalJson } from '../../lib/model/json.ts'
import type { TextEdit } from '../../lib/model/text-edit.ts'
import { parseMetadata, parseMetadataItem } from '../../lib/wire/cinder/metadata-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import type { EdgeFailure } from './failure.ts'
import { locateVolume } from './locate.ts'
import { locateSnapshot } from './locate-snapshot.ts'
import { operateOn, operateOnSnapshot } from './operate.ts'

type Metadata = Readonly<Record<string, string>>

type Found =
  | { readonly ok: true; readonly metadata: Metadata; edit(change: TextEdit): Promise<Edited> }
  | { readonly ok: false; readonly failure: EdgeFailure }
type Edited = { readonly ok: true; readonly metadata: Metadata } | { readonly ok: false; readonly failure: EdgeFailure }

/** What has metadata: where it is, who may do what with it, and how it is found and changed. */
interface Labelled {
  readonly path: string
  readonly read: string
  readonly write: string
  readonly drop: string
  find(edge: Edge, call: Call): Promise<Found>
}

const VOLUME: Labelled = {
  path: '/volumes/:id/metadata',
  read: 'volume:get_volume_metadata',
  write: 'volume:update_volume_metadata',
  drop: 'volume:update_volume_metadata',
  async find(edge, call) {
    const found = await locateVolume(edge, call, call.params['id'] ?? '')
    if (!found.ok) return found
    const { volume } = found.view
    const edit = async (change: TextEdit): Promise<Edited> => {
      const done = await operateOn(edge, call, volume, { kind: 'update', ...change })
      return done.ok ? { ok: true, metadata: done.volume.metadata } : done
    }
    return { ok: true, metadata: volume.metadata, edit }
  },
}

const SNAPSHOT: Labelled = {
  path: '/snapshots/:id/metadata',
  read: 'volume:get_snapshot_metadata',
  write: 'volume:update_snapshot_metadata',
  drop: 'volume:delete_snapshot_metadata',
  async find(edge, call) {
    const found = await locateSnapshot(edge, call, call.params['id'] ?? '')
    if (!found.ok) return found
    const { snapshot } = found
    const edit = async (change: TextEdit): Promise<Edited> => {
      const done = await operateOnSnapshot(edge, call, snapshot, { kind: 'update-snapshot', snapshot: snapshot.id, ...change })
      return done.ok ? { ok: true, metadata: done.snapshot.metadata } : done
    }
    return { ok: true, metadata: snapshot.metadata, edit }
  },
}

export const metadataRoutes: readonly Route[] = [VOLUME, SNAPSHOT].flatMap((of): Route[] => {
  const { path, read, write, drop } = of
  const setAll = (edge: Edge, call: Call): Promise<Answer> => change(of, edge, call, (given) => ({ metadata: given }))
  const addTo = (edge: Edge, call: Call): Promise<Answer> => change(of, edge, call, (given) => ({ metadataChanges: given }))
  return [
    { method: 'GET', path, since: 0, action: read, handle: (edge, call) => show(of, edge, call) },
    { method: 'POST', path, since: 0, action: write, handle: addTo },
    { method: 'PUT', path, since: 0, action: write, handle: setAll },
    { method: 'GET', path: `${path}/:key`, since: 0, action: read, handle: (edge, call) => showItem(of, edge, call) },
    { method: 'PUT', path: `${path}/:key`, since: 0, action: write, handle: (edge, call) => writeItem(of, edge, call) },
    { method: 'DELETE', path: `${path}/:key`, since: 0, action: drop, handle: (edge, call) => removeItem(of, edge, call) },
  ]
})

async function show(of: Labelled, edge: Edge, call: Call): Promise<Answer> {
  const found = await of.find(edge, call)
  return found.ok ? metadataAnswer(found.metadata, call) : failed(found.failure)
}

async function showItem(of: Labelled, edge: Edge, call: Call): Promise<Answer> {
  const found = await of.find(edge, call)
  if (!found.ok) return failed(found.failure)
  const value = found.metadata[keyOf(call)]
  return value === undefined ? missing(call) : answer(200, { meta: { [keyOf(call)]: value } })
}

async function change(of: Labelled, edge: Edge, call: Call, editOf: (given: Metadata) => TextEdit): Promise<Answer> {
  const given = parseMetadata(call.body)
  if (!given.ok) return failed(given.failure)
  const found = await of.find(edge, call)
  if (!found.ok) return failed(found.failure)
  if (call.ifMatch !== null && call.microversion >= 15 && call.ifMatch !== etagOf(found.metadata)) return answer(412, null)
  const done = await found.edit(editOf(given.value))
  return done.ok ? metadataAnswer(done.metadata, call) : failed(done.failure)
}

async function writeItem(of: Labelled, edge: Edge, call: Call): Promise<Answer> {
  const value = parseMetadataItem(call.body, keyOf(call))
  if (!value.ok) return failed(value.failure)
  const found = await of.find(edge, call)
  if (!found.ok) return failed(found.failure)
  const item = { [keyOf(call)]: value.value }
  const done = await found.edit({ metadataChanges: item })
  return done.ok ? answer(200, { meta: item }) : failed(done.failure)
}

async function removeItem(of: Labelled, edge: Edge, call: Call): Promise<Answer> {
  const found = await of.find(edge, call)
  if (!found.ok) return failed(found.failure)
  if (found.metadata[keyOf(call)] === undefined) return missing(call)
  const done = await found.edit({ metadataChanges: { [keyOf(call)]: null } })
  return done.ok ? answer(200, null) : failed(done.failure)
}

function metadataAnswer(metadata: Metadata, call: Call): Answer {
  return answer(200, { metadata }, call.microversion >= 15 ? { ETag: etagOf(metadata) } : {})
}

function etagOf(metadata: Metadata): string {
  return createHash('sha256').update(canonicalJson(metadata)).digest('hex').slice(0, 32)
}

const keyOf = (call: Call): string => call.params['key'] ?? ''

function missing(call: Call): Answer {
  return failed({ code: 'item-not-found', kind: 'Metadata item', id: keyOf(call).slice(0, 255) })
}
