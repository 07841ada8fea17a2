/** The tgtd of one host, as systemd would run it; it can be killed and started empty, and what it exports be asked. */
import { appendFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Exec, Spawn } from '../../lib/ports/exec.ts'
import { createExec } from '../../agent/system/exec.ts'
import { createLog } from '../../agent/system/log.ts'
import { createSpawn } from '../../agent/system/spawn.ts'
import { closedPortalOf, type RunningTgtd, startTgtd } from '../../agent/target/tgt/daemon.ts'
import { createTgtadm } from '../../agent/target/tgt/tgtadm.ts'
import { BOUND_TO_US } from './process.ts'

export interface HostTgtd {
  /**
   * Closed to initiators until the agent opens the portal, as OPERATIONS has it.
   * @param listen somewhere else, as the service of a distribution might
   */
  start(listen?: string): Promise<void>
  /** SIGKILL: all its targets are gone. */
  kill(): Promise<void>
  isRunning(): boolean
  /** Names of the targets of volumes that it has now, sorted. @throws if it does not answer */
  targets(): Promise<readonly string[]>
}

export interface TgtdOptions {
  readonly controlPort: number
  readonly portal: string
  /** Goes before a command that is to run in the host's network. */
  readonly enter: readonly string[]
  readonly logFile: string
}

export function createHostTgtd({ controlPort, portal, enter, logFile }: TgtdOptions): HostTgtd {
  const log = createLog({ level: 'info', sink: { write: (line) => appendFileSync(logFile, line, { mode: 0o600 }) } })
  const exec: Exec = createExec({ log })
  const plain = createSpawn({ log })
  const [file = '', ...before] = BOUND_TO_US
  const spawn: Spawn = (daemon) => plain({ file, args: [...before, ...enter, daemon.file, ...daemon.args] })
  const tgtadm = createTgtadm({ exec, controlPort })
  let running: RunningTgtd | null = null
  return {
    async start(listen = closedPortalOf(portal)) {
      running = await startTgtd({ controlPort, portal: listen, exec, spawn })
    },
    async kill() {
      await running?.stop()
      running = null
      // A tgtd that is killed leaves its control socket; a new one takes it over, and nobody else ever would.
      for (const suffix of ['', '.lock']) await rm(`/var/run/tgtd/socket.${controlPort}${suffix}`, { force: true })
    },
    isRunning: () => running !== null,
    async targets() {
      const shown = await tgtadm.targets()
      if (shown.kind !== 'ok') throw new Error(`tgtd ${controlPort}: ${shown.detail}`)
      return shown.value.flatMap(({ iqn }) => (iqn.includes(':volume-') ? [iqn] : [])).sort()
    },
  }
}
