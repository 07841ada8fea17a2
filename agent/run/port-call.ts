/**
 * How a port is called: with an outcome whatever it does.
 *
 * A port never rejects; if one does all the same, nobody knows what it did.
 */
import type { Outcome } from '../../lib/ports/outcome.ts'

export async function settled<Value>(outcome: Promise<Outcome<Value>>): Promise<Outcome<Value>> {
  try {
    return await outcome
  } catch (error) {
    return { kind: 'unknown', tool: 'agent', detail: error instanceof Error ? error.message : String(error) }
  }
}
