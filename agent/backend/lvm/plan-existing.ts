/**
 * What lies in a pool and was not made by this backend: how it is told apart, taken in, and given back. Pure.
 *
 * An LV becomes a volume, or a snapshot of one, with its name: it is tagged first, which makes it nobody's, and renamed then, which is one
 * commit and makes it ours. It ceases to be one with its tags: they go in one commit, the name stays. No step writes to the LV.
 */
import { type Existing, type Former, type Hindrance, isExistingName, type Origin } from '../../../lib/model/existing.ts'
import type { SnapshotId, VolumeId } from '../../../lib/model/ids.ts'
import type { BackendSnapshot, BackendVolume, SnapshotName, VolumeTags } from '../../../lib/ports/backend.ts'
import { isOfPlace, lookUp, type Place } from './look-up.ts'
import { isQuarantineName, type LvName, snapshotLv, volumeLv } from './names.ts'
import type { Lv, VgState } from './report.ts'
import type { Plan, Step } from './steps.ts'
import { copyOfIn, copyOfTag, identityOf, identityTags, marksIn, ownerTags, ownTagsIn } from './tags.ts'

const GIB = 1024 ** 3

const refused = (detail: string): Plan => ({ kind: 'refused', detail })
const path = ({ vg }: Place, name: LvName): string => `${vg}/${name}`

/** What something is taken in as, or was. */
interface Part {
  readonly volume: VolumeId
  /** Null: the volume itself. */
  readonly snapshot: SnapshotId | null
}

const lvOf = ({ volume, snapshot }: Part): LvName => (snapshot === null ? volumeLv(volume) : snapshotLv({ id: snapshot }))

export function planAdopt(place: Place, state: VgState, { id, sizeBytes }: BackendVolume, name: string, tags: VolumeTags): Plan {
  return planTaking(place, state, { volume: id, snapshot: null }, sizeBytes, name, tags)
}

export function planAdoptSnapshot(place: Place, state: VgState, snapshot: BackendSnapshot, name: string, tags: VolumeTags): Plan {
  const { id, volume, sizeBytes } = snapshot
  return planTaking(place, state, { volume, snapshot: id }, sizeBytes, name, tags)
}

function planTaking(place: Place, state: VgState, part: Part, sizeBytes: number, name: string, tags: VolumeTags): Plan {
  const target = lvOf(part)
  const found = lookUp(place, state, target)
  // What was given back keeps its name, also that of a snapshot which is taken in under the id that it had.
  if (found.kind === 'foreign' && target !== name) return refused(found.detail)
  if (found.kind === 'ours') {
    if (!found.isReady || found.lv.sizeBytes !== sizeBytes)
      return refused(`${path(place, target)} is there with ${found.lv.sizeBytes} bytes, not ${sizeBytes}`)
    return { kind: 'steps', steps: activation(place, found.lv, part) }
  }
  const lv = state.lvs.find((one) => one.name === name && isOfPlace(place, one))
  if (lv === undefined) return refused(`${path(place, name)} is not there`)
  const hindrance = hindranceOf(lv, part)
  if (hindrance === 'in-use') return { kind: 'busy', detail: `${path(place, name)} is in use: see lsblk /dev/${path(place, name)}` }
  if (hindrance !== null) return refused(`${path(place, name)} cannot be taken in: ${hindrance}`)
  if (part.snapshot !== null && originOf(place, state, lv)?.volume !== part.volume)
    return refused(`${path(place, name)} is not known as a snapshot of ${path(place, volumeLv(part.volume))}: see lvs -o +origin,tags`)
  if (lv.sizeBytes !== sizeBytes) return refused(`${path(place, name)} has ${lv.sizeBytes} bytes, not ${sizeBytes}`)
  return { kind: 'steps', steps: [...marking(place, lv, part, tags), ...renaming(place, name, target), ...activation(place, lv, part)] }
}

/** Also takes back the mark that an adoption which was cut off has left on somebody else's LV. */
export function planRelease(place: Place, state: VgState, volume: VolumeId): Plan {
  return planGivingBack(place, state, { volume, snapshot: null })
}

/** LVM knows of a thick copy nothing, and of a thin one not for ever, of what it is a snapshot: that stays with it as a tag. */
export function planReleaseSnapshot(place: Place, state: VgState, { id, volume }: SnapshotName): Plan {
  return planGivingBack(place, state, { volume, snapshot: id })
}

