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

/** A process that lives on beside the agent: the same rules as for a command, but no time limit. */
export interface Daemon {
  readonly file: string
  readonly args: readonly string[]
}

export interface DaemonEnd {
  /** null if it was killed or could not be started. */
  readonly exitCode: number | null
  /** The last lines that it wrote to its standard error. */
  readonly stderr: string
  /** True if the binary was not found. */
  readonly missing: boolean
}

export interface SpawnedDaemon {
  /** null if it could not be started. */
  readonly pid: number | null
  /** Never rejects. */
  readonly exited: Promise<DaemonEnd>
  /** Kills it and waits until it is gone. */
  stop(): Promise<void>
}

/** Never throws. The daemon is killed when the agent ends in good order; it outlives a crash of the agent. */
export type Spawn = (daemon: Daemon) => SpawnedDaemon
