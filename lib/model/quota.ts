/** What a project may have. -1 means no limit. Names are Cinder's. */
export interface Limits {
  readonly volumes: number
  readonly gigabytes: number
  readonly per_volume_gigabytes: number
}

/** What a project has, or what one request adds. */
export interface Usage {
  readonly volumes: number
  /** GiB */
  readonly gigabytes: number
}

export const DEFAULT_LIMITS: Limits = { volumes: 10, gigabytes: 1000, per_volume_gigabytes: -1 }
export const NO_USAGE: Usage = { volumes: 0, gigabytes: 0 }

export function addUsage(a: Usage, b: Usage): Usage {
  return { volumes: a.volumes + b.volumes, gigabytes: a.gigabytes + b.gigabytes }
}
