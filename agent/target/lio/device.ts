/**
 * What lies behind a path: a block device, which the kernel opens as such, or a file, which it reads and writes.
 *
 * The kernel asks a block device for its size at each look of an initiator; a file's size it has to be told.
 */
import { statSync } from 'node:fs'
import { codeOf } from './tree.ts'

export type Device =
  | { readonly kind: 'iblock'; readonly path: string }
  | { readonly kind: 'fileio'; readonly path: string; readonly sizeBytes: number }

/** @returns a line that says why not, if it cannot be exported */
export function lookAtDevice(path: string): Device | string {
  try {
    const found = statSync(path)
    if (found.isBlockDevice()) return { kind: 'iblock', path }
    if (found.isFile()) return { kind: 'fileio', path, sizeBytes: found.size }
    return `${path} is neither a block device nor a file`
  } catch (error) {
    return `${path} cannot be looked at: ${codeOf(error) ?? String(error)}`
  }
}
