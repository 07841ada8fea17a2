/**
 * A tgtd of one's own, for clusters on one machine and for tests; a real host runs the one that systemd starts.
 *
 * tgtd stays up without its portal if somebody else has the port, and a second one answers nothing at a control port
 * that is taken. So it is asked before the start and after it, and only one that listens counts as started.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { DaemonEnd, Exec, Spawn } from '../../../lib/ports/exec.ts'
import { isListening } from './check.ts'
import { createTgtadm } from './tgtadm.ts'

const LOOKS_MAX = 200
const LOOK_EVERY_MS = 50

export interface TgtdOptions {
  /** The N of `tgtd -C N`: each tgtd of a machine needs its own. */
  readonly controlPort: number
  /** Where it listens from its first moment. */
  readonly portal: string
  readonly exec: Exec
  readonly spawn: Spawn
}

export interface RunningTgtd {
  readonly pid: number
  readonly exited: Promise<DaemonEnd>
  /** All its targets are gone with it. */
  stop(): Promise<void>
}

/**
 * Where a tgtd begins that is closed to initiators until its agent opens the portal: on loopback, as OPERATIONS has it for
 * real hosts, and on a second loopback address where the portal itself is on the first.
 */
export function closedPortalOf(portal: string): string {
  const port = portal.slice(portal.lastIndexOf(':') + 1)
  return `${portal.startsWith('127.0.0.1:') ? '127.0.0.2' : '127.0.0.1'}:${port}`
}

/** @throws Error with one line that names the remedy; then nothing is left running */
export async function startTgtd({ controlPort, portal, exec, spawn }: TgtdOptions): Promise<RunningTgtd> {
  const tgtadm = createTgtadm({ exec, controlPort })
  if ((await tgtadm.call(['--mode', 'sys', '--op', 'show'])).kind === 'ok') {
    throw new Error(
      `another tgtd answers at control port ${controlPort}: end it (tgtadm -C ${controlPort} --mode system --op delete) or choose another`,
    )
  }
  const daemon = spawn({ file: 'tgtd', args: ['-f', '-C', String(controlPort), '--iscsi', `portal=${portal}`] })
  let end: DaemonEnd | null = null
  void daemon.exited.then((ended) => {
    end = ended
  })
  for (let look = 0; look < LOOKS_MAX && end === null; look += 1) {
    await pause(LOOK_EVERY_MS)
    const listening = await isListening(tgtadm, portal)
    if (listening === true && end === null && daemon.pid !== null)
      return { pid: daemon.pid, exited: daemon.exited, stop: () => daemon.stop() }
    if (listening === false) {
      await daemon.stop()
      throw new Error(`tgtd cannot listen on ${portal}: the port is taken, or the address is not this host's`)
    }
  }
  await daemon.stop()
  throw new Error(reason(await daemon.exited, controlPort))
}

function reason(end: DaemonEnd, controlPort: number): string {
  if (end.missing) return 'tgtd is not installed: apt-get install tgt'
  if (end.stderr.includes('another tgtd is using')) return `another tgtd has control port ${controlPort}: choose another`
  return `tgtd did not start (exit ${end.exitCode ?? 'by a signal'}): ${end.stderr.trim().split('\n').at(-1) ?? ''}`
}
