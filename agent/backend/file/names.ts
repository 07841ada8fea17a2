/**
 * What a volume's and a snapshot's files are called: a stem, and behind it `.img` for the bytes, `.json` for the tags, and
 * `.revert` for what a volume was reverted by.
 *
 * A snapshot's stem begins with its volume's, so that a folder shows them together; both ids are in it, so that bytes
 * without tags still say what they are of.
 */
import { parseUuid, snapshotId, type VolumeId, volumeId } from '../../../lib/model/ids.ts'
import type { SnapshotName } from '../../../lib/ports/backend.ts'

export type Stem = string

const VOLUME = /^volume-(.{36})\.img$/
const SNAPSHOT = /^volume-(.{36})\.snapshot-(.{36})\.img$/
const COPY = /^\.volume-.{36}(?:\.snapshot-.{36})?\.img\.copy$/

export const volumeStem = (volume: VolumeId): Stem => `volume-${volume}`
export const snapshotStem = ({ volume, id }: SnapshotName): Stem => `volume-${volume}.snapshot-${id}`
export const imageName = (stem: Stem): string => `${stem}.img`
export const tagsName = (stem: Stem): string => `${stem}.json`
/** By which request the volume was reverted last. */
export const revertName = (stem: Stem): string => `${stem}.revert`
/** What is being copied. */
export const copyName = (stem: Stem): string => `.${imageName(stem)}.copy`
export const isCopyName = (name: string): boolean => COPY.test(name)

/** The volume whose bytes a file has, or null; an id that is written otherwise than we write it is none of ours. */
export function volumeNamed(file: string): VolumeId | null {
  const id = parseUuid(VOLUME.exec(file)?.[1] ?? '')
  return id === null || file !== imageName(volumeStem(volumeId(id))) ? null : volumeId(id)
}

export function snapshotNamed(file: string): SnapshotName | null {
  const [, of = '', name = ''] = SNAPSHOT.exec(file) ?? []
  const [volume, id] = [parseUuid(of), parseUuid(name)]
  if (volume === null || id === null) return null
  const found = { volume: volumeId(volume), id: snapshotId(id) }
  return file === imageName(snapshotStem(found)) ? found : null
}
