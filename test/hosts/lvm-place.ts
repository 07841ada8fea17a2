/** A storage host's volume group, as an agent that has just begun opens it. */
import type { LvmBackend } from '../../agent/backend/lvm/backend.ts'
import { checkLvmBackend } from '../../agent/backend/lvm/check.ts'
import type { LvmBackendOptions } from '../../agent/backend/lvm/options.ts'
import { createVolumeGroup } from '../../agent/backend/lvm/volume-group.ts'
import type { Exec } from '../../lib/ports/exec.ts'
import { lvmBackendOn } from '../contract/lvm-backend.ts'

export const VG = 'vg'
export const POOL = 'pool'

/** @throws what an operator would read, if it will not do */
export async function openLvm(exec: Exec, thinPool: string | null, more: Partial<LvmBackendOptions> = {}): Promise<LvmBackend> {
  const vg = createVolumeGroup({ exec, name: VG })
  const problem = await checkLvmBackend({ exec, vg, place: { vg: VG, thinPool }, thinPoolGiB: 3 })
  if (problem !== null) throw new Error(problem)
  return lvmBackendOn({ exec, vg: VG, thinPool, pool: POOL }, { vg, ...more })
}
