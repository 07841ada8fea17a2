/**
 * Carries out what a peer's rules want done to volumes and exports, one job after the other for each volume.
 *
 * A call may fail or get lost before or after its effect: what is reported and what was done are drawn apart, because
 * that is what a tool that was killed leaves behind. A call that timed out may have its effect later still, but before
 * the next call of its volume begins: the tools wait for each other (a lock per volume group, one daemon), and so does
 * the listing at the next start. A crash lets the running job be done, half done or not, and drops the rest.
 */
import type { VolumeId } from '../../lib/model/ids.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'
import type { Manner } from './crash/manner.ts'
import type { Deeds } from './deeds.ts'
import type { Hits } from './hits.ts'
import type { HostTroubles } from './host-troubles.ts'
import { type Job, type Report, turnOf } from './job.ts'
import type { CallFaults, SimOptions } from './options.ts'
import type { Random } from './random.ts'
import type { Scheduled, World } from './world.ts'

export interface HandsOptions {
  readonly world: World
  readonly random: Random
  readonly hits: Hits
  readonly options: Pick<SimOptions, 'backend' | 'target'>
  readonly rare: SimOptions['rare']['calls']
  readonly deeds: Deeds
  readonly troubles: HostTroubles
  readonly report: (report: Report) => void
  /** Is this where the process dies? */
  readonly strikes: (why: string) => boolean
  readonly die: (why: string) => void
}

type Fault = keyof CallFaults | 'unknownLate'

/** How long a command that hangs is waited for. */
const HANG_MS_MAX = 40_000
const LATE_MS_MAX = 20_000

export class Hands {
  readonly #options: HandsOptions
  readonly #queues = new Map<VolumeId, Job[]>()
  readonly #running = new Map<VolumeId, Scheduled>()
  /** Calls that were given up and will have their effect all the same. */
  #late: readonly Job[] = []
  isCalm = false

  constructor(options: HandsOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#queues.size === 0 && this.#late.length === 0
  }

  take(job: Job): void {
    const turn = turnOf(job)
    const queue = this.#queues.get(turn)
    if (queue !== undefined) {
      queue.push(job)
      return
    }
    this.#queues.set(turn, [job])
    this.#start(job)
  }

  crash(manner: Manner = 'drawn'): void {
    const { world, hits, random } = this.#options
    for (const [volume, scheduled] of this.#running) {
      world.cancel(scheduled)
      const job = this.#queues.get(volume)?.[0]
      const ending = manner === 'killed' ? 'done' : manner === 'power cut' ? 'not done' : random.pick(['done', 'half done', 'not done'])
      if (job === undefined || ending === 'not done') continue
      if (ending === 'half done') this.#doHalf(job)
      else {
        hits.add(`${job.kind}: done in a crash`)
        this.#do(job)
      }
    }
    this.#queues.clear()
    this.#running.clear()
  }

  /** Every call that was given up has its effect now: whoever lists what is there has waited for it. */
  land(): void {
    this.#land(() => true)
  }

  #start(job: Job): void {
    const { world, random, hits, options, rare } = this.#options
    const { latencyMsMax } = options[job.kind]
    const turn = turnOf(job)
    this.#land((late) => late.volume === job.volume || turnOf(late) === turn || turnOf(late) === job.volume)
    const isHanging = !this.isCalm && random.chance(rare.hangs)
    if (isHanging) hits.add(`${job.kind}: hangs`)
    const latencyMs = isHanging ? random.between(HANG_MS_MAX / 4, HANG_MS_MAX) : random.between(0, latencyMsMax)
    this.#running.set(
      turn,
      world.schedule(latencyMs, () => this.#finish(job, isHanging)),
    )
  }

  #finish(job: Job, isHanging: boolean): void {
    const { strikes, die, report } = this.#options
    const turn = turnOf(job)
    this.#running.delete(turn)
    if (strikes(`before a ${job.kind} call`)) return die(`before a ${job.kind} call`)
    if (strikes(`in a ${job.kind} call`)) {
      this.#doHalf(job)
      return die(`in a ${job.kind} call`)
    }
    const event = this.#perform(job, isHanging)
    if (strikes(`after a ${job.kind} call`)) return die(`after a ${job.kind} call`)
    const queue = this.#queues.get(turn)
    queue?.shift()
    const next = queue?.[0]
    if (next === undefined) this.#queues.delete(turn)
    else this.#start(next)
    report(event)
  }

  #perform(job: Job, isHanging: boolean): Report {
    const { hits, options, troubles } = this.#options
    const refusal = troubles.refusalOf(job)
    if (refusal !== null) {
      hits.add(`${job.kind}: refused in a trouble`)
      return ended(job, refusal)
    }
    const fault = this.#drawFault(options[job.kind]) ?? (isHanging ? 'unknownAfter' : null)
    if (fault === null) return this.#do(job)
    hits.add(`${job.kind}: ${fault}`)
    if (job.kind === 'backend' && job.call.kind === 'remove' && fault === 'failBefore') hits.add('backend: busy at remove')
    if (job.kind === 'target' && job.call.kind === 'fence' && fault === 'failBefore' && this.#options.random.chance(0.5)) {
      hits.add('target: fence cut short')
      this.#doHalf(job)
    } else if (fault === 'failAfter' || fault === 'unknownAfter') this.#do(job)
    else if (fault === 'unknownLate') this.#doLater(job)
    const kind = fault === 'failAfter' || fault === 'failBefore' ? 'failed' : 'unknown'
    return ended(job, { kind, tool: 'fake', detail: `planned: ${fault}` })
  }

  #do(job: Job): Report {
    const { deeds } = this.#options
    return job.kind === 'backend' ? { ...job, outcome: deeds.backend(job.call) } : { ...job, outcome: deeds.target(job.call) }
  }

  #doHalf(job: Job): void {
    const { deeds, hits } = this.#options
    hits.add(`${job.kind}: half done`)
    if (job.kind === 'backend') deeds.backendHalf(job.call)
    else deeds.targetHalf(job.call)
  }

  #doLater(job: Job): void {
    const { world, random } = this.#options
    this.#late = [...this.#late, job]
    world.schedule(random.between(0, LATE_MS_MAX), () => this.#land((late) => late === job))
  }

  #land(isMeant: (late: Job) => boolean): void {
    const jobs = this.#late.filter(isMeant)
    this.#late = this.#late.filter((late) => !jobs.includes(late))
    for (const job of jobs) {
      this.#options.hits.add(`${job.kind}: done after the time-out`)
      this.#do(job)
    }
  }

  #drawFault(rates: CallFaults): Fault | null {
    const { random, rare } = this.#options
    if (this.isCalm) return null
    if (random.chance(rates.failBefore)) return 'failBefore'
    if (random.chance(rates.failAfter)) return 'failAfter'
    if (random.chance(rates.unknownBefore)) return 'unknownBefore'
    if (random.chance(rates.unknownAfter)) return 'unknownAfter'
    return random.chance(rare.late) ? 'unknownLate' : null
  }
}

function ended(job: Job, outcome: Outcome<never>): Report {
  return job.kind === 'backend' ? { ...job, outcome } : { ...job, outcome }
}
