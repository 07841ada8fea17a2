/**
 * The folder of one run: everything that it makes lies there, its logs too.
 *
 * A lock in it tells a run that lives from one that was killed. What a killed run left is removed by the next; what a
 * failed run kept on purpose, its logs, has no lock any more and stays.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { liveHolder, takeLock } from '../../agent/system/process-lock.ts'
import { unmountBelow } from './mounts.ts'

const PREFIX = 'scoria-cluster-'
const LOCK = 'run.lock'

export interface RunFolder {
  readonly path: string
  /** Names the run on this machine: letters and digits. */
  readonly run: string
  remove(): void
  /** Leaves it there for whoever wants to read the logs. */
  keep(): void
}

export function makeRunFolder(): RunFolder {
  sweep()
  const path = mkdtempSync(join(tmpdir(), PREFIX))
  const lock = takeLock(join(path, LOCK))
  return {
    path,
    run: path.slice(path.lastIndexOf(PREFIX) + PREFIX.length),
    remove: () => removeFolder(path),
    keep: () => {
      unmountBelow(path)
      if (lock.ok) lock.release()
    },
  }
}

/** Whether the run of this name still goes on. */
export function isRunAlive(run: string): boolean {
  return liveHolder(join(tmpdir(), `${PREFIX}${run}`, LOCK)) !== null
}

function removeFolder(path: string): void {
  unmountBelow(path)
  rmSync(path, { recursive: true, force: true })
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const lock = join(tmpdir(), name, LOCK)
    if (name.startsWith(PREFIX) && existsSync(lock) && takeLock(lock).ok) removeFolder(join(tmpdir(), name))
  }
}
