/**
 * Files that are there whole or not at all, also after a power cut.
 *
 * Temporary file, fsync, rename, fsync of the folder: a reader sees the old text or the new one, never half of it.
 */
import { access, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export type WriteDurably = (file: string, content: string | Uint8Array, mode?: number) => Promise<void>

/** Replaces `file`. Mode 0600 unless said. Resolves when the bytes and the name are on stable storage. */
export const writeDurably: WriteDurably = async (file, content, mode = 0o600) => {
  const folder = dirname(file)
  const draft = join(folder, `.${basename(file)}.draft`)
  // A draft that a crash left behind is nobody's: its rename never happened.
  await rm(draft, { force: true })
  const handle = await open(draft, 'wx', mode)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  await syncFolder(folder)
}

/** Resolves when the name is gone for good; one that is not there stays so. */
export async function removeDurably(file: string): Promise<void> {
  await rm(file, { force: true })
  await syncFolder(dirname(file))
}

export async function isThere(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

/** Makes a folder that only its owner may enter; one that is there is left as it is. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
