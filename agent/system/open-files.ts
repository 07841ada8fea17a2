/** How many files and connections this process may have open at once. Node raises its own limit to the hard one at start. */
import { readFileSync } from 'node:fs'

/** @returns null where the system does not say, or sets none */
export function openFilesMax(limits: string = readFileSync('/proc/self/limits', 'utf8')): number | null {
  const [, soft] = /^Max open files +(\d+) /m.exec(limits) ?? []
  return soft === undefined ? null : Number(soft)
}
