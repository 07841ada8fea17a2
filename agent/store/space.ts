/**
 * Room on the journal's volume: how much is left, and the ballast that is given up when there is none.
 *
 * A database that is full cannot even be opened to delete something. The ballast is a file that stands for the room which a
 * start then needs; it is made when there is plenty, and removed at the start that finds too little.
 */
import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat, statfs } from 'node:fs/promises'

export interface Space {
  readonly freeBytes: number
  readonly totalBytes: number
  /** Below the limit or below 5 % of the volume: no new work is to be taken, deletes go on. */
  readonly isShort: boolean
}

export const DEFAULT_MIN_FREE_BYTES = 1024 ** 3
export const BALLAST_BYTES = 64 * 1024 ** 2

const MIN_FREE_PERCENT = 5
const PIECE_BYTES = 1024 ** 2

/** Bytes that a process without privileges can still write on the volume of `directory`. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

export async function measureSpace(directory: string, minFreeBytes = DEFAULT_MIN_FREE_BYTES): Promise<Space> {
  const { bavail, blocks, bsize } = await statfs(directory)
  const free = bavail * bsize
  const totalBytes = blocks * bsize
  return { freeBytes: free, totalBytes, isShort: free < minFreeBytes || free * 100 < totalBytes * MIN_FREE_PERCENT }
}

export class Ballast {
  readonly #file: string
  readonly #sizeBytes: number
  #stopped = false
  #filling: Promise<void> = Promise.resolve()

  constructor(file: string, sizeBytes: number) {
    this.#file = file
    this.#sizeBytes = sizeBytes
  }

  /** Removes the file; true if there was one. */
  async release(): Promise<boolean> {
    const size = await sizeOf(this.#file)
    await rm(this.#file, { force: true })
    return size !== null
  }

  /** Fills the file, unless it is there; meant to run in the background. Failing is no harm: there is just no ballast. */
  fill(onError: (error: unknown) => void): Promise<void> {
    this.#filling = this.#fill().catch(onError)
    return this.#filling
  }

  /** Stops filling and waits until nothing is written any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#filling
  }

  async #fill(): Promise<void> {
    if (this.#sizeBytes === 0 || (await sizeOf(this.#file)) === this.#sizeBytes) return
    const unfinished = `${this.#file}.new`
    // random, so that no file system can store it as nothing
    const piece = randomBytes(PIECE_BYTES)
    const handle = await open(unfinished, 'w', 0o600)
    let written = 0
    try {
      while (written < this.#sizeBytes && !this.#stopped) {
        const { bytesWritten } = await handle.write(piece, 0, Math.min(PIECE_BYTES, this.#sizeBytes - written))
        written += bytesWritten
      }
    } finally {
      await handle.close()
      if (written < this.#sizeBytes) await rm(unfinished, { force: true })
    }
    if (written >= this.#sizeBytes) await rename(unfinished, this.#file)
  }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
