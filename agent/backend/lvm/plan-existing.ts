/**
 * What lies in a pool and was not made by this backend: how it is told apart, taken in, and given back. Pure.
 *
 * An LV becomes a volume with its name: it is tagged first, which makes it nobody's, and renamed then, which is one commit and makes it
 * ours. It ceases to be one with its tags: all of them go in one commit, the name stays. No step writes to the LV.
 */
import { type Existing, type Former, type Hindrance, isExistingName } from '../../../lib/model/existing.ts'
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { BackendVolume, VolumeTags } from '../../../lib/ports/backend.ts'
import { isOfPlace, lookUp, type Place } from './look-up.ts'
import { isQuarantineName, type LvName, volumeLv } from './names.ts'
import type { Lv, VgState } from './report.ts'
import type { Plan, Step } from './steps.ts'
import { identityOf, identityTags, ownerTags, ownTagsIn } from './tags.ts'

const GIB = 1024 ** 3

const refused = (detail: string): Plan => ({ kind: 'refused', detail })
const path = ({ vg }: Place, name: LvName): string => `${vg}/${name}`

export function planAdopt(place: Place, state: VgState, volume: BackendVolume, name: string, tags: VolumeTags): Plan {
  const target = volumeLv(volume.id)
  const found = lookUp(place, state, target)
  if (found.kind === 'foreign') return refused(found.detail)
  if (found.kind === 'ours') {
    if (!found.isReady || found.lv.sizeBytes !== volume.sizeBytes)
      return refused(`${path(place, target)} is there with ${found.lv.sizeBytes} bytes, not ${volume.sizeBytes}`)
    return { kind: 'steps', steps: activation(place, found.lv, target) }
  }
  const lv = state.lvs.find((one) => one.name === name && isOfPlace(place, one))
  if (lv === undefined) return refused(`${path(place, name)} is not there`)
  const hindrance = hindranceOf(lv, volume.id)
  if (hindrance === 'in-use') return { kind: 'busy', detail: `${path(place, name)} is in use: see lsblk /dev/${path(place, name)}` }
  if (hindrance !== null) return refused(`${path(place, name)} cannot be taken in: ${hindrance}`)
  if (lv.sizeBytes !== volume.sizeBytes) return refused(`${path(place, name)} has ${lv.sizeBytes} bytes, not ${volume.sizeBytes}`)
  return { kind: 'steps', steps: [...marking(place, lv, volume.id, tags), renaming(place, name, target), ...activation(place, lv, target)] }
}

/** Also takes back the mark that an adoption which was cut off has left on somebody else's LV. */
export function planRelease(place: Place, state: VgState, volume: VolumeId): Plan {
  const found = lookUp(place, state, volumeLv(volume))
  if (found.kind === 'ours') {
    if (!found.isReady) return refused(`${path(place, found.lv.name)} is half made`)
    return unmarking(place, found.lv)
  }
  // What was set aside stays marked, so that it stays known for what it is.
  const marked = state.lvs.find((lv) => isMarkedFor(lv, volume) && isOfPlace(place, lv) && !isQuarantineName(lv.name))
  return marked === undefined ? { kind: 'steps', steps: [] } : unmarking(place, marked)
}

/** What is in this backend's pool and is none of its volumes and snapshots, sorted by name. A thick pool is the group itself. */
export function allExisting(place: Place, state: VgState): readonly Existing[] {
  const isPart = (lv: Lv): boolean => isOfPlace(place, lv) || (place.thinPool === null && lv.kind === 'thin-pool')
  return state.lvs
    .filter((lv) => isPart(lv) && lookUp(place, state, lv.name).kind === 'foreign')
    .map((lv) => ({ name: lv.name, sizeBytes: lv.sizeBytes, hindrance: hindranceOf(lv, null), former: formerOf(lv), sinceMs: null }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** @param volume that it is being taken in as: its mark is no hindrance */
function hindranceOf(lv: Lv, volume: VolumeId | null): Hindrance | null {
  if (!isExistingName(lv.name)) return 'name'
  if (lv.isSnapshot || lv.isOrigin) return 'snapshots'
  if (!lv.isPlain) return 'pool-part'
  const state = identityOf(lv.tags)?.state ?? 'ready'
  if (state !== 'ready') return 'half-made'
  const isFree = ownTagsIn(lv.tags).length === 0 || isQuarantineName(lv.name) || (volume !== null && isMarkedFor(lv, volume))
  if (!isFree) return 'tagged'
  if (lv.isOpen) return 'in-use'
  return lv.sizeBytes % GIB === 0 ? null : 'size'
}

function formerOf({ name, tags }: Lv): Former | null {
  const identity = isQuarantineName(name) ? identityOf(tags) : null
  if (identity === null) return null
  const { volume, snapshot } = identity
  return { volume, snapshot, project: identity.tags?.project ?? null, rid: identity.tags?.rid ?? null }
}

function isMarkedFor(lv: Lv, volume: VolumeId): boolean {
  const identity = identityOf(lv.tags)
  return identity?.volume === volume && identity.snapshot === null
}

function marking(place: Place, lv: Lv, volume: VolumeId, tags: VolumeTags): readonly Step[] {
  const wanted = [...identityTags(volume, null), ...ownerTags(tags)]
  const old = ownTagsIn(lv.tags).filter((tag) => !wanted.includes(tag))
  const fresh = wanted.filter((tag) => !lv.tags.includes(tag))
  if (old.length === 0 && fresh.length === 0) return []
  const changes = [...old.flatMap((tag) => ['--deltag', tag]), ...fresh.flatMap((tag) => ['--addtag', tag])]
  return [{ kind: 'lvm', args: ['lvchange', ...changes, path(place, lv.name)] }]
}

function unmarking(place: Place, lv: Lv): Plan {
  const tags = ownTagsIn(lv.tags).flatMap((tag) => ['--deltag', tag])
  return { kind: 'steps', steps: [{ kind: 'lvm', args: ['lvchange', ...tags, path(place, lv.name)] }] }
}

function renaming(place: Place, from: LvName, to: LvName): Step {
  return { kind: 'lvm', args: ['lvrename', path(place, from), path(place, to)] }
}

/** A snapshot of a thin volume is not activated at a boot unless it is told to be. */
function activation(place: Place, lv: Lv, name: LvName): readonly Step[] {
  const unskip: readonly Step[] = lv.isSkipped ? [{ kind: 'lvm', args: ['lvchange', '--setactivationskip', 'n', path(place, name)] }] : []
  const activate: readonly Step[] = lv.isActive ? [] : [{ kind: 'lvm', args: ['lvchange', '--activate', 'y', path(place, name)] }]
  return [...unskip, ...activate]
}
