/**
 * Looks at what the rules cannot know by themselves: how much room the pools have, which volumes and snapshots lie here, what is exported.
 *
 * A listing is whole or it is none: what it left out would be taken for lost, or for cut off.
 */
import { type PoolName, poolName, type VolumeId } from '../../lib/model/ids.ts'
import type { AbortSignalLike, Backend, PoolMeasure } from '../../lib/ports/backend.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'
import type { Target } from '../../lib/ports/target.ts'
import type { FoundHere, ListedSnapshot, ListedVolume, MeasuredPool } from '../../lib/flows/step.ts'
import { settled } from './port-call.ts'

export interface SurveyOptions {
  readonly backends: readonly Backend[]
  readonly target: Target | null
  readonly log: Log
  /** First part of the names of its pools. */
  readonly hostName: () => string
  /** Of one call. */
  readonly timeLimit: () => AbortSignalLike
}

export interface Survey {
  /** A pool that cannot be measured is left out. */
  measure(): Promise<readonly MeasuredPool[]>
  /** Null if something could not be listed. */
  list(): Promise<FoundHere | null>
  /** Exports as they are now, and bytes as they were listed last; null if there is no such list. */
  listExports(): Promise<FoundHere | null>
  /** The backend that had this volume, or a snapshot of it, in the last listing. */
  listedBy(volume: VolumeId): Backend | null
}

export function createSurvey({ backends, target, log, hostName, timeLimit }: SurveyOptions): Survey {
  let listedBy = new Map<VolumeId, Backend>()
  let bytes: Pick<FoundHere, 'volumes' | 'snapshots'> | null = null
  /** Why exports could not be listed, while they cannot: looks are frequent, and what stays as it is is said once. */
  let unlisted: string | null = null

  async function withExports(): Promise<FoundHere | null> {
    const exports = bytes === null ? null : await listExports()
    return bytes === null || exports === null ? null : { ...bytes, exports }
  }

  async function listBytes(): Promise<Pick<FoundHere, 'volumes' | 'snapshots'> | null> {
    const volumes: ListedVolume[] = []
    const snapshots: ListedSnapshot[] = []
    const by = new Map<VolumeId, Backend>()
    for (const backend of backends) {
      const listed = await settled(backend.list(timeLimit()))
      if (listed.kind !== 'ok') return notListed('volumes-not-listed', backend, listed)
      const copies = await settled(backend.listSnapshots(timeLimit()))
      if (copies.kind !== 'ok') return notListed('snapshots-not-listed', backend, copies)
      const nameOf = (pool: string): PoolName => poolName(hostName(), backend.name, pool)
      for (const snapshot of copies.value) {
        snapshots.push({ ...snapshot, poolName: nameOf(snapshot.pool) })
        by.set(snapshot.volume, backend)
      }
      for (const volume of listed.value) {
        volumes.push({ ...volume, poolName: nameOf(volume.pool) })
        by.set(volume.id, backend)
      }
    }
    listedBy = by
    return { volumes, snapshots }
  }

  /** A pool can do online what both of its hands can. */
  function exported({ capabilities, ...pool }: PoolMeasure): PoolMeasure {
    const canGrow = capabilities['online_extend_support'] === true && target?.followsGrowth === true
    return { ...pool, capabilities: { ...capabilities, online_extend_support: canGrow } }
  }

  function notListed(event: string, { name: backend }: Backend, { tool, detail }: Exclude<Outcome<unknown>, { kind: 'ok' }>): null {
    log.error(event, { backend, tool, detail })
    return null
  }

  async function listExports(): Promise<readonly string[] | null> {
    if (target === null) return []
    const outcome = await settled(target.list(timeLimit()))
    if (outcome.kind === 'ok') {
      if (unlisted !== null) log.info('exports-listed', { exports: outcome.value.length })
      unlisted = null
      return outcome.value
    }
    if (outcome.detail !== unlisted) log.error('exports-not-listed', { tool: outcome.tool, detail: outcome.detail })
    unlisted = outcome.detail
    return null
  }

  return {
    async measure() {
      const pools: MeasuredPool[] = []
      for (const backend of backends) {
        const outcome = await settled(backend.measure(timeLimit()))
        if (outcome.kind === 'ok')
          pools.push(...outcome.value.map((pool) => ({ ...exported(pool), name: poolName(hostName(), backend.name, pool.pool) })))
        else log.warn('backend-not-measured', { backend: backend.name, tool: outcome.tool, detail: outcome.detail })
      }
      return pools
    },
    async list() {
      bytes = await listBytes()
      return await withExports()
    },
    listExports: withExports,
    listedBy: (volume) => listedBy.get(volume) ?? null,
  }
}
