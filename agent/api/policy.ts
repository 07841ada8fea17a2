/**
 * Who may do what: one place, no by default.
 *
 * Cinder's roles: a reader looks at what is his project's, a member changes it, an admin may do everything everywhere.
 * The object's project is checked where the object is found (locate.ts): what a caller may not see does not exist for
 * him, and a list holds nothing of it before it is cut into pages.
 */
import { type ProjectId, projectId } from '../../lib/model/ids.ts'
import type { Viewer } from '../../lib/wire/cinder/volume.ts'
import type { Caller } from './call.ts'

/** Of an operator whose token is for the whole system and for no project. */
export const SYSTEM_PROJECT: ProjectId = projectId('_system')

/** For whoever has a token at all. */
const ANYBODY: ReadonlySet<string> = new Set(['versions:get'])
const READER: ReadonlySet<string> = new Set([
  'volume:get',
  'volume:get_all',
  'volume:get_volume_metadata',
  'volume:get_transfer',
  'volume:get_all_transfers',
  'volume:get_snapshot',
  'volume:get_all_snapshots',
  'volume:get_snapshot_metadata',
  'volume:attachment_get',
  'volume_extension:volume_type_get',
  'group:group_types:get',
  'group:get',
  'group:get_all',
  'group:get_group_snapshot',
  'group:get_all_group_snapshots',
  'limits:get',
  'volume_extension:quotas:show',
  'message:get',
  'availability_zone:list',
  'extensions:list',
  'resource_filters:list',
  'volume_extension:volume_encryption_metadata',
  'backup:get',
  'backup:get_all',
])
const MEMBER: ReadonlySet<string> = new Set([
  'volume:create',
  'volume:update',
  'volume:delete',
  'volume:extend',
  'volume:update_readonly_flag',
  'volume_extension:volume_image_metadata:show',
  'volume_extension:volume_image_metadata:set',
  'volume_extension:volume_image_metadata:remove',
  'volume:revert_to_snapshot',
  'volume:reimage',
  'volume_extension:volume_actions:upload_image',
  'volume:retype',
  'volume:update_volume_metadata',
  'volume:create_transfer',
  'volume:accept_transfer',
  'volume:delete_transfer',
  'volume:create_snapshot',
  'volume:update_snapshot',
  'message:delete',
  'volume:delete_snapshot',
  'snapshot_extension:snapshot_actions:update_snapshot_status',
  'volume:update_snapshot_metadata',
  'volume:delete_snapshot_metadata',
  ...['reserve', 'unreserve', 'begin_detaching', 'roll_detaching', 'attach', 'detach'].map(
    (name) => `volume_extension:volume_actions:${name}`,
  ),
  'volume_extension:volume_actions:initialize_connection',
  'volume_extension:volume_actions:terminate_connection',
  'volume:attachment_create',
  'volume:attachment_update',
  'volume:attachment_delete',
  'volume:attachment_complete',
  'group:create',
  'group:update',
  'group:delete',
  ...['enable_replication', 'disable_replication', 'failover_replication', 'list_replication_targets'].map((name) => `group:${name}`),
  'group:create_group_snapshot',
  'group:delete_group_snapshot',
  'backup:create',
  'backup:update',
  'backup:delete',
  'backup:restore',
  // The secret that an initiator logs in with: whoever has it can write.
  'scoria:connection',
])
const ADMIN: ReadonlySet<string> = new Set([
  'volume:force_delete',
  'volume_extension:snapshot_admin_actions:force_delete',
  'volume_extension:snapshot_admin_actions:reset_status',
  'volume_extension:services:index',
  'volume_extension:services:update',
  'volume:freeze_host',
  'volume:thaw_host',
  'scheduler_extension:scheduler_stats:get_pools',
  'volume_extension:quotas:update',
  'volume_extension:quotas:delete',
  'volume_extension:type_create',
  'volume_extension:type_update',
  'volume_extension:type_delete',
  'volume_extension:volume_type_access:get_all_for_type',
  'volume_extension:volume_type_access:addProjectAccess',
  'volume_extension:volume_type_access:removeProjectAccess',
  'volume_extension:volume_type_encryption:get',
  'volume_extension:volume_type_encryption:create',
  'volume_extension:volume_type_encryption:update',
  'volume_extension:volume_type_encryption:delete',
  'group:reset_status',
  'group:reset_group_snapshot_status',
  'group:group_types:create',
  'group:group_types:update',
  'group:group_types:delete',
  'group:group_types_specs:get_all',
  'group:group_types_specs:get',
  'group:group_types_specs:create',
  'group:group_types_specs:update',
  'group:group_types_specs:delete',
  'volume_extension:qos_specs_manage:create',
  'volume_extension:qos_specs_manage:get',
  'volume_extension:qos_specs_manage:get_all',
  'volume_extension:qos_specs_manage:update',
  'volume_extension:qos_specs_manage:delete',
  'volume_extension:default_set_or_update',
  'volume_extension:default_get',
  'volume_extension:default_get_all',
  'volume_extension:default_unset',
  'volume_extension:quota_classes:get',
  'volume_extension:quota_classes:update',
  'volume_extension:types_extra_specs:create',
  'volume_extension:types_extra_specs:update',
  'volume_extension:types_extra_specs:delete',
  'volume_extension:volume_admin_actions:reset_status',
  'volume_extension:volume_admin_actions:force_detach',
  'volume_extension:volume_admin_actions:migrate_volume',
  'volume_extension:volume_admin_actions:migrate_volume_completion',
  'volume_extension:volume_admin_actions:extend_volume_completion',
  'volume_extension:volume_actions:upload_public',
  'volume_extension:list_manageable',
  'volume_extension:volume_manage',
  'volume_extension:volume_unmanage',
  'snapshot_extension:list_manageable',
  'snapshot_extension:snapshot_manage',
  'snapshot_extension:snapshot_unmanage',
  'volume_extension:hosts',
  'volume_extension:capabilities',
  'volume:failover_host',
  'clusters:get_all',
  'clusters:get',
  'clusters:update',
  'workers:cleanup',
  'backup:backup-import',
  'backup:export-import',
  'volume_extension:backup_admin_actions',
  'scoria:read',
  'scoria:adopt',
  'scoria:invite',
  'scoria:members',
])

/** What is in none of the lists is refused to everybody. A member may also read, an admin may do both. */
export function isAllowed(caller: Caller, action: string): boolean {
  if (ANYBODY.has(action)) return true
  // What is made or taken over belongs to a project.
  if (caller.project === SYSTEM_PROJECT && (action === 'volume:create' || action === 'volume:accept_transfer' || action === 'group:create'))
    return false
  if (caller.isAdmin) return READER.has(action) || MEMBER.has(action) || ADMIN.has(action)
  const { roles } = caller
  if (READER.has(action)) return roles.includes('reader') || roles.includes('member')
  return MEMBER.has(action) && roles.includes('member')
}

/** Whether a caller may see something of this project. */
export function isVisible(caller: Caller, project: ProjectId): boolean {
  return caller.isAdmin || caller.project === project
}

/** What of a volume a caller may see. */
export function viewerOf({ isAdmin, isService, roles }: Caller): Viewer {
  return { isAdmin, seesHosts: isAdmin || isService || roles.includes('service') }
}
