/**
 * The folder of one run: everything that it makes lies there, its logs too.
 *
 * A lock in it tells a run that lives from one that was killed. What a killed run left is removed by the next; what a
 * failed run kept on purpose, its logs, has no lock any more and stays.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takeLock } from '../../agent/system/process-lock.ts'

const PREFIX = 'scoria-cluster-'
const LOCK = 'run.lock'

export interface RunFolder {
  readonly path: string
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
    remove: () => rmSync(path, { recursive: true, force: true }),
    keep: () => {
      if (lock.ok) lock.release()
    },
  }
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const lock = join(tmpdir(), name, LOCK)
    if (name.startsWith(PREFIX) && existsSync(lock) && takeLock(lock).ok) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}
