/**
 * From what a host has to what is wrong with it, for exports over tgtd. Pure.
 *
 * tgtd has to begin on loopback only: one that listens before it has a target hangs up on initiators that come back after a
 * power cut, and some of them never get in again (nobody.ts).
 */
import { type Finding, failure, fine, warning } from '../../../lib/model/finding.ts'
import { judgeAddress } from '../portal.ts'
import type { TgtFacts } from './facts.ts'
import { coversPortal } from './show.ts'

/** Makes the system's tgtd begin on loopback. */
const BEGIN_CLOSED =
  "mkdir -p /etc/systemd/system/tgt.service.d && printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/tgtd -f --iscsi portal=127.0.0.1:3260\\n' > /etc/systemd/system/tgt.service.d/scoria.conf && systemctl daemon-reload && systemctl restart tgt"

export interface TgtView {
  readonly controlPort: number
  readonly portal: string
}

export function judgeTgt(facts: TgtFacts, view: TgtView): readonly Finding[] {
  const { daemon, portals } = facts
  const address = judgeAddress(view.portal, facts.addresses)
  const version = daemon.found.includes('not installed') ? [] : [versionFinding(facts)]
  return [daemon, ...version, address, ...(portals === null ? [] : [closedFinding(portals, view)])]
}

function versionFinding({ version, isRepaired }: TgtFacts): Finding {
  if (isRepaired === true) return fine('tgt-version', `tgt ${version}`)
  if (isRepaired === null) return warning('tgt-version', 'the version of tgt cannot be told', 'apt-get install -y tgt')
  return failure(
    'tgt-version',
    `the CHAP challenges of tgt ${version} can be foretold (CVE-2024-45751), so that others than its initiator may get at a volume`,
    'apt-get update && apt-get install -y tgt && systemctl restart tgt',
  )
}

/** The agent adds the portal to what tgtd was started on, and leaves it open when it stops: exports go on. */
function closedFinding(portals: readonly string[], { controlPort, portal }: TgtView): Finding {
  const remedy = controlPort === 0 ? BEGIN_CLOSED : `tgtd -C ${controlPort} --iscsi portal=127.0.0.1:PORT   # instead of the one that runs`
  if (portals.some((open) => open !== portal && coversPortal(open, portal)))
    return warning('tgt-closed', `tgtd listens on every address (${portals.join(', ')}) before the agent is there: ${HANGS_UP}`, remedy)
  if (portals.includes(portal) && portals.length === 1)
    return warning('tgt-closed', `tgtd was started on ${portal} itself, before the agent is there: ${HANGS_UP}`, remedy)
  return fine('tgt-closed', portals.includes(portal) ? `the agent has opened ${portal}` : `tgtd is closed until the agent opens ${portal}`)
}

const HANGS_UP = 'initiators that come back after a power cut may never get in again'
