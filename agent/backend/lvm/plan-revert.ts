/**
 * A volume that takes back the bytes of one of its snapshots. Pure.
 *
 * Thin: a new thin snapshot of the snapshot takes the volume's name when the volume has gone. Until then it is nothing, and
 * from then on it is the volume, whatever it is called. Thick: the snapshot is copied over the volume, in its place. A state tag
 * says so from before the first step to after the last, and the request's tag stays, so that nothing is reverted twice.
 */
import type { RequestId, SnapshotId } from '../../../lib/model/ids.ts'
import type { BackendVolume, SnapshotName } from '../../../lib/ports/backend.ts'
import { type Found, lookUp, type Ours, type Place } from './look-up.ts'
import { revertLv, snapshotLv, volumeLv } from './names.ts'
import type { VgState } from './report.ts'
import { active, added, busy, inUse, lvm, path, type Plan, refused, type Step, steps } from './steps.ts'
import { fromTag, identityTags, ownerTagsIn, revertTag, revertTagsIn, stateTag } from './tags.ts'

export function planRevert(place: Place, state: VgState, volume: BackendVolume, snapshot: SnapshotName, rid: RequestId): Plan {
  const source = lookUp(place, state, snapshotLv(snapshot))
  if (source.kind !== 'ours' || source.identity.state !== 'ready') return refused(`${path(place, snapshotLv(snapshot))} is not there`)
  const [whole, next] = [lookUp(place, state, volumeLv(volume.id)), lookUp(place, state, revertLv(volume.id))]
  for (const found of [whole, next]) {
    if (found.kind === 'foreign') return refused(found.detail)
    if (found.kind === 'ours' && found.lv.isOpen) return busy(inUse(place, found.lv.name))
  }
  const is = ours(whole) ?? ours(next)
  if (is === null || !is.isReady) return refused(`${path(place, volumeLv(volume.id))} is not there`)
  for (const { lv } of [is, source])
    if (lv.sizeBytes !== volume.sizeBytes) return refused(`${path(place, lv.name)} has ${lv.sizeBytes} bytes, not ${volume.sizeBytes}`)
  if (is.identity.state === 'ready' && is.identity.revert === rid) return steps(...dropped(place, ours(next)), ...active(place, is))
  return place.thinPool === null
    ? steps(...over(place, is, source, snapshot.id, rid))
    : steps(...thin(place, ours(whole), ours(next), source, rid))
}

/** What a crash cut off: gone on with as far as it can be told what was meant, else taken back. */
export function planRevertLeft(place: Place, state: VgState, found: Ours): Plan {
  const { lv, identity } = found
  const { volume, from, revert } = identity
  if (lv.isOpen) return busy(inUse(place, lv.name))
  if (place.thinPool !== null) return steps(...(found.isReady ? named(place, found) : dropped(place, found)))
  if (from === null || revert === null) return refused(`${path(place, lv.name)} does not say what it is reverted to`)
  return planRevert(place, state, { id: volume, pool: '', sizeBytes: lv.sizeBytes }, { id: from, volume }, revert)
}

function thin(place: Place, whole: Ours | null, next: Ours | null, source: Ours, rid: RequestId): readonly Step[] {
  const left = whole ?? next
  if (left === null) return []
  // It has the snapshot's bytes, and nobody could use it yet.
  if (left.identity.state === 'reverting' && left.identity.revert === rid) return named(place, left)
  const { volume } = left.identity
  const tags = [...identityTags(volume, null), ...ownerTagsIn(left.lv.tags), stateTag('reverting'), revertTag(rid)]
  return [
    ...(whole === null ? named(place, left) : dropped(place, next)),
    lvm('lvcreate', '--snapshot', '--setactivationskip', 'n', '--name', revertLv(volume), ...added(tags), path(place, source.lv.name)),
    lvm('lvremove', path(place, volumeLv(volume))),
    lvm('lvrename', path(place, revertLv(volume)), path(place, volumeLv(volume))),
    lvm('lvchange', '--deltag', stateTag('reverting'), path(place, volumeLv(volume))),
  ]
}

function over(place: Place, is: Ours, source: Ours, from: SnapshotId, rid: RequestId): readonly Step[] {
  const { lv } = is
  const marks = [stateTag('reverting'), fromTag(from), revertTag(rid)]
  const stale = revertTagsIn(lv.tags).filter((tag) => !marks.includes(tag))
  const missing = marks.filter((tag) => !lv.tags.includes(tag))
  const marked = missing.length === 0 ? [] : [lvm('lvchange', ...removed(stale), ...added(missing), path(place, lv.name))]
  return [
    ...marked,
    ...active(place, is),
    ...active(place, source),
    { kind: 'copy', from: source.lv.name, to: lv.name, sizeBytes: lv.sizeBytes },
    lvm('lvchange', ...removed([stateTag('reverting'), fromTag(from)]), path(place, lv.name)),
  ]
}

/** What is the volume has its name, and says nothing else any more. */
function named(place: Place, found: Ours): readonly Step[] {
  const { volume } = found.identity
  const name = volumeLv(volume)
  const rename = found.lv.name === name ? [] : [lvm('lvrename', path(place, found.lv.name), path(place, name))]
  return [...active(place, found), ...rename, lvm('lvchange', '--deltag', stateTag('reverting'), path(place, name))]
}

function dropped(place: Place, next: Ours | null): readonly Step[] {
  return next === null ? [] : [lvm('lvremove', path(place, next.lv.name))]
}

const ours = (found: Found): Ours | null => (found.kind === 'ours' ? found : null)
const removed = (tags: readonly string[]): readonly string[] => tags.flatMap((tag) => ['--deltag', tag])
