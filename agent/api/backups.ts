/**
 * Backups, as of a Cinder whose backup service does not run: there are none, and none can be made. Clients and dashboards
 * that list them find an empty list and no error.
 */
import { parseCreateBackup } from '../../lib/wire/cinder/backup-request.ts'
import { type Answer, answer, type Call, type Edge, failed, type Route } from './call.ts'
import { locateVolume } from './locate.ts'

const SERVICE = 'cinder-backup'

export const backupRoutes: readonly Route[] = [
  { method: 'POST', path: '/backups', since: 0, action: 'backup:create', handle: create },
  { method: 'POST', path: '/backups/import_record', since: 0, action: 'backup:backup-import', handle: noService },
  { method: 'GET', path: '/backups', since: 0, action: 'backup:get_all', handle: none },
  { method: 'GET', path: '/backups/detail', since: 0, action: 'backup:get_all', handle: none },
  { method: 'GET', path: '/backups/:id', since: 0, action: 'backup:get', handle: noBackup },
  { method: 'PUT', path: '/backups/:id', since: 9, action: 'backup:update', handle: noBackup },
  { method: 'DELETE', path: '/backups/:id', since: 0, action: 'backup:delete', handle: noBackup },
  { method: 'POST', path: '/backups/:id/restore', since: 0, action: 'backup:restore', handle: noBackup },
  { method: 'GET', path: '/backups/:id/export_record', since: 0, action: 'backup:export-import', handle: noBackup },
  { method: 'POST', path: '/backups/:id/action', since: 0, action: 'volume_extension:backup_admin_actions', handle: noBackup },
]

async function create(edge: Edge, call: Call): Promise<Answer> {
  const volume = parseCreateBackup(call.body)
  if (!volume.ok) return failed(volume.failure)
  const found = await locateVolume(edge, call, volume.value)
  return found.ok ? noService() : failed(found.failure)
}

function none(): Answer {
  return answer(200, { backups: [] })
}

function noService(): Answer {
  return failed({ code: 'service-absent', service: SERVICE })
}

function noBackup(_: Edge, call: Call): Answer {
  return failed({ code: 'item-not-found', kind: 'Backup', id: (call.params['id'] ?? '').slice(0, 255) })
}
