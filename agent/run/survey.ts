/**
 * Looks at what the rules cannot know by themselves: how much room the pools have, which volumes lie here, what is exported.
 *
 * A listing is whole or it is none: what it left out would be taken for lost, or for cut off.
 */
import { poolName, type VolumeId } from '../../lib/model/ids.ts'
import type { AbortSignalLike, Backend } from '../../lib/ports/backend.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { Target } from '../../lib/ports/target.ts'
import type { ListedVolume, MeasuredPool } from '../../lib/flows/step.ts'
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
  list(): Promise<{ readonly volumes: readonly ListedVolume[]; readonly exports: readonly string[] } | null>
  /** The backend that had this volume in the last listing. */
  listedBy(volume: VolumeId): Backend | null
}

export function createSurvey({ backends, target, log, hostName, timeLimit }: SurveyOptions): Survey {
  let listedBy = new Map<VolumeId, Backend>()

  async function listVolumes(): Promise<readonly ListedVolume[] | null> {
    const volumes: ListedVolume[] = []
    const by = new Map<VolumeId, Backend>()
    for (const backend of backends) {
      const outcome = await settled(backend.list(timeLimit()))
      if (outcome.kind !== 'ok') {
        log.error('volumes-not-listed', { backend: backend.name, tool: outcome.tool, detail: outcome.detail })
        return null
      }
      for (const volume of outcome.value) {
        volumes.push({ ...volume, poolName: poolName(hostName(), backend.name, volume.pool) })
        by.set(volume.id, backend)
      }
    }
    listedBy = by
    return volumes
  }

  async function listExports(): Promise<readonly string[] | null> {
    if (target === null) return []
    const outcome = await settled(target.list(timeLimit()))
    if (outcome.kind === 'ok') return outcome.value
    log.error('exports-not-listed', { tool: outcome.tool, detail: outcome.detail })
    return null
  }

  return {
    async measure() {
      const pools: MeasuredPool[] = []
      for (const backend of backends) {
        const outcome = await settled(backend.measure(timeLimit()))
        if (outcome.kind === 'ok')
          pools.push(...outcome.value.map((pool) => ({ ...pool, name: poolName(hostName(), backend.name, pool.pool) })))
        else log.warn('backend-not-measured', { backend: backend.name, tool: outcome.tool, detail: outcome.detail })
      }
      return pools
    },
    async list() {
      const volumes = await listVolumes()
      const exports = volumes === null ? null : await listExports()
      return volumes === null || exports === null ? null : { volumes, exports }
    },
    listedBy: (volume) => listedBy.get(volume) ?? null,
  }
}
