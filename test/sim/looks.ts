/**
 * What a host sees when it looks at its own storage: its volumes, its exports, its pool.
 *
 * A look fails while there is nothing to be seen, and now and then what comes back makes no sense; both are the same to
 * whoever looks.
 */
import type { HostLook } from '../../lib/model/existing.ts'
import type { FoundHere, MeasuredPool } from '../../lib/flows/step.ts'
import { poolName } from '../../lib/model/ids.ts'
import { measurePool } from './deeds.ts'
import { type FakeExports, volumeBehindExport } from './fakes/exports.ts'
import type { FakeVolumes } from './fakes/volumes.ts'
import type { Hits } from './hits.ts'
import type { HostTroubles } from './host-troubles.ts'
import type { SimOptions } from './options.ts'
import type { Random } from './random.ts'

export interface LooksOptions {
  readonly host: string
  readonly volumes: FakeVolumes
  readonly exports: FakeExports
  readonly troubles: HostTroubles
  readonly sim: Pick<SimOptions, 'poolGiB' | 'onlineExtend'>
  /** Part of the looks that come to nothing. */
  readonly garbage: number
  readonly random: Random
  readonly hits: Hits
}

export class Looks {
  readonly #options: LooksOptions
  isCalm = false

  constructor(options: LooksOptions) {
    this.#options = options
  }

  bytes(): Omit<FoundHere, 'exports'> | null {
    const { host, volumes, troubles } = this.#options
    if (!troubles.isPoolSeen || this.#isGarbage('backend')) return null
    const listed = <Found extends { readonly pool: string }>(found: Found) => ({ ...found, poolName: poolName(host, 'fake', found.pool) })
    return { fresh: [`${host}@fake`], volumes: volumes.list().map(listed), snapshots: volumes.listSnapshots().map(listed) }
  }

  existing(): HostLook {
    const { host, volumes, exports, troubles } = this.#options
    if (!troubles.isPoolSeen || this.#isGarbage('backend')) return { ok: false, detail: 'fake: nothing can be seen' }
    const things = volumes.listExisting('p').map((found) => ({ ...found, pool: poolName(host, 'fake', found.pool) }))
    return { ok: true, finds: { things, exports: exports.list(), isCut: false } }
  }

  exports(): readonly string[] | null {
    const { exports, volumes, troubles } = this.#options
    if (!troubles.isDaemonUp || this.#isGarbage('target')) return null
    // One that did not follow its volume is not as it was made.
    return exports.list().filter((iqn) => {
      const shownBytes = exports.sizeOf(iqn)
      return shownBytes === null || shownBytes >= volumes.sizeOf(volumeBehindExport(iqn))
    })
  }

  pools(): readonly MeasuredPool[] {
    const { host, sim, volumes, troubles } = this.#options
    return troubles.isPoolSeen && !this.#isGarbage('backend') ? [measurePool(host, sim, volumes)] : []
  }

  #isGarbage(tool: 'backend' | 'target'): boolean {
    const { random, garbage, hits } = this.#options
    if (this.isCalm || !random.chance(garbage)) return false
    hits.add(`${tool}: garbage listing`)
    return true
  }
}
