/**
 * Taking what lies in a pool in as a volume (`manageable_volumes`, and by its older name `os-volume-manage`), and the list of what could be.
 *
 * Looked at here for a clear answer. The pool's owner sets it aside as it sets room aside, the project's register decides, and only
 * then is anything touched.
 */
import { NO_HINTS } from '../../lib/model/hints.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import type { Existing } from '../../lib/model/existing.ts'
import type { ProjectId } from '../../lib/model/ids.ts'
import type { Volume } from '../../lib/model/volume.ts'
import { allowsMultiattach } from '../../lib/model/volume-type.ts'
import { hindranceText, type Manageable, manageableThing, managedThing, SET_ASIDE } from '../../lib/wire/cinder/manageable.ts'
import { type ManageVolume, parseManageVolume } from '../../lib/wire/cinder/manage-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { locateVolume } from './locate.ts'
import { operateOn } from './operate.ts'
import { listManageable } from './manageable-list.ts'
import { lookAtPool, type LookedWell, type PoolPlace } from './pool-look.ts'
import { createRid, newVolumeId } from './request-names.ts'
import { wantedType } from './types.ts'
import { volumeBody } from './volume-json.ts'
import { hasZone } from './zones.ts'

const NAMES = [
  { path: '/manageable_volumes', since: 8 },
  { path: '/os-volume-manage', since: 0 },
]

const LIST = 'volume_extension:list_manageable'

export const manageRoutes: readonly Route[] = NAMES.flatMap(({ path, since }): readonly Route[] => [
  { method: 'GET', path, since, action: LIST, handle: (edge, call) => list(edge, call, path.slice(1), false) },
  { method: 'GET', path: `${path}/detail`, since, action: LIST, handle: (edge, call) => list(edge, call, `${path.slice(1)}/detail`, true) },
  { method: 'POST', path, since, action: 'volume_extension:volume_manage', handle: manage },
])

const GIB = 1024 ** 3

async function list(edge: Edge, call: Call, collection: string, isDetailed: boolean): Promise<Answer> {
  const rowsIn = ({ place: { pool }, things }: LookedWell): readonly Manageable[] => {
    const managed = edge.service.volumes(null).flatMap(({ volume }) => (volume.pool === pool ? [managedThing(volume)] : []))
    return [...things.map(manageableThing), ...managed]
  }
  return listManageable(edge, call, { kind: 'Manageable volume', key: 'manageable-volumes', collection, isDetailed, rowsIn })
}

async function manage(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseManageVolume(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const looked = await lookAtPool(edge, wanted.value.pool)
  if (!looked.ok) return failed(looked.failure)
  const thing = looked.things.find(({ name }) => name === wanted.value.source)
  if (thing === undefined) return managedBefore(edge, call, wanted.value)
  if (thing.former !== null) return failed({ code: 'not-manageable', name: thing.name, reason: SET_ASIDE })
  return takeIn(edge, call, { wanted: wanted.value, thing, place: looked.place, project: call.caller.project })
}

type Managed = Pick<ManageVolume, 'pool' | 'source' | 'isBootable'>

/** Not there any more; a repeat of a request that was done before gets its answer all the same. */
export async function managedBefore(edge: Edge, call: Call, { pool, source, isBootable }: Managed): Promise<Answer> {
  const made = call.idempotencyKey === null ? null : await locateVolume(edge, call, newVolumeId(call, edge.uuid))
  if (made?.ok === true) return taken(edge, call, made.view.volume, isBootable)
  return failed({ code: 'nothing-to-manage', name: source, pool })
}

export interface TakeIn {
  readonly wanted: ManageVolume
  readonly thing: Existing
  readonly place: PoolPlace
  readonly project: ProjectId
}

/** Makes it a volume of this project. */
export async function takeIn(edge: Edge, call: Call, { wanted, thing, place, project }: TakeIn): Promise<Answer> {
  if (thing.hindrance !== null) return failed({ code: 'not-manageable', name: thing.name, reason: hindranceText(thing.hindrance) })
  const type = await wantedType(edge, call, wanted.type, project)
  if (!type.ok) return failed(type.failure)
  const { zone, name, description, metadata } = wanted
  if (zone !== null && !hasZone(edge.service.manifest(), zone)) return failed({ code: 'zone-not-found', zone })
  const spec = {
    id: newVolumeId(call, edge.uuid),
    project,
    user: call.caller.user,
    name,
    description,
    sizeGiB: thing.sizeBytes / GIB,
    zone,
    type: type.type?.name ?? null,
    typeId: type.type?.id ?? null,
    metadata,
    multiattach: allowsMultiattach(type.type),
    source: { kind: 'existing', name: thing.name },
    createdAtMs: edge.clock(),
  } as const
  const bodyHash = hashHex('manage', canonicalJson({ ...wanted, project }))
  const { result } = await edge.service.ask({ kind: 'create', rid: createRid(call), spec, bodyHash, sourceAt: place, hints: NO_HINTS })
  return result.ok ? taken(edge, call, result.value, wanted.isBootable) : failed(result.failure)
}

/** Whoever is answered finds all that he asked for; who is not repeats his request, and what was not said yet is said then. */
async function taken(edge: Edge, call: Call, volume: Volume, isBootable: boolean): Promise<Answer> {
  if (!isBootable || volume.bootable === true) return answer(202, volumeBody(volume, call))
  const done = await operateOn(edge, call, volume, { kind: 'set-bootable', bootable: true })
  return done.ok ? answer(202, volumeBody(done.volume, call)) : failed(done.failure)
}
