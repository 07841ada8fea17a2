/**
 * Volumes as sparse files in one folder: a backend for any file system, with nothing to install.
 *
 * Thin: a volume takes room as it is written. Its size and its name are durable before `ok`; a new file reads zero, and
 * the file system hands freed blocks to nobody unwiped, so that a removed volume's bytes are gone for good.
 */
import { join } from 'node:path'
import type { Backend, FoundVolume } from '../../../lib/ports/backend.ts'
import { measurePool } from './measure.ts'
import type { FileBackendOptions } from './options.ts'
import { readTags } from './tags-file.ts'
import { settled } from './trouble.ts'
import { erase, fileName, grow, make, setAside, sizeOf, volumesIn } from './volume-file.ts'

export function createFileBackend(options: FileBackendOptions): Backend {
  const { name, directory, pool } = options
  return {
    name,
    measure: (signal) => settled(async () => [await measurePool(options)], signal),
    create: (volume, tags, signal) => settled(() => make(directory, volume.id, volume.sizeBytes, tags), signal),
    extend: (volume, signal) => settled(() => grow(directory, volume.id, volume.sizeBytes), signal),
    remove: (volume, signal) => settled(() => erase(directory, volume), signal),
    inspect: (id, signal) =>
      settled(async () => {
        const sizeBytes = await sizeOf(directory, id)
        return sizeBytes === null ? null : { id, pool, sizeBytes, tags: await readTags(directory, id) }
      }, signal),
    list: (signal) => settled(() => listed(directory, pool), signal),
    quarantine: (volume, signal) => settled(() => setAside(directory, volume), signal),
    devicePath: (volume) => join(directory, fileName(volume)),
  }
}

async function listed(directory: string, pool: string): Promise<readonly FoundVolume[]> {
  const found: FoundVolume[] = []
  for (const { id, sizeBytes } of await volumesIn(directory)) found.push({ id, pool, sizeBytes, tags: await readTags(directory, id) })
  return found
}
