/**
 * Volumes as sparse files in one folder: a backend for any file system, with nothing to install.
 *
 * Thin: a volume takes room as it is written. Its size and its name are durable before `ok`; a new file reads zero, and
 * the file system hands freed blocks to nobody unwiped, so that a removed volume's bytes are gone for good. A file system
 * that hangs (NFS, a dying disk) keeps what comes next for the same volume waiting.
 */
import { join } from 'node:path'
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { Backend, FoundVolume } from '../../../lib/ports/backend.ts'
import { createTurns, inTime } from '../turns.ts'
import { measurePool } from './measure.ts'
import type { FileBackendOptions } from './options.ts'
import { readTags } from './tags-file.ts'
import { outcomeOf, TOOL } from './trouble.ts'
import { erase, fileName, grow, make, setAside, sizeOf, volumesIn } from './volume-file.ts'

export function createFileBackend(options: FileBackendOptions): Backend {
  const { name, directory, pool } = options
  const turns = createTurns(TOOL)
  return {
    name,
    measure: (signal) => inTime(TOOL, () => outcomeOf(async () => [await measurePool(options)]), signal),
    create: (volume, tags, signal) =>
      turns.take(volume.id, () => outcomeOf(() => make(directory, volume.id, volume.sizeBytes, tags)), signal),
    extend: (volume, signal) => turns.take(volume.id, () => outcomeOf(() => grow(directory, volume.id, volume.sizeBytes)), signal),
    remove: (volume, signal) => turns.take(volume, () => outcomeOf(() => erase(directory, volume)), signal),
    inspect: (volume, signal) => turns.take(volume, () => outcomeOf(() => seen(directory, pool, volume)), signal),
    list: (signal) => inTime(TOOL, () => outcomeOf(() => listed(directory, pool)), signal),
    quarantine: (volume, signal) => turns.take(volume, () => outcomeOf(() => setAside(directory, volume)), signal),
    devicePath: (volume) => join(directory, fileName(volume)),
  }
}

async function seen(directory: string, pool: string, id: VolumeId): Promise<FoundVolume | null> {
  const sizeBytes = await sizeOf(directory, id)
  return sizeBytes === null ? null : { id, pool, sizeBytes, tags: await readTags(directory, id) }
}

async function listed(directory: string, pool: string): Promise<readonly FoundVolume[]> {
  const found: FoundVolume[] = []
  for (const { id, sizeBytes } of await volumesIn(directory)) found.push({ id, pool, sizeBytes, tags: await readTags(directory, id) })
  return found
}
