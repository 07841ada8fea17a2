/**
 * Why a command ends with anything but success: an exit code that scripts can test and at most four lines for people.
 *
 * Line 1 says what failed, the next ones the numbers and the likely next command. Never a stack.
 */
import { EXIT, type ExitCode } from '../lib/config/exit-codes.ts'

const LINES_MAX = 4

export class CliFailure extends Error {
  override readonly name = 'CliFailure'
  readonly exitCode: ExitCode
  readonly lines: readonly string[]

  constructor(exitCode: ExitCode, ...lines: readonly string[]) {
    super(lines[0] ?? 'failed')
    this.exitCode = exitCode
    this.lines = lines.slice(0, LINES_MAX)
  }
}

export const usage = (...lines: readonly string[]): CliFailure => new CliFailure(EXIT.usage, ...lines)
