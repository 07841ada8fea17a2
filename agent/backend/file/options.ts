import type { Exec } from '../../../lib/ports/exec.ts'

/** What an operator decides about a folder of volumes, and what copies in it. */
export interface FileBackendOptions {
  readonly name: string
  readonly directory: string
  readonly pool: string
  /** GiB, or null for what the file system holds. */
  readonly capacityGiB: number | null
  readonly maxOverSubscriptionRatio: number
  readonly reservedPercentage: number
  readonly exec: Exec
}
