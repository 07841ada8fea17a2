/** Waits until hosts see each other, so that what a test does next meets a cluster that knows itself. */
import { at, createClient, items, textAt } from './client.ts'
import type { HttpAnswer, HttpBroken } from './http.ts'
import { NotYet, waitFor } from './wait-for.ts'

export interface Watched {
  readonly name: string
  readonly endpoint: string
  readonly logFile: string
}

export interface SettleOptions {
  /** In a drill a pool may be away again at any moment: there it is enough that the hosts are up. */
  readonly withPools?: boolean
}

const SETTLE_MS = 20_000
const SETTLE_PER_HOST_MS = 3000

/** Resolves when each of the hosts sees `up` hosts up. @throws with what one saw last */
export async function untilSettled(hosts: readonly Watched[], up: number, { withPools = true }: SettleOptions = {}): Promise<void> {
  for (const { name, endpoint, logFile } of hosts) {
    const look = async (): Promise<undefined | NotYet> => {
      const states = statesIn(await createClient(endpoint, 'admin').ask('GET', '/scoria/v1/hosts'), withPools)
      return states.filter((state) => state === 'up').length === up ? undefined : new NotYet(states)
    }
    await waitFor(`${name} sees ${up} hosts up`, look, { timeoutMs: SETTLE_MS + up * SETTLE_PER_HOST_MS, logs: [logFile] })
  }
}

/** State of each host, as told in its beats; with pools, a host whose pools are not known yet is `unheard`. */
function statesIn(answer: HttpAnswer | HttpBroken, withPools: boolean): readonly string[] {
  if (answer.kind !== 'answer') return []
  return items(answer.body, 'hosts').map((host) =>
    withPools && items(at(host, 'beat'), 'pools').length === 0 ? 'unheard' : textAt(host, 'state'),
  )
}
