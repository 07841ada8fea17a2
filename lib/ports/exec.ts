/** Runs one command of the host: absolute binary or name on PATH, an argument array, never a shell. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Milliseconds until the command is killed and its outcome is unknown. */
  readonly timeoutMs: number
  /** Arguments that hold secrets, by index: blanked in every log and error. */
  readonly secretArgs?: readonly number[]
}

export interface CommandResult {
  /** null if it was killed, timed out, or could not be started. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  /** True if the binary was not found. */
  readonly missing: boolean
}

/** Never rejects: how a command ended is a value. */
export type Exec = (command: Command) => Promise<CommandResult>
