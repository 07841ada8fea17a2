/** What lies in one pool, as its host sees it now. */
import type { Existing } from '../../lib/model/existing.ts'
import type { PeerId, PoolName } from '../../lib/model/ids.ts'
import { hostName } from '../../lib/model/manifest.ts'
import type { Edge } from './call.ts'
import type { EdgeFailure } from './failure.ts'

export interface PoolPlace {
  readonly pool: PoolName
  readonly owner: PeerId
}

export interface LookedWell {
  readonly ok: true
  readonly place: PoolPlace
  readonly things: readonly Existing[]
}

export type LookedPool = LookedWell | { readonly ok: false; readonly failure: EdgeFailure }

/** @param text `host@backend#pool`, or `host@backend` where that has one pool */
export async function lookAtPool(edge: Edge, text: string): Promise<LookedPool> {
  const pools = edge.service.pools().filter(({ name }) => name === text || name.slice(0, name.indexOf('#')) === text)
  const [found] = pools
  if (found === undefined || pools.length > 1) return { ok: false, failure: { code: 'pool-not-found', pool: text.slice(0, 255) } }
  const { name: pool, peer: owner } = found
  const { result } = await edge.service.ask({ kind: 'look', host: owner })
  if (!result.ok) return result
  const look = result.value.looks.find(({ host }) => host === owner)?.look ?? null
  if (look?.ok === true) return { ok: true, place: { pool, owner }, things: look.finds.things.filter((thing) => thing.pool === pool) }
  const host = hostName(edge.service.manifest(), owner)
  return { ok: false, failure: { code: 'host-not-looked', host, detail: look === null ? null : look.detail } }
}
