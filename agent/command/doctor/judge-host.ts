/** From what a machine is like to what is wrong with it for an agent. Pure. */
import { type Finding, failure, fine, warning } from '../../../lib/model/finding.ts'

export interface MachineFacts {
  readonly uid: number
  /** Effective capabilities, as proc(5) has them. */
  readonly capabilities: bigint
  /** Null: nobody here can tell. */
  readonly isClockSynchronised: boolean | null
}

const SYS_ADMIN = 21n

/** @param needsRoot what of this host's configuration only root can do; null: nothing */
export function judgeMachine({ uid, capabilities, isClockSynchronised }: MachineFacts, needsRoot: string | null): readonly Finding[] {
  return [userFinding(uid, capabilities, needsRoot), clockFinding(isClockSynchronised)]
}

function userFinding(uid: number, capabilities: bigint, needsRoot: string | null): Finding {
  if (needsRoot === null) return fine('user', `user ${uid}; nothing here needs root`)
  if (uid !== 0)
    return failure('user', `this is user ${uid}, and ${needsRoot} needs root`, 'sudo scoria doctor   # and let the agent run as root')
  if (((capabilities >> SYS_ADMIN) & 1n) === 0n)
    return failure(
      'user',
      `root without CAP_SYS_ADMIN (a container?), which ${needsRoot} needs`,
      'grep CapEff /proc/self/status   # run the agent outside of the container, or give it the capability',
    )
  return fine('user', 'root')
}

function clockFinding(isSynchronised: boolean | null): Finding {
  if (isSynchronised === true) return fine('clock', 'the clock is synchronised')
  const found =
    isSynchronised === null
      ? 'nobody here can tell whether the clock is synchronised'
      : 'the clock is not synchronised: nothing depends on it but the times that are shown and logged'
  return warning('clock', found, 'apt-get install -y systemd-timesyncd && timedatectl set-ntp true')
}

export type UnitState = 'enabled' | 'disabled' | 'absent' | 'unknown'

const UNIT = (configFile: string): string =>
  `printf '[Unit]\\nDescription=Scoria\\nWants=network-online.target\\nAfter=network-online.target tgt.service\\n\\n[Service]\\nExecStart=/usr/local/bin/scoria agent --config ${configFile}\\nRestart=always\\nRestartSec=5\\n\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/scoria.service && systemctl daemon-reload && systemctl enable scoria`

/** Whether the agent comes back after a boot. */
export function judgeService(unit: UnitState, configFile: string): Finding {
  if (unit === 'enabled') return fine('service', 'the agent is started at each boot (scoria.service)')
  if (unit === 'unknown')
    return warning('service', 'systemd does not say whether the agent is started at a boot', 'systemctl is-enabled scoria')
  const found = unit === 'absent' ? 'there is no scoria.service' : 'scoria.service is not enabled'
  return warning(
    'service',
    `${found}: nobody starts the agent after a boot`,
    unit === 'absent' ? UNIT(configFile) : 'systemctl enable scoria',
  )
}

/** Whether the target that exports is there after a boot, and the other is not. */
export function judgeTgtUnit(unit: UnitState, target: 'tgt' | 'lio'): Finding {
  if (unit === 'unknown')
    return warning('tgt-service', 'systemd does not say whether tgtd is started at a boot', 'systemctl is-enabled tgt')
  if (target === 'lio')
    return unit === 'enabled'
      ? failure(
          'tgt-service',
          'tgt.service is enabled: after a boot tgtd would have the port that the kernel is to listen on',
          'systemctl disable --now tgt',
        )
      : fine('tgt-service', 'tgt.service does not start')
  return unit === 'enabled'
    ? fine('tgt-service', 'tgtd is started at each boot (tgt.service)')
    : warning(
        'tgt-service',
        'tgt.service is not enabled: the agent does not start after a boot',
        unit === 'absent' ? 'apt-get install -y tgt' : 'systemctl enable tgt',
      )
}
