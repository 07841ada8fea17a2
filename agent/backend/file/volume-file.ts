/**
 * One volume as one sparse file, `volume-<uuid>.img`, made and taken away so that a crash at any point is survived.
 *
 * A name that was handed out is on stable storage (fsync of the file, then of the folder), and its tags before it. The bytes
 * of a file that is there are never touched: it is grown, renamed or unlinked, and nothing else.
 */
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { parseUuid, type VolumeId, volumeId } from '../../../lib/model/ids.ts'
import type { VolumeTags } from '../../../lib/ports/backend.ts'
import { syncFolder } from './sync-folder.ts'
import { removeTags, tagsName, writeTags } from './tags-file.ts'
import { codeOf, Uncertain } from './trouble.ts'

const FILE_NAME = /^volume-(.{36})\.img$/
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants
const QUARANTINES_MAX = 1000

export const fileName = (volume: VolumeId): string => `volume-${volume}.img`

/** Size in bytes, or null if there is none. A folder that is not there is an error and not an answer. */
export async function sizeOf(directory: string, volume: VolumeId): Promise<number | null> {
  const found = await lookAt(directory, volume)
  return found === null ? null : found.size
}

/** @throws if a volume of another size is there, or if the file cannot be made; then it is not there */
export async function make(directory: string, volume: VolumeId, sizeBytes: number, tags: VolumeTags): Promise<void> {
  const found = await lookAt(directory, volume)
  const isEmptyHusk = found !== null && found.blocks === 0 && found.size < sizeBytes
  if (found !== null && found.size !== sizeBytes && !isEmptyHusk) {
    throw new Error(`${fileName(volume)} is there with ${found.size} bytes, not ${sizeBytes}`)
  }
  await writeTags(directory, volume, tags)
  try {
    await makeFile(directory, volume, sizeBytes, found === null)
  } catch (error) {
    if (found === null) await removeTags(directory, volume)
    throw error
  }
}

/** Grows to the absolute size; a file that has it, or more, is left alone. */
export async function grow(directory: string, volume: VolumeId, sizeBytes: number): Promise<void> {
  const found = await lookAt(directory, volume)
  if (found === null) throw new Error(`${fileName(volume)} is not there`)
  await growTo(await open(join(directory, fileName(volume)), O_RDWR | O_NOFOLLOW), sizeBytes)
}

export async function erase(directory: string, volume: VolumeId): Promise<void> {
  if ((await lookAt(directory, volume)) !== null) await unlink(join(directory, fileName(volume)))
  // Also if it was gone already: whoever unlinked it may have crashed before this.
  await syncAfterEffect(directory)
  await removeTags(directory, volume)
}

/** Moves the file and its tags to `quarantine-…` names that were free. A file that is not there stays so. */
export async function setAside(directory: string, volume: VolumeId): Promise<void> {
  const found = await lookAt(directory, volume)
  if (found === null) return
  const path = join(directory, fileName(volume))
  const tagsPath = join(directory, tagsName(volume))
  for (let n = 1; n <= QUARANTINES_MAX; n += 1) {
    const aside = join(directory, `quarantine-${n === 1 ? '' : `${n}-`}`)
    if (!(await isNamed(path, aside + fileName(volume)))) continue
    if (!(await isNamed(tagsPath, aside + tagsName(volume)))) {
      // Tags of other bytes, which are gone: these do not belong to them.
      await unlink(aside + fileName(volume))
      continue
    }
    await syncAfterEffect(directory)
    await unlink(path)
    await removeTags(directory, volume)
    return syncAfterEffect(directory)
  }
  throw new Error(`${fileName(volume)} was set aside ${QUARANTINES_MAX} times already`)
}

/** The volumes of the folder, sorted by id, with their sizes; other files are not ours and are passed over. */
export async function volumesIn(
  directory: string,
): Promise<readonly { readonly id: VolumeId; readonly sizeBytes: number; readonly usedBytes: number }[]> {
  const volumes = []
  const names = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name)
  for (const name of names.sort()) {
    const id = parseUuid(FILE_NAME.exec(name)?.[1] ?? '')
    if (id === null || name !== fileName(volumeId(id))) continue
    const found = await lookAt(directory, volumeId(id))
    // Removed since the folder was read.
    if (found !== null) volumes.push({ id: volumeId(id), sizeBytes: found.size, usedBytes: found.blocks * 512 })
  }
  return volumes
}

async function lookAt(
  directory: string,
  volume: VolumeId,
): Promise<{ readonly size: number; readonly blocks: number; readonly ino: number } | null> {
  try {
    const found = await lstat(join(directory, fileName(volume)))
    if (!found.isFile()) throw new Error(`${fileName(volume)} is not a regular file`)
    return found
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    // Not there, or the whole folder is away (a file system that is not mounted): only the first is an answer.
    await stat(directory)
    return null
  }
}

async function makeFile(directory: string, volume: VolumeId, sizeBytes: number, isNew: boolean): Promise<void> {
  const path = join(directory, fileName(volume))
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

async function syncAfterEffect(directory: string): Promise<void> {
  try {
    await syncFolder(directory)
  } catch (error) {
    throw new Uncertain('the folder could not be synced', { cause: error })
  }
}
