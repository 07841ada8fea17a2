/** What a life is made of, and how a patient client asks in it. */
import type { VolumeId } from '../../../lib/model/ids.ts'
import type { ClientReply, ClientRequest, Operation } from '../../../lib/model/request.ts'
import { isPassing } from '../clients.ts'
import { ridOf } from '../requests.ts'
import { PROJECT } from '../scenario.ts'
import type { Simulation } from '../simulation.ts'

export interface Life {
  readonly name: string
  /** GiB of each host's pool. */
  readonly poolGiB: number
  /** @returns the part in which hosts die */
  prepare(simulation: Simulation): () => void
}

/** Time for an answer, before the next host is asked. */
const PATIENCE_MS = 4000
const HOSTS = ['a', 'b', 'c', 'a', 'b', 'c'] as const

/** Asks one host after the other until one has a final answer, as a client does that keeps its key. */
export function insist(simulation: Simulation, request: ClientRequest): ClientReply | null {
  for (const name of HOSTS) {
    if (!simulation.node(name).isUp) continue
    const reply = simulation.tryToAsk(request, name, PATIENCE_MS)
    if (reply !== null && (reply.result.ok || !isPassing(reply.result.failure.code))) return reply
    simulation.pass(200)
  }
  return null
}

export function operation(volume: VolumeId, key: string, what: Operation, project = PROJECT): ClientRequest {
  return { kind: 'operate', request: { rid: ridOf(project, `${volume}/${key}`), project, volume, operation: what } }
}
