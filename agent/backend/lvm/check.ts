/**
 * What must be so before volumes are kept in a volume group; a miss is one line that names the remedy.
 *
 * A thin pool that is not there is made if the operator has said how large. Volumes that have no device, as after a boot, get theirs when
 * they are asked for (waking.ts).
 */
import { firstFailure } from '../../../lib/model/finding.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import { lookAtTools } from './facts.ts'
import { judgeGroup, judgeTools } from './judge.ts'
import type { Place } from './look-up.ts'
import { poolNamed, type VgState } from './report.ts'
import type { VolumeGroup } from './volume-group.ts'

export interface LvmCheck {
  readonly exec: Exec
  readonly vg: VolumeGroup
  readonly place: Place
  /** Size of the thin pool that is made when it is not there; null: it has to be there. */
  readonly thinPoolGiB: number | null
}

/** @returns null if the group, and the thin pool in it, will do */
export async function checkLvmBackend(check: LvmCheck): Promise<string | null> {
  const { exec, vg, place, thinPoolGiB } = check
  const tools = firstFailure(judgeTools(await lookAtTools(exec), place))
  if (tools !== null) return tools
  const seen = await vg.read()
  const problem = firstFailure(judgeGroup(seen, { ...place, thinPoolGiB }))
  if (problem !== null || seen.kind !== 'ok') return problem
  return await makePool(check, seen.value)
}

async function makePool({ vg, place: { thinPool }, thinPoolGiB }: LvmCheck, state: VgState): Promise<string | null> {
  if (thinPool === null || thinPoolGiB === null || poolNamed(state, thinPool) !== undefined) return null
  const made = await vg.change(['lvcreate', '--type', 'thin-pool', '--zero', 'y', '--size', `${thinPoolGiB}g`, '--name', thinPool, vg.name])
  return made.kind === 'ok' ? null : `thin pool ${vg.name}/${thinPool} of ${thinPoolGiB} GiB cannot be made: ${made.detail}`
}
