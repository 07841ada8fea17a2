/**
 * What this host has for exports over tgtd. Nothing is changed by looking, and nothing is judged here (judge.ts).
 */
import type { Finding } from '../../../lib/model/finding.ts'
import type { Exec } from '../../../lib/ports/exec.ts'
import { hostAddresses } from '../portal.ts'
import { parsePortals } from './show.ts'
import { createTgtadm, reachTgtd } from './tgtadm.ts'

export interface TgtFacts {
  readonly daemon: Finding
  /** Where tgtd listens now; null if it does not say. */
  readonly portals: readonly string[] | null
  /** Of Debian's package, or the upstream one of a tgtd without a package; empty if there is none. */
  readonly version: string
  /** Its CHAP challenges cannot be foretold (CVE-2024-45751); null: not known. */
  readonly isRepaired: boolean | null
  readonly addresses: readonly string[]
}

/** Debian 12's repair, and the first upstream version that has it. */
const REPAIRED_PACKAGE = '1:1.0.85-1+deb12u1'
const REPAIRED_UPSTREAM: readonly number[] = [1, 0, 93]
const TIMEOUT_MS = 10_000

export async function lookAtTgt(exec: Exec, controlPort: number): Promise<TgtFacts> {
  const daemon = await reachTgtd({ exec, controlPort })
  const shown = daemon.level === 'ok' ? await createTgtadm({ exec, controlPort }).call(['--mode', 'portal', '--op', 'show']) : null
  return {
    daemon,
    portals: shown?.kind === 'ok' ? parsePortals(shown.value) : null,
    ...(await lookAtVersion(exec)),
    addresses: hostAddresses(),
  }
}

async function lookAtVersion(exec: Exec): Promise<Pick<TgtFacts, 'version' | 'isRepaired'>> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is dpkg-query's own language
  const asked = await exec({ file: 'dpkg-query', args: ['-W', '-f', '${Version}', 'tgt'], timeoutMs: TIMEOUT_MS })
  const installed = asked.exitCode === 0 ? asked.stdout.trim() : ''
  if (installed !== '') {
    const compared = await exec({ file: 'dpkg', args: ['--compare-versions', installed, 'ge', REPAIRED_PACKAGE], timeoutMs: TIMEOUT_MS })
    return { version: installed, isRepaired: compared.exitCode === null ? null : compared.exitCode === 0 }
  }
  const own = await exec({ file: 'tgtd', args: ['--version'], timeoutMs: TIMEOUT_MS })
  const version = /\d+(\.\d+)+/.exec(own.stdout)?.[0] ?? ''
  return { version, isRepaired: version === '' ? null : isUpstreamRepaired(version) }
}

function isUpstreamRepaired(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, least] of REPAIRED_UPSTREAM.entries()) {
    const part = parts[index] ?? 0
    if (part !== least) return part > least
  }
  return true
}
