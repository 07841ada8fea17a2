/**
 * From what the file system throws to an outcome.
 *
 * A system call that is refused did nothing: `failed`. A sync that fails after the effect leaves it open whether the
 * effect lasts: `unknown`.
 */
import { done, type Outcome } from '../../../lib/ports/outcome.ts'

export const TOOL = 'file system'

/** The effect was made and may not last. */
export class Uncertain extends Error {
  override readonly name = 'Uncertain'
}

export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** Never rejects. */
export async function outcomeOf<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return done(await work())
  } catch (error) {
    if (error instanceof Uncertain) return { kind: 'unknown', tool: TOOL, detail: `${error.message}: ${detailOf(error.cause)}` }
    return { kind: 'failed', tool: TOOL, detail: detailOf(error) }
  }
}

function detailOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
