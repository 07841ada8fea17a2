/** The resource `group_snapshots`, from 3.14: create, read, list, delete, and an operator's word on the status. */
import type { Result } from '../../lib/model/failure.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { canonicalJson } from '../../lib/model/json.ts'
import type { Operation } from '../../lib/model/request.ts'
import {
  groupSnapshotCreated,
  groupSnapshotDetail,
  groupSnapshotSummary,
  type ListedGroupSnapshot,
  listedGroupSnapshot,
} from '../../lib/wire/cinder/group.ts'
import { GROUP_SNAPSHOT_KEYS, groupSnapshotParameters, selectGroupSnapshots } from '../../lib/wire/cinder/group-query.ts'
import { parseCreateGroupSnapshot, parseGroupSnapshotAction } from '../../lib/wire/cinder/group-request.ts'
import { newestFirst } from '../../lib/wire/cinder/item-list.ts'
import { parseListQuery } from '../../lib/wire/cinder/list-query.ts'
import { grantedGroupSnapshot } from '../../lib/flows/shape.ts'
import { type Answer, answer, askerOf, type Call, type Edge, failed, type Route } from './call.ts'
import { locateGroup, locateGroupSnapshot, ofGroup } from './locate-group.ts'
import { operateOn } from './operate.ts'
import { pageFor } from './page.ts'
import { groupSnapshotRid, newGroupSnapshotId } from './request-names.ts'
import { listGroups, partialHeaders, type VolumeList } from './volume-list.ts'

const since = 14
const RESET_SINCE = 19
const ALL = 'group:get_all_group_snapshots'

export const groupSnapshotRoutes: readonly Route[] = [
  { method: 'POST', path: '/group_snapshots', since, action: 'group:create_group_snapshot', handle: create },
  { method: 'GET', path: '/group_snapshots', since, action: ALL, handle: (edge, call) => list(edge, call, false) },
  { method: 'GET', path: '/group_snapshots/detail', since, action: ALL, handle: (edge, call) => list(edge, call, true) },
  { method: 'GET', path: '/group_snapshots/:id', since, action: 'group:get_group_snapshot', handle: show },
  { method: 'DELETE', path: '/group_snapshots/:id', since, action: 'group:delete_group_snapshot', handle: remove },
  {
    method: 'POST',
    path: '/group_snapshots/:id/action',
    since: RESET_SINCE,
    action: 'group:reset_group_snapshot_status',
    handle: reset,
  },
]

async function create(edge: Edge, call: Call): Promise<Answer> {
  const wanted = parseCreateGroupSnapshot(call.body)
  if (!wanted.ok) return failed(wanted.failure)
  const found = await locateGroup(edge, call, wanted.value.group)
  if (!found.ok) return failed(found.failure)
  const { name, description } = wanted.value
  const id = newGroupSnapshotId(call, edge.uuid)
  const groupSnapshot = { id, name, description, user: call.caller.user, createdAtMs: edge.clock() }
  const bodyHash = hashHex('group snapshot', canonicalJson(wanted.value))
  const done = await operateOn(edge, call, found.group, { kind: 'group-snapshot', groupSnapshot, bodyHash }, groupSnapshotRid(call))
  if (!done.ok) return failed(ofGroup(done.failure))
  const made = done.value.groupSnapshot
  if (made === undefined) return failed({ code: 'group-snapshot-not-found', groupSnapshot: id })
  return answer(202, { group_snapshot: groupSnapshotCreated(listedGroupSnapshot(found.group, made)) })
}

async function show(edge: Edge, call: Call): Promise<Answer> {
  const found = await locateGroupSnapshot(edge, call, idOf(call))
  return found.ok
    ? answer(200, { group_snapshot: groupSnapshotDetail(listedGroupSnapshot(found.group, found.snapshot), viewerOf(call)) })
    : failed(found.failure)
}

async function list(edge: Edge, call: Call, isDetailed: boolean): Promise<Answer> {
  const query = parseListQuery(groupSnapshotParameters(call.query, call.microversion), GROUP_SNAPSHOT_KEYS, askerOf(call))
  if (!query.ok) return failed(query.failure)
  const { allTenants } = query.value
  const known = await listGroups(edge, call, allTenants)
  const all = snapshotsIn(known)
  const selected = selectGroupSnapshots(all, query.value, call.microversion)
  if (!selected.ok) return failed(selected.failure)
  const collection = isDetailed ? 'group_snapshots/detail' : 'group_snapshots'
  const find = (id: string): Promise<Result<ListedGroupSnapshot>> => listed(edge, call, id, allTenants)
  const page = await pageFor(call, { ...selected.value, all, query: query.value, kind: 'Group snapshot', collection, find })
  if (!page.ok) return page.answer
  const shown = (one: ListedGroupSnapshot): object => (isDetailed ? groupSnapshotDetail(one, viewerOf(call)) : groupSnapshotSummary(one))
  const links = page.next === null ? {} : { group_snapshot_links: page.next }
  return answer(200, { group_snapshots: page.items.map(shown), ...links }, partialHeaders(known))
}

/** Those in the records of groups, and those that are only promised. */
function snapshotsIn({ volumes: groups, ledgers }: VolumeList): readonly ListedGroupSnapshot[] {
  const seen = groups.flatMap((group) => (group.groupSnapshots ?? []).map((snapshot) => listedGroupSnapshot(group, snapshot)))
  const known = new Set(seen.map(({ id }) => id))
  const granted = ledgers
    .flatMap(({ bound }) => bound)
    .flatMap((binding) => {
      const snapshot = grantedGroupSnapshot(binding)
      const group = groups.find(({ id }) => id === binding.volume)
      return snapshot === null || group === undefined || known.has(snapshot.id) ? [] : [listedGroupSnapshot(group, snapshot)]
    })
  return [...seen, ...granted].toSorted(newestFirst)
}

/** One that is in the caller's list, but not yet at this peer. */
async function listed(edge: Edge, call: Call, id: string, allTenants: boolean): Promise<Result<ListedGroupSnapshot>> {
  const found = await locateGroupSnapshot(edge, call, id)
  if (!found.ok) return found
  return allTenants || found.group.project === call.caller.project
    ? { ok: true, value: listedGroupSnapshot(found.group, found.snapshot) }
    : { ok: false, failure: { code: 'group-snapshot-not-found', groupSnapshot: found.snapshot.id } }
}

function remove(edge: Edge, call: Call): Promise<Answer> {
  return operateOnSnapshot(edge, call, (groupSnapshot) => ({ kind: 'delete-group-snapshot', groupSnapshot }))
}

async function reset(edge: Edge, call: Call): Promise<Answer> {
  const status = parseGroupSnapshotAction(call.body)
  if (!status.ok) return failed(status.failure)
  return operateOnSnapshot(edge, call, (groupSnapshot) => ({ kind: 'reset-group-snapshot', groupSnapshot, status: status.value }))
}

async function operateOnSnapshot(
  edge: Edge,
  call: Call,
  operationOf: (id: ListedGroupSnapshot['snapshot']['id']) => Operation,
): Promise<Answer> {
  const found = await locateGroupSnapshot(edge, call, idOf(call))
  if (!found.ok) return failed(found.failure)
  const done = await operateOn(edge, call, found.group, operationOf(found.snapshot.id))
  return done.ok ? answer(202, null) : failed(ofGroup(done.failure))
}

function viewerOf({ caller, microversion }: Call): { readonly isAdmin: boolean; readonly microversion: number } {
  return { isAdmin: caller.isAdmin, microversion }
}

const idOf = (call: Call): string => call.params['id'] ?? ''
