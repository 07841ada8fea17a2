/**
 * Limits and use of a project, of everything and of each volume type. What Scoria does not have (backups) has a limit of 0: none can be made. -1 is
 * unlimited.
 */
import { type Limits, TYPE_LIMITS, type Usage } from '../../model/quota.ts'
import type { VolumeType } from '../../model/volume-type.ts'
import { typeKey } from './quota-request.ts'

const NO_LIMIT = -1

export function limitsBody(limits: Limits, used: Usage): object {
  return {
    limits: {
      rate: [],
      absolute: {
        maxTotalVolumes: limits.volumes,
        maxTotalVolumeGigabytes: limits.gigabytes,
        maxTotalSnapshots: limits.snapshots,
        maxTotalBackups: 0,
        maxTotalBackupGigabytes: 0,
        totalVolumesUsed: used.volumes,
        totalGigabytesUsed: used.gigabytes,
        totalSnapshotsUsed: used.snapshots,
        totalBackupsUsed: 0,
        totalBackupGigabytesUsed: 0,
      },
    },
  }
}

/** @param used null for a set without use (`usage` not asked for, or defaults) */
export function quotaSetBody(options: { project: string; limits: Limits; used: Usage | null; types: readonly VolumeType[] }): object {
  const { project, limits, used, types } = options
  const value = (limit: number, inUse: number): unknown => (used === null ? limit : { limit, in_use: inUse, reserved: 0 })
  const perType = types.flatMap((type) =>
    TYPE_LIMITS.map((resource) => {
      const limit = limits.types?.[type.id]?.[resource] ?? NO_LIMIT
      return [typeKey(resource, type), value(limit, used?.types?.[type.id]?.[resource] ?? 0)] as const
    }),
  )
  return {
    quota_set: {
      id: project,
      volumes: value(limits.volumes, used?.volumes ?? 0),
      gigabytes: value(limits.gigabytes, used?.gigabytes ?? 0),
      per_volume_gigabytes: value(limits.per_volume_gigabytes, 0),
      snapshots: value(limits.snapshots, used?.snapshots ?? 0),
      backups: value(0, 0),
      backup_gigabytes: value(0, 0),
      groups: value(limits.groups, used?.groups ?? 0),
      ...Object.fromEntries(perType),
    },
  }
}
