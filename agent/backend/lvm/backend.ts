/**
 * Volumes and snapshots as logical volumes, thick or thin, with the truth about them in LVM's own tags.
 *
 * Each call looks at the whole volume group, plans from what is there, carries the plan out, and where a tool said no, looks
 * again: what needs nothing more is done. What a call did is remembered in the group alone, so that an agent that begins with
 * an empty journal finds what the last one made.
 */
import type { VolumeId } from '../../../lib/model/ids.ts'
import { type AbortSignalLike, type Backend, volumeBehind } from '../../../lib/ports/backend.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import { createTurns, inTime } from '../turns.ts'
import { carryOut } from './carry-out.ts'
import { allOurs, lookUp, lookUpVolume, seenSnapshot, seenVolume } from './look-up.ts'
import { createMeasuring } from './measure.ts'
import { devicePath, snapshotLv, volumeLv } from './names.ts'
import type { LvmBackendOptions } from './options.ts'
import {
  planActivate,
  planCopy,
  planCreate,
  planExtend,
  planLeftover,
  planQuarantine,
  planRemove,
  planRemoveVolume,
  planSnapshot,
} from './plan.ts'
import { allExisting, planAdopt, planAdoptSnapshot, planRelease, planReleaseSnapshot } from './plan-existing.ts'
import { planRetag } from './plan-retag.ts'
import { planRevert } from './plan-revert.ts'
import type { VgState } from './report.ts'
import type { Plan } from './steps.ts'
import { TOOL } from './volume-group.ts'
import { createWaking } from './waking.ts'

export interface LvmBackend extends Backend {
  /** Goes on with what a crash cut off in the middle of a removal or a copy. Once, before anything else is asked of it. */
  finishLeftovers(signal: AbortSignalLike): Promise<void>
}

/** What udev opens to look at it, it closes in a moment. */
const LOOKS_MAX = 3
const SETTLE_SECONDS = 10

