/** Before data is lost: at a terminal the name has to be typed again; a script, which has no terminal, is taken at its word. */
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'

/** @throws CliFailure if something else is typed */
export async function askForName(terminal: Terminal, name: string, loss: (name: string) => string): Promise<void> {
  if (!terminal.inIsTty) return
  const typed = await terminal.ask(`${loss(name)} Type its name to go on: `)
  if (typed.trim() !== name) throw new CliFailure(EXIT.failed, `nothing was done: ${JSON.stringify(typed.trim())} is not ${name}`)
}
