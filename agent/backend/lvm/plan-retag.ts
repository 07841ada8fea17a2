/**
 * A volume that has become another project's, with its snapshots. Pure.
 *
 * Each LV's tags change in one commit: it is the one project's or the other's at any time, and a repeat goes on where the last one was cut off.
 */
import type { ProjectId, VolumeId } from '../../../lib/model/ids.ts'
import { allOurs, type Ours, type Place } from './look-up.ts'
import type { VgState } from './report.ts'
import { added, lvm, path, type Plan, type Step } from './steps.ts'
import { ownerTags, ownerTagsIn } from './tags.ts'

export function planRetag(place: Place, state: VgState, volume: VolumeId, project: ProjectId): Plan {
  const parts = allOurs(place, state).filter(({ identity }) => identity.volume === volume)
  return { kind: 'steps', steps: parts.flatMap((part) => retagging(place, part, project)) }
}

function retagging(place: Place, { lv, identity }: Ours, project: ProjectId): readonly Step[] {
  if (identity.tags === null || identity.tags.project === project) return []
  const wanted = ownerTags({ ...identity.tags, project })
  const old = ownerTagsIn(lv.tags).filter((tag) => !wanted.includes(tag))
  const fresh = wanted.filter((tag) => !lv.tags.includes(tag))
  return [lvm('lvchange', ...old.flatMap((tag) => ['--deltag', tag]), ...added(fresh), path(place, lv.name))]
}