export function createLvmBackend(options: LvmBackendOptions): LvmBackend {
  const { name, pool, vg, place, guard, exec, log } = options
  const turns = createTurns(TOOL)
  const measuring = createMeasuring(options)
  const wake = createWaking(vg, place)

  async function act(plan: (state: VgState) => Plan): Promise<Outcome<void>> {
    const seen = await vg.read()
    if (seen.kind !== 'ok') return seen
    let planned = plan(seen.value)
    for (let look = 1; planned.kind === 'busy' && look < LOOKS_MAX; look += 1) {
      await exec({ file: 'udevadm', args: ['settle', `--timeout=${SETTLE_SECONDS}`], timeoutMs: 2000 * SETTLE_SECONDS })
      const again = await vg.read()
      if (again.kind !== 'ok') return again
      planned = plan(again.value)
    }
    if (planned.kind !== 'steps') return { kind: 'failed', tool: TOOL, detail: planned.detail }
    const outcome = await carryOut(exec, vg, planned.steps)
    return outcome.kind === 'failed' && (await isSo(plan)) ? done(undefined) : outcome
  }

  /**
   * What was not there at the last look, some seconds ago, is made without another, which takes LVM a fifth as long as making it;
   * a name that is taken meanwhile is refused. Null: it was there, or LVM said no, so that it has to be looked at.
   */
  async function made(lv: string, plan: (state: VgState) => Plan): Promise<Outcome<void> | null> {
    const state = vg.lastSeen()
    const planned = state === null || state.lvs.some((one) => one.name === lv) ? null : plan(state)
    if (planned?.kind !== 'steps') return null
    const outcome = await carryOut(exec, vg, planned.steps)
    return outcome.kind === 'failed' ? null : outcome
  }

  /** The tool said no, after it had done it. */
  async function isSo(plan: (state: VgState) => Plan): Promise<boolean> {
    const seen = await vg.read()
    const left = seen.kind === 'ok' ? plan(seen.value) : null
    return left?.kind === 'steps' && left.steps.length === 0
  }

  async function seen<Value>(read: (state: VgState) => Value): Promise<Outcome<Value>> {
    const state = await vg.read()
    return state.kind === 'ok' ? done(read(state.value)) : state
  }

  async function inspected<Value>(lv: string, read: (state: VgState) => Value): Promise<Outcome<Value>> {
    const activated = await act((state) => planActivate(place, state, lv))
    return activated.kind === 'ok' ? await seen(read) : activated
  }

  const onOne = (volume: VolumeId, plan: (state: VgState) => Plan, signal: AbortSignalLike): Promise<Outcome<void>> =>
    turns.take([volume], () => act(plan), signal)
  const onAll = <Value>(read: (state: VgState) => Value, signal: AbortSignalLike): Promise<Outcome<Value>> =>
    inTime(TOOL, () => seen(read), signal)

  return {
    name,
    isLasting: true,
    measure: (signal) => inTime(TOOL, () => measuring.measure(), signal),
    create(volume, tags, signal) {
      const plan = (state: VgState): Plan => planCreate(place, guard, state, volume, tags)
      return turns.take([volume.id], async () => (await made(volumeLv(volume.id), plan)) ?? (await act(plan)), signal)
    },
    copy: (volume, source, tags, signal) =>
      turns.take([volume.id, volumeBehind(source)], () => act((state) => planCopy(place, guard, state, volume, source, tags)), signal),
    extend: (volume, signal) => onOne(volume.id, (state) => planExtend(place, state, volume), signal),
    revert: (volume, snapshot, rid, signal) => onOne(volume.id, (state) => planRevert(place, state, volume, snapshot, rid), signal),
    retag: (volume, project, signal) => onOne(volume, (state) => planRetag(place, state, volume, project), signal),
    remove: (volume, signal) => onOne(volume, (state) => planRemoveVolume(place, state, volume), signal),
    inspect: (volume, signal) =>
      turns.take([volume], () => inspected(volumeLv(volume), (state) => seenVolume(lookUpVolume(place, state, volume), pool)), signal),
    adopt: (volume, name, tags, signal) => onOne(volume.id, (state) => planAdopt(place, state, volume, name, tags), signal),
    release: (volume, signal) => onOne(volume, (state) => planRelease(place, state, volume), signal),
    listExisting: (signal) => onAll((state) => allExisting(place, state).map((found) => ({ ...found, pool })), signal),
    list: (signal) => onAll((state) => sorted(allOurs(place, state).flatMap((found) => seenVolume(found, pool) ?? [])), signal),
    quarantine: (volume, signal) => onOne(volume, (state) => planQuarantine(place, state, volumeLv(volume)), signal),
    createSnapshot: (snapshot, tags, signal) =>
      onOne(snapshot.volume, (state) => planSnapshot(place, guard, state, snapshot, tags), signal),
    removeSnapshot: (snapshot, signal) => onOne(snapshot.volume, (state) => planRemove(place, state, snapshotLv(snapshot)), signal),
    inspectSnapshot: (snapshot, signal) =>
      turns.take([snapshot.volume], () => seen((state) => seenSnapshot(lookUp(place, state, snapshotLv(snapshot)), pool)), signal),
    adoptSnapshot: (snapshot, name, tags, signal) =>
      onOne(snapshot.volume, (state) => planAdoptSnapshot(place, state, snapshot, name, tags), signal),
    releaseSnapshot: (snapshot, signal) => onOne(snapshot.volume, (state) => planReleaseSnapshot(place, state, snapshot), signal),
    listSnapshots: (signal) => onAll((state) => sorted(allOurs(place, state).flatMap((found) => seenSnapshot(found, pool) ?? [])), signal),
    quarantineSnapshot: (snapshot, signal) => onOne(snapshot.volume, (state) => planQuarantine(place, state, snapshotLv(snapshot)), signal),
    devicePath: (volume) => devicePath(vg.name, volumeLv(volume)),
    wake: (volume, signal) => inTime(TOOL, () => wake(volumeLv(volume)), signal),
    async finishLeftovers(signal) {
      const found = await seen((state) => allOurs(place, state).filter(({ identity }) => identity.state !== 'ready'))
      for (const { lv, identity } of found.kind === 'ok' ? found.value : []) {
        const fields = { vg: vg.name, lv: lv.name, state: identity.state }
        log.info('leftover', fields)
        const outcome = await onOne(identity.volume, (state) => planLeftover(place, state, lv.name), signal)
        if (outcome.kind !== 'ok') log.warn('leftover-stays', { ...fields, tool: outcome.tool, detail: outcome.detail })
      }
    },
  }
}

function sorted<Named extends { readonly id: string }>(found: readonly Named[]): readonly Named[] {
  return found.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}
