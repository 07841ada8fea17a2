/**
 * What must be so before volumes are kept in a volume group; a miss is one line that names the remedy.
 *
 * A thin pool that is not there is made if the operator has said how large. What is there already is made usable: after a
 * boot no LV has a device.
 */
import { firstFailure } from '../../../lib/model/finding.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import type { Log } from '../../../lib/ports/log.ts'
import { lookAtTools } from './facts.ts'
import { judgeGroup, judgeTools } from './judge.ts'
import { allOurs, type Place } from './look-up.ts'
import { poolNamed, type VgState } from './report.ts'
import type { VolumeGroup } from './volume-group.ts'

export interface LvmCheck {
  readonly exec: Exec
  readonly log: Log
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
  const pool = await makePool(check, seen.value)
  if (pool !== null) return pool
  await activate(check, seen.value)
  return null
}

async function makePool({ vg, place: { thinPool }, thinPoolGiB }: LvmCheck, state: VgState): Promise<string | null> {
  if (thinPool === null || thinPoolGiB === null || poolNamed(state, thinPool) !== undefined) return null
  const made = await vg.change(['lvcreate', '--type', 'thin-pool', '--zero', 'y', '--size', `${thinPoolGiB}g`, '--name', thinPool, vg.name])
  return made.kind === 'ok' ? null : `thin pool ${vg.name}/${thinPool} of ${thinPoolGiB} GiB cannot be made: ${made.detail}`
}

/** One that does not come up must not keep the others down: whoever asks for it hears why. */
async function activate({ vg, place, log }: LvmCheck, state: VgState): Promise<void> {
  const asleep = allOurs(place, state).filter(({ lv, identity }) => !lv.isActive && identity.snapshot === null)
  if (asleep.length === 0) return
  const activated = await vg.change(['lvchange', '--activate', 'y', ...asleep.map(({ lv }) => `${vg.name}/${lv.name}`)])
  if (activated.kind !== 'ok') log.warn('volumes-not-activated', { vg: vg.name, tool: activated.tool, detail: activated.detail })
}
