/** File systems that are full or read-only, as a test needs them: mounts, hence root. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { runCommand } from './process.ts'

export interface SmallDisk {
  /** Leaves so many bytes free, without writing any. */
  leaveFree(bytes: number): Promise<void>
  unmount(): Promise<void>
}

const PAGE_BYTES = 4096
const ATTEMPTS_MAX = 100

/** A disk of its own at `folder`. */
export async function mountDisk(folder: string, bytes: number): Promise<SmallDisk> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  await mount('-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'scoria-test', folder)
  return {
    async leaveFree(free) {
      // Refused if more has been written between the look and the mount.
      for (let attempt = 1; !(await shrinks(folder, free)); attempt += 1) {
        if (attempt === ATTEMPTS_MAX) throw new Error(`${folder} fills faster than it can be shrunk`)
        await pause(50)
      }
    },
    unmount: () => unmount(folder),
  }
}

async function shrinks(folder: string, free: number): Promise<boolean> {
  const { bsize, blocks, bfree } = await statfs(folder)
  const size = Math.ceil(((blocks - bfree) * bsize + free) / PAGE_BYTES) * PAGE_BYTES
  const end = await runCommand('mount', ['-o', `remount,size=${size}`, folder])
  return end.exitCode === 0
}

/** Makes a folder read-only, for root too. @returns how to undo it */
export async function mountReadOnly(folder: string): Promise<() => Promise<void>> {
  await mount('--bind', folder, folder)
  await mount('-o', 'remount,ro,bind', folder)
  return () => unmount(folder)
}

/** Unmounts whatever is mounted in a folder. */
export function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((point) => point.startsWith(`${folder}/`))
  for (const point of points) {
    const end = spawnSync('umount', ['--lazy', point], { encoding: 'utf8' })
    if (end.status !== 0) throw new Error(`umount ${point}: ${end.stderr}`)
  }
}

async function mount(...args: readonly string[]): Promise<void> {
  const end = await runCommand('mount', args)
  if (end.exitCode !== 0) throw new Error(`mount ${args.join(' ')}: ${end.stderr}`)
}

async function unmount(folder: string): Promise<void> {
  // Lazy: whoever still holds a file there ends soon.
  const end = await runCommand('umount', ['--lazy', folder])
  if (end.exitCode !== 0) throw new Error(`umount ${folder}: ${end.stderr}`)
}
