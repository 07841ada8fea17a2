/** The resource `groups`, from 3.13: create, also as a copy, read, list, change, delete. */
import type { Result } from '../../lib/model/failure.ts'
import type { GroupMember, GroupSource, Holds } from '../../lib/model/group.ts'
import { memberVolumeId } from '../../lib/model/group.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { NO_HINTS } from '../../lib/model/hints.ts'
import type { VolumeId } from '../../lib/model/ids.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import type { Operation } from '../../lib/model/request.ts'
import { snapshotOf } from '../../lib/model/snapshot.ts'
import type { Volume, VolumeSpec } from '../../lib/model/volume.ts'
import type { SourcePlace } from '../../lib/model/volume-source.ts'
import { isTrueWord } from '../../lib/wire/cinder/body-parts.ts'
import { groupDetail, groupSummary, type GroupViewer, volumesByGroup } from '../../lib/wire/cinder/group.ts'
import { GROUP_KEYS, groupParameters, selectGroups } from '../../lib/wire/cinder/group-query.ts'
import {
  type GroupAction,
  parseCreateGroup,
  parseCreateGroupFrom,
  parseGroupAction,
  parseUpdateGroup,
} from '../../lib/wire/cinder/group-request.ts'
import { parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { microversionText } from '../../lib/wire/cinder/microversion.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import type { EdgeFailure } from './failure.ts'
import { findGroupType } from './group-types.ts'
import { locateGroup, locateGroupSnapshot, ofGroup } from './locate-group.ts'
import { operateOn } from './operate.ts'
import { pageFor } from './page.ts'
import { isAllowed } from './policy.ts'
import { createRid, newGroupId } from './request-names.ts'
import { findType } from './types.ts'
import { listGroups, listVolumes, partialHeaders } from './volume-list.ts'
import { hasZone } from './zones.ts'

const since = 13
const COPIES_SINCE = 14
const RESET_SINCE = 20
const VOLUMES_SINCE = 25
const REPLICATION_SINCE = 38

export const groupRoutes: readonly Route[] = [
  { method: 'POST', path: '/groups', since, action: 'group:create', handle: create },
  { method: 'POST', path: '/groups/action', since: COPIES_SINCE, action: 'group:create', handle: createFrom },
  { method: 'GET', path: '/groups', since, action: 'group:get_all', handle: (edge, call) => list(edge, call, false) },
  { method: 'GET', path: '/groups/detail', since, action: 'group:get_all', handle: (edge, call) => list(edge, call, true) },
  { method: 'GET', path: '/groups/:id', since, action: 'group:get', handle: show },
  { method: 'PUT', path: '/groups/:id', since, action: 'group:update', handle: update },
  { method: 'POST', path: '/groups/:id/action', since, action: 'group:update', handle: act },
]

type Known<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: EdgeFailure }

