/** Numbers that a seed decides, for what has to look random and must not be: the same seed, the same numbers, everywhere. */
import { createHash } from 'node:crypto'

/** @returns the next number, 0 to below 1 */
export function seededDraws(seed: string): () => number {
  let count = 0
  return () => {
    count += 1
    return createHash('sha256').update(`${seed}/${count}`).digest().readUInt32BE() / 2 ** 32
  }
}
