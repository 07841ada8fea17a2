/**
 * What a local cluster is made of: which peer lies where and listens on what. Pure.
 *
 * Every port follows from the first API port, so that a second start finds the same cluster and two clusters with
 * different `--api-port` do not meet: API at N+k, peers at N+1000+k, iSCSI at N+2000+k, the door for joining at N+3000.
 */
import type { HostPort } from '../../lib/config/address.ts'
import { formatHostPort, toMultiaddr } from '../../lib/config/address.ts'
import type { Secret } from '../../lib/model/secret.ts'
import type { Limits } from '../../lib/model/quota.ts'

export type DevBackend = 'file' | 'none'

/** Whom the peers believe: everybody, the cluster's own users, or a Keystone. */
export type DevAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'builtin' }
  | {
      readonly kind: 'keystone'
      readonly url: string
      readonly username: string
      readonly password: Secret
      readonly projectName: string
      readonly userDomainName: string
      readonly projectDomainName: string
    }

export interface DevOptions {
  /** 1 to 100 */
  readonly peers: number
  readonly apiPort: number
  /** Null: a temporary folder that goes when the cluster ends. */
  readonly directory: string | null
  readonly backend: DevBackend
  readonly auth: DevAuth
  /** GiB of each peer's pool. */
  readonly capacityGiB: number
  readonly limits: Limits
}

export interface DevPeer {
  readonly name: string
  readonly directory: string
  readonly configFile: string
  readonly logFile: string
  readonly api: HostPort
  readonly peer: HostPort
  readonly portal: HostPort
  /** N of `tgtd -C N`; unique on this machine, as the API port is. */
  readonly tgtControl: number
  /** The first peer holds the cluster's key and admits others. */
  readonly joinListen: HostPort | null
}

/** Highest first API port that leaves room for the other ports, and for tgtd's control number. */
export const API_PORT_MAX = 32_000

const PEER_OFFSET = 1000
const PORTAL_OFFSET = 2000
const JOIN_OFFSET = 3000

export function planPeers(directory: string, peers: number, apiPort: number): readonly DevPeer[] {
  const at = (port: number): HostPort => ({ host: '127.0.0.1', port })
  return Array.from({ length: peers }, (_, k) => {
    const folder = `${directory}/peer-${k}`
    return {
      name: `peer-${k}`,
      directory: folder,
      configFile: `${folder}/agent.yaml`,
      logFile: `${folder}/agent.log`,
      api: at(apiPort + k),
      peer: at(apiPort + PEER_OFFSET + k),
      portal: at(apiPort + PORTAL_OFFSET + k),
      tgtControl: apiPort + k,
      joinListen: k === 0 ? at(apiPort + JOIN_OFFSET) : null,
    }
  })
}

/** Holds the password of the agents' own user at Keystone. */
export function passwordFileOf(peer: DevPeer): string {
  return `${peer.directory}/keystone.password`
}

function authJson(peer: DevPeer, auth: Exclude<DevAuth, { kind: 'none' }>): object {
  if (auth.kind === 'builtin') return auth
  const { password: _, ...plain } = auth
  return { ...plain, passwordFile: passwordFileOf(peer) }
}

export function endpointOf(peer: DevPeer): string {
  return `http://${formatHostPort(peer.api)}`
}

/** Content of one peer's agent.yaml. */
export function devConfigJson(
  peer: DevPeer,
  { backend, auth, capacityGiB }: Pick<DevOptions, 'backend' | 'auth' | 'capacityGiB'>,
): Readonly<Record<string, unknown>> {
  const portal = formatHostPort(peer.portal)
  return {
    name: peer.name,
    directory: peer.directory,
    peer: { listen: [toMultiaddr(peer.peer)] },
    api: { listen: formatHostPort(peer.api), ...(auth.kind === 'none' ? {} : { auth: authJson(peer, auth) }) },
    ...(peer.joinListen === null ? {} : { join: { listen: formatHostPort(peer.joinListen) } }),
    backends: [backend === 'file' ? { kind: 'file', path: `${peer.directory}/volumes`, capacityGiB } : { kind: 'none', capacityGiB }],
    target: backend === 'file' ? { kind: 'tgt', controlPort: peer.tgtControl, portal } : { kind: 'none', portal },
  }
}
