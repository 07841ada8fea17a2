/**
 * Gives volumes the devices that a boot took from them: when they are asked for, so that those in use come back first, and in one
 * command whatever is asked for while another runs.
 *
 * A host may have thousands; each device costs udev some milliseconds, and most are asked for late or never. Who is asked for and
 * does not come up keeps none of the others down.
 */
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import type { Place } from './look-up.ts'
import type { LvName } from './names.ts'
import type { VgState } from './report.ts'
import { path } from './steps.ts'
import type { VolumeGroup } from './volume-group.ts'

/** @returns after `ok` the LV has a device, or was not there at the last look */
export type Wake = (lv: LvName) => Promise<Outcome<void>>

interface Awaited {
  readonly lvs: Set<LvName>
  readonly outcomeOf: Promise<Wake>
}

export function createWaking(vg: VolumeGroup, place: Place): Wake {
  /** Woken since the last look, which shows them without a device. */
  let woken: { readonly since: VgState | null; readonly lvs: Set<LvName> } = { since: null, lvs: new Set() }
  let waiting: Awaited | null = null
  let running: Promise<unknown> = Promise.resolve()

  const isAsleep = (lv: LvName): boolean => {
    const state = vg.lastSeen()
    if (woken.since !== state) woken = { since: state, lvs: new Set() }
    return !woken.lvs.has(lv) && (state?.lvs.some(({ name, isActive }) => name === lv && !isActive) ?? false)
  }

  function nextCommand(): Awaited {
    const lvs = new Set<LvName>()
    const outcomeOf = running.then(() => {
      waiting = null
      return activate([...lvs])
    })
    running = outcomeOf
    return { lvs, outcomeOf }
  }

  async function activate(lvs: readonly LvName[]): Promise<Wake> {
    const activated = await vg.change(['lvchange', '--activate', 'y', ...lvs.map((lv) => path(place, lv))])
    if (activated.kind === 'ok') {
      for (const lv of lvs) if (isAsleep(lv)) woken.lvs.add(lv)
      return async () => done(undefined)
    }
    // LVM goes on with the others when one does not come up, and says no of all: it is asked what is so.
    const seen = await vg.read()
    return async (lv) => (seen.kind !== 'ok' || isAsleep(lv) ? activated : done(undefined))
  }

  return async (lv) => {
    const seen = vg.lastSeen() === null ? await vg.read() : done(null)
    if (seen.kind !== 'ok') return seen
    if (!isAsleep(lv)) return done(undefined)
    waiting ??= nextCommand()
    waiting.lvs.add(lv)
    return await (await waiting.outcomeOf)(lv)
  }
}
