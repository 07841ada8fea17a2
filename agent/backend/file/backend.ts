/**
 * Volumes as sparse files in one folder: a backend for any file system, with nothing to install.
 *
 * Thin: a volume takes room as it is written. Its size and its name are durable before `ok`; a new file reads zero, and
 * the file system hands freed blocks to nobody unwiped, so that a removed volume's bytes are gone for good.
 */
import { join } from 'node:path'
import type { Backend } from '../../../lib/ports/backend.ts'
import { measurePool } from './measure.ts'
import type { FileBackendOptions } from './options.ts'
import { settled } from './trouble.ts'
import { erase, fileName, grow, make, setAside, sizeOf, volumesIn } from './volume-file.ts'

export function createFileBackend(options: FileBackendOptions): Backend {
  const { name, directory, pool } = options
  return {
    name,
    measure: (signal) => settled(async () => [await measurePool(options)], signal),
    create: (volume, signal) => settled(() => make(directory, volume.id, volume.sizeBytes), signal),
    extend: (volume, signal) => settled(() => grow(directory, volume.id, volume.sizeBytes), signal),
    remove: (volume, signal) => settled(() => erase(directory, volume), signal),
    inspect: (id, signal) =>
      settled(async () => {
        const sizeBytes = await sizeOf(directory, id)
        return sizeBytes === null ? null : { id, pool, sizeBytes }
      }, signal),
    list: (signal) => settled(async () => (await volumesIn(directory)).map(({ id, sizeBytes }) => ({ id, pool, sizeBytes })), signal),
    quarantine: (volume, signal) => settled(() => setAside(directory, volume), signal),
    devicePath: (volume) => join(directory, fileName(volume)),
  }
}
