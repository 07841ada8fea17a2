/** What a project may have. -1 means no limit. Names are Cinder's. */
export interface Limits {
  readonly volumes: number
  readonly snapshots: number
  /** Of volumes and snapshots together. */
  readonly gigabytes: number
  readonly per_volume_gigabytes: number
  readonly groups: number
}

/** What a project has, or what one request adds. */
export interface Usage {
  readonly volumes: number
  readonly snapshots: number
  /** GiB, of volumes and snapshots together. */
  readonly gigabytes: number
  readonly groups: number
}

export const DEFAULT_LIMITS: Limits = { volumes: 10, snapshots: 10, gigabytes: 1000, per_volume_gigabytes: -1, groups: 10 }
export const NO_USAGE: Usage = { volumes: 0, snapshots: 0, gigabytes: 0, groups: 0 }

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    volumes: a.volumes + b.volumes,
    snapshots: a.snapshots + b.snapshots,
    gigabytes: a.gigabytes + b.gigabytes,
    groups: a.groups + b.groups,
  }
}

/** The same with the sign turned. */
export function lessUsage({ volumes, snapshots, gigabytes, groups }: Usage): Usage {
  return { volumes: -volumes, snapshots: -snapshots, gigabytes: -gigabytes, groups: -groups }
}

/** Quotas that are counted; `per_volume_gigabytes` is a bound for one volume. */
export const COUNTED_LIMITS = ['volumes', 'snapshots', 'gigabytes', 'groups'] as const satisfies readonly (keyof Usage)[]
