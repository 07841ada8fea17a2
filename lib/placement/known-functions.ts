/**
 * The functions of the backends that one ranking looks at, each parsed once: backends of one kind have the same text.
 */
import { parsePoolFunction, type PoolFunction } from '../model/pool-function.ts'

/** The function that this text says, or null for one that says none. */
export type KnownFunctions = (text: string) => PoolFunction | null

export function knownFunctions(): KnownFunctions {
  const known = new Map<string, PoolFunction | null>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const parsed = parsePoolFunction(text)
    const found = parsed.ok ? parsed.value : null
    known.set(text, found)
    return found
  }
}
