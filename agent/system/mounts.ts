/** Which file system a path lies on, as the kernel calls it (`ext4`, `tmpfs`): what statfs says is a number that few know. */
import { readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Of the nearest folder that is there; empty if it cannot be told. */
export async function fileSystemOf(path: string): Promise<string> {
  const real = await nearest(path)
  return fileSystemIn(await readFile('/proc/self/mountinfo', 'utf8'), real)
}

/** @param mountinfo proc_pid_mountinfo(5), later mounts cover earlier ones. Pure. */
export function fileSystemIn(mountinfo: string, path: string): string {
  let found = { length: -1, type: '' }
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const point = (before.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    const isAbove = point === '/' || path === point || path.startsWith(`${point}/`)
    if (point !== '' && isAbove && point.length >= found.length) found = { length: point.length, type: after.split(' ')[0] ?? '' }
  }
  return found.type
}

/** The path, or the lowest folder above it that exists, without links. */
export async function nearest(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || path === '/') throw error
    return await nearest(dirname(path))
  }
}
