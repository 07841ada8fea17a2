/** Volumes through the API, as clients make and find them. */
import { type Cluster, pause } from './cluster.ts'
import { type Caller, requestBytes } from './caller.ts'
import { HttpConnection } from './http-connection.ts'

const PAGE = 1000
const LOOK_MS = 20
const AVAILABLE_WITHIN_MS = 60_000

export interface Load {
  readonly cluster: Cluster
  /** Each of another project. */
  readonly callers: readonly Caller[]
  readonly clients: number
  /** Asked before each create: whether this client should make one more. */
  readonly goesOn: (made: number) => boolean
}

/** Volumes that were answered 202, by who made them. */
export type Made = ReadonlyMap<Caller, readonly string[]>

/** Closed loop: each client posts again as soon as it was answered. Clients are spread over the agents and the callers. */
export async function createVolumes({ cluster, callers, clients, goesOn }: Load): Promise<Made> {
  const made = new Map<Caller, string[]>(callers.map((caller) => [caller, []]))
  let asked = 0
  const client = async (k: number): Promise<void> => {
    const connection = await HttpConnection.open(cluster.api(k % cluster.size))
    for (let n = k; goesOn(asked); n += 1) {
      asked += 1
      const caller = callers[n % callers.length]
      if (caller === undefined) break
      const { status, body } = await connection.ask(createRequest(caller, `volume-${k}-${n}`))
      if (status !== 202) throw new Error(`a create was answered ${status}: ${body}`)
      made.get(caller)?.push(idIn(body))
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: clients }, (_, k) => client(k)))
  return made
}

export function createRequest({ project, token }: Caller, name: string): Buffer {
  return requestBytes('POST', `/v3/${project}/volumes`, token, { volume: { name, size: 1 } })
}

export function showRequest({ project, token }: Caller, id: string): Buffer {
  return requestBytes('GET', `/v3/${project}/volumes/${id}`, token)
}

/** The first id in a volume's body is its own. */
export function idIn(body: Buffer): string {
  const text = body.toString('latin1')
  const at = text.indexOf('"id":"') + '"id":"'.length
  return text.slice(at, at + 36)
}

export const isAvailable = (body: Buffer): boolean => body.includes('"status":"available"')

/**
 * Resolves when every agent shows every volume as available.
 *
 * @throws if one is missing, or something else than available, after a minute
 */
export async function untilAvailable(cluster: Cluster, made: Made): Promise<void> {
  const endsMs = performance.now() + AVAILABLE_WITHIN_MS
  for (let k = 0; k < cluster.size; k += 1) {
    for (const [caller, ids] of made) {
      for (;;) {
        const shown = await availableAt(cluster, k, caller)
        const lost = ids.filter((id) => !shown.has(id))
        if (lost.length === 0) break
        if (performance.now() > endsMs)
          throw new Error(`${lost.length} volumes of ${ids.length} are not available at agent ${k}: ${lost[0]}`)
        await pause(LOOK_MS)
      }
    }
  }
}

async function availableAt(cluster: Cluster, k: number, { project, token }: Caller): Promise<ReadonlySet<string>> {
  const connection = await HttpConnection.open(cluster.api(k))
  const shown = new Set<string>()
  for (let marker = '', isLast = false; !isLast; ) {
    const path = `/v3/${project}/volumes?status=available&limit=${PAGE}${marker}`
    const { status, body } = await connection.ask(requestBytes('GET', path, token))
    if (status !== 200) throw new Error(`a list was answered ${status}: ${body}`)
    const { volumes } = JSON.parse(body.toString()) as { readonly volumes: readonly { readonly id: string }[] }
    for (const { id } of volumes) shown.add(id)
    marker = `&marker=${volumes.at(-1)?.id ?? ''}`
    isLast = volumes.length < PAGE
  }
  connection.close()
  return shown
}
