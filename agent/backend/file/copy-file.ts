/**
 * A snapshot, or a volume that begins with another's bytes, as a copy of a file: a reflink where the file system can, else a
 * sparse copy.
 *
 * It is made under a name of its own and gets that of a snapshot or volume only when it is whole and on stable storage, so that
 * a crash leaves all of it or none. What a crash leaves of a copy is cleared at the next start. A copy may take longer than
 * anybody waits: the next call for the same volume waits for its end.
 */
import { open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackendSnapshot, BackendSource, BackendVolume, VolumeTags } from '../../../lib/ports/backend.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import { copyName, imageName, isCopyName, snapshotStem, type Stem, volumeStem } from './names.ts'
import { removeTags, writeTags } from './tags-file.ts'
import { Uncertain } from './trouble.ts'
import { erase, lookAt, syncAfterEffect } from './volume-file.ts'

/** Some terabytes on a slow disk. */
const COPY_TIMEOUT_MS = 24 * 3600 * 1000

/** @throws if the volume is not there, or another size of the snapshot; or if it cannot be copied, and then nothing is left of it */
export async function makeSnapshot(directory: string, exec: Exec, snapshot: BackendSnapshot, tags: VolumeTags): Promise<void> {
  await makeCopy(directory, exec, volumeStem(snapshot.volume), snapshotStem(snapshot), snapshot.sizeBytes, tags)
}

/** @throws if the source is not there, or larger; or if it cannot be copied, and then nothing is left of the volume */
export async function copyVolume(
  directory: string,
  exec: Exec,
  { id, sizeBytes }: BackendVolume,
  source: BackendSource,
  tags: VolumeTags,
): Promise<void> {
  const from = source.kind === 'volume' ? volumeStem(source.volume) : snapshotStem(source.snapshot)
  const found = await lookAt(directory, from)
  if (found !== null && found.size > sizeBytes)
    throw new Error(`${imageName(from)} is larger (${found.size} bytes) than its copy (${sizeBytes})`)
  await makeCopy(directory, exec, from, volumeStem(id), sizeBytes, tags)
}

/** Removes what was made here, or what was left of its making. */
export async function eraseCopy(directory: string, stem: Stem): Promise<void> {
  await rm(join(directory, copyName(stem)), { force: true })
  await erase(directory, stem)
}

/** What a crash has left of copies. To be called before anything is copied. */
export async function clearCopies(directory: string): Promise<void> {
  for (const name of await readdir(directory)) if (isCopyName(name)) await rm(join(directory, name), { force: true })
}

async function makeCopy(directory: string, exec: Exec, source: Stem, stem: Stem, sizeBytes: number, tags: VolumeTags): Promise<void> {
  const found = await lookAt(directory, stem)
  if (found !== null && found.size !== sizeBytes) throw new Error(`${imageName(stem)} is there with ${found.size} bytes, not ${sizeBytes}`)
  if (found === null && (await lookAt(directory, source)) === null) throw new Error(`${imageName(source)} is not there`)
  await writeTags(directory, stem, tags)
  if (found === null) await copy(directory, exec, source, stem, sizeBytes)
  // Also if it was there: whoever gave it its name may have crashed before this.
  await syncAfterEffect(directory)
}

/** The size that the record says, whatever the volume's file has grown to meanwhile; and all of it on the disk. */
async function seal(path: string, sizeBytes: number): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    if ((await handle.stat()).size !== sizeBytes) await handle.truncate(sizeBytes)
    await handle.sync()
  } catch (cause) {
    throw new Uncertain('the copy could not be synced', { cause })
  } finally {
    await handle.close()
  }
}

async function copy(directory: string, exec: Exec, source: Stem, stem: Stem, sizeBytes: number): Promise<void> {
  try {
    await putCopy(directory, exec, source, stem, sizeBytes)
  } catch (error) {
    await removeTags(directory, stem)
    throw error
  }
}

/** In the place of what is there, if anything is. */
export async function putCopy(directory: string, exec: Exec, source: Stem, stem: Stem, sizeBytes: number): Promise<void> {
  const draft = join(directory, copyName(stem))
  await rm(draft, { force: true })
  try {
    const args = ['--reflink=auto', '--sparse=auto', '--', join(directory, imageName(source)), draft]
    const { exitCode, stderr } = await exec({ file: 'cp', args, timeoutMs: COPY_TIMEOUT_MS })
    if (exitCode !== 0) throw new Error(`cp of ${imageName(source)} ended with ${exitCode ?? 'no code'}: ${stderr.trim()}`)
    await seal(draft, sizeBytes)
    await rename(draft, join(directory, imageName(stem)))
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
