/** os-hosts: the older list of services, and what lies on one of them, by project. Cinder writes its numbers as texts. */
import type { HostView } from '../../model/host.ts'
import { compareText } from '../../model/ids.ts'
import type { PoolView } from '../../model/placement.ts'
import type { ServiceMark } from '../../model/service.ts'
import type { Volume } from '../../model/volume.ts'
import { serviceRows } from './service.ts'

/** @param pools of all hosts; @param marks of all services */
export function hostRows(host: HostView, pools: readonly PoolView[], marks: readonly ServiceMark[]): readonly object[] {
  return serviceRows(host, pools, marks, 0).map((row) => ({
    host_name: row.host,
    service: row.binary,
    zone: host.zone,
    'service-status': row.isUp ? 'available' : 'unavailable',
    'service-state': row.isDisabled ? 'disabled' : 'enabled',
    'last-update': row.updatedAt,
  }))
}

/** The sums of all projects, then of each. @param volumes those that lie there */
export function hostResources(host: string, volumes: readonly Volume[]): object {
  const projects = [...new Set(volumes.map(({ project }) => project))].sort(compareText)
  const sums = projects.map((project) =>
    resource(
      host,
      project,
      volumes.filter((volume) => volume.project === project),
    ),
  )
  return { host: [resource(host, '(total)', volumes), ...sums] }
}

function resource(host: string, project: string, volumes: readonly Volume[]): object {
  const snapshots = volumes.flatMap((volume) => volume.snapshots)
  return {
    resource: {
      host,
      project,
      volume_count: String(volumes.length),
      total_volume_gb: String(sumOf(volumes)),
      snapshot_count: String(snapshots.length),
      total_snapshot_gb: String(sumOf(snapshots)),
    },
  }
}

function sumOf(items: ReadonlyArray<{ readonly sizeGiB: number }>): number {
  return items.reduce((sum, { sizeGiB }) => sum + sizeGiB, 0)
}