function planGivingBack(place: Place, state: VgState, part: Part): Plan {
  const found = lookUp(place, state, lvOf(part))
  if (found.kind === 'ours') {
    if (!found.isReady) return refused(`${path(place, found.lv.name)} is half made`)
    return unmarking(place, found.lv, part.snapshot === null ? [] : [copyOfTag(part.volume)])
  }
  // What was set aside stays marked, so that it stays known for what it is.
  const marked = state.lvs.find((lv) => isMarkedFor(lv, part) && isOfPlace(place, lv) && !isQuarantineName(lv.name))
  if (marked === undefined) return { kind: 'steps', steps: [] }
  return unmarking(
    place,
    marked,
    ownTagsIn(marked.tags).filter((tag) => !marksIn(marked.tags).includes(tag)),
  )
}

/** What is in this backend's pool and is none of its volumes and snapshots, sorted by name. A thick pool is the group itself. */
export function allExisting(place: Place, state: VgState): readonly Existing[] {
  const isPart = (lv: Lv): boolean => isOfPlace(place, lv) || (place.thinPool === null && lv.kind === 'thin-pool')
  return state.lvs
    .filter((lv) => isPart(lv) && lookUp(place, state, lv.name).kind === 'foreign')
    .map((lv) => ({
      name: lv.name,
      sizeBytes: lv.sizeBytes,
      hindrance: hindranceOf(lv, null),
      former: formerOf(lv),
      origin: originOf(place, state, lv),
      sinceMs: null,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** LVM's own word where it still has one for something that is ours; else what a tag says. */
function originOf(place: Place, state: VgState, { origin, tags }: Lv): Origin | null {
  const source = origin === null ? null : lookUp(place, state, origin)
  const isVolume = source?.kind === 'ours' && source.isReady && source.identity.snapshot === null
  const volume = isVolume ? source.identity.volume : copyOfIn(tags)
  if (volume === null) return origin === null ? null : { name: origin, volume: null }
  return { name: isVolume ? source.lv.name : volumeLv(volume), volume }
}

/** @param part that it is being taken in as: its mark is no hindrance */
function hindranceOf(lv: Lv, part: Part | null): Hindrance | null {
  if (!isExistingName(lv.name)) return 'name'
  if (lv.isSnapshot || lv.isOrigin) return 'snapshots'
  if (!lv.isPlain) return 'pool-part'
  const state = identityOf(lv.tags)?.state ?? 'ready'
  if (state !== 'ready') return 'half-made'
  const isFree = marksIn(lv.tags).length === 0 || isQuarantineName(lv.name) || (part !== null && isMarkedFor(lv, part))
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

function isMarkedFor(lv: Lv, { volume, snapshot }: Part): boolean {
  const identity = identityOf(lv.tags)
  return identity?.volume === volume && identity.snapshot === snapshot
}

/** Of what it is a copy may stay: nobody asks a volume, and one that is given back does not say so any more. */
function marking(place: Place, lv: Lv, { volume, snapshot }: Part, tags: VolumeTags): readonly Step[] {
  const wanted = [...identityTags(volume, snapshot), ...ownerTags(tags)]
  const old = marksIn(lv.tags).filter((tag) => !wanted.includes(tag))
  const fresh = wanted.filter((tag) => !lv.tags.includes(tag))
  return retagged(place, lv, old, fresh)
}

/** @param kept of our tags: all others go */
function unmarking(place: Place, lv: Lv, kept: readonly string[]): Plan {
  const old = ownTagsIn(lv.tags).filter((tag) => !kept.includes(tag))
  return {
    kind: 'steps',
    steps: retagged(
      place,
      lv,
      old,
      kept.filter((tag) => !lv.tags.includes(tag)),
    ),
  }
}

function retagged(place: Place, lv: Lv, old: readonly string[], fresh: readonly string[]): readonly Step[] {
  if (old.length === 0 && fresh.length === 0) return []
  const changes = [...old.flatMap((tag) => ['--deltag', tag]), ...fresh.flatMap((tag) => ['--addtag', tag])]
  return [{ kind: 'lvm', args: ['lvchange', ...changes, path(place, lv.name)] }]
}

function renaming(place: Place, from: LvName, to: LvName): readonly Step[] {
  return from === to ? [] : [{ kind: 'lvm', args: ['lvrename', path(place, from), path(place, to)] }]
}

/** A volume has its device, also after a boot, for which a snapshot of a thin one has to be told so; a snapshot gets its own when it is read. */
function activation(place: Place, lv: Lv, part: Part): readonly Step[] {
  if (part.snapshot !== null) return []
  const name = volumeLv(part.volume)
  const unskip: readonly Step[] = lv.isSkipped ? [{ kind: 'lvm', args: ['lvchange', '--setactivationskip', 'n', path(place, name)] }] : []
  const activate: readonly Step[] = lv.isActive ? [] : [{ kind: 'lvm', args: ['lvchange', '--activate', 'y', path(place, name)] }]
  return [...unskip, ...activate]
}
