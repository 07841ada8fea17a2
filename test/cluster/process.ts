/**
 * Processes of a run: commands that end, and agents that live until they are stopped or killed.
 *
 * None outlives the run, however it ends: the kernel kills each of them when its parent is gone (PR_SET_PDEATHSIG).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { env as environment } from 'node:process'
import { fileURLToPath } from 'node:url'

export const AGENT_PROGRAM = fileURLToPath(new URL('../../agent/main.js', import.meta.url))
export const CLI_PROGRAM = fileURLToPath(new URL('../../cli/main.js', import.meta.url))

/** Runs a command that dies with its parent. */
export const BOUND_TO_US: readonly string[] = ['setpriv', '--pdeathsig', 'KILL', '--']

export interface CommandEnd {
  /** 128 + n if signal n ended it. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Besides our own. */
  readonly env?: Readonly<Record<string, string>>
  /** Then it is killed, and the exit code is 137. */
  readonly timeoutMs?: number
  /** Command that goes before it, to run it elsewhere. */
  readonly enter?: readonly string[]
}

const COMMAND_TIMEOUT_MS = 60_000

/** Runs a command to its end. Never rejects for how it ended. @throws if it cannot be started */
export function runCommand(file: string, args: readonly string[], options: RunOptions = {}): Promise<CommandEnd> {
  const [first = file, ...rest] = [...(options.enter ?? []), file, ...args]
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...environment, ...options.env } })
  const limit = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? COMMAND_TIMEOUT_MS)
  const stdout = collected(child.stdout)
  const stderr = collected(child.stderr)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(limit)
      resolve({ exitCode: code ?? (signal === 'SIGKILL' ? 137 : 128), stdout: stdout(), stderr: stderr() })
    })
  })
}

/** `scoria …`, as a user types it. */
export function runScoria(args: readonly string[], options: RunOptions = {}): Promise<CommandEnd> {
  return runCommand(process.execPath, [CLI_PROGRAM, ...args], options)
}

export interface ProcessEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunningProcess {
  readonly pid: number
  readonly ended: Promise<ProcessEnd>
  isRunning(): boolean
  signal(name: NodeJS.Signals): void
}

/** Starts a process that stays, in a group of its own: a Ctrl-C at the terminal is for the run alone. */
export function startProcess(command: readonly string[], logFile: string): RunningProcess {
  const [file = '', ...args] = [...BOUND_TO_US, ...command]
  const log = openSync(logFile, 'a', 0o600)
  let child: ChildProcess
  try {
    child = spawn(file, args, { detached: true, stdio: ['ignore', log, log] })
  } finally {
    closeSync(log)
  }
  const { pid } = child
  if (pid === undefined) throw new Error(`${file} cannot be started`)
  const ended = new Promise<ProcessEnd>((resolve) => child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })))
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  return { pid, ended, isRunning, signal: (name) => void child.kill(name) }
}

/** Processes of this machine whose command line contains the text: `pid command`. */
export function processesWith(text: string): readonly string[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return []
    const command = commandOf(name)
    return command.includes(text) ? [`${name} ${command}`] : []
  })
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch (error) {
    // It has ended since the list was read.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
    throw error
  }
}

function collected(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
