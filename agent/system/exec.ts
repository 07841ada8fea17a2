/**
 * Runs the commands of the host: an argument array, never a shell, a fixed environment, a time limit, a cap on output.
 *
 * How a command ended is a value. A command that would not die is given up on after its time limit: whoever waits for a
 * tool that is stuck in the kernel (state D) must not be stuck with it.
 */
import { execa } from 'execa'
import type { Command, CommandResult, Exec } from '../../lib/ports/exec.ts'
import type { Log } from '../../lib/ports/log.ts'
import { COMMAND_ENVIRONMENT } from './environment.ts'

/** Room for the targets or the LVs of ten thousand volumes. */
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024
/** From SIGTERM to SIGKILL. */
const KILL_AFTER_MS = 1000
/** From SIGKILL until the command is left to itself. */
const GIVE_UP_AFTER_MS = 1000
const BLANK = '[secret]'

export interface ExecOptions {
  readonly log: Log
  /** A command that says more is killed. */
  readonly outputBytesMax?: number
}

export function createExec({ log, outputBytesMax = OUTPUT_BYTES_MAX }: ExecOptions): Exec {
  return async (command) => {
    const startedMs = performance.now()
    const raw = await withinReason(command, outputBytesMax)
    const result = { ...raw, stdout: blank(command, raw.stdout), stderr: blank(command, raw.stderr) }
    const { stdout, ...facts } = result
    const fields = {
      file: command.file,
      args: shownArgs(command),
      ms: Math.round(performance.now() - startedMs),
      ...facts,
      stdoutBytes: stdout.length,
    }
    if (result.exitCode === null) log.warn('command-without-end', fields)
    else log.debug('command', fields)
    return result
  }
}

async function run(command: Command, outputBytesMax: number): Promise<CommandResult> {
  const result = await execa(command.file, [...command.args], {
    shell: false,
    extendEnv: false,
    preferLocal: false,
    env: COMMAND_ENVIRONMENT,
    cwd: '/',
    stdin: 'ignore',
    reject: false,
    timeout: command.timeoutMs,
    forceKillAfterDelay: KILL_AFTER_MS,
    maxBuffer: outputBytesMax,
    encoding: 'utf8',
    cleanup: true,
  })
  const missing = result.code === 'ENOENT'
  // An error before the start has no stderr; its own text names the system call and the file, and no arguments.
  const stderr = result.stderr === '' ? (result.originalMessage ?? '') : result.stderr
  const exitCode = result.timedOut || result.isMaxBuffer || missing ? null : (result.exitCode ?? null)
  return { exitCode, stdout: result.stdout, stderr, timedOut: result.timedOut, missing }
}

/** The command's end, or the news that it has none. */
async function withinReason(command: Command, outputBytesMax: number): Promise<CommandResult> {
  let timer: NodeJS.Timeout | undefined
  const stuck = new Promise<CommandResult>((resolve) => {
    const result = { exitCode: null, stdout: '', stderr: 'does not react to SIGKILL', timedOut: true, missing: false }
    timer = setTimeout(() => resolve(result), command.timeoutMs + KILL_AFTER_MS + GIVE_UP_AFTER_MS)
  })
  const ended = await Promise.race([run(command, outputBytesMax), stuck])
  clearTimeout(timer)
  return ended
}

function shownArgs(command: Command): readonly string[] {
  return command.args.map((arg, index) => (command.secretArgs?.includes(index) ? BLANK : arg))
}

function blank(command: Command, text: string): string {
  const secrets = (command.secretArgs ?? []).map((index) => command.args[index] ?? '').filter((secret) => secret !== '')
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, BLANK), text)
}
