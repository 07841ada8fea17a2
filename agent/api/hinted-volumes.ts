/**
 * Makes this peer know where the volumes of a hint lie, as far as anybody does, before pools are ranked by it.
 *
 * Two volumes that shall lie apart are often made one after the other, through whatever peer answers: the first may not
 * have come here yet. One that nobody has counts for nothing; where nobody can say, a guess could put both on one host.
 */
import type { Failure } from '../../lib/model/failure.ts'
import type { Hints } from '../../lib/model/hints.ts'
import type { Call, Edge } from './call.ts'

/** @returns why it cannot be said, or null if all is known that there is */
export async function lookForHinted(edge: Edge, call: Call, { sameHost, differentHost }: Hints): Promise<Failure | null> {
  const { project } = call.caller
  for (const volume of new Set([...sameHost, ...differentHost])) {
    // What is shown as another project's may have been taken over a moment ago.
    if (edge.service.volume(volume)?.volume.project === project) continue
    const { result } = await edge.service.ask({ kind: 'find', project, volume, isOwn: true })
    if (!result.ok && result.failure.code !== 'volume-not-found') return result.failure
  }
  return null
}
