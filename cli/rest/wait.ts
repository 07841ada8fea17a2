/**
 * Looks again and again until something has ended, and says on stderr how it stands.
 *
 * The wait has an end; when it runs out the outcome is still open, which is not the same as failed.
 */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import { startProgress } from '../output/progress.ts'
import type { Terminal } from '../terminal.ts'

export type Look<Value> =
  | { readonly kind: 'ended'; readonly value: Value }
  /** `status`: one word for the progress line. */
  | { readonly kind: 'going'; readonly status: string }

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1000

/** @param what such as `volume db`. @throws CliFailure with exit code 7 when `timeoutMs` have passed */
export async function waitFor<Value>(
  terminal: Terminal,
  what: string,
  timeoutMs: number,
  look: () => Promise<Look<Value>>,
): Promise<Value> {
  const progress = startProgress(terminal)
  const startedAtMs = terminal.nowMs()
  let pauseMs = FIRST_PAUSE_MS
  try {
    for (;;) {
      const seen = await look()
      if (seen.kind === 'ended') return seen.value
      const waitedMs = terminal.nowMs() - startedAtMs
      if (waitedMs >= timeoutMs) {
        throw new CliFailure(
          EXIT.stillOpen,
          `${what} is still ${seen.status} after ${Math.round(waitedMs / 1000)} s`,
          'it goes on without this command; look again later or wait longer with --timeout',
        )
      }
      progress.tell(`${what}: ${seen.status}`)
      await terminal.sleep(Math.min(pauseMs, timeoutMs - waitedMs))
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)
    }
  } finally {
    progress.end()
  }
}
