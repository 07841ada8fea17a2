/**
 * What the LVs of volumes and snapshots are called. The same names as Cinder's LVM driver gives them.
 *
 * A snapshot's name has only its own id: LVM's names are short, and names that begin with "snapshot" are its own. Which volume
 * it is of stands in its tags.
 */
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { SnapshotName } from '../../../lib/ports/backend.ts'

export type LvName = string

const QUARANTINES_MAX = 1000

export const volumeLv = (volume: VolumeId): LvName => `volume-${volume}`
/** What a thick volume is about to grow by, while it is cleared. */
export const growthLv = (volume: VolumeId): LvName => `growth-${volume}`
/** A copy of a snapshot that is about to be the volume. */
export const revertLv = (volume: VolumeId): LvName => `revert-${volume}`
export const snapshotLv = ({ id }: Pick<SnapshotName, 'id'>): LvName => `_snapshot-${id}`

export const devicePath = (vg: string, lv: LvName): string => `/dev/${vg}/${lv}`

export const isQuarantineName = (name: LvName): boolean => name.startsWith('quarantine-')

/** The first name for something set aside that is free, or null if it was set aside that often. */
export function quarantineName(lv: LvName, isTaken: (name: LvName) => boolean): LvName | null {
  for (let n = 1; n <= QUARANTINES_MAX; n += 1) {
    const name = `quarantine-${n === 1 ? '' : `${n}-`}${lv.replace(/^_/, '')}`
    if (!isTaken(name)) return name
  }
  return null
}
