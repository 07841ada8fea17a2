/**
 * `init`, `join`, `agent`, `doctor` and `dev` work on this host and not over REST: they are the agent's own program, started with
 * the same terminal. Signals go on to it, and its exit code comes back.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { AGENT_NODE_FLAGS } from '../../lib/config/node-flags.ts'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CliFailure } from '../failure.ts'

export const PASSED_ON = ['init', 'join', 'agent', 'doctor', 'dev'] as const

const SUMMARIES: Readonly<Record<(typeof PASSED_ON)[number], string>> = {
  init: 'make this host the first of a cluster',
  join: 'make this host a member of a cluster, with a token of `scoria invite`',
  agent: 'run the agent of this host',
  doctor: 'does this host have what an agent needs, and what to type if not',
  dev: 'run a trial cluster on this machine until Ctrl-C',
}

/** Lines for the help of the program. */
export function passedOnHelp(): string {
  return PASSED_ON.map((name) => `  ${name.padEnd(24)}${SUMMARIES[name]}\n`).join('')
}

export function isPassedOn(name: string | undefined): boolean {
  return PASSED_ON.some((item) => item === name)
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves with the exit code of the agent's program; 128 + n if signal n ended it. */
export async function runAgentProgram(args: readonly string[]): Promise<number> {
  const program = fileURLToPath(new URL('../../agent/main.js', import.meta.url))
  const child = spawn(process.execPath, [...AGENT_NODE_FLAGS, program, ...args], { stdio: 'inherit' })
  // A Ctrl-C reaches the child from the terminal as well; its program counts a quick pair as one.
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal)
  for (const signal of SIGNALS) process.on(signal, forward)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (cause) => reject(new CliFailure(EXIT.failed, `the agent's program could not be started: ${cause.message}`)))
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
    })
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward)
  }
}
