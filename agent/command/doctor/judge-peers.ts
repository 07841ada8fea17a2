/** Whether the agent runs, and whether this host reaches the others. Pure. */
import { type Finding, fine, warning } from '../../../lib/model/finding.ts'

/** What the agent of this host says of another: `up`, `down`, … */
export interface PeerFacts {
  readonly name: string
  readonly addrs: readonly string[]
  /** Milliseconds until one of its addresses took a connection, or why none did. */
  readonly reached: { readonly kind: 'yes'; readonly address: string; readonly ms: number } | { readonly kind: 'no'; readonly why: string }
  /** Null: no agent to ask. */
  readonly seenAs: string | null
}

export function judgePeer({ name, addrs, reached, seenAs }: PeerFacts, swarmKeyFile: string): Finding {
  if (reached.kind === 'no')
    return warning(
      'peers',
      `${name} does not answer at ${addrs.join(' and ')} (${reached.why})`,
      `ssh ${name} scoria doctor   # does its agent run? Does a firewall let this host through to its port for peers?`,
    )
  const way = `${name} answers at ${reached.address} after ${reached.ms.toFixed(reached.ms < 10 ? 1 : 0)} ms`
  if (seenAs === null) return fine('peers', way)
  if (seenAs !== 'down') return fine('peers', `${way}, and this agent sees it ${seenAs}`)
  return warning(
    'peers',
    `${way}, and this agent hears nothing of it: another swarm key, or one of the two does not know the other`,
    `sha256sum ${swarmKeyFile}   # on both hosts; and scoria host list on both`,
  )
}

export interface AgentFacts {
  /** What is at its address: our agent, nobody, somebody else, or one that tells strangers nothing. */
  readonly kind: 'runs' | 'silent' | 'another' | 'guarded'
  readonly name: string
  /** Its own state, as it shows it. */
  readonly state: string
  readonly up: number
  readonly hosts: number
}

export function judgeAgent({ kind, name, state, up, hosts }: AgentFacts, isMade: boolean, configFile: string): Finding {
  if (kind === 'another')
    return warning(
      'agent',
      `an agent of another host (${name}) answers at this one's address`,
      'scoria status   # stop it, or change api.listen',
    )
  if (kind === 'guarded') return fine('agent', 'an agent answers, and asks who calls; what it sees is told by scoria status, with a token')
  if (kind === 'silent')
    return isMade
      ? warning('agent', 'the agent does not run', `systemctl start scoria   # or scoria agent --config ${configFile}`)
      : fine('agent', 'no agent yet: scoria init or scoria join makes its files')
  const text = `the agent runs and is ${state}; it sees ${up} of ${hosts} ${hosts === 1 ? 'host' : 'hosts'} up`
  if (state === 'recovering')
    return warning(
      'agent',
      `${text}: it waits for what the others know of it, and takes no changes meanwhile`,
      'scoria host list   # start the agents that are down',
    )
  return fine('agent', text)
}
