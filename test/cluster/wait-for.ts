/** Waits for something that another process does, by looking again and again; who waits in vain is told what was seen. */
import { setTimeout as pause } from 'node:timers/promises'

/** What a look found instead of what it looks for. */
export class NotYet {
  readonly facts: unknown

  constructor(facts: unknown) {
    this.facts = facts
  }
}

export interface WaitOptions {
  readonly timeoutMs?: number
  readonly everyMs?: number
  /** Files that show more. */
  readonly logs?: readonly string[]
}

const TIMEOUT_MS = 15_000
const LOOK_EVERY_MS = 50

/**
 * @param what is waited for, as in `volume db is available`
 * @throws Error that names what was seen last and where the logs lie
 */
export async function waitFor<Value>(what: string, look: () => Promise<Value | NotYet>, options: WaitOptions = {}): Promise<Value> {
  const { timeoutMs = TIMEOUT_MS, everyMs = LOOK_EVERY_MS, logs = [] } = options
  const endsAtMs = performance.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (!(seen instanceof NotYet)) return seen
    if (performance.now() > endsAtMs) {
      const facts = typeof seen.facts === 'string' ? seen.facts : JSON.stringify(seen.facts)
      throw new Error(
        `${what}: not after ${timeoutMs / 1000} s; last seen: ${facts}${logs.length === 0 ? '' : `; logs: ${logs.join(' ')}`}`,
      )
    }
    await pause(everyMs)
  }
}