async function create(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseCreateGroup(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const { groupType, volumeTypes, zone } = wanted.value
  const type = await findGroupType(edge, call, groupType)
  if (!type.ok) return failed(type.failure)
  const types = await typeIds(edge, call, volumeTypes)
  if (!types.ok) return failed(types.failure)
  if (zone !== null && !hasZone(edge.service.manifest(), zone)) return failed({ code: 'zone-not-found', zone })
  const holds: Holds = { groupType: type.type.id, volumeTypes: types.value, source: null, members: [] }
  return make(edge, call, { ...wanted.value, holds }, null, hashHex('group', canonicalJson(wanted.value)))
}

async function typeIds(edge: Edge, call: Call, named: readonly string[]): Promise<Known<readonly string[]>> {
  const ids = new Set<string>()
  for (const nameOrId of named) {
    const found = await findType(edge, call, nameOrId)
    if (!found.ok) return found
    ids.add(found.type.id)
  }
  return { ok: true, value: [...ids] }
}

/** With a copy of each of its volumes, or of each part of its snapshot. */
async function createFrom(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseCreateGroupFrom(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const id = newGroupId(call, edge.uuid)
  const copied =
    wanted.value.source.kind === 'group'
      ? await ofWhole(edge, call, wanted.value.source.id, id)
      : await ofParts(edge, call, wanted.value.source.id, id)
  if (!copied.ok) return failed(copied.failure)
  const { group, source, members } = copied.value
  if (members.length === 0) return failed({ code: 'group-empty', group: group.id })
  if (group.holds === undefined || group.owner === null || group.pool === null)
    return failed({ code: 'group-status', group: group.id, action: 'create a group from it', status: group.status, allowed: ['available'] })
  const holds: Holds = { ...group.holds, source, members }
  const place = { owner: group.owner, pool: group.pool }
  return make(edge, call, { ...wanted.value, zone: null, holds }, place, hashHex('group from', canonicalJson(wanted.value)))
}

interface Copied {
  readonly group: Volume
  readonly source: GroupSource
  readonly members: readonly GroupMember[]
}

async function ofWhole(edge: Edge, call: Call, text: string, id: VolumeId): Promise<Known<Copied>> {
  const found = await locateGroup(edge, call, text)
  if (!found.ok) return found
  const { group } = found
  const members = volumesIn(edge, group).map((volume) => memberOf(id, volume, volume.sizeGiB, { kind: 'volume', volume: volume.id }))
  return { ok: true, value: { group, source: { kind: 'group', group: group.id }, members } }
}

async function ofParts(edge: Edge, call: Call, text: string, id: VolumeId): Promise<Known<Copied>> {
  const found = await locateGroupSnapshot(edge, call, text)
  if (!found.ok) return found
  const { group, snapshot } = found
  const members = snapshot.members.flatMap((part) => {
    const volume = edge.service.volume(part.volume)?.volume
    const taken = volume === undefined ? null : snapshotOf(volume, part.snapshot)
    if (volume === undefined || taken === null) return []
    return memberOf(id, volume, taken.sizeGiB, { kind: 'snapshot', snapshot: taken.id, volume: volume.id })
  })
  return { ok: true, value: { group, source: { kind: 'group-snapshot', groupSnapshot: snapshot.id, group: group.id }, members } }
}

function memberOf(group: VolumeId, { id, type, typeId, multiattach }: Volume, sizeGiB: number, source: GroupMember['source']): GroupMember {
  return { id: memberVolumeId(group, id), sizeGiB, source, type, typeId, multiattach }
}

function volumesIn(edge: Edge, { id, project }: Volume): readonly Volume[] {
  return edge.service.volumes(project).flatMap(({ volume }) => (volume.group === id ? [volume] : []))
}

interface Wanted {
  readonly name: string | null
  readonly description: string | null
  readonly zone: string | null
  readonly holds: Holds
}

async function make(edge: Edge, call: Call, wanted: Wanted, sourceAt: SourcePlace | null, bodyHash: string): Promise<Answer> {
  const { project, user } = call.caller
  const plain = { sizeGiB: 0, type: null, typeId: null, metadata: {}, multiattach: false, source: null }
  const { name, description, zone, holds } = wanted
  const id = newGroupId(call, edge.uuid)
  const spec: VolumeSpec = { id, project, user, name, description, zone, ...plain, holds, createdAtMs: edge.clock() }
  const asked = { rid: createRid(call), spec, bodyHash, sourceAt, hints: NO_HINTS }
  const { result } = await edge.service.ask({ kind: 'create', ...asked })
  return result.ok ? answer(202, { group: groupSummary(result.value) }) : failed(ofGroup(result.failure))
}

async function show(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateGroup(edge, call, idOf(call), true)
  if (!found.ok) return failed(found.failure)
  const volumes = listsVolumes(call) ? volumesIn(edge, found.group).map(({ id }) => id) : null
  return answer(200, { group: groupDetail(found.group, volumes, viewerOf(call)) })
}

async function list(edge: Edge, call: Call, isDetailed: boolean): Promise<Answer> {
  const query = parseListQuery(groupParameters(call.query), GROUP_KEYS, askerOf(call))
  if (!query.ok) return failed(query.failure)
  const { allTenants } = query.value
  const known = await listGroups(edge, call, allTenants)
  const selected = selectGroups(known.volumes, query.value, call.microversion)
  if (!selected.ok) return failed(selected.failure)
  const collection = isDetailed ? 'groups/detail' : 'groups'
  const find = (id: string): Promise<Result<Volume>> => listed(edge, call, id, allTenants)
  const page = await pageFor(call, { ...selected.value, all: known.volumes, query: query.value, kind: 'Group', collection, find })
  if (!page.ok) return page.answer
  const volumes = isDetailed && listsVolumes(call) ? volumesByGroup((await listVolumes(edge, call, allTenants)).volumes) : null
  const shown = (group: Volume): object =>
    isDetailed ? groupDetail(group, volumes === null ? null : (volumes.get(group.id) ?? []), viewerOf(call)) : groupSummary(group)
  const links = page.next === null ? {} : { group_links: page.next }
  return answer(200, { groups: page.items.map(shown), ...links }, partialHeaders(known))
}

/** One that is in the caller's list, but not yet at this peer. */
async function listed(edge: Edge, call: Call, id: string, allTenants: boolean): Promise<Result<Volume>> {
  const found = await locateGroup(edge, call, id)
  if (!found.ok) return found
  return allTenants || found.group.project === call.caller.project
    ? { ok: true, value: found.group }
    : { ok: false, failure: { code: 'group-not-found', group: found.group.id } }
}

async function update(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseUpdateGroup(call.body)
  return wanted.ok ? operateOnGroup(edge, call, { kind: 'change-group', ...wanted.value }) : failed(wanted.failure)
}

const POLICIES: Readonly<Record<GroupAction['kind'], string>> = {
  delete: 'group:delete',
  reset: 'group:reset_status',
  replication: 'group:enable_replication',
}
const ACTIONS_SINCE: Readonly<Record<GroupAction['kind'], number>> = { delete: since, reset: RESET_SINCE, replication: REPLICATION_SINCE }

async function act(edge: Edge, call: Call): Promise<Answer> {
  const action = parseGroupAction(call.body)
  if (!action.ok) return failed(action.failure)
  const { kind } = action.value
  const policy = action.value.kind === 'replication' ? `group:${action.value.name}` : POLICIES[kind]
  if (call.microversion < ACTIONS_SINCE[kind]) return failed({ code: 'not-in-version', version: microversionText(call.microversion) })
  if (!isAllowed(call.caller, policy)) return failed({ code: 'forbidden', action: policy })
  if (action.value.kind === 'replication') return refuseReplication(edge, call)
  const { value } = action
  return operateOnGroup(
    edge,
    call,
    value.kind === 'reset'
      ? { kind: 'reset-status', status: value.status }
      : { kind: 'delete', force: false, ...(value.withVolumes ? { cascade: true } : {}) },
  )
}

async function operateOnGroup(edge: Edge, call: Call, operation: Operation): Promise<Answer> {
  const found = await locateGroup(edge, call, idOf(call))
  if (!found.ok) return failed(found.failure)
  const done = await operateOn(edge, call, found.group, operation)
  return done.ok ? answer(202, null) : failed(ofGroup(done.failure))
}

/** As Cinder, of a backend that copies nothing anywhere. */
async function refuseReplication(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateGroup(edge, call, idOf(call))
  return failed(found.ok ? { code: 'group-not-replicated', group: found.group.id } : found.failure)
}

function listsVolumes({ microversion, query }: Call): boolean {
  return microversion >= VOLUMES_SINCE && isTrueWord(query['list_volume'])
}

function viewerOf({ caller, microversion }: Call): GroupViewer {
  return { isAdmin: caller.isAdmin, microversion }
}

const idOf = (call: Call): string => call.params['id'] ?? ''
