/** Randomness of the operating system, in the shapes that the rules ask for. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { Rng } from '../../lib/flows/step.ts'

export const systemRng: Rng = {
  hex: (bytes) => randomBytes(bytes).toString('hex'),
  below: (below) => randomInt(below),
}

/** RFC 4122 version 4, lower case. */
export const systemUuid = (): string => randomUUID()
