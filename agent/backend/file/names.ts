/**
 * What a volume's and a snapshot's files are called: a stem, and behind it `.img` for the bytes, `.json` for the tags, and
 * `.revert` for what a volume was reverted by.
 *
 * A snapshot's stem begins with its volume's, so that a folder shows them together; both ids are in it, so that bytes
 * without tags still say what they are of.
 */
import { parseUuid, type SnapshotId, snapshotId, type VolumeId, volumeId } from '../../../lib/model/ids.ts'
import type { Origin } from '../../../lib/model/existing.ts'
import type { SnapshotName } from '../../../lib/ports/backend.ts'

export type Stem = string

const VOLUME = /^volume-(.{36})\.img$/
const SNAPSHOT = /^volume-(.{36})\.snapshot-(.{36})\.img$/
const COPY = /^\.volume-.{36}(?:\.snapshot-.{36})?\.img\.copy$/
const FOREIGN_SNAPSHOT = /^(?:volume|unmanaged)-(.{36})\.snapshot-.+\.img$/
const ASIDE = /^quarantine-(?:\d+-)?(volume-.*\.img)$/

export const volumeStem = (volume: VolumeId): Stem => `volume-${volume}`
export const snapshotStem = ({ volume, id }: SnapshotName): Stem => `volume-${volume}.snapshot-${id}`
export const imageName = (stem: Stem): string => `${stem}.img`
export const tagsName = (stem: Stem): string => `${stem}.json`
/** By which request the volume was reverted last. */
export const revertName = (stem: Stem): string => `${stem}.revert`
/** What is being copied. */
export const copyName = (stem: Stem): string => `.${imageName(stem)}.copy`
export const isCopyName = (name: string): boolean => COPY.test(name)

/** What a volume is called when it is nobody's any more: a name that no volume has, and that says which one it was. */
export const releasedName = (volume: VolumeId): string => imageName(`unmanaged-${volume}`)
/** The same for a snapshot; says whose snapshot it was as well. */
export const releasedSnapshotName = ({ volume, id }: SnapshotName): string => imageName(`unmanaged-${volume}.snapshot-${id}`)

/** What a file that is none of ours is a snapshot of, by its name: `volume-<id>.snapshot-….img`, or one that was given back; null if it is none. */
export function originNamed(file: string): Origin | null {
  const id = parseUuid(FOREIGN_SNAPSHOT.exec(file)?.[1] ?? '')
  return id === null || snapshotNamed(file) !== null ? null : { name: imageName(volumeStem(volumeId(id))), volume: volumeId(id) }
}

export const stemOf = (image: string): Stem => image.slice(0, -imageName('').length)

/** What a file was before it was set aside; null if it was not. */
export function formerNamed(file: string): { readonly volume: VolumeId; readonly snapshot: SnapshotId | null } | null {
  const name = ASIDE.exec(file)?.[1] ?? ''
  const [volume, snapshot] = [volumeNamed(name), snapshotNamed(name)]
  if (snapshot !== null) return { volume: snapshot.volume, snapshot: snapshot.id }
  return volume === null ? null : { volume, snapshot: null }
}

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
