/**
 * Keeps one agent of a local cluster running.
 *
 * The child is in a process group of its own, so that a Ctrl-C at the terminal reaches only the runner, which stops its
 * children in order. Its standard input is a pipe that nobody writes to: when the runner is gone, however it went, the
 * pipe ends and so does the child.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { AGENT_NODE_FLAGS } from '../../lib/config/node-flags.ts'
import type { DevPeer } from './dev-plan.ts'

export interface DevChild {
  readonly peer: DevPeer
  /** False when it ended and is not started again. */
  isKept(): boolean
  /** Asks it to stop, insists after a while; resolves when it is gone. */
  stop(): Promise<void>
  kill(): void
}

export interface DevChildOptions {
  readonly peer: DevPeer
  /** The agent's program. */
  readonly program: string
  /** Called with one line when the child ended by itself. */
  readonly tell: (line: string) => void
}

const RESTART_AFTER_MS = 1000
/** A peer that ends again so soon would only do so for ever. */
const RESTARTED_RECENTLY_MS = 30_000
const STOP_WAIT_MS = 10_000

export function startDevChild({ peer, program, tell }: DevChildOptions): DevChild {
  let child: ChildProcess = spawnAgent(peer, program)
  let restartedAtMs: number | null = null
  let isStopping = false
  let isKept = true
  let restart: NodeJS.Timeout | null = null

  const watch = (): void => {
    child.once('exit', (code, signal) => {
      if (isStopping) return
      const how = signal === null ? `exit code ${code}` : `${signal}`
      isKept = restartedAtMs === null || Date.now() - restartedAtMs > RESTARTED_RECENTLY_MS
      if (!isKept) return tell(`${peer.name} ended again (${how}) and stays down; its log: ${peer.logFile}`)
      tell(`${peer.name} ended (${how}) and is started again in ${RESTART_AFTER_MS / 1000} s; its log: ${peer.logFile}`)
      restart = setTimeout(() => {
        restartedAtMs = Date.now()
        child = spawnAgent(peer, program)
        watch()
      }, RESTART_AFTER_MS)
    })
  }
  watch()

  return {
    peer,
    isKept: () => isKept,
    async stop() {
      isStopping = true
      if (restart !== null) clearTimeout(restart)
      await endOf(child)
    },
    kill() {
      isStopping = true
      if (restart !== null) clearTimeout(restart)
      child.kill('SIGKILL')
    },
  }
}

function spawnAgent(peer: DevPeer, program: string): ChildProcess {
  const log = openSync(peer.logFile, 'a', 0o600)
  try {
    const args = [...AGENT_NODE_FLAGS, program, 'agent', '--config', peer.configFile, '--until-stdin-ends']
    return spawn(process.execPath, args, { detached: true, stdio: ['pipe', log, log] })
  } finally {
    closeSync(log)
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const insist = setTimeout(() => child.kill('SIGKILL'), STOP_WAIT_MS)
  await ended
  clearTimeout(insist)
}
