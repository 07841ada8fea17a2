/**
 * What a look at a host found: one line for each thing that has to be so before an agent can serve from it.
 *
 * The same findings refuse a start (`firstFailure`) and are what `scoria doctor` prints, so that neither knows of something
 * that the other does not. Whatever is not well names a remedy that can be pasted into a shell.
 */

/** Every check there is; OPERATIONS lists the same, and a test holds them equal. */
export const CHECKS = [
  'node',
  'user',
  'clock',
  'config',
  'directory',
  'state-disk',
  'state-room',
  'fsync',
  'keys',
  'membership',
  'journal',
  'agent',
  'service',
  'port-api',
  'port-peer',
  'port-join',
  'peers',
  'file-folder',
  'file-disk',
  'lvm-tools',
  'lvm-thin-tools',
  'lvm-scan',
  'lvm-group',
  'lvm-devices',
  'lvm-metadata',
  'lvm-room',
  'lvm-pool',
  'lio-kernel',
  'lio-boot',
  'lio-reservations',
  'lio-saved',
  'tgt-daemon',
  'tgt-version',
  'tgt-closed',
  'tgt-service',
  'portal-address',
  'portal-port',
  'quarantine',
] as const

export type Check = (typeof CHECKS)[number]

export type Finding =
  | { readonly check: Check; readonly level: 'ok'; readonly found: string; readonly remedy: null }
  /** `warn`: the agent works and something may go wrong one day. `fail`: it does not start, or does not do what it is for. */
  | { readonly check: Check; readonly level: 'warn' | 'fail'; readonly found: string; readonly remedy: string }

export const fine = (check: Check, found: string): Finding => ({ check, level: 'ok', found, remedy: null })

export const warning = (check: Check, found: string, remedy: string): Finding => ({ check, level: 'warn', found, remedy })

export const failure = (check: Check, found: string, remedy: string): Finding => ({ check, level: 'fail', found, remedy })

/** The first thing that keeps an agent from starting, as one line with its remedy; null if there is none. */
export function firstFailure(findings: readonly Finding[]): string | null {
  const [first] = findings.filter(({ level }) => level === 'fail')
  return first === undefined ? null : `${first.found}: ${first.remedy}`
}
