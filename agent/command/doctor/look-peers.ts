/** Asks the agent of this host what it sees, and knocks at the other hosts' ports. Every knock has its time limit. */
import { connect } from 'node:net'
import { formatHostPort, type HostPort, parseMultiaddr } from '../../../lib/config/address.ts'
import type { ApiConfig } from '../../../lib/config/api-config.ts'
import type { PeerId } from '../../../lib/model/ids.ts'
import type { Manifest, ManifestHost } from '../../../lib/model/manifest.ts'
import { isObject } from '../../../lib/wire/peer/check.ts'
import type { AgentFacts, PeerFacts } from './judge-peers.ts'
import { answersHealth, isGuarded } from './look-guarded.ts'

const ASK_MS = 3000
const KNOCK_MS = 2000
const KNOCKS_AT_ONCE = 16

export interface AgentView extends AgentFacts {
  /** State of each other host as it sees it, by peer. */
  readonly seen: ReadonlyMap<string, string>
}

const SILENT: AgentView = { kind: 'silent', name: '', state: '', up: 0, hosts: 0, seen: new Map() }

/** @param self whose agent is expected there; null: nobody's yet */
export async function lookAtAgent(api: ApiConfig, self: PeerId | null): Promise<AgentView> {
  if (isGuarded(api)) return (await answersHealth(api)) ? { ...SILENT, kind: 'guarded' } : SILENT
  const body = await statusAt(`http://${formatHostPort(api.listen)}/scoria/v1/status`)
  if (!isObject(body) || !isObject(body['self']) || !Array.isArray(body['hosts'])) return SILENT
  const states = body['hosts'].flatMap((host: unknown): [string, string][] =>
    isObject(host) && typeof host['peer'] === 'string' && typeof host['state'] === 'string' ? [[host['peer'], host['state']]] : [],
  )
  const seen = new Map(states)
  const { peer, name } = body['self']
  const own = typeof peer === 'string' ? (seen.get(peer) ?? 'starting') : 'starting'
  const kept = [...seen.values()].filter((state) => state !== 'lost')
  return {
    kind: self === null || peer === self ? 'runs' : 'another',
    name: typeof name === 'string' ? name : String(peer),
    state: own,
    up: kept.filter((state) => state !== 'down').length,
    hosts: kept.length,
    seen,
  }
}

async function statusAt(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { headers: { 'x-auth-token': 'admin:admin' }, signal: AbortSignal.timeout(ASK_MS) })
    return await response.json()
  } catch (error) {
    // Nobody listens there, or somebody who speaks another language.
    if (error instanceof Error) return null
    throw error
  }
}

/** One for each other host that is not lost, by name. */
export async function lookAtPeers(manifest: Manifest, self: PeerId, agent: AgentView): Promise<readonly PeerFacts[]> {
  const others = manifest.hosts.filter(({ peer, state }) => peer !== self && state !== 'lost')
  const looked: PeerFacts[] = []
  for (let k = 0; k < others.length; k += KNOCKS_AT_ONCE)
    looked.push(...(await Promise.all(others.slice(k, k + KNOCKS_AT_ONCE).map((host) => lookAtPeer(host, agent)))))
  return looked.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function lookAtPeer({ peer, name, addrs }: ManifestHost, agent: AgentView): Promise<PeerFacts> {
  const seenAs = agent.kind === 'runs' ? (agent.seen.get(peer) ?? null) : null
  let why = 'its address cannot be dialled'
  for (const text of addrs) {
    const at = parseMultiaddr(text)
    if (at === null) continue
    const knocked = await knock(at)
    if (typeof knocked === 'number') return { name, addrs, seenAs, reached: { kind: 'yes', address: formatHostPort(at), ms: knocked } }
    why = knocked
  }
  return { name, addrs, seenAs, reached: { kind: 'no', why } }
}

/** @returns milliseconds, or why not */
async function knock({ host, port }: HostPort): Promise<number | string> {
  const beganMs = performance.now()
  return await new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (result: number | string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => end(`no answer within ${KNOCK_MS / 1000} s`), KNOCK_MS)
    socket.once('connect', () => end(performance.now() - beganMs))
    socket.once('error', (error) => end('code' in error ? String(error.code) : error.message))
  })
}
