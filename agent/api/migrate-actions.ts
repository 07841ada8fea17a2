/**
 * os-migrate_volume and os-migrate_volume_completion, where volumes are not moved between hosts.
 *
 * What Cinder looks at before it asks its scheduler is looked at here, and said in its words; where Cinder's scheduler would have
 * to find the place, the answer is that there is none. Nothing is begun, and so nothing can be completed.
 */
import { isVolumeServiceUp } from './services.ts'
import type { Volume } from '../../lib/model/volume.ts'
import { type MigrateTarget, parseMigrate, parseMigrateCompletion } from '../../lib/wire/cinder/migrate-request.ts'
import { type Answer, type Call, type Edge, failed } from './call.ts'
import type { EdgeFailure } from './failure.ts'
import { locateVolume } from './locate.ts'
import { turnDown, type VolumeActionRow } from './volume-action-row.ts'

const POLICY = 'volume_extension:volume_admin_actions'

export const MIGRATE_ACTIONS: ReadonlyMap<string, VolumeActionRow> = new Map([
  ['os-migrate_volume', { policy: `${POLICY}:migrate_volume`, handle: migrate }],
  ['os-migrate_volume_completion', { policy: `${POLICY}:migrate_volume_completion`, handle: complete }],
])

function migrate(edge: Edge, call: Call): Promise<Answer> {
  return turnDown(edge, call, parseMigrate(call.body, call.microversion), (volume, target) => whyNotTo(edge, call, volume, target))
}

function whyNotTo(edge: Edge, call: Call, volume: Volume, { kind, name }: MigrateTarget): EdgeFailure {
  // There are no clusters of services here.
  if (kind === 'cluster' || !isVolumeServiceUp(edge, call, name)) return { code: 'service-unavailable', service: name }
  const isMovable = (volume.status === 'available' || volume.status === 'in-use') && volume.snapshots.length === 0
  if (!isMovable || volume.pool === name) return { code: 'not-migratable', volume: volume.id }
  return { code: 'not-moved', volume: volume.id, host: name }
}

async function complete(edge: Edge, call: Call): Promise<Answer> {
  const other = parseMigrateCompletion(call.body)
  if (!other.ok) return failed(other.failure)
  for (const id of [call.params['id'] ?? '', other.value]) {
    const found = await locateVolume(edge, call, id)
    if (!found.ok) return failed(found.failure)
  }
  return failed({ code: 'not-migrating' })
}
