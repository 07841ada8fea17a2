/**
 * One tgtd for each peer of a local cluster, as each real host has its own.
 *
 * tgtd knows nothing of the runner and outlives its crash; the next start in the same folder ends it first.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { formatHostPort } from '../../lib/config/address.ts'
import { EXIT } from '../../lib/config/exit-codes.ts'
import { CommandProblem } from '../command/command-problem.ts'
import type { DevPeer } from './dev-plan.ts'
import { createExec } from '../system/exec.ts'
import { createLog } from '../system/log.ts'
import { liveHolder, noteProcess } from '../system/process-lock.ts'
import { createSpawn } from '../system/spawn.ts'
import { closedPortalOf, startTgtd } from '../target/tgt/daemon.ts'

const LOOK_EVERY_MS = 50

export interface DevTarget {
  stop(): Promise<void>
  kill(): void
}

/** @param tell hears of a daemon that ended by itself. @throws CommandProblem with the remedy */
export async function startDevTarget(peer: DevPeer, tell: (line: string) => void): Promise<DevTarget> {
  const logFile = `${peer.directory}/tgtd.log`
  const log = createLog({ level: 'info', sink: { write: (line) => appendFileSync(logFile, line, { mode: 0o600 }) } })
  const settings = {
    controlPort: peer.tgtControl,
    // Initiators that come back after a restart find nobody before the agent lets them in.
    portal: closedPortalOf(formatHostPort(peer.portal)),
    exec: createExec({ log }),
    spawn: createSpawn({ log }),
  }
  const daemon = await started(settings)
  noteProcess(pidFileOf(peer), daemon.pid)
  let isStopping = false
  void daemon.exited.then((end) => {
    if (!isStopping)
      tell(
        `tgtd of ${peer.name} ended (exit code ${end.exitCode ?? 'none'}); nothing is exported there until scoria dev is started again; its log: ${logFile}`,
      )
  })
  return {
    async stop() {
      isStopping = true
      await daemon.stop()
    },
    kill() {
      isStopping = true
      process.kill(daemon.pid, 'SIGKILL')
    },
  }
}

/** Ends the tgtd that a runner left behind when it crashed. */
export async function endLeftoverTarget(peer: DevPeer): Promise<void> {
  const pidFile = pidFileOf(peer)
  for (let left = liveHolder(pidFile); left !== null; left = liveHolder(pidFile)) {
    process.kill(left, 'SIGKILL')
    await pause(LOOK_EVERY_MS)
  }
}

function pidFileOf(peer: DevPeer): string {
  return `${peer.directory}/tgtd.pid`
}

async function started(settings: Parameters<typeof startTgtd>[0]): ReturnType<typeof startTgtd> {
  try {
    return await startTgtd(settings)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw CommandProblem.because(error, EXIT.failed, error.message, 'or run without storage: scoria dev --backend none')
  }
}
