/** The LVM backend on whatever carries its commands out: a fake, or a host. */
import { createLvmBackend, type LvmBackend } from '../../agent/backend/lvm/backend.ts'
import type { LvmBackendOptions } from '../../agent/backend/lvm/options.ts'
import { createVolumeGroup } from '../../agent/backend/lvm/volume-group.ts'
import type { Exec } from '../../lib/ports/exec.ts'
import type { Log } from '../../lib/ports/log.ts'

export interface LvmPlace {
  readonly exec: Exec
  readonly vg: string
  readonly thinPool: string | null
  readonly pool: string
}

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** As a process that has just begun would open it. */
export function lvmBackendOn({ exec, vg, thinPool, pool }: LvmPlace, more: Partial<LvmBackendOptions> = {}): LvmBackend {
  return createLvmBackend({
    name: 'lvm',
    pool,
    vg: createVolumeGroup({ exec, name: vg }),
    place: { vg, thinPool },
    guard: { dataPercentMax: 95, metadataPercentMax: 90 },
    thinPoolMaxGiB: null,
    maxOverSubscriptionRatio: thinPool === null ? 1 : 4,
    reservedPercentage: 0,
    exec,
    log: SILENT,
    ...more,
  })
}
