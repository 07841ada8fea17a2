/** The resource `snapshots`: create, read, list, rename, delete. */
import type { Result } from '../../lib/model/failure.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import type { Snapshot, SnapshotSpec } from '../../lib/model/snapshot.ts'
import { parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { snapshotBody, snapshotDetail, snapshotSummary } from '../../lib/wire/cinder/snapshot.ts'
import { selectSnapshots, SNAPSHOT_KEYS } from '../../lib/wire/cinder/snapshot-query.ts'
import { parseCreateSnapshot, parseUpdateSnapshot } from '../../lib/wire/cinder/snapshot-request.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import { locateVolume } from './locate.ts'
import { locateSnapshot } from './locate-snapshot.ts'
import { operateOn, operateOnSnapshot } from './operate.ts'
import { pageFor } from './page.ts'
import { newSnapshotId, snapshotRid } from './request-names.ts'
import { listSnapshots } from './snapshot-list.ts'
import { partialHeaders } from './volume-list.ts'

export const snapshotRoutes: readonly Route[] = [
  { method: 'POST', path: '/snapshots', since: 0, action: 'volume:create_snapshot', handle: create },
  {
    method: 'GET',
    path: '/snapshots',
    since: 0,
    action: 'volume:get_all_snapshots',
    handle: (edge, call) => list(edge, call, snapshotSummary, 'snapshots'),
  },
  {
    method: 'GET',
    path: '/snapshots/detail',
    since: 0,
    action: 'volume:get_all_snapshots',
    handle: (edge, call) => list(edge, call, (snapshot) => snapshotDetail(snapshot, call.microversion), 'snapshots/detail'),
  },
  { method: 'GET', path: '/snapshots/:id', since: 0, action: 'volume:get_snapshot', handle: show },
  { method: 'PUT', path: '/snapshots/:id', since: 0, action: 'volume:update_snapshot', handle: update },
  { method: 'DELETE', path: '/snapshots/:id', since: 0, action: 'volume:delete_snapshot', handle: remove },
]

async function create(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseCreateSnapshot(call.body, call.microversion)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await locateVolume(edge, call, wanted.value.volume)
  if (!found.ok) return failed(found.failure)
  const { volume } = found.view
  const { name, description, metadata, force } = wanted.value
  const snapshot: SnapshotSpec = {
    id: newSnapshotId(call, edge.uuid),
    volume: volume.id,
    project: volume.project,
    user: call.caller.user,
    name,
    description,
    metadata,
    createdAtMs: edge.clock(),
  }
  // Over what the client asked for, not over who asked and when: a retry has an equal hash on every peer.
  const bodyHash = hashHex('snapshot', canonicalJson({ ...wanted.value, volume: volume.id }))
  const done = await operateOn(edge, call, volume, { kind: 'snapshot', snapshot, bodyHash, force }, snapshotRid(call))
  if (!done.ok) return failed(done.failure)
  const made = done.value.snapshot
  return made === null ? failed({ code: 'snapshot-not-found', snapshot: snapshot.id }) : bodyAnswer(202, made, call)
}

async function show(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateSnapshot(edge, call, idOf(call))
  return found.ok ? answer(200, { snapshot: snapshotDetail(found.snapshot, call.microversion) }) : failed(found.failure)
}

async function list(edge: Edge, call: Call, bodyOf: (snapshot: Snapshot) => object, collection: string): Promise<Answer> {
  const query = parseListQuery(call.query, SNAPSHOT_KEYS, askerOf(call))
  if (!query.ok) return failed(query.failure)
  const { allTenants, withCount } = query.value
  const all = await listSnapshots(edge, call, allTenants)
  const selected = selectSnapshots(all.snapshots, all.volumes, query.value, call.microversion)
  if (!selected.ok) return failed(selected.failure)
  const page = await pageFor(call, {
    ...selected.value,
    all: all.snapshots,
    query: query.value,
    kind: 'Snapshot',
    collection,
    find: (id) => listedSnapshot(edge, call, id, allTenants),
  })
  if (!page.ok) return page.answer
  const links = page.next === null ? {} : { snapshots_links: page.next }
  const count = withCount ? { count: selected.value.items.length } : {}
  return answer(200, { snapshots: page.items.map(bodyOf), ...links, ...count }, partialHeaders(all))
}

/** One that is in the caller's list, but not yet at this peer. */
async function listedSnapshot(edge: Edge, call: Call, id: string, allTenants: boolean): Promise<Result<Snapshot>> {
  const found = await locateSnapshot(edge, call, id)
  if (!found.ok) return found
  const { snapshot } = found
  return allTenants || snapshot.project === call.caller.project
    ? { ok: true, value: snapshot }
    : { ok: false, failure: { code: 'snapshot-not-found', snapshot: snapshot.id } }
}

async function update(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseUpdateSnapshot(call.body, call.microversion)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await locateSnapshot(edge, call, idOf(call))
  if (!found.ok) return failed(found.failure)
  const { id } = found.snapshot
  const done = await operateOnSnapshot(edge, call, found.snapshot, { kind: 'update-snapshot', snapshot: id, ...wanted.value })
  return done.ok ? bodyAnswer(200, done.snapshot, call) : failed(done.failure)
}

async function remove(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateSnapshot(edge, call, idOf(call))
  if (!found.ok) return failed(found.failure)
  const done = await operateOnSnapshot(edge, call, found.snapshot, { kind: 'delete-snapshot', snapshot: found.snapshot.id })
  return done.ok ? answer(202, null) : failed(done.failure)
}

function bodyAnswer(status: number, snapshot: Snapshot, call: Call): Answer {
  return answer(status, { snapshot: snapshotBody(snapshot, call.microversion) })
}

const idOf = (call: Call): string => call.params['id'] ?? ''
