/**
 * Which files of a folder some process of this host has open, or the kernel as a loop device.
 *
 * As far as this process may see: of other users' processes only root does. Linux has no other way to ask (proc(5)). Read one process
 * after the other and each in one go: links in /proc cost microseconds, and a round through the thread pool ten times that.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setImmediate as breath } from 'node:timers/promises'

/** Names in the folder. */
export async function openIn(directory: string): Promise<ReadonlySet<string>> {
  const folder = await realpath(directory)
  const names = new Set<string>()
  const take = (path: string | null): void => {
    if (path !== null && dirname(path) === folder) names.add(basename(path))
  }
  for (const name of namesIn('/sys/block'))
    if (name.startsWith('loop')) take(quietly(() => readFileSync(join('/sys/block', name, 'loop/backing_file'), 'utf8').trim()))
  for (const process of namesIn('/proc')) {
    if (!/^\d+$/.test(process)) continue
    const open = join('/proc', process, 'fd')
    for (const link of namesIn(open)) take(quietly(() => readlinkSync(join(open, link))))
    await breath()
  }
  return names
}

function namesIn(folder: string): readonly string[] {
  return quietly(() => readdirSync(folder)) ?? []
}

/** Processes end while they are looked at, and some may not be looked at. */
function quietly<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}
