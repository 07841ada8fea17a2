/**
 * From what is wanted and what is there to the commands that bring it about, in order. Pure.
 *
 * A crash may come between any two steps and in each: whatever it leaves, the plan made from it ends at the same place. A thick
 * LV is cleared before a tenant gets it and before its extents are freed, and its state tag says so from before the first
 * step to after the last. A thin LV needs neither: its pool zeroes. A plan without steps means that it is so already.
 */
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { BackendSnapshot, BackendSource, BackendVolume, VolumeTags } from '../../../lib/ports/backend.ts'
import { growthLv, type LvName, quarantineName, revertLv, snapshotLv, volumeLv } from './names.ts'
import { lookUp, type Ours, type Place } from './look-up.ts'
import type { VgState } from './report.ts'
import { active, added, busy, inUse, lvm, path, type Plan, refused, type Step, steps } from './steps.ts'
import { planRevertLeft } from './plan-revert.ts'
import { identityTags, ownerTags, ownerTagsIn, stateTag, type Unready } from './tags.ts'
import { type Guard, refusalOfPool } from './thin-pool.ts'

interface Wanted {
  readonly name: LvName
  readonly sizeBytes: number
  readonly tags: readonly string[]
  /** Else it is a snapshot. */
  readonly isVolume: boolean
}

export function planCreate(place: Place, guard: Guard, state: VgState, volume: BackendVolume, tags: VolumeTags): Plan {
  const name = volumeLv(volume.id)
  const wanted = wantedVolume(volume, tags)
  const found = lookUp(place, state, name)
  if (found.kind === 'foreign') return refused(found.detail)
  if (found.kind === 'absent') return begun(place, guard, state, () => fresh(place, wanted))
  if (found.isReady) return kept(place, found, wanted, tags)
  if (found.lv.isOpen) return busy(inUse(place, name))
  const isLikeWanted = found.identity.state === 'making' && found.lv.sizeBytes === wanted.sizeBytes
  if (isLikeWanted) return steps(...active(place, found), ...cleared(place, wanted, 'making'))
  return steps(...removal(place, found), ...fresh(place, wanted))
}

export function planExtend(place: Place, state: VgState, volume: BackendVolume): Plan {
  const name = volumeLv(volume.id)
  const found = lookUp(place, state, name)
  if (found.kind === 'foreign') return refused(found.detail)
  if (found.kind === 'absent' || !found.isReady) return refused(`${place.vg}/${name} is not there`)
  const moreBytes = volume.sizeBytes - found.lv.sizeBytes
  if (place.thinPool === null) return planGrowth(place, state, volume.id, moreBytes)
  return steps(...(moreBytes > 0 ? [lvm('lvextend', '--size', `${volume.sizeBytes}b`, path(place, name))] : []))
}

/**
 * Whoever has a volume open reads what is new as soon as it is there. So its extents are cleared before: under a name of their own,
 * which they have until they are the volume's.
 */
function planGrowth(place: Place, state: VgState, volume: VolumeId, moreBytes: number): Plan {
  const name = growthLv(volume)
  const found = lookUp(place, state, name)
  if (found.kind === 'foreign') return refused(found.detail)
  if (found.kind === 'ours' && found.lv.isOpen) return busy(inUse(place, name))
  if (moreBytes <= 0) return steps(...(found.kind === 'ours' ? removal(place, found) : []))
  const zero: Step = { kind: 'zero', lv: name, fromBytes: 0, toBytes: moreBytes }
  const give: Step = { kind: 'give', from: name, to: volumeLv(volume) }
  if (found.kind === 'ours' && found.lv.sizeBytes === moreBytes) return steps(...active(place, found), zero, give)
  const wanted = { name, sizeBytes: moreBytes, tags: identityTags(volume, null), isVolume: false }
  return steps(...(found.kind === 'ours' ? removal(place, found) : []), madeThick(place, wanted, 'growing'), zero, give)
}

/** With what it was about to grow by, or to be replaced with. */
export function planRemoveVolume(place: Place, state: VgState, volume: VolumeId): Plan {
  const plans = [growthLv(volume), revertLv(volume), volumeLv(volume)].map((name) => planRemove(place, state, name))
  const refusal = plans.find(({ kind }) => kind !== 'steps')
  return refusal ?? steps(...plans.flatMap((plan) => (plan.kind === 'steps' ? plan.steps : [])))
}

