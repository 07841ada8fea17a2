/** Ports that have to be free, or held by whom they are meant for. Pure. */
import { formatHostPort, type HostPort } from '../../../lib/config/address.ts'
import { type Check, type Finding, failure, fine, warning } from '../../../lib/model/finding.ts'

export interface Holder {
  /** Null: the kernel, or a process that this user may not look at. */
  readonly pid: number | null
  readonly program: string
}

export interface PortFacts {
  readonly check: Check
  /** Key of the configuration, or the option of `init`, that moves it. */
  readonly key: string
  readonly address: HostPort
  /** Why this process could not listen there; null: it could. */
  readonly trouble: string | null
  /** Who listens on the port, whatever the address. */
  readonly holder: Holder | null
}

/** @param agentPid of this host's agent, null if it does not run */
export function judgePort({ check, key, address, trouble, holder }: PortFacts, agentPid: number | null, restart: string): Finding {
  const at = formatHostPort(address)
  if (trouble === null)
    return agentPid === null
      ? fine(check, `${at} (${key}) is free`)
      : warning(check, `the agent runs and does not listen on ${at} (${key}): it was started with another configuration`, restart)
  if (agentPid !== null && holder?.pid === agentPid) return fine(check, `${at} (${key}) is the agent's (process ${agentPid})`)
  const who = holder === null || holder.pid === null ? '' : ` It is ${holder.program} (process ${holder.pid}).`
  return failure(check, `${trouble}.${who}`, `ss -ltnp 'sport = :${address.port}'   # stop what listens there, or change ${key}`)
}

/** @param isTgtd the tgtd that is asked listens there */
export function judgeTgtPort(portal: string, facts: Omit<PortFacts, 'check' | 'key'>, isTgtd: boolean): Finding {
  if (isTgtd) return fine('portal-port', `tgtd listens on ${portal}`)
  if (facts.trouble === null) return fine('portal-port', `${portal} is free`)
  const who = facts.holder?.pid === null || facts.holder === null ? '' : ` It is ${facts.holder.program} (process ${facts.holder.pid}).`
  return failure(
    'portal-port',
    `${facts.trouble}.${who}`,
    `ss -ltnp 'sport = :${facts.address.port}'   # stop what listens there, or change target.portal`,
  )
}
