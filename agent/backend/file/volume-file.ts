/**
 * One volume (or snapshot) as one sparse file, made and taken away so that a crash at any point is survived.
 *
 * A name that was handed out is on stable storage (fsync of the file, then of the folder), and its tags before it. The bytes
 * of a file that is there are never touched: it is grown, renamed, replaced or unlinked, and nothing else.
 */
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { SnapshotName, VolumeTags } from '../../../lib/ports/backend.ts'
import { imageName, snapshotNamed, snapshotStem, type Stem, tagsName, volumeNamed, volumeStem } from './names.ts'
import { syncFolder } from './sync-folder.ts'
import { removeTags, writeTags } from './tags-file.ts'
import { codeOf, Uncertain } from './trouble.ts'

/** One image: a volume's, or a snapshot's. */
export interface Image {
  readonly stem: Stem
  readonly volume: VolumeId | null
  readonly snapshot: SnapshotName | null
  readonly sizeBytes: number
  readonly usedBytes: number
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants
const QUARANTINES_MAX = 1000

/** Size in bytes, or null if there is none. A folder that is not there is an error and not an answer. */
export async function sizeOf(directory: string, stem: Stem): Promise<number | null> {
  const found = await lookAt(directory, stem)
  return found === null ? null : found.size
}

/** @throws if a volume of another size is there, or if the file cannot be made; then it is not there */
export async function make(directory: string, stem: Stem, sizeBytes: number, tags: VolumeTags): Promise<void> {
  const found = await lookAt(directory, stem)
  const isEmptyHusk = found !== null && found.blocks === 0 && found.size < sizeBytes
  if (found !== null && found.size !== sizeBytes && !isEmptyHusk) {
    throw new Error(`${imageName(stem)} is there with ${found.size} bytes, not ${sizeBytes}`)
  }
  await writeTags(directory, stem, tags)
  try {
    await makeFile(directory, stem, sizeBytes, found === null)
  } catch (error) {
    if (found === null) await removeTags(directory, stem)
    throw error
  }
}

/** Grows to the absolute size; a file that has it, or more, is left alone. */
export async function grow(directory: string, stem: Stem, sizeBytes: number): Promise<void> {
  const found = await lookAt(directory, stem)
  if (found === null) throw new Error(`${imageName(stem)} is not there`)
  await growTo(await open(join(directory, imageName(stem)), O_RDWR | O_NOFOLLOW), sizeBytes)
}

export async function erase(directory: string, stem: Stem): Promise<void> {
  if ((await lookAt(directory, stem)) !== null) await unlink(join(directory, imageName(stem)))
  // Also if it was gone already: whoever unlinked it may have crashed before this.
  await syncAfterEffect(directory)
  await removeTags(directory, stem)
}

/** Moves the file and its tags to `quarantine-…` names that were free. A file that is not there stays so. */
export async function setAside(directory: string, stem: Stem): Promise<void> {
  const found = await lookAt(directory, stem)
  if (found === null) return
  const path = join(directory, imageName(stem))
  const tagsPath = join(directory, tagsName(stem))
  for (let n = 1; n <= QUARANTINES_MAX; n += 1) {
    const aside = join(directory, `quarantine-${n === 1 ? '' : `${n}-`}`)
    if (!(await isNamed(path, aside + imageName(stem)))) continue
    if (!(await isNamed(tagsPath, aside + tagsName(stem)))) {
      // Tags of other bytes, which are gone: these do not belong to them.
      await unlink(aside + imageName(stem))
      continue
    }
    await syncAfterEffect(directory)
    await unlink(path)
    await removeTags(directory, stem)
    return syncAfterEffect(directory)
  }
  throw new Error(`${imageName(stem)} was set aside ${QUARANTINES_MAX} times already`)
}

/** The images of the folder, sorted by name, with their sizes; other files are not ours and are passed over. */
export async function imagesIn(directory: string): Promise<readonly Image[]> {
  const images: Image[] = []
  const names = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name)
  for (const name of names.sort()) {
    const [volume, snapshot] = [volumeNamed(name), snapshotNamed(name)]
    const stem = volume !== null ? volumeStem(volume) : snapshot !== null ? snapshotStem(snapshot) : null
    const found = stem === null ? null : await lookAt(directory, stem)
    // Removed since the folder was read.
    if (stem === null || found === null) continue
    images.push({ stem, volume, snapshot, sizeBytes: found.size, usedBytes: found.blocks * 512 })
  }
  return images
}

export async function lookAt(
  directory: string,
  stem: Stem,
): Promise<{ readonly size: number; readonly blocks: number; readonly ino: number } | null> {
  try {
    const found = await lstat(join(directory, imageName(stem)))
    if (!found.isFile()) throw new Error(`${imageName(stem)} is not a regular file`)
    return found
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    // Not there, or the whole folder is away (a file system that is not mounted): only the first is an answer.
    await stat(directory)
    return null
  }
}

async function makeFile(directory: string, stem: Stem, sizeBytes: number, isNew: boolean): Promise<void> {
  const path = join(directory, imageName(stem))
  // A husk is what a crash leaves between the name and the size. Nobody was told of it, and no byte was written to it.
  const handle = await open(path, isNew ? O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW : O_RDWR | O_NOFOLLOW, 0o600)
  try {
    await growTo(handle, sizeBytes)
    await syncFolder(directory)
  } catch (error) {
    if (isNew) await unlink(path)
    throw error
  }
}

async function growTo(handle: FileHandle, sizeBytes: number): Promise<void> {
  try {
    if ((await handle.stat()).size < sizeBytes) await handle.truncate(sizeBytes)
    // Also if the size was there: whoever set it may have crashed before this.
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Gives the file a second name. False: the name is taken by another. What is not there needs none. */
async function isNamed(path: string, name: string): Promise<boolean> {
  try {
    // rename(2) would overwrite; link(2) refuses a name that is taken.
    await link(path, name)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true
    if (codeOf(error) !== 'EEXIST') throw error
    return (await lstat(path)).ino === (await lstat(name)).ino
  }
}

export async function syncAfterEffect(directory: string): Promise<void> {
  try {
    await syncFolder(directory)
  } catch (error) {
    throw new Uncertain('the folder could not be synced', { cause: error })
  }
}
