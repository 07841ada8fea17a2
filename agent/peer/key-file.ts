/**
 * Files that hold keys: written whole or not at all, readable by their owner alone.
 *
 * A key that others can read is refused and not quietly narrowed, because it may have been read already.
 */
import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Group or others may read or write a file that holds a key. */
export class KeyFileExposed extends Error {
  override readonly name = 'KeyFileExposed'
  readonly file: string
  readonly mode: number

  constructor(file: string, mode: number) {
    super(`${file} has mode 0${mode.toString(8)}; a key file must be readable by its owner alone (chmod 600)`)
    this.file = file
    this.mode = mode
  }
}

/** The file is there already; keys are never written over. */
export class KeyFileExists extends Error {
  override readonly name = 'KeyFileExists'
  readonly file: string

  constructor(file: string) {
    super(`${file} exists already`)
    this.file = file
  }
}

/** @throws KeyFileExists */
export async function writeKeyFile(file: string, bytes: Uint8Array): Promise<void> {
  if (await isThere(file)) throw new KeyFileExists(file)
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  await rename(unfinished, file)
  const directory = await open(dirname(file), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** @throws KeyFileExposed, or the file system's error if it cannot be read */
export async function readKeyFile(file: string): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const { mode } = await handle.stat()
    if ((mode & 0o077) !== 0) throw new KeyFileExposed(file, mode & 0o777)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
