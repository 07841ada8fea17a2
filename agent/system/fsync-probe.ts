/** How long this disk takes to keep what it was given: what each step of a volume waits for, several times. */
import { open, rm } from 'node:fs/promises'

const SYNCS = 25
const BYTES = 4096

export type FsyncFacts =
  | { readonly kind: 'measured'; readonly p50Ms: number; readonly maxMs: number }
  | { readonly kind: 'failed'; readonly code: string }

/** Writes a small file in the folder and removes it. */
export async function probeFsync(folder: string): Promise<FsyncFacts> {
  const file = `${folder}/.fsync-probe-${process.pid}`
  const times: number[] = []
  try {
    const handle = await open(file, 'wx', 0o600)
    try {
      for (let n = 0; n < SYNCS; n += 1) {
        const beganMs = performance.now()
        await handle.write(Buffer.alloc(BYTES, n + 1))
        await handle.datasync()
        times.push(performance.now() - beganMs)
      }
    } finally {
      await handle.close()
      await rm(file, { force: true })
    }
  } catch (error) {
    return { kind: 'failed', code: error instanceof Error && 'code' in error ? String(error.code) : String(error) }
  }
  times.sort((a, b) => a - b)
  return { kind: 'measured', p50Ms: times[Math.floor(times.length / 2)] ?? 0, maxMs: times.at(-1) ?? 0 }
}