export function planRemove(place: Place, state: VgState, name: LvName): Plan {
  const found = lookUp(place, state, name)
  if (found.kind === 'foreign') return refused(found.detail)
  if (found.kind === 'absent') return steps()
  if (found.lv.isOpen) return busy(inUse(place, name))
  if (found.lv.isOrigin) return refused(`${path(place, name)} has copy-on-write snapshots that are not ours (lvs): remove them first`)
  return steps(...removal(place, found))
}

/** What a crash left half made or half removed goes, and what it left half reverted is reverted. Whatever became of it since is not touched. */
export function planLeftover(place: Place, state: VgState, name: LvName): Plan {
  const found = lookUp(place, state, name)
  if (found.kind !== 'ours' || found.identity.state === 'ready') return steps()
  return found.identity.state === 'reverting' ? planRevertLeft(place, state, found) : planRemove(place, state, name)
}

export function planSnapshot(place: Place, guard: Guard, state: VgState, snapshot: BackendSnapshot, tags: VolumeTags): Plan {
  const { id, volume, sizeBytes } = snapshot
  const wanted = { name: snapshotLv(snapshot), sizeBytes, tags: [...identityTags(volume, id), ...ownerTags(tags)], isVolume: false }
  const from = volumeLv(volume)
  const source = lookUp(place, state, from)
  const found = lookUp(place, state, wanted.name)
  const isThere = found.kind === 'ours' && found.isReady
  if (!isThere && source.kind === 'ours' && source.lv.sizeBytes !== sizeBytes)
    return refused(`${path(place, from)} has ${source.lv.sizeBytes} bytes, not ${sizeBytes}`)
  return planCopyOf(place, guard, state, from, wanted, tags)
}

/** A volume that begins with the bytes of another, or of a snapshot. */
export function planCopy(place: Place, guard: Guard, state: VgState, volume: BackendVolume, source: BackendSource, tags: VolumeTags): Plan {
  const from = source.kind === 'volume' ? volumeLv(source.volume) : snapshotLv(source.snapshot)
  return planCopyOf(place, guard, state, from, wantedVolume(volume, tags), tags)
}

function planCopyOf(place: Place, guard: Guard, state: VgState, from: LvName, wanted: Wanted, tags: VolumeTags): Plan {
  const found = lookUp(place, state, wanted.name)
  if (found.kind === 'foreign') return refused(found.detail)
  if (found.kind === 'ours' && found.isReady) return kept(place, found, wanted, tags)
  if (found.kind === 'ours' && found.lv.isOpen) return busy(inUse(place, wanted.name))
  const source = lookUp(place, state, from)
  if (source.kind !== 'ours' || source.identity.state !== 'ready') return refused(`${path(place, from)} is not there`)
  if (source.lv.sizeBytes > wanted.sizeBytes)
    return refused(`${path(place, from)} is larger (${source.lv.sizeBytes} bytes) than its copy (${wanted.sizeBytes})`)
  const leftover = found.kind === 'ours' ? removal(place, found) : []
  if (place.thinPool !== null) return begun(place, guard, state, () => [...leftover, ...thinCopy(place, source, wanted)])
  // It takes time, and what is written meanwhile would be in one part of it and not in another.
  if (source.lv.isOpen)
    return busy(`${path(place, from)} is in use, and on a thick pool it is copied: detach it first, or keep such volumes on a thin pool`)
  const copy = [...active(place, source), ...thickCopy(place, source, wanted)]
  const isLikeWanted = found.kind === 'ours' && found.identity.state === 'copying' && found.lv.sizeBytes === wanted.sizeBytes
  if (isLikeWanted) return steps(...active(place, found), ...copy)
  return steps(...leftover, madeThick(place, wanted, 'copying'), ...copy)
}

/** Of a volume or a snapshot. What is half made or half removed is not there. */
export function planQuarantine(place: Place, state: VgState, name: LvName): Plan {
  const found = lookUp(place, state, name)
  if (found.kind !== 'ours' || !found.isReady) return steps()
  const aside = quarantineName(name, (other) => state.lvs.some((lv) => lv.name === other))
  if (aside === null) return refused(`${path(place, name)} was set aside too often: remove LVs named quarantine-…`)
  return steps(lvm('lvrename', path(place, name), path(place, aside)))
}

/** What somebody is about to use has its device. */
export function planActivate(place: Place, state: VgState, name: LvName): Plan {
  const found = lookUp(place, state, name)
  return found.kind === 'ours' && found.isReady ? steps(...active(place, found)) : steps()
}

function wantedVolume({ id, sizeBytes }: BackendVolume, tags: VolumeTags): Wanted {
  return { name: volumeLv(id), sizeBytes, tags: [...identityTags(id, null), ...ownerTags(tags)], isVolume: true }
}

