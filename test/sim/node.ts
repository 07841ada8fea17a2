/**
 * One host: the production rules on a simulated journal, clock, volumes and exports; it can die at any point.
 *
 * Keeps the contract of lib/flows/step.ts to the letter: effects wait in the outbox until their own batch and every
 * batch before it are durable, and are then carried out in order. Only the journal, the volumes, the exports and (with
 * luck) the replica outlive a crash.
 */
import { step } from '../../lib/flows/peer.ts'
import type { Effect, Now, PeerEvent, Step } from '../../lib/flows/step.ts'
import { createPeer, type Peer, type PeerOptions } from '../../lib/flows/tables.ts'
import type { PeerId } from '../../lib/model/ids.ts'
import type { ClientReply, ClientRequest } from '../../lib/model/request.ts'
import type { Distortion } from './bugs/distortion.ts'
import type { CrashPoints } from './crash-points.ts'
import { createDeeds, measurePool } from './deeds.ts'
import type { JournalDisk } from './disk.ts'
import type { FakeExports } from './fakes/exports.ts'
import type { FakeVolumes } from './fakes/volumes.ts'
import { Hands, type Report } from './hands.ts'
import type { Hits } from './hits.ts'
import type { Network } from './network.ts'
import type { SimOptions } from './options.ts'
import type { Random } from './random.ts'
import { ReplicaCache } from './replica-cache.ts'
import { Timers } from './timers.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

export interface NodeOptions {
  readonly id: PeerId
  readonly name: string
  readonly peer: PeerOptions
  readonly world: World
  readonly network: Network
  readonly random: Random
  readonly hits: Hits
  readonly sim: SimOptions
  /** This host's idea of the time when the world began; every host has its own. */
  readonly wallMs: number
  readonly journal: JournalDisk
  readonly volumes: FakeVolumes
  readonly exports: FakeExports
  readonly distortion: Distortion
  readonly points: CrashPoints
  readonly onReply: (node: SimNode, id: string, reply: ClientReply) => void
  readonly onOutcome: (node: SimNode, report: Report) => void
  readonly onReplicate: (node: SimNode, effect: Extract<Effect, { kind: 'replicate' }>) => void
}

interface Outgoing {
  readonly effects: readonly Effect[]
  isDurable: boolean
}

/** Chance at each start: it is only a cache. */
const REPLICA_LOST = 0.2

/** Between looks at pools and targets. */
const MEASURE_MS = 5000

export class SimNode {
  readonly id: PeerId
  readonly name: string
  readonly journal: JournalDisk
  readonly volumes: FakeVolumes
  readonly exports: FakeExports
  /** Counts starts. */
  incarnation = 0
  isCalm = false
  readonly #options: NodeOptions
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #hands: Hands
  #peer: Peer | null = null
  #startedMs = 0
  #outbox: Outgoing[] = []
  #isDraining = false
  readonly #timers: Timers
  readonly #replica = new ReplicaCache()

