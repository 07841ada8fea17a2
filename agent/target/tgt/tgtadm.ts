/**
 * Speaks to one tgtd through `tgtadm`, one call after the other.
 *
 * One at a time, because a target's number is found by looking which are free: two that looked at once would take the
 * same one. A call that timed out is unknown; one that tgtd refused did nothing.
 */
import { failure, type Finding, fine } from '../../../lib/model/finding.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import { done, type Outcome } from '../../../lib/ports/outcome.ts'
import { parseConnections, parseTargets, type TgtConnection, type TgtTarget } from './show.ts'

const TIMEOUT_MS = 10_000
/** ENOTCONN: nobody listens at the control port. */
const NOT_RUNNING = 107
const NOT_INSTALLED = 'tgtadm is not installed'
const INSTALL = 'apt-get install -y tgt'

export interface TgtadmOptions {
  readonly exec: Exec
  /** The N of `tgtd -C N`. */
  readonly controlPort: number
}

export interface Tgtadm {
  /** `secret` is the argument that must never be shown. */
  call(args: readonly string[], secret?: string): Promise<Outcome<string>>
  targets(): Promise<Outcome<readonly TgtTarget[]>>
  connections(tid: number): Promise<Outcome<readonly TgtConnection[]>>
}

export function createTgtadm({ exec, controlPort }: TgtadmOptions): Tgtadm {
  const call: Tgtadm['call'] = async (args, secret) => {
    const all = ['-C', String(controlPort), '--lld', 'iscsi', ...args]
    const secretArgs = secret === undefined ? [] : [all.lastIndexOf(secret)]
    const result = await exec({ file: 'tgtadm', args: all, timeoutMs: TIMEOUT_MS, secretArgs })
    if (result.exitCode === 0) return done(result.stdout)
    if (result.missing) return failed(`${NOT_INSTALLED}: ${INSTALL}`)
    if (result.exitCode === NOT_RUNNING) return failed(`${silent(controlPort)}: ${startHint(controlPort)}`)
    const detail = `${args.filter((arg) => arg !== secret).join(' ')}: ${result.stderr.trim()}`
    if (result.exitCode === null)
      return { kind: 'unknown', tool: 'tgtadm', detail: result.timedOut ? `${detail} (time limit passed)` : detail }
    return failed(detail)
  }
  return {
    call,
    targets: async () => mapped(await call(['--mode', 'target', '--op', 'show']), parseTargets),
    connections: async (tid) => mapped(await call(['--mode', 'conn', '--op', 'show', '--tid', String(tid)]), parseConnections),
  }
}

/** Whether tgtd is there and answers. */
export async function reachTgtd({ exec, controlPort }: TgtadmOptions): Promise<Finding> {
  const args = ['-C', String(controlPort), '--lld', 'iscsi', '--mode', 'sys', '--op', 'show']
  const { exitCode, missing, stderr } = await exec({ file: 'tgtadm', args, timeoutMs: TIMEOUT_MS })
  if (exitCode === 0) return fine('tgt-daemon', `tgtd answers at control port ${controlPort}`)
  if (missing) return failure('tgt-daemon', NOT_INSTALLED, INSTALL)
  if (exitCode === NOT_RUNNING) return failure('tgt-daemon', silent(controlPort), startHint(controlPort))
  return failure('tgt-daemon', `${silent(controlPort)} (${stderr.trim() || 'time limit passed'})`, startHint(controlPort))
}

const silent = (controlPort: number): string => `tgtd does not answer at control port ${controlPort}`

/** How an operator brings up the tgtd of this control port. */
function startHint(controlPort: number): string {
  return controlPort === 0 ? 'systemctl start tgt' : `tgtd -C ${controlPort} --iscsi portal=127.0.0.1:PORT`
}

/** True if tgtd refused because what should be taken away is not there: somebody was faster, and that will do. */
export function isAbsence(outcome: Outcome<unknown>): boolean {
  return outcome.kind === 'failed' && /can't find the|does not exist/.test(outcome.detail)
}

export function failed(detail: string): Outcome<never> {
  return { kind: 'failed', tool: 'tgtadm', detail }
}

function mapped<From, To>(outcome: Outcome<From>, map: (value: From) => To): Outcome<To> {
  return outcome.kind === 'ok' ? done(map(outcome.value)) : outcome
}
