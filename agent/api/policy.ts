/**
 * Who may do what: one place, no by default.
 *
 * With `noauth` every caller is an admin, as in Cinder. The object's project is checked where the object is found
 * (locate.ts): what a caller may not see does not exist for him.
 */
import type { ProjectId } from '../../lib/model/ids.ts'
import type { Caller } from './call.ts'

/** Actions by the role that they need; what is in neither list is refused. */
const MEMBER: ReadonlySet<string> = new Set([
  'volume:create',
  'volume:get',
  'volume:get_all',
  'volume:update',
  'volume:delete',
  'volume:extend',
  'volume:revert_to_snapshot',
  'volume:get_volume_metadata',
  'volume:update_volume_metadata',
  'volume:create_snapshot',
  'volume:get_snapshot',
  'volume:get_all_snapshots',
  'volume:update_snapshot',
  'volume:delete_snapshot',
  'volume:get_snapshot_metadata',
  'volume:update_snapshot_metadata',
  'volume:delete_snapshot_metadata',
  'volume:attachment_create',
  'volume:attachment_get',
  'volume:attachment_update',
  'volume:attachment_delete',
  'volume:attachment_complete',
  'volume_extension:volume_type_get',
  'limits:get',
  'volume_extension:quotas:show',
  'message:get',
  'availability_zone:list',
  'extensions:list',
  'versions:get',
])
const ADMIN: ReadonlySet<string> = new Set([
  'volume:force_delete',
  'volume_extension:snapshot_admin_actions:force_delete',
  'volume_extension:services:index',
  'scheduler_extension:scheduler_stats:get_pools',
  'volume_extension:quotas:update',
  'volume_extension:quotas:delete',
  'volume_extension:type_create',
  'volume_extension:type_update',
  'volume_extension:type_delete',
  'volume_extension:types_extra_specs:create',
  'volume_extension:types_extra_specs:update',
  'volume_extension:types_extra_specs:delete',
  'volume_extension:volume_admin_actions:reset_status',
  'volume_extension:list_manageable',
  'volume_extension:volume_manage',
  'volume_extension:volume_unmanage',
  'scoria:read',
  'scoria:adopt',
  'scoria:invite',
  'scoria:members',
])

export function isAllowed(caller: Caller, action: string): boolean {
  if (MEMBER.has(action)) return true
  return ADMIN.has(action) && caller.isAdmin
}

/** Whether a caller may see something of this project. */
export function isVisible(caller: Caller, project: ProjectId): boolean {
  return caller.isAdmin || caller.project === project
}
