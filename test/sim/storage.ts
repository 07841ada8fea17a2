/**
 * A host's storage as its agent meets it: volumes and exports behind tools that take calls, list what is there, and fail.
 *
 * It outlives the process. Calls that are under way in a crash end as `hands.ts` says; what they report then is heard by
 * nobody.
 */
import type { Manner } from './crash/manner.ts'
import { createDeeds } from './deeds.ts'
import type { FakeExports } from './fakes/exports.ts'
import type { FakeVolumes } from './fakes/volumes.ts'
import { Hands } from './hands.ts'
import type { Hits } from './hits.ts'
import { HostTroubles } from './host-troubles.ts'
import type { Job, Report } from './job.ts'
import { Looks } from './looks.ts'
import type { SimOptions } from './options.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

export interface StorageOptions {
  readonly host: string
  readonly world: World
  readonly random: Random
  readonly hits: Hits
  readonly sim: SimOptions
  readonly volumes: FakeVolumes
  readonly exports: FakeExports
  readonly report: (report: Report) => void
  /** Is this where the process dies? */
  readonly strikes: (why: string) => boolean
  readonly die: (why: string) => void
}

export class Storage {
  readonly troubles = new HostTroubles()
  readonly looks: Looks
  readonly #hands: Hands
  readonly #exports: FakeExports

  constructor({ host, world, random, hits, sim, volumes, exports, report, strikes, die }: StorageOptions) {
    const { troubles } = this
    this.#exports = exports
    const { garbage } = sim.rare.calls
    this.looks = new Looks({ host, volumes, exports, troubles, sim, garbage, random: random.split('looks'), hits })
    this.#hands = new Hands({
      world,
      random: random.split('hands'),
      hits,
      options: sim,
      rare: sim.rare.calls,
      deeds: createDeeds(volumes, exports),
      troubles,
      report,
      strikes,
      die,
    })
  }

  get isIdle(): boolean {
    return this.#hands.isIdle
  }

  /** While it lasts no call and no look fails of itself. */
  setCalm(isCalm: boolean): void {
    this.#hands.isCalm = isCalm
    this.looks.isCalm = isCalm
  }

  take(job: Job): void {
    this.#hands.take(job)
  }

  /** A process starts: what calls of earlier ones still had to do is done. */
  land(): void {
    this.#hands.land()
  }

  crash(manner: Manner): void {
    this.#hands.crash(manner)
  }

  /** The target daemon is gone, and what it served with it. */
  loseDaemon(): void {
    this.troubles.daemon = 'down'
    this.#exports.restartEmpty()
  }
}
