/**
 * Carries out what a peer's rules want done to volumes and exports, one job after the other for each volume.
 *
 * A call may fail or get lost before or after its effect: what is reported and what was done are drawn apart, because
 * that is what a tool that was killed leaves behind. A crash lets the running job be done or not, and drops the rest.
 */
import type { BackendCall, PeerEvent, TargetCall } from '../../lib/flows/step.ts'
import type { VolumeId } from '../../lib/model/ids.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'
import type { Deeds } from './deeds.ts'
import type { Hits } from './hits.ts'
import type { CallFaults, SimOptions } from './options.ts'
import type { Random } from './random.ts'
import type { Scheduled, World } from './world.ts'

export type Job =
  | { readonly kind: 'backend'; readonly job: string; readonly volume: VolumeId; readonly call: BackendCall }
  | { readonly kind: 'target'; readonly job: string; readonly volume: VolumeId; readonly call: TargetCall }

/** How a job ended, as far as anybody can tell. */
export type Report = Extract<PeerEvent, { kind: 'backend' | 'target' }>

export class Hands {
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #options: Pick<SimOptions, 'backend' | 'target'>
  readonly #deeds: Deeds
  readonly #report: (report: Report) => void
  readonly #queues = new Map<VolumeId, Job[]>()
  readonly #running = new Map<VolumeId, Scheduled>()
  isCalm = false

  constructor(options: {
    world: World
    random: Random
    hits: Hits
    options: Pick<SimOptions, 'backend' | 'target'>
    deeds: Deeds
    report: (report: Report) => void
  }) {
    this.#world = options.world
    this.#random = options.random
    this.#hits = options.hits
    this.#options = options.options
    this.#deeds = options.deeds
    this.#report = options.report
  }

  get isIdle(): boolean {
    return this.#queues.size === 0
  }

  take(job: Job): void {
    const queue = this.#queues.get(job.volume)
    if (queue !== undefined) {
      queue.push(job)
      return
    }
    this.#queues.set(job.volume, [job])
    this.#start(job)
  }

  crash(): void {
    for (const [volume, scheduled] of this.#running) {
      this.#world.cancel(scheduled)
      const job = this.#queues.get(volume)?.[0]
      if (job !== undefined && this.#random.chance(0.5)) {
        this.#hits.add(`${job.kind}: done in a crash`)
        this.#do(job)
      }
    }
    this.#queues.clear()
    this.#running.clear()
  }

  #start(job: Job): void {
    const { latencyMsMax } = this.#options[job.kind]
    this.#running.set(
      job.volume,
      this.#world.schedule(this.#random.between(0, latencyMsMax), () => this.#finish(job)),
    )
  }

  #finish(job: Job): void {
    const event = this.#perform(job)
    const queue = this.#queues.get(job.volume)
    queue?.shift()
    const next = queue?.[0]
    if (next === undefined) {
      this.#queues.delete(job.volume)
      this.#running.delete(job.volume)
    } else this.#start(next)
    this.#report(event)
  }

  #perform(job: Job): Report {
    const fault = this.#drawFault(this.#options[job.kind])
    if (fault === null) return this.#do(job)
    this.#hits.add(`${job.kind}: ${fault}`)
    if (fault === 'failAfter' || fault === 'unknownAfter') this.#do(job)
    const outcome: Outcome<never> =
      fault === 'failAfter' || fault === 'failBefore'
        ? { kind: 'failed', tool: 'fake', detail: `planned: ${fault}` }
        : { kind: 'unknown', tool: 'fake', detail: `planned: ${fault}` }
    return job.kind === 'backend'
      ? { kind: 'backend', job: job.job, volume: job.volume, call: job.call, outcome }
      : { kind: 'target', job: job.job, volume: job.volume, call: job.call, outcome }
  }

  #do(job: Job): Report {
    return job.kind === 'backend'
      ? { kind: 'backend', job: job.job, volume: job.volume, call: job.call, outcome: this.#deeds.backend(job.call) }
      : { kind: 'target', job: job.job, volume: job.volume, call: job.call, outcome: this.#deeds.target(job.call) }
  }

  #drawFault(rates: CallFaults): keyof CallFaults | null {
    if (this.isCalm) return null
    if (this.#random.chance(rates.failBefore)) return 'failBefore'
    if (this.#random.chance(rates.failAfter)) return 'failAfter'
    if (this.#random.chance(rates.unknownBefore)) return 'unknownBefore'
    return this.#random.chance(rates.unknownAfter) ? 'unknownAfter' : null
  }
}
