/**
 * What each call takes as its body: the very schemas that it is checked by. Bodies that are read by hand are not here, and
 * the description of the API says of them only that they are objects.
 */
import { ATTACHMENT_BODIES } from '../../lib/wire/cinder/attachment-request.ts'
import { CREATE_BACKUP_BODY } from '../../lib/wire/cinder/backup-request.ts'
import { CLEANUP_BODY } from '../../lib/wire/cinder/cleanup-request.ts'
import { EXTEND_COMPLETION_BODY } from '../../lib/wire/cinder/extend-completion-request.ts'
import { FAILOVER_BODY } from '../../lib/wire/cinder/failover-request.ts'
import { FLAG_BODIES } from '../../lib/wire/cinder/flag-action-request.ts'
import { GROUP_BODIES } from '../../lib/wire/cinder/group-request.ts'
import { GROUP_TYPE_BODIES } from '../../lib/wire/cinder/group-type-request.ts'
import { IMAGE_ACTION_BODIES } from '../../lib/wire/cinder/image-action-request.ts'
import type { Shape } from '../../lib/wire/cinder/input.ts'
import { LOG_BODIES } from '../../lib/wire/cinder/log-request.ts'
import { MANAGE_BODIES } from '../../lib/wire/cinder/manage-request.ts'
import { METADATA_BODIES } from '../../lib/wire/cinder/metadata-request.ts'
import { MIGRATE_BODIES } from '../../lib/wire/cinder/migrate-request.ts'
import { OLDER_ATTACH_BODIES } from '../../lib/wire/cinder/older-attach-request.ts'
import { OWN_BODIES } from '../../lib/wire/cinder/own-request.ts'
import { QUOTA_BODIES } from '../../lib/wire/cinder/quota-request.ts'
import { RETYPE_BODY } from '../../lib/wire/cinder/retype-request.ts'
import { SERVICE_BODIES } from '../../lib/wire/cinder/service-request.ts'
import { SNAPSHOT_BODIES } from '../../lib/wire/cinder/snapshot-request.ts'
import { TRANSFER_BODIES } from '../../lib/wire/cinder/transfer-request.ts'
import { TYPE_BODIES } from '../../lib/wire/cinder/type-request.ts'
import { ACTION_BODIES } from '../../lib/wire/cinder/volume-action-request.ts'
import { VOLUME_BODIES } from '../../lib/wire/cinder/volume-request.ts'
import { AUTH_BODY } from '../../lib/wire/keystone/auth-request.ts'
import { IDENTITY_BODIES } from '../../lib/wire/keystone/user-request.ts'