  constructor(options: NodeOptions) {
    this.id = options.id
    this.name = options.name
    this.journal = options.journal
    this.volumes = options.volumes
    this.exports = options.exports
    this.#options = options
    this.#world = options.world
    this.#random = options.random
    this.#hits = options.hits
    this.#timers = new Timers(options.world, (key) => this.feed({ kind: 'timer', key }))
    this.#hands = new Hands({
      world: options.world,
      random: options.random.split('hands'),
      hits: options.hits,
      options: options.sim,
      deeds: createDeeds(options.volumes, options.exports),
      report: (report) => {
        options.onOutcome(this, report)
        this.feed(report)
      },
    })
  }

  get isUp(): boolean {
    return this.#peer !== null
  }

  /** The rules' own tables; null while the host is down. For views and convergence, never for what must be durable. */
  get peer(): Peer | null {
    return this.#peer
  }

  get isIdle(): boolean {
    return this.journal.isIdle && this.#outbox.length === 0 && this.#hands.isIdle
  }

  get handsAreIdle(): boolean {
    return this.#hands.isIdle
  }

  calm(): void {
    this.isCalm = true
    this.#hands.isCalm = true
    this.journal.isCalm = true
  }

  start(): void {
    if (this.#peer !== null || this.journal.isFull) return
    this.incarnation += 1
    this.#startedMs = this.#world.nowMs
    this.#world.trace.add(this.#world.nowMs, this.name, 'starts', { incarnation: this.incarnation })
    if (this.#random.chance(REPLICA_LOST)) {
      this.#hits.add('replica: lost')
      this.#replica.lose()
    }
    const entries = this.#options.distortion.restored(this.journal.entries())
    this.#peer = createPeer(this.#options.peer, entries, this.#replica.stored())
    this.feed({ kind: 'start', volumes: this.volumes.list().map(({ id }) => id), exports: this.exports.list() })
    this.#measureLater(0)
    this.#options.network.notice(this.isCalm ? 50 : 1000)
  }

  /** The process is gone, between two instructions. */
  crash(why: string): void {
    if (this.#peer === null) return
    this.#hits.add(`crash: ${why}`)
    this.#world.trace.add(this.#world.nowMs, this.name, 'CRASHES', { why })
    this.#peer = null
    this.#outbox = []
    this.#timers.clear()
    this.journal.crash()
    this.#hands.crash()
    if (this.#random.chance(0.3)) {
      this.#hits.add('crash: reboot')
      this.exports.restartEmpty()
    }
    this.#options.network.notice(2000)
    if (this.journal.isFull) return
    const { incarnation } = this
    this.#world.schedule(this.#random.between(10, this.isCalm ? 200 : this.#options.sim.crash.downMsMax), () => {
      if (this.incarnation === incarnation) this.start()
    })
  }

  /** Asks this host as a client would; false: nobody listens. */
  ask(id: string, request: ClientRequest): boolean {
    if (this.#peer === null) return false
    this.feed({ kind: 'client', id, request: JSON.parse(JSON.stringify(request)) })
    return true
  }

  feed(event: PeerEvent): void {
    const peer = this.#peer
    if (peer === null) return
    this.#world.trace.add(this.#world.nowMs, this.name, event.kind, event)
    const { distortion } = this.#options
    this.#take(distortion.step(stepOf(peer, distortion.event(event), this.#now()), event, this))
  }

  #now(): Now {
    const { nowMs } = this.#world
    return { monoMs: nowMs - this.#startedMs, wallMs: this.#options.wallMs + nowMs }
  }

  #take({ batch, effects }: Step): void {
    for (const effect of effects) if (this.#options.distortion.isEarly(effect)) this.#carryOut(effect)
    const left = effects.filter((effect) => !this.#options.distortion.isEarly(effect))
    const outgoing: Outgoing = { effects: left, isDurable: batch.length === 0 }
    this.#outbox.push(outgoing)
    if (batch.length > 0) {
      if (this.#dies('batch', 'before a batch')) return
      const { incarnation } = this
      const isWritten = this.journal.write(batch, () => {
        if (this.incarnation !== incarnation || this.#peer === null) return
        if (this.#dies('batch', 'after a batch')) return
        outgoing.isDurable = true
        this.#drain()
      })
      if (!isWritten) {
        this.#hits.add('journal: full')
        return this.crash('journal error')
      }
      if (this.#dies('batch', 'in a batch')) return
    }
    this.#drain()
  }

  #drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    const { incarnation } = this
    try {
      for (let head = this.#outbox[0]; head?.isDurable === true; head = this.#outbox[0]) {
        for (const effect of head.effects) {
          if (this.#dies('effect', `before ${effect.kind}`)) return
          this.#carryOut(effect)
          if (this.#dies('effect', `after ${effect.kind}`) || this.incarnation !== incarnation || this.#peer === null) return
        }
        this.#outbox.shift()
      }
    } finally {
      this.#isDraining = false
    }
  }

  #dies(where: 'batch' | 'effect', why: string): boolean {
    const { atBatch, atEffect } = this.#options.sim.crash
    const isPicked = this.#options.points.pass()
    if (!isPicked && (this.isCalm || !this.#random.chance(where === 'batch' ? atBatch : atEffect))) return false
    this.crash(why)
    return true
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        return this.#options.network.send(this, effect.to, effect.message)
      case 'gossip':
        return this.#options.network.gossip(this, effect.beat)
      case 'reply':
        return this.#options.onReply(this, effect.id, effect.reply)
      case 'publish':
        return this.feed({ kind: 'published', records: JSON.parse(JSON.stringify(effect.records)) })
      case 'backend':
      case 'target':
        return this.#hands.take(effect)
      case 'timer':
        return this.#timers.set(effect.key, effect.afterMs)
      case 'cancel':
        return this.#timers.cancel(effect.key)
      case 'replicate':
        this.#options.onReplicate(this, effect)
        return this.#replica.keep(effect)
      case 'note':
        return this.#world.trace.add(this.#world.nowMs, this.name, `note ${effect.level}`, { event: effect.event, ...effect.fields })
    }
  }

  #measureLater(afterMs: number): void {
    const { incarnation } = this
    this.#world.schedule(afterMs, () => {
      if (this.incarnation !== incarnation || this.#peer === null) return
      this.feed({ kind: 'measured', pools: [measurePool(this.name, this.#options.sim.poolGiB, this.volumes)] })
      this.feed({ kind: 'found', exports: this.exports.list() })
      this.#measureLater(MEASURE_MS)
    })
  }
}

/** The rules may not throw: in production that ends the process, and again at each restart. */
function stepOf(peer: Peer, event: PeerEvent, now: Now): Step {
  let thrown: unknown
  try {
    return step(peer, event, now)
  } catch (error) {
    thrown = error
  }
  const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  throw new Violation('rules', `the rules threw at ${event.kind}: ${what}`, { event }, { cause: thrown })
}
