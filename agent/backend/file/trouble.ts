/**
 * From what the file system throws to an outcome.
 *
 * A system call that is refused did nothing: `failed`. A sync that fails after the effect, or a caller that no longer
 * waits, leaves it open whether the effect lasts: `unknown`.
 */
import type { AbortSignalLike } from '../../../lib/ports/backend.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'

const TOOL = 'file system'

/** The effect was made and may not last. */
export class Uncertain extends Error {
  override readonly name = 'Uncertain'
}

/** Never rejects. A file system that hangs (NFS, a dying disk) is waited for until the signal; nothing is begun after it. */
export async function settled<Value>(work: () => Promise<Value>, signal: AbortSignalLike): Promise<Outcome<Value>> {
  const givenUp: Outcome<Value> = { kind: 'unknown', tool: TOOL, detail: 'the time limit passed' }
  if (signal.aborted) return givenUp
  let onAbort = (): void => {}
  const aborted = new Promise<Outcome<Value>>((resolve) => {
    onAbort = () => resolve(givenUp)
    signal.addEventListener('abort', onAbort)
  })
  const ended = await Promise.race([outcomeOf(work), aborted])
  signal.removeEventListener('abort', onAbort)
  return ended
}

export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

async function outcomeOf<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
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