function kept(place: Place, found: Ours, wanted: Wanted, tags: VolumeTags): Plan {
  const { lv, identity } = found
  if (lv.sizeBytes !== wanted.sizeBytes)
    return refused(`${path(place, wanted.name)} is there with ${lv.sizeBytes} bytes, not ${wanted.sizeBytes}`)
  const activate = wanted.isVolume ? active(place, found) : []
  const isHis = identity.tags !== null && identity.tags.project === tags.project && identity.tags.rid === tags.rid
  if (isHis) return steps(...activate)
  const old = ownerTagsIn(lv.tags).flatMap((tag) => ['--deltag', tag])
  return steps(...activate, lvm('lvchange', ...old, ...added(ownerTags(tags)), path(place, wanted.name)))
}

function begun(place: Place, guard: Guard, state: VgState, make: () => readonly Step[]): Plan {
  const refusal = place.thinPool === null ? null : refusalOfPool(place.vg, place.thinPool, guard, state)
  return refusal === null ? steps(...make()) : refused(refusal)
}

function fresh(place: Place, wanted: Wanted): readonly Step[] {
  const { name, sizeBytes, tags } = wanted
  if (place.thinPool === null) return [madeThick(place, wanted, 'making'), ...cleared(place, wanted, 'making')]
  const from = ['--virtualsize', `${sizeBytes}b`, '--thinpool', place.thinPool]
  return [lvm('lvcreate', ...from, '--name', name, ...added(tags), place.vg)]
}

/** Shares all blocks with its source; what lies beyond them reads zero. A snapshot stays without a device until somebody reads it. */
function thinCopy(place: Place, { lv }: Ours, { name, sizeBytes, tags, isVolume }: Wanted): readonly Step[] {
  const snapshot = ['--snapshot', ...(isVolume ? ['--setactivationskip', 'n'] : []), '--name', name]
  if (lv.sizeBytes === sizeBytes) return [lvm('lvcreate', ...snapshot, ...added(tags), path(place, lv.name))]
  const tag = stateTag('copying')
  return [
    lvm('lvcreate', ...snapshot, ...added([...tags, tag]), path(place, lv.name)),
    lvm('lvextend', '--size', `${sizeBytes}b`, path(place, name)),
    lvm('lvchange', '--deltag', tag, path(place, name)),
  ]
}

function thickCopy(place: Place, { lv }: Ours, { name, sizeBytes }: Wanted): readonly Step[] {
  const beyond: readonly Step[] = lv.sizeBytes < sizeBytes ? [{ kind: 'zero', lv: name, fromBytes: lv.sizeBytes, toBytes: sizeBytes }] : []
  return [
    { kind: 'copy', from: lv.name, to: name, sizeBytes: lv.sizeBytes },
    ...beyond,
    lvm('lvchange', '--deltag', stateTag('copying'), path(place, name)),
  ]
}

/** Neither wiped nor zeroed by LVM, which does the first sectors only: all of it comes next. */
function madeThick(place: Place, { name, sizeBytes, tags }: Wanted, state: Unready): Step {
  const isBlank = ['--wipesignatures', 'n', '--zero', 'n']
  return lvm('lvcreate', '--size', `${sizeBytes}b`, ...isBlank, '--name', name, ...added([...tags, stateTag(state)]), place.vg)
}

function cleared(place: Place, { name, sizeBytes }: Wanted, state: Unready): readonly Step[] {
  return [{ kind: 'zero', lv: name, fromBytes: 0, toBytes: sizeBytes }, lvm('lvchange', '--deltag', stateTag(state), path(place, name))]
}

function removal(place: Place, found: Ours): readonly Step[] {
  const { lv, identity } = found
  const remove = lvm('lvremove', path(place, lv.name))
  // In a thin pool a freed block is zeroed when it is given out; and in what is being made nobody has written yet.
  if (place.thinPool !== null || identity.state === 'making' || identity.state === 'growing') return [remove]
  const tag = stateTag('clearing')
  const others = identity.state === 'ready' || identity.state === 'clearing' ? [] : ['--deltag', stateTag(identity.state)]
  return [
    ...(identity.state === 'clearing' ? [] : [lvm('lvchange', ...others, '--addtag', tag, path(place, lv.name))]),
    ...active(place, found),
    { kind: 'zero', lv: lv.name, fromBytes: 0, toBytes: lv.sizeBytes },
    remove,
  ]
}