/** Under `METHOD /path`, with what the paths of its family begin with; where there are several, any of them will do. */
export const REQUEST_BODIES: Readonly<Record<string, readonly Shape<unknown>[]>> = {
  'POST /v3/volumes': [VOLUME_BODIES.create],
  'PUT /v3/volumes/:id': [VOLUME_BODIES.update],
  'POST /v3/volumes/:id/action': [
    ACTION_BODIES.extend,
    ACTION_BODIES.revert,
    RETYPE_BODY,
    MANAGE_BODIES.unmanage,
    ...Object.values(OLDER_ATTACH_BODIES),
    ...Object.values(FLAG_BODIES),
    ...Object.values(IMAGE_ACTION_BODIES),
    ...Object.values(MIGRATE_BODIES),
    EXTEND_COMPLETION_BODY,
    ACTION_BODIES.any,
  ],
  'POST /v3/volumes/:id/metadata': [METADATA_BODIES.all],
  'PUT /v3/volumes/:id/metadata': [METADATA_BODIES.all],
  'PUT /v3/volumes/:id/metadata/:key': [METADATA_BODIES.one],
  'POST /v3/manageable_volumes': [MANAGE_BODIES.manage],
  'POST /v3/os-volume-manage': [MANAGE_BODIES.manage],
  'POST /v3/manageable_snapshots': [MANAGE_BODIES.manageSnapshot],
  'POST /v3/os-snapshot-manage': [MANAGE_BODIES.manageSnapshot],
  'POST /v3/snapshots': [SNAPSHOT_BODIES.create],
  'PUT /v3/snapshots/:id': [SNAPSHOT_BODIES.update],
  'POST /v3/snapshots/:id/action': [SNAPSHOT_BODIES.reset, SNAPSHOT_BODIES.report, SNAPSHOT_BODIES.unmanage, SNAPSHOT_BODIES.action],
  'POST /v3/snapshots/:id/metadata': [METADATA_BODIES.all],
  'PUT /v3/snapshots/:id/metadata': [METADATA_BODIES.all],
  'PUT /v3/snapshots/:id/metadata/:key': [METADATA_BODIES.one],
  'POST /v3/os-volume-transfer': [TRANSFER_BODIES.create],
  'POST /v3/os-volume-transfer/:id/accept': [TRANSFER_BODIES.accept],
  'POST /v3/volume-transfers': [TRANSFER_BODIES.createWithSnapshots],
  'POST /v3/volume-transfers/:id/accept': [TRANSFER_BODIES.accept],
  'POST /v3/attachments': [ATTACHMENT_BODIES.create],
  'PUT /v3/attachments/:id': [ATTACHMENT_BODIES.update],
  'POST /v3/attachments/:id/action': [ATTACHMENT_BODIES.action],
  'POST /v3/types': [TYPE_BODIES.create],
  'PUT /v3/types/:id': [TYPE_BODIES.update],
  'POST /v3/types/:id/extra_specs': [TYPE_BODIES.specs],
  'PUT /v3/types/:id/extra_specs/:key': [TYPE_BODIES.spec],
  'POST /v3/groups': [GROUP_BODIES.create],
  'POST /v3/groups/action': [GROUP_BODIES.createFrom],
  'PUT /v3/groups/:id': [GROUP_BODIES.update],
  'POST /v3/groups/:id/action': [
    GROUP_BODIES.remove,
    GROUP_BODIES.reset,
    GROUP_BODIES.enable_replication,
    GROUP_BODIES.disable_replication,
    GROUP_BODIES.failover_replication,
    GROUP_BODIES.list_replication_targets,
  ],
  'POST /v3/group_snapshots': [GROUP_BODIES.createSnapshot],
  'POST /v3/group_snapshots/:id/action': [GROUP_BODIES.reset],
  'POST /v3/group_types': [GROUP_TYPE_BODIES.create],
  'PUT /v3/group_types/:id': [GROUP_TYPE_BODIES.update],
  'POST /v3/group_types/:id/group_specs': [GROUP_TYPE_BODIES.specs],
  'PUT /v3/group_types/:id/group_specs/:key': [GROUP_TYPE_BODIES.spec],
  'POST /v3/backups': [CREATE_BACKUP_BODY],
  'PUT /v3/os-quota-sets/:project': [QUOTA_BODIES.quotaSet],
  'PUT /v3/os-quota-class-sets/:class': [QUOTA_BODIES.quotaClass],
  'PUT /v3/os-services/enable': [SERVICE_BODIES.which],
  'PUT /v3/os-services/disable': [SERVICE_BODIES.which],
  'PUT /v3/os-services/disable-log-reason': [SERVICE_BODIES.reason],
  'PUT /v3/os-services/freeze': [SERVICE_BODIES.host],
  'PUT /v3/os-services/thaw': [SERVICE_BODIES.host],
  'PUT /v3/os-services/set-log': [LOG_BODIES.set],
  'PUT /v3/os-services/get-log': [LOG_BODIES.get],
  'PUT /v3/os-services/failover_host': [FAILOVER_BODY],
  'PUT /v3/os-services/failover': [FAILOVER_BODY],
  'POST /v3/workers/cleanup': [CLEANUP_BODY],
  'POST /scoria/v1/placement/explain': [OWN_BODIES.explain],
  'POST /scoria/v1/invites': [OWN_BODIES.invite],
  'POST /scoria/v1/orphans/adopt': [MANAGE_BODIES.adopt],
  'POST /identity/v3/auth/tokens': [AUTH_BODY],
  'POST /identity/v3/users': [IDENTITY_BODIES.createUser],
  'PATCH /identity/v3/users/:user': [IDENTITY_BODIES.updateUser],
  'POST /identity/v3/users/:user/password': [IDENTITY_BODIES.password],
  'POST /identity/v3/users/:user/application_credentials': [IDENTITY_BODIES.credential],
  'POST /identity/v3/projects': [IDENTITY_BODIES.createProject],
  'PATCH /identity/v3/projects/:project': [IDENTITY_BODIES.updateProject],
}
