/**
 * Taking what lies in a pool in as a snapshot of a volume (`manageable_snapshots`, and by its older name `os-snapshot-manage`), and the
 * list of what could be.
 *
 * As with volumes: looked at here for a clear answer, set aside by the volume's owner, decided by the register of its project, and touched
 * only then. It is the snapshot of the volume that the pool says it is one of, and of no other.
 */
import { hashHex } from '../../lib/model/hash.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import type { Snapshot, SnapshotSpec } from '../../lib/model/snapshot.ts'
import type { Volume } from '../../lib/model/volume.ts'
import {
  hindranceText,
  type Manageable,
  manageableSnapshot,
  managedSnapshot,
  notSnapshotOf,
  SET_ASIDE,
} from '../../lib/wire/cinder/manageable.ts'
import { type ManageSnapshot, parseManageSnapshot } from '../../lib/wire/cinder/manage-request.ts'
import { snapshotDetail } from '../../lib/wire/cinder/snapshot.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { locateVolume } from './locate.ts'
import { locateSnapshot } from './locate-snapshot.ts'
import { listManageable } from './manageable-list.ts'
import { operateOn } from './operate.ts'
import { lookAtPool, type LookedWell } from './pool-look.ts'
import { newSnapshotId, snapshotRid } from './request-names.ts'

const NAMES = [
  { path: '/manageable_snapshots', since: 8 },
  { path: '/os-snapshot-manage', since: 0 },
]

const LIST = 'snapshot_extension:list_manageable'

export const manageSnapshotRoutes: readonly Route[] = NAMES.flatMap(({ path, since }): readonly Route[] => [
  { method: 'GET', path, since, action: LIST, handle: (edge, call) => list(edge, call, path.slice(1), false) },
  { method: 'GET', path: `${path}/detail`, since, action: LIST, handle: (edge, call) => list(edge, call, `${path.slice(1)}/detail`, true) },
  { method: 'POST', path, since, action: 'snapshot_extension:snapshot_manage', handle: manage },
])

const GIB = 1024 ** 3

async function list(edge: Edge, call: Call, collection: string, isDetailed: boolean): Promise<Answer> {
  const rowsIn = ({ place: { pool }, things }: LookedWell): readonly Manageable[] => {
    const volumes = new Map(
      edge.service.volumes(null).flatMap(({ volume }) => (volume.pool === pool ? [[volume.id, volume] as const] : [])),
    )
    const managed = [...volumes.values()].flatMap(({ snapshots }) => snapshots.map(managedSnapshot))
    return [...things.flatMap((thing) => manageableSnapshot(thing, (volume) => volumes.has(volume)) ?? []), ...managed]
  }
  return listManageable(edge, call, { kind: 'Manageable snapshot', key: 'manageable-snapshots', collection, isDetailed, rowsIn })
}

async function manage(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseManageSnapshot(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await locateVolume(edge, call, wanted.value.volume)
  if (!found.ok) return failed(found.failure)
  const { volume } = found.view
  const { source } = wanted.value
  const { id, pool, status } = volume
  // One that found no room lies nowhere.
  if (pool === null)
    return failed({ code: 'invalid-status', volume: id, action: 'manage a snapshot of', status, allowed: ['available', 'in-use'] })
  // Over what the client asked for, not over what was found: a retry has an equal hash on every peer.
  const bodyHash = hashHex('manage-snapshot', canonicalJson({ ...wanted.value, volume: id }))
  const looked = await lookAtPool(edge, pool)
  if (!looked.ok) return failed(looked.failure)
  const thing = looked.things.find(({ name }) => name === source)
  if (thing === undefined) return managedBefore(edge, call, volume, bodyHash, { name: source, pool })
  const reason = thing.former !== null ? SET_ASIDE : thing.hindrance !== null ? hindranceText(thing.hindrance) : notSnapshotOf(thing, id)
  if (reason !== null) return failed({ code: 'not-manageable', name: source, reason })
  const snapshot = { ...specOf(edge, call, volume, wanted.value), existing: { name: source, sizeGiB: thing.sizeBytes / GIB } }
  // Its bytes are there: nothing is read of the volume, whoever uses it.
  const done = await operateOn(edge, call, volume, { kind: 'snapshot', snapshot, bodyHash, force: true }, snapshotRid(call))
  if (!done.ok) return failed(done.failure)
  return done.value.snapshot === null ? failed({ code: 'snapshot-not-found', snapshot: snapshot.id }) : taken(done.value.snapshot, call)
}

function specOf(edge: Edge, call: Call, volume: Volume, { name, description, metadata }: ManageSnapshot): SnapshotSpec {
  const whose = { volume: volume.id, project: volume.project, user: call.caller.user }
  return { id: newSnapshotId(call, edge.uuid), ...whose, name, description, metadata, createdAtMs: edge.clock() }
}

/** Not there any more; a repeat of a request that was done before gets its answer all the same. */
async function managedBefore(
  edge: Edge,
  call: Call,
  { id }: Volume,
  bodyHash: string,
  nothing: { readonly name: string; readonly pool: string },
): Promise<Answer> {
  const made = call.idempotencyKey === null ? null : await locateSnapshot(edge, call, newSnapshotId(call, edge.uuid))
  if (made?.ok !== true) return failed({ code: 'nothing-to-manage', ...nothing })
  return made.snapshot.bodyHash === bodyHash ? taken(made.snapshot, call) : failed({ code: 'request-mismatch', volume: id })
}

function taken(snapshot: Snapshot, call: Call): Answer {
  return answer(202, { snapshot: snapshotDetail(snapshot, call.microversion) })
}
