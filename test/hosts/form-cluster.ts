/**
 * Makes one cluster of storage hosts, by the very commands that operators type: `init` on the first, `invite`, `join`.
 *
 * Each host is an availability zone of its own that has its name, so that a test can say where a volume goes.
 */
import { untilSettled } from '../cluster/settled.ts'
import type { Config, StorageHost } from './storage-host.ts'

const PEER_PORT = 8777
const JOIN_PORT = 8778
const PORTAL_PORT = 3260
const FOLDER = '/var/lib/scoria'

export interface FormOptions {
  /** Options of `init` and `join` that say where a host keeps its volumes. */
  readonly storage: readonly string[]
  /** What an operator changes in each host's configuration before the first start. */
  readonly configure?: (config: Config) => Config
}

/** The agents run afterwards and see each other. */
export async function formCluster(hosts: readonly StorageHost[], { storage, configure }: FormOptions): Promise<void> {
  const [first, ...others] = hosts
  if (first === undefined) throw new Error('a cluster has a host')
  const optionsOf = ({ name, address }: StorageHost): readonly string[] => [
    ...['--name', name, '--zone', name, '--dir', FOLDER],
    ...['--listen', `${address}:${PEER_PORT}`, '--join-listen', `${address}:${JOIN_PORT}`, '--portal', `${address}:${PORTAL_PORT}`],
    ...storage,
  ]
  await first.scoria('init', ...optionsOf(first), '--expect', String(hosts.length), '--quota', 'volumes=-1,gigabytes=-1')
  const start = async (host: StorageHost): Promise<void> => {
    if (configure !== undefined) await host.configure(configure)
    await host.startAgent()
  }
  await start(first)
  const join = async (host: StorageHost): Promise<void> => {
    const token = await first.scoria('invite', '--output', 'value', '--columns', 'token', '--no-headers')
    await host.scoria('join', token.trim(), ...optionsOf(host))
    await start(host)
  }
  await Promise.all(others.map(join))
  await untilSettled(hosts, hosts.length)
}
