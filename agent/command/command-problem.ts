/** Why a command on this host ends without success: an exit code and lines for the operator, never a stack. */
import { EXIT, type ExitCode } from '../../lib/config/exit-codes.ts'

export class CommandProblem extends Error {
  override readonly name = 'CommandProblem'
  readonly exitCode: ExitCode
  readonly lines: readonly string[]

  constructor(exitCode: ExitCode, ...lines: readonly string[]) {
    super(lines.join('\n'))
    this.exitCode = exitCode
    this.lines = lines
  }

  /** The same, with what went wrong underneath kept for whoever debugs. */
  static because(cause: unknown, exitCode: ExitCode, ...lines: readonly string[]): CommandProblem {
    const problem = new CommandProblem(exitCode, ...lines)
    problem.cause = cause
    return problem
  }
}

export const wrongUse = (...lines: readonly string[]): CommandProblem => new CommandProblem(EXIT.usage, ...lines)
