/** Looks who listens where the agent is to listen. */
import { type HostPort, isWildcard, parseMultiaddr } from '../../../lib/config/address.ts'
import type { AgentConfig } from '../../../lib/config/agent-config.ts'
import { type Listener, listenersOn } from '../../system/listeners.ts'
import { listenTrouble } from '../../system/start-checks.ts'
import { portalParts } from '../../target/portal.ts'
import type { Holder, PortFacts } from './judge-ports.ts'

export interface PortsView {
  readonly ports: readonly PortFacts[]
  readonly portal: Omit<PortFacts, 'check' | 'key'>
  /** Who listens on the API's port. */
  readonly apiPid: number | null
}

export async function lookAtPorts({ api, peer, join, target }: AgentConfig): Promise<PortsView> {
  const wanted: Pick<PortFacts, 'check' | 'key' | 'address'>[] = [{ check: 'port-api', key: 'api.listen', address: api.listen }]
  for (const text of peer.listen) {
    const address = parseMultiaddr(text)
    if (address !== null) wanted.push({ check: 'port-peer', key: 'peer.listen', address })
  }
  if (join !== null) wanted.push({ check: 'port-join', key: 'join.listen', address: join.listen })
  const portal = portalParts(target.portal)
  const listeners = await listenersOn([...wanted.map(({ address }) => address.port), portal.port])
  const look = async (address: HostPort): Promise<Omit<PortFacts, 'check' | 'key'>> => ({
    address,
    trouble: await listenTrouble(address),
    holder: holderOf(listeners, address),
  })
  const ports: PortFacts[] = []
  for (const { check, key, address } of wanted) ports.push({ check, key, ...(await look(address)) })
  return { ports, portal: await look(portal), apiPid: holderOf(listeners, api.listen)?.pid ?? null }
}

/** Another program may have the same port at another address of this host, which is no matter of ours. */
function holderOf(listeners: readonly Listener[], { host, port }: HostPort): Holder | null {
  const there = listeners.filter((one) => one.port === port)
  const own = there.filter((one) => one.host === host)
  const isName = !/^[\d.]+$|:/.test(host)
  const others = there.filter((one) => isWildcard(one.host) || one.host === '' || isWildcard(host) || isName)
  const holders = own.length > 0 ? own : others
  return holders.find(({ pid }) => pid !== null) ?? holders[0] ?? null
}
