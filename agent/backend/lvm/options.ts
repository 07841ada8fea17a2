import type { Exec } from '../../../lib/ports/exec.ts'
import type { Log } from '../../../lib/ports/log.ts'
import type { Place } from './look-up.ts'
import type { Guard } from './thin-pool.ts'
import type { VolumeGroup } from './volume-group.ts'

/** What an operator decides about volumes in a volume group, and what makes them. */
export interface LvmBackendOptions {
  readonly name: string
  /** Name of the pool, the part after `#`. */
  readonly pool: string
  /** Shared by all backends of the group: it has one queue. */
  readonly vg: VolumeGroup
  readonly place: Place
  readonly guard: Guard
  /** The thin pool is grown up to this size; null: never. */
  readonly thinPoolMaxGiB: number | null
  readonly maxOverSubscriptionRatio: number
  readonly reservedPercentage: number
  readonly exec: Exec
  readonly log: Log
}
