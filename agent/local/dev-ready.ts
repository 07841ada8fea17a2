/** When a local cluster is ready: every peer answers, sees every other one up, and knows a pool of each. */
import { readFile } from 'node:fs/promises'
import { directoryFiles } from '../../lib/config/directory.ts'
import { isObject } from '../../lib/wire/peer/check.ts'
import { type DevAuth, type DevPeer, endpointOf } from './dev-plan.ts'

const LOOK_TIMEOUT_MS = 2000

/** True if this peer sees `count` hosts up, each with its pools. */
export async function seesAll(peer: DevPeer, auth: DevAuth, count: number): Promise<boolean> {
  // Only an admin of that Keystone may ask for hosts; who that is is not known here.
  if (auth.kind === 'keystone') return await answers(peer)
  const token = auth.kind === 'none' ? 'admin:admin' : await adminTokenOf(peer)
  if (token === null) return false
  const body = await hostsSeenBy(peer, token)
  const hosts = isObject(body) && Array.isArray(body['hosts']) ? body['hosts'] : []
  // Hosts that joined later are welcome and not waited for.
  return hosts.filter((host) => isObject(host) && host['state'] === 'up' && hasPools(host['beat'])).length >= count
}

function hasPools(beat: unknown): boolean {
  return isObject(beat) && Array.isArray(beat['pools']) && beat['pools'].length > 0
}

/** What root on the host shows in place of a login; null while the agent has not started. */
export async function adminTokenOf(peer: DevPeer): Promise<string | null> {
  try {
    return (await readFile(directoryFiles(peer.directory).adminToken, 'utf8')).trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

async function answers(peer: DevPeer): Promise<boolean> {
  try {
    return (await fetch(`${endpointOf(peer)}/healthcheck`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })).ok
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

async function hostsSeenBy(peer: DevPeer, token: string): Promise<unknown> {
  try {
    const response = await fetch(`${endpointOf(peer)}/scoria/v1/hosts`, {
      headers: { 'x-auth-token': token },
      signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
    })
    return await response.json()
  } catch (error) {
    // Not listening yet, or busy starting: the next look will tell.
    if (error instanceof Error) return null
    throw error
  }
}
