/**
 * Makes one cluster of storage hosts, by the very commands that operators type: `init` on the first, `invite`, `join`.
 *
 * Each host is an availability zone of its own that has its name, so that a test can say where a volume goes.
 */
import { untilSettled } from '../cluster/settled.ts'
import type { StorageHost } from './storage-host.ts'

const PEER_PORT = 8777
const JOIN_PORT = 8778
const PORTAL_PORT = 3260
const SETUP = '/var/lib/scoria'

/**
 * The agents run afterwards and see each other.
 *
 * @param storage options of `init` and `join` that say where a host keeps its volumes
 */
export async function formCluster(hosts: readonly StorageHost[], storage: readonly string[]): Promise<void> {
  const [first, ...others] = hosts
  if (first === undefined) throw new Error('a cluster has a host')
  const optionsOf = ({ name, address }: StorageHost): readonly string[] => [
    ...['--name', name, '--zone', name, '--dir', SETUP],
    ...['--listen', `${address}:${PEER_PORT}`, '--join-listen', `${address}:${JOIN_PORT}`, '--portal', `${address}:${PORTAL_PORT}`],
    ...storage,
  ]
  await first.scoria('init', ...optionsOf(first), '--expect', String(hosts.length), '--quota', 'volumes=-1,gigabytes=-1')
  await first.startAgent()
  for (const host of others) {
    const token = await first.scoria('invite', '--output', 'value', '--columns', 'token', '--no-headers')
    await host.scoria('join', token.trim(), ...optionsOf(host))
    await host.startAgent()
  }
  await untilSettled(hosts, hosts.length)
}
