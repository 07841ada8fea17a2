/**
 * How a port is called: with a time limit, and with an outcome whatever it does.
 *
 * A port never rejects; if one does all the same, nobody knows what it did.
 */
import type { AbortSignalLike } from '../../lib/ports/backend.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'

const CALL_TIMEOUT_MS = 60_000

export function timeLimit(): AbortSignalLike {
  return AbortSignal.timeout(CALL_TIMEOUT_MS)
}

export async function settled<Value>(outcome: Promise<Outcome<Value>>): Promise<Outcome<Value>> {
  try {
    return await outcome
  } catch (error) {
    return { kind: 'unknown', tool: 'agent', detail: error instanceof Error ? error.message : String(error) }
  }
}
