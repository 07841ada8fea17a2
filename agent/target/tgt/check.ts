/**
 * What must be so before volumes are exported over tgtd: it is installed, it runs, it has a target, it listens on the portal.
 *
 * A portal that is missing is opened, and not before initiators can bear what they find (nobody.ts). A miss that only the
 * operator can mend is one line that names the remedy.
 */
import { firstFailure } from '../../../lib/model/finding.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import { keepNobody } from './nobody.ts'
import { coversPortal, parsePortals, type TgtTarget } from './show.ts'
import { createTgtadm, reachTgtd, type Tgtadm } from './tgtadm.ts'

export interface TgtCheck {
  readonly exec: Exec
  readonly controlPort: number
  /** `ip:port`, an IPv6 address in brackets. */
  readonly portal: string
}

/** @returns null if exports will work */
export async function checkTgt({ exec, controlPort, portal }: TgtCheck): Promise<string | null> {
  const silent = firstFailure([await reachTgtd({ exec, controlPort })])
  if (silent !== null) return silent
  const tgtadm = createTgtadm({ exec, controlPort })
  const targets = await tgtadm.targets()
  return targets.kind === 'ok' ? await keepOpen(tgtadm, targets.value, portal) : targets.detail
}

/** The same for whoever has just seen its targets: each question to tgtd is a process of its own. */
export async function keepOpen(tgtadm: Tgtadm, targets: readonly TgtTarget[], portal: string): Promise<string | null> {
  const problem = await keepNobody(tgtadm, targets)
  if (problem !== null) return problem
  const listening = await isListening(tgtadm, portal)
  if (typeof listening === 'string') return listening
  if (listening) return null
  const opened = await tgtadm.call(['--mode', 'portal', '--op', 'new', '--param', `portal=${portal}`])
  if (opened.kind === 'ok') return null
  return `tgtd cannot listen on ${portal}: set target.portal to an address of this host and a port that is free (ss -ltnp shows who has it)`
}

/** Whether tgtd listens there, or why that cannot be known. */
export async function isListening(tgtadm: Tgtadm, portal: string): Promise<boolean | string> {
  const shown = await tgtadm.call(['--mode', 'portal', '--op', 'show'])
  if (shown.kind !== 'ok') return shown.detail
  return parsePortals(shown.value).some((open) => coversPortal(open, portal))
}
