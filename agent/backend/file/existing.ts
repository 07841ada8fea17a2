/**
 * Images in the folder that are no volume's: laid there by somebody, given back, or set aside.
 *
 * One rename takes such a file in, and one gives a volume's or a snapshot's back; of what a file is a snapshot its name alone says; no byte is read or written. Whatever a name may say, only a file that
 * the folder itself lists is ever touched. The tags are there before the name, as with every volume, and go after it.
 */
import type { Dirent, Stats } from 'node:fs'
import { lstat, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Existing, type Former, type Hindrance, isExistingName } from '../../../lib/model/existing.ts'
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { BackendSnapshot, BackendVolume, SnapshotName, VolumeTags } from '../../../lib/ports/backend.ts'
import {
  formerNamed,
  imageName,
  originNamed,
  releasedName,
  releasedSnapshotName,
  snapshotNamed,
  snapshotStem,
  type Stem,
  stemOf,
  volumeNamed,
  volumeStem,
} from './names.ts'
import { openIn } from './open-files.ts'
import { readTags, removeTags, writeTags } from './tags-file.ts'
import { codeOf } from './trouble.ts'
import { lookAt, syncAfterEffect } from './volume-file.ts'

const GIB = 1024 ** 3

/** Sorted by name. */
export async function existingIn(directory: string): Promise<readonly Existing[]> {
  const entries = (await readdir(directory, { withFileTypes: true })).filter(isForeignImage)
  const open = entries.length === 0 ? new Set<string>() : await openIn(directory)
  const found: Existing[] = []
  for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const one = await describe(directory, name, open)
    if (one !== null) found.push(one)
  }
  return found
}

/** @throws if there is no such file, of this size and without a hindrance, or another volume has the name; then it is as it was */
export async function takeIn(directory: string, volume: BackendVolume, name: string, tags: VolumeTags): Promise<void> {
  await takeInAs(directory, volumeStem(volume.id), volume.sizeBytes, name, tags)
}

/** The same for a snapshot. @throws also if the file's name does not say that it is one of this volume */
export async function takeSnapshotIn(directory: string, snapshot: BackendSnapshot, name: string, tags: VolumeTags): Promise<void> {
  const { volume, sizeBytes } = snapshot
  if (originNamed(name)?.volume !== volume) throw new Error(`${name} is not known as a snapshot of ${volumeStem(volume)}`)
  await takeInAs(directory, snapshotStem(snapshot), sizeBytes, name, tags)
}

/** @throws if its new name is taken */
export async function giveBack(directory: string, volume: VolumeId): Promise<void> {
  await giveBackAs(directory, volumeStem(volume), releasedName(volume))
}

export async function giveSnapshotBack(directory: string, snapshot: SnapshotName): Promise<void> {
  await giveBackAs(directory, snapshotStem(snapshot), releasedSnapshotName(snapshot))
}

async function takeInAs(directory: string, stem: Stem, sizeBytes: number, name: string, tags: VolumeTags): Promise<void> {
  const there = await lookAt(directory, stem)
  if (there !== null && there.size !== sizeBytes) throw new Error(`${imageName(stem)} is there with ${there.size} bytes, not ${sizeBytes}`)
  if (there === null) requireFit(await lookFor(directory, name), name, sizeBytes)
  await writeTags(directory, stem, tags)
  if (there === null) {
    try {
      await rename(join(directory, name), join(directory, imageName(stem)))
    } catch (error) {
      await removeTags(directory, stem)
      throw error
    }
  }
  // Also if it was there: whoever renamed it may have crashed before this.
  await syncAfterEffect(directory)
  if (formerNamed(name) !== null) await removeTags(directory, stemOf(name))
}

async function giveBackAs(directory: string, stem: Stem, name: string): Promise<void> {
  if ((await lookAt(directory, stem)) !== null) {
    if ((await statOf(join(directory, name))) !== null) throw new Error(`${name} is there already: rename it`)
    await rename(join(directory, imageName(stem)), join(directory, name))
  }
  await syncAfterEffect(directory)
  await removeTags(directory, stem)
}

function isForeignImage({ name }: Pick<Dirent, 'name'>): boolean {
  return name.endsWith('.img') && !name.startsWith('.') && volumeNamed(name) === null && snapshotNamed(name) === null
}

async function lookFor(directory: string, name: string): Promise<Existing | null> {
  const isThere = (await readdir(directory)).includes(name)
  return isThere && isForeignImage({ name }) ? describe(directory, name, await openIn(directory)) : null
}

async function describe(directory: string, name: string, open: ReadonlySet<string>): Promise<Existing | null> {
  const found = await statOf(join(directory, name))
  // Gone since the folder was read.
  if (found === null) return null
  const former = formerNamed(name)
  const tags = former === null ? null : await readTags(directory, stemOf(name))
  const whose: Former | null = former === null ? null : { ...former, project: tags?.project ?? null, rid: tags?.rid ?? null }
  const isLinked = !found.isFile() || found.nlink > 1
  const hindrance = hindranceOf(name, { isLinked, isOpen: open.has(name), sizeBytes: found.size })
  // Nobody touches what was set aside; of what somebody else laid there the time says little.
  const origin = originNamed(name)
  return { name, sizeBytes: found.size, hindrance, former: whose, origin, sinceMs: former === null ? null : Math.floor(found.ctimeMs) }
}

interface Facts {
  readonly isLinked: boolean
  readonly isOpen: boolean
  readonly sizeBytes: number
}

function hindranceOf(name: string, { isLinked, isOpen, sizeBytes }: Facts): Hindrance | null {
  if (!isExistingName(name)) return 'name'
  if (isLinked) return 'linked'
  if (isOpen) return 'in-use'
  return sizeBytes === 0 || sizeBytes % GIB !== 0 ? 'size' : null
}

function requireFit(found: Existing | null, name: string, sizeBytes: number): void {
  if (found === null) throw new Error(`${name} is not there`)
  if (found.hindrance !== null) throw new Error(`${name} cannot be taken in: ${found.hindrance}`)
  if (found.sizeBytes !== sizeBytes) throw new Error(`${name} has ${found.sizeBytes} bytes, not ${sizeBytes}`)
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
