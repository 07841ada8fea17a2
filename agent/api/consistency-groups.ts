/**
 * Consistency groups and their snapshots, as they were before groups: none is here, and none is made. Answers as from a Cinder that has none
 * and whose pools take no snapshots of several volumes at one moment.
 */
import { groupSnapshotId, volumeId } from '../../lib/model/ids.ts'
import { isObject } from '../../lib/wire/peer/check.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'

const GROUPS = '/consistencygroups'
const SNAPSHOTS = '/cgsnapshots'
const none = (key: string) => (): Answer => answer(200, { [key]: [] })

export const consistencyGroupRoutes: readonly Route[] = [
  { method: 'GET', path: GROUPS, since: 0, action: 'group:get_all', handle: none('consistencygroups') },
  { method: 'GET', path: `${GROUPS}/detail`, since: 0, action: 'group:get_all', handle: none('consistencygroups') },
  { method: 'POST', path: GROUPS, since: 0, action: 'group:create', handle: create },
  { method: 'POST', path: `${GROUPS}/create_from_src`, since: 0, action: 'group:create', handle: createFrom },
  { method: 'GET', path: `${GROUPS}/:id`, since: 0, action: 'group:get', handle: noGroup },
  { method: 'PUT', path: `${GROUPS}/:id/update`, since: 0, action: 'group:update', handle: noGroup },
  { method: 'POST', path: `${GROUPS}/:id/delete`, since: 0, action: 'group:delete', handle: noGroup },
  { method: 'GET', path: SNAPSHOTS, since: 0, action: 'group:get_all_group_snapshots', handle: none('cgsnapshots') },
  { method: 'GET', path: `${SNAPSHOTS}/detail`, since: 0, action: 'group:get_all_group_snapshots', handle: none('cgsnapshots') },
  { method: 'POST', path: SNAPSHOTS, since: 0, action: 'group:create_group_snapshot', handle: createSnapshot },
  { method: 'GET', path: `${SNAPSHOTS}/:id`, since: 0, action: 'group:get_group_snapshot', handle: noSnapshot },
  { method: 'DELETE', path: `${SNAPSHOTS}/:id`, since: 0, action: 'group:delete_group_snapshot', handle: noSnapshot },
]

function create(_edge: Edge, call: Call): Answer {
  const wanted = wantedIn(call, 'consistencygroup')
  if (wanted === null) return failed({ code: 'malformed-body' })
  return typeof wanted['volume_types'] === 'string' && wanted['volume_types'] !== ''
    ? failed({ code: 'not-supported', feature: 'a consistency group (make a group: POST groups)' })
    : failed({ code: 'missing-key', path: 'consistencygroup', keys: ['volume_types'] })
}

/** Of what there is not. */
function createFrom(_edge: Edge, call: Call): Answer {
  const wanted = wantedIn(call, 'consistencygroup-from-src')
  const { cgsnapshot_id: snapshot, source_cgid: group } = wanted ?? {}
  if (wanted === null) return failed({ code: 'malformed-body' })
  if (typeof snapshot === 'string') return absentSnapshot(snapshot)
  return typeof group === 'string'
    ? absentGroup(group)
    : failed({ code: 'missing-key', path: 'consistencygroup-from-src', keys: ['cgsnapshot_id or source_cgid'] })
}

function createSnapshot(_edge: Edge, call: Call): Answer {
  const wanted = wantedIn(call, 'cgsnapshot')
  if (wanted === null) return failed({ code: 'malformed-body' })
  const group = wanted['consistencygroup_id']
  return typeof group === 'string' ? absentGroup(group) : failed({ code: 'missing-key', path: 'cgsnapshot', keys: ['consistencygroup_id'] })
}

function wantedIn({ body }: Call, key: string): Readonly<Record<string, unknown>> | null {
  const wanted = isObject(body) ? body[key] : undefined
  return isObject(wanted) ? wanted : null
}

function noGroup(_edge: Edge, call: Call): Answer {
  return absentGroup(call.params['id'] ?? '')
}

function noSnapshot(_edge: Edge, call: Call): Answer {
  return absentSnapshot(call.params['id'] ?? '')
}

function absentGroup(id: string): Answer {
  return failed({ code: 'group-not-found', group: volumeId(id.slice(0, 255)) })
}

function absentSnapshot(id: string): Answer {
  return failed({ code: 'group-snapshot-not-found', groupSnapshot: groupSnapshotId(id.slice(0, 255)) })
}
