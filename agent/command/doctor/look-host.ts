/** Looks at the machine: who this is, whether its clock is right, what systemd starts. Never rejects for what is missing. */
import { readFile } from 'node:fs/promises'
import { geteuid } from 'node:process'
import type { Exec } from '../../../lib/ports/exec.ts'
import type { MachineFacts, UnitState } from './judge-host.ts'

const TIMEOUT_MS = 5000

export async function lookAtMachine(exec: Exec): Promise<MachineFacts> {
  const status = await readFile('/proc/self/status', 'utf8')
  const [, capabilities = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? []
  const clock = await exec({ file: 'timedatectl', args: ['show', '--property=NTPSynchronized', '--value'], timeoutMs: TIMEOUT_MS })
  const said = clock.exitCode === 0 ? clock.stdout.trim() : ''
  return {
    uid: geteuid?.() ?? 0,
    capabilities: BigInt(`0x${capabilities}`),
    isClockSynchronised: said === 'yes' ? true : said === 'no' ? false : null,
  }
}

/** What becomes of a unit at the next boot; it need not run now. */
export async function unitState(exec: Exec, unit: string): Promise<UnitState> {
  const asked = await exec({ file: 'systemctl', args: ['is-enabled', `${unit}.service`], timeoutMs: TIMEOUT_MS })
  if (asked.exitCode === null) return 'unknown'
  const said = asked.stdout.trim()
  if (said === 'enabled' || said === 'alias' || said === 'static') return 'enabled'
  return said === '' || said === 'not-found' ? 'absent' : 'disabled'
}
