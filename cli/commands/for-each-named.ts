/** Does the same to each of several named things: one that fails does not keep the others from it. */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/** @throws CliFailure: the one failure of one name, or how many of several there were */
export async function forEachNamed(
  terminal: Terminal,
  names: readonly string[],
  whatFailed: string,
  work: (name: string) => Promise<void>,
): Promise<void> {
  const failures: CliFailure[] = []
  for (const name of names) {
    try {
      await work(name)
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error
      // The others are still to be tried; the last of the failures is told by the caller.
      if (names.length > 1) terminal.err(`${error.lines[0] ?? ''}\n`)
      failures.push(error)
    }
  }
  const [only] = failures
  if (only === undefined) return
  if (names.length === 1) throw only
  const exitCode = failures.length < names.length ? EXIT.partial : only.exitCode
  throw new CliFailure(exitCode, `${failures.length} of ${names.length} ${whatFailed}`)
}
