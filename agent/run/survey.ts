/**
 * Looks at what the rules cannot know by themselves: how much room the pools have, which volumes and snapshots lie here, what is exported.
 *
 * A listing is whole or it is none: what it left out would be taken for lost, or for cut off.
 */
import { FINDS_MAX, type HostFinds, type HostLook } from '../../lib/model/existing.ts'
import { type PoolName, poolName, type VolumeId } from '../../lib/model/ids.ts'
import type { AbortSignalLike, Backend, PoolMeasure } from '../../lib/ports/backend.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'
import type { Target } from '../../lib/ports/target.ts'
import type { FoundHere, ListedSnapshot, ListedVolume, MeasuredPool } from '../../lib/flows/step.ts'
import { TROUBLE } from '../../lib/model/placement.ts'
import { settled } from './port-call.ts'

/** It goes into every beat. */
const TROUBLE_CHARS_MAX = 300

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
  /** A pool that cannot be measured is as it was measured last, stalled, and says why; one that never could is left out. */
  measure(): Promise<readonly MeasuredPool[]>
  /** Null if something could not be listed. */
  list(): Promise<FoundHere | null>
  /** Exports as they are now, and bytes as they were listed last; null if there is no such list. */
  listExports(): Promise<FoundHere | null>
  /** What lies here and is no volume's, and everything that is exported. */
  lookAround(): Promise<HostLook>
  /** The backend that had this volume, or a snapshot of it, in the last listing. */
  listedBy(volume: VolumeId): Backend | null
}

export function createSurvey({ backends, target, log, hostName, timeLimit }: SurveyOptions): Survey {
  let listedBy = new Map<VolumeId, Backend>()
  let bytes: Pick<FoundHere, 'volumes' | 'snapshots'> | null = null
  const measured = new Map<string, readonly MeasuredPool[]>()
  /** Why exports could not be listed, while they cannot: looks are frequent, and what stays as it is is said once. */
  let unlisted: string | null = null

  async function withExports(fresh: FoundHere['fresh']): Promise<FoundHere | null> {
    const exports = bytes === null ? null : await listExports()
    return bytes === null || exports === null ? null : { ...bytes, exports, fresh }
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

  async function measureOne(backend: Backend): Promise<readonly MeasuredPool[]> {
    const outcome = await settled(backend.measure(timeLimit()))
    if (outcome.kind === 'ok') {
      const pools = outcome.value.map((pool) => ({ ...exported(pool), name: poolName(hostName(), backend.name, pool.pool) }))
      measured.set(backend.name, pools)
      return pools
    }
    const { tool, detail } = outcome
    log.warn('backend-not-measured', { backend: backend.name, tool, detail })
    return (measured.get(backend.name) ?? []).map((pool) => stalled(pool, `${tool}: ${detail}`))
  }

  return {
    // Side by side: what one that hangs costs in time is not to be paid by the others.
    measure: async () => (await Promise.all(backends.map(measureOne))).flat(),
    async list() {
      const listed = await listBytes()
      // What was listed before is no answer to what lies here now.
      if (listed === null) return null
      bytes = listed
      return await withExports(backends.filter(({ isLasting }) => isLasting).map(({ name }) => `${hostName()}@${name}`))
    },
    listExports: () => withExports(null),
    async lookAround() {
      const things: HostFinds['things'][number][] = []
      for (const backend of backends) {
        const listed = await settled(backend.listExisting(timeLimit()))
        if (listed.kind !== 'ok') return { ok: false, detail: `${backend.name}: ${listed.tool}: ${listed.detail}` }
        things.push(...listed.value.map((found) => ({ ...found, pool: poolName(hostName(), backend.name, found.pool) })))
      }
      const exports = await listExports()
      if (exports === null) return { ok: false, detail: 'the exports could not be listed: see exports-not-listed in the log' }
      return {
        ok: true,
        finds: { things: things.slice(0, FINDS_MAX), exports: exports.slice(0, FINDS_MAX), isCut: things.length > FINDS_MAX },
      }
    },
    listedBy: (volume) => listedBy.get(volume) ?? null,
  }
}

function stalled(pool: MeasuredPool, trouble: string): MeasuredPool {
  const capabilities = { ...pool.capabilities, backend_state: 'down', [TROUBLE]: trouble.slice(0, TROUBLE_CHARS_MAX) }
  return { ...pool, state: 'stalled', capabilities }
}
