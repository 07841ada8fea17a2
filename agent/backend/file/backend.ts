/**
 * Volumes and snapshots as sparse files in one folder: a backend for any file system, with nothing to install.
 *
 * Thin: a volume takes room as it is written. Its size and its name are durable before `ok`; a new file reads zero, and
 * the file system hands freed blocks to nobody unwiped, so that a removed volume's bytes are gone for good. A file system
 * that hangs (NFS, a dying disk) keeps what comes next for the same volume waiting.
 */
import { join } from 'node:path'
import type { ProjectId, VolumeId } from '../../../lib/model/ids.ts'
import {
  type AbortSignalLike,
  type Backend,
  type FoundSnapshot,
  type FoundVolume,
  type SnapshotName,
  volumeBehind,
} from '../../../lib/ports/backend.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import { createTurns, inTime } from '../turns.ts'
import { existingIn, giveBack, giveSnapshotBack, takeIn, takeSnapshotIn } from './existing.ts'
import { measurePool } from './measure.ts'
import { imageName, snapshotStem, volumeStem } from './names.ts'
import type { FileBackendOptions } from './options.ts'
import { copyVolume, eraseCopy, makeSnapshot } from './copy-file.ts'
import { revertVolume } from './revert-file.ts'
import { readTags, writeTags } from './tags-file.ts'
import { outcomeOf, TOOL } from './trouble.ts'
import { grow, imagesIn, make, setAside, sizeOf } from './volume-file.ts'

export function createFileBackend(options: FileBackendOptions): Backend {
  const { name, directory, pool, exec } = options
  const turns = createTurns(TOOL)
  const onOne = <Value>(volume: VolumeId, work: () => Promise<Value>, signal: AbortSignalLike): Promise<Outcome<Value>> =>
    turns.take([volume], () => outcomeOf(work), signal)
  const onAll = <Value>(work: () => Promise<Value>, signal: AbortSignalLike): Promise<Outcome<Value>> =>
    inTime(TOOL, () => outcomeOf(work), signal)
  return {
    name,
    isLasting: true,
    measure: (signal) => onAll(async () => [await measurePool(options)], signal),
    create: (volume, tags, signal) => onOne(volume.id, () => make(directory, volumeStem(volume.id), volume.sizeBytes, tags), signal),
    copy: (volume, source, tags, signal) =>
      turns.take([volume.id, volumeBehind(source)], () => outcomeOf(() => copyVolume(directory, exec, volume, source, tags)), signal),
    extend: (volume, signal) => onOne(volume.id, () => grow(directory, volumeStem(volume.id), volume.sizeBytes), signal),
    revert: (volume, snapshot, rid, signal) => onOne(volume.id, () => revertVolume(directory, exec, volume, snapshot, rid), signal),
    retag: (volume, project, signal) => onOne(volume, () => retagVolume(directory, volume, project), signal),
    remove: (volume, signal) => onOne(volume, () => eraseCopy(directory, volumeStem(volume)), signal),
    adopt: (volume, name, tags, signal) => onOne(volume.id, () => takeIn(directory, volume, name, tags), signal),
    release: (volume, signal) => onOne(volume, () => giveBack(directory, volume), signal),
    listExisting: (signal) => onAll(async () => (await existingIn(directory)).map((found) => ({ ...found, pool })), signal),
    inspect: (volume, signal) => onOne(volume, () => seenVolume(directory, pool, volume), signal),
    list: (signal) => onAll(() => listVolumes(directory, pool), signal),
    quarantine: (volume, signal) => onOne(volume, () => setAside(directory, volumeStem(volume)), signal),
    createSnapshot: (snapshot, tags, signal) => onOne(snapshot.volume, () => makeSnapshot(directory, exec, snapshot, tags), signal),
    removeSnapshot: (snapshot, signal) => onOne(snapshot.volume, () => eraseCopy(directory, snapshotStem(snapshot)), signal),
    inspectSnapshot: (snapshot, signal) => onOne(snapshot.volume, () => seenSnapshot(directory, pool, snapshot), signal),
    adoptSnapshot: (snapshot, name, tags, signal) => onOne(snapshot.volume, () => takeSnapshotIn(directory, snapshot, name, tags), signal),
    releaseSnapshot: (snapshot, signal) => onOne(snapshot.volume, () => giveSnapshotBack(directory, snapshot), signal),
    listSnapshots: (signal) => onAll(() => listSnapshots(directory, pool), signal),
    quarantineSnapshot: (snapshot, signal) => onOne(snapshot.volume, () => setAside(directory, snapshotStem(snapshot)), signal),
    devicePath: (volume) => join(directory, imageName(volumeStem(volume))),
    wake: async () => done(undefined),
  }
}

/** One file after the other: what a crash has left of it is done by a repeat. */
async function retagVolume(directory: string, id: VolumeId, project: ProjectId): Promise<void> {
  for (const { stem, volume, snapshot } of await imagesIn(directory)) {
    if ((volume ?? snapshot?.volume) !== id) continue
    const tags = await readTags(directory, stem)
    if (tags !== null) await writeTags(directory, stem, { ...tags, project })
  }
}

async function seenVolume(directory: string, pool: string, id: VolumeId): Promise<FoundVolume | null> {
  const sizeBytes = await sizeOf(directory, volumeStem(id))
  return sizeBytes === null ? null : { id, pool, sizeBytes, tags: await readTags(directory, volumeStem(id)) }
}

async function seenSnapshot(directory: string, pool: string, { id, volume }: SnapshotName): Promise<FoundSnapshot | null> {
  const stem = snapshotStem({ id, volume })
  const sizeBytes = await sizeOf(directory, stem)
  return sizeBytes === null ? null : { id, volume, pool, sizeBytes, tags: await readTags(directory, stem) }
}

async function listVolumes(directory: string, pool: string): Promise<readonly FoundVolume[]> {
  const found: FoundVolume[] = []
  for (const { stem, volume, sizeBytes } of await imagesIn(directory))
    if (volume !== null) found.push({ id: volume, pool, sizeBytes, tags: await readTags(directory, stem) })
  return found
}

async function listSnapshots(directory: string, pool: string): Promise<readonly FoundSnapshot[]> {
  const found: FoundSnapshot[] = []
  for (const { stem, snapshot, sizeBytes } of await imagesIn(directory))
    if (snapshot !== null) found.push({ ...snapshot, pool, sizeBytes, tags: await readTags(directory, stem) })
  return found
}
