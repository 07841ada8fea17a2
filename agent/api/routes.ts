/** Every call there is. Each row names the rule that allows it, so no call can be without one. */
import { attachmentRoutes } from './attachments.ts'
import { backupRoutes } from './backups.ts'
import type { Route } from './call.ts'
import { clusterRoutes } from './clusters.ts'
import { consistencyGroupRoutes } from './consistency-groups.ts'
import { defaultTypeRoutes } from './default-types.ts'
import { extensionRoutes } from './extensions.ts'
import { groupRoutes } from './groups.ts'
import { groupSnapshotRoutes } from './group-snapshots.ts'
import { groupSpecRoutes } from './group-specs.ts'
import { groupTypeRoutes } from './group-types.ts'
import { limitRoutes } from './limits.ts'
import { manageRoutes } from './manage.ts'
import { manageSnapshotRoutes } from './manage-snapshots.ts'
import { messageRoutes } from './messages.ts'
import { metadataRoutes } from './metadata.ts'
import { openApiRoutes } from './openapi.ts'
import { orphanRoutes } from './orphans.ts'
import { osHostRoutes } from './os-hosts.ts'
import { ownRoutes } from './own.ts'
import { poolRoutes } from './pools.ts'
import { qosRoutes } from './qos-specs.ts'
import { resourceFilterRoutes } from './resource-filters.ts'
import { serviceLogRoutes } from './service-logs.ts'
import { serviceRoutes } from './services.ts'
import { snapshotActionRoutes } from './snapshot-actions.ts'
import { snapshotRoutes } from './snapshots.ts'
import { transferRoutes } from './transfers.ts'
import { typeAccessRoutes } from './type-access.ts'
import { typeChangeRoutes } from './type-changes.ts'
import { typeEncryptionRoutes } from './type-encryption.ts'
import { typeRoutes } from './types.ts'
import { versionRoutes } from './versions.ts'
import { volumeActionRoutes } from './volume-actions.ts'
import { volumeEncryptionRoutes } from './volume-encryption.ts'
import { volumeRoutes } from './volumes.ts'
import { zoneRoutes } from './zones.ts'

/** Cinder's calls: below /v3 and below /v3/{project_id}. */
export const CINDER_ROUTES: readonly Route[] = [
  ...volumeRoutes,
  ...volumeActionRoutes,
  ...volumeEncryptionRoutes,
  ...manageRoutes,
  ...manageSnapshotRoutes,
  ...snapshotRoutes,
  ...snapshotActionRoutes,
  ...metadataRoutes,
  ...attachmentRoutes,
  ...transferRoutes,
  ...typeRoutes,
  ...typeChangeRoutes,
  ...typeAccessRoutes,
  ...typeEncryptionRoutes,
  ...qosRoutes,
  ...defaultTypeRoutes,
  ...groupTypeRoutes,
  ...groupSpecRoutes,
  ...groupRoutes,
  ...groupSnapshotRoutes,
  ...consistencyGroupRoutes,
  ...serviceRoutes,
  ...serviceLogRoutes,
  ...poolRoutes,
  ...osHostRoutes,
  ...clusterRoutes,
  ...zoneRoutes,
  ...limitRoutes,
  ...messageRoutes,
  ...extensionRoutes,
  ...resourceFilterRoutes,
  ...backupRoutes,
]

/** Below /v3 alone. */
export const ROOT_ROUTES: readonly Route[] = versionRoutes

/** Scoria's own, below this. */
export const OWN_PREFIX = '/scoria/v1'
export const OWN_ROUTES: readonly Route[] = [...ownRoutes, ...orphanRoutes, ...openApiRoutes]
