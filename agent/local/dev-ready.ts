/** When a local cluster is ready: every peer answers, sees every other one up, and knows a pool of each. */
import { isObject } from '../../lib/wire/peer/check.ts'
import { type DevPeer, endpointOf } from './dev-plan.ts'

const LOOK_TIMEOUT_MS = 2000

/** True if this peer sees `count` hosts up, each with its pools. */
export async function seesAll(peer: DevPeer, count: number): Promise<boolean> {
  const body = await hostsSeenBy(peer)
  const hosts = isObject(body) && Array.isArray(body['hosts']) ? body['hosts'] : []
  // Hosts that joined later are welcome and not waited for.
  return hosts.filter((host) => isObject(host) && host['state'] === 'up' && hasPools(host['beat'])).length >= count
}

function hasPools(beat: unknown): boolean {
  return isObject(beat) && Array.isArray(beat['pools']) && beat['pools'].length > 0
}

async function hostsSeenBy(peer: DevPeer): Promise<unknown> {
  try {
    const response = await fetch(`${endpointOf(peer)}/scoria/v1/hosts`, {
      headers: { 'x-auth-token': 'admin:admin' },
      signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
    })
    return await response.json()
  } catch (error) {
    // Not listening yet, or busy starting: the next look will tell.
    if (error instanceof Error) return null
    throw error
  }
}
