/**
 * One host: the production rules on a simulated journal, clock, volumes and exports; it can die at any point.
 *
 * Keeps the contract of lib/flows/step.ts to the letter: effects wait in the outbox until their own batch and every
 * batch before it are durable, and are then carried out in order. Only the journal, the volumes, the exports and (with
 * luck) the replica outlive a crash.
 */
import { step } from '../../lib/flows/peer.ts'
import type { Effect, Now, PeerEvent, Step } from '../../lib/flows/step.ts'
import { createPeer } from '../../lib/flows/restore.ts'
import type { Peer, PeerOptions } from '../../lib/flows/tables.ts'
import type { PeerId } from '../../lib/model/ids.ts'
import { acceptsManifest, hostOf, isMember, type Manifest } from '../../lib/model/manifest.ts'
import type { ClientReply, ClientRequest } from '../../lib/model/request.ts'
import type { Distortion } from './bugs/distortion.ts'
import type { Manner } from './crash/manner.ts'
import { AFTER, BEFORE, IN_ANY_MANNER, KILLED } from './crash/point-names.ts'
import type { CrashPoints } from './crash/points.ts'
import { copyJson } from './copy-json.ts'
import { createDeeds } from './deeds.ts'
import type { JournalDisk } from './disk.ts'
import type { FakeExports } from './fakes/exports.ts'
import type { FakeVolumes } from './fakes/volumes.ts'
import { Gate } from './gate.ts'
import { Hands } from './hands.ts'
import type { Report } from './job.ts'
import { Looks } from './looks.ts'
import type { Hits } from './hits.ts'
import { HostTroubles } from './host-troubles.ts'
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
  /** Whether nobody has to have this host's replica. */
  readonly isSpare: (node: SimNode) => boolean
  /** Just before the rules hear of it. */
  readonly onEvent: (node: SimNode, event: PeerEvent) => void
}

interface Outgoing {
  readonly effects: readonly Effect[]
  isDurable: boolean
}

/** Chance at each start: it is only a cache, but for the logs of hosts that are lost. */
const REPLICA_LOST = 0.2

/** Between looks at pools and targets. */
const MEASURE_MS = 5000

/** Calls are few beside effects; as often as those they would hardly ever be hit. */
const CALLS_PER_EFFECT = 20

/** Until a process that could not open its journal is started again. */
const REOPEN_MS = 1000

export class SimNode {
  readonly id: PeerId
  readonly name: string
  readonly journal: JournalDisk
  readonly volumes: FakeVolumes
  readonly exports: FakeExports
  readonly replica = new ReplicaCache()
  manifest: Manifest
  readonly troubles = new HostTroubles()
  /** What became of this host's idea of the time since the world began. */
  clockJumpMs = 0
  /** Counts starts. */
  incarnation = 0
  isCalm = false
  /** Its journal was taken from it, and it has not found out yet what it knew. */
  isAmnesic = false
  /** It was, at some time: answers that it had remembered for their repeats are gone for good. */
  hasForgotten = false
  /** It is no member any more: lost, or gone. Whatever runs there still has no say. */
  isOut = false
  /** It never runs again. */
  #isEnded = false
  #isCalmForGood = false
  readonly #options: NodeOptions
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #hands: Hands
  readonly #looks: Looks
  #peer: Peer | null = null
  #startedMs = 0
  #outbox: Outgoing[] = []
  #isDraining = false
  readonly #timers: Timers
  readonly #gate: Gate

  constructor(options: NodeOptions) {
    this.id = options.id
    this.name = options.name
    this.journal = options.journal
    this.volumes = options.volumes
    this.exports = options.exports
    this.manifest = options.peer.manifest
    this.#options = options
    this.#world = options.world
    this.#random = options.random
    this.#hits = options.hits
    this.#gate = new Gate(options.world)
    this.journal.onBroken = () => this.crash('journal error')
    this.#timers = new Timers(options.world, (key) => this.feed({ kind: 'timer', key }))
    this.#looks = new Looks({
      host: options.name,
      volumes: options.volumes,
      exports: options.exports,
      troubles: this.troubles,
      poolGiB: options.sim.poolGiB,
      garbage: options.sim.rare.calls.garbage,
      random: options.random.split('looks'),
      hits: options.hits,
    })
    this.#hands = new Hands({
      world: options.world,
      random: options.random.split('hands'),
      hits: options.hits,
      options: options.sim,
      rare: options.sim.rare.calls,
      deeds: createDeeds(options.volumes, options.exports),
      troubles: this.troubles,
      strikes: (why) => this.#strikes(options.sim.crash.atEffect * CALLS_PER_EFFECT, why),
      die: (why) => this.crash(why, 'killed'),
      report: (report) => {
        options.onOutcome(this, report)
        this.feed(report)
      },
    })
  }

  /** A newer manifest is kept for good before it holds. */
  learn(manifest: Manifest): void {
    if (!acceptsManifest(this.manifest, manifest)) return
    const before = this.manifest.hosts
    this.manifest = manifest
    this.feed({ kind: 'manifest', manifest })
    if (before.some(({ peer, state }) => hostOf(manifest, peer)?.state !== state) || before.length !== manifest.hosts.length)
      this.#options.network.notice(500)
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

  /** While it lasts this host neither crashes nor fails. */
  setLull(isLull: boolean): void {
    if (this.#isCalmForGood) return
    this.isCalm = isLull
    this.#hands.isCalm = isLull
    this.#looks.isCalm = isLull
    this.journal.isCalm = isLull
    if (!isLull) return
    this.troubles.end()
    this.#gate.open()
  }

  /** Stops the process (SIGSTOP), or keeps it busy; it goes on by itself. */
  pause(forMs: number): void {
    if (this.#peer !== null) this.#gate.shut(forMs)
  }

  get isPaused(): boolean {
    return this.#gate.isShut
  }

  /** The target daemon is gone, and what it served with it. */
  loseDaemon(): void {
    this.troubles.daemon = 'down'
    this.exports.restartEmpty()
  }

  calm(): void {
    this.#isCalmForGood = true
    this.troubles.end()
    this.#gate.open()
    this.isCalm = true
    this.#hands.isCalm = true
    this.#looks.isCalm = true
    this.journal.isCalm = true
  }

  start(): void {
    if (this.#peer !== null || this.#isEnded || this.journal.isFull) return
    if (!this.journal.opens()) return this.#startLater(REOPEN_MS)
    this.incarnation += 1
    this.#startedMs = this.#world.nowMs
    this.#world.trace.add(this.#world.nowMs, this.name, 'starts', { incarnation: this.incarnation })
    if (this.#random.chance(REPLICA_LOST) && this.#options.isSpare(this)) {
      this.#hits.add('replica: lost')
      this.replica.lose()
    }
    const entries = this.#options.distortion.restored(this.journal.entries())
    this.#peer = createPeer(
      { ...this.#options.peer, manifest: this.manifest, isNew: this.journal.isUntouched },
      entries,
      this.replica.stored(),
    )
    this.#hands.land()
    this.feed({ kind: 'start' })
    this.#measureLater(0)
    this.#options.network.notice(this.isCalm ? 50 : 1000)
  }

  /** The process is gone, between two instructions. */
  crash(why: string, manner: Manner = 'drawn'): void {
    if (this.#peer === null) return
    this.#hits.add(`crash: ${why}`)
    this.#world.trace.add(this.#world.nowMs, this.name, 'CRASHES', { why })
    this.#peer = null
    this.#outbox = []
    this.#timers.clear()
    this.#gate.clear()
    this.journal.crash(manner)
    this.#hands.crash(manner)
    if (manner === 'power cut' || (manner === 'drawn' && this.#random.chance(0.3))) this.#reboot(manner)
    this.#options.network.notice(2000)
    if (this.journal.isFull) return
    this.#startLater(this.#random.between(10, this.isCalm ? 200 : this.#options.sim.crash.downMsMax))
  }

  /** The process is gone, and its machine with it. */
  end(why: string): void {
    this.#isEnded = true
    this.crash(why, 'power cut')
  }

  /** Asks this host as a client would; false: nobody listens, or it says that it is no member any more. */
  ask(id: string, request: ClientRequest): boolean {
    if (this.#peer === null || !isMember(this.manifest, this.id)) return false
    this.feed({ kind: 'client', id, request: copyJson(request) })
    return true
  }

  feed(event: PeerEvent): void {
    if (this.#peer !== null) this.#gate.pass(() => this.#hear(event))
  }

  #hear(event: PeerEvent): void {
    const peer = this.#peer
    if (peer === null) return
    this.#world.trace.add(this.#world.nowMs, this.name, event.kind, event)
    const { distortion, onEvent } = this.#options
    onEvent(this, event)
    this.#take(distortion.step(stepOf(peer, distortion.event(event, this), this.#now()), event, this))
  }

  #now(): Now {
    const { nowMs } = this.#world
    return { monoMs: nowMs - this.#startedMs, wallMs: this.#options.wallMs + nowMs + this.clockJumpMs }
  }

  #startLater(afterMs: number): void {
    const { incarnation } = this
    this.#world.schedule(afterMs, () => {
      if (this.incarnation === incarnation) this.start()
    })
  }

  /** What the kernel held is gone too: exports, and what was on its way out. */
  #reboot(manner: Manner): void {
    this.#hits.add('crash: reboot')
    this.exports.restartEmpty()
    if (manner === 'power cut' || this.#random.chance(0.5)) this.#options.network.cutOff(this.id)
  }

  #take({ batch, effects }: Step): void {
    for (const effect of effects) if (this.#options.distortion.isEarly(effect)) this.#carryOut(effect)
    const left = effects.filter((effect) => !this.#options.distortion.isEarly(effect))
    const outgoing: Outgoing = { effects: left, isDurable: batch.length === 0 }
    this.#outbox.push(outgoing)
    if (batch.length > 0) {
      const { atBatch } = this.#options.sim.crash
      if (this.#dies(atBatch, 'before a batch', KILLED)) return
      const { incarnation } = this
      const isWritten = this.journal.write(batch, () => {
        this.#gate.pass(() => {
          if (this.incarnation !== incarnation || this.#peer === null) return
          if (this.#dies(atBatch, 'after a batch', KILLED)) return
          outgoing.isDurable = true
          this.#drain()
        })
      })
      if (!isWritten) {
        this.#hits.add('journal: full')
        return this.crash('journal error')
      }
      // An atomic batch is torn into nothing or everything: there although nobody was told, or gone although it was begun.
      if (this.#dies(atBatch, 'in a batch', IN_ANY_MANNER)) return
    }
    this.#drain()
  }

  #drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    const { incarnation } = this
    const { atEffect } = this.#options.sim.crash
    try {
      for (let head = this.#outbox[0]; head?.isDurable === true; head = this.#outbox[0]) {
        for (const effect of head.effects) {
          if (this.#dies(atEffect, BEFORE[effect.kind], KILLED)) return
          this.#carryOut(effect)
          // With the power goes what was sent and not received: a message cut off in the middle is none.
          if (this.#dies(atEffect, AFTER[effect.kind], effect.kind === 'send' ? IN_ANY_MANNER : KILLED)) return
          if (this.incarnation !== incarnation || this.#peer === null) return
        }
        this.#outbox.shift()
      }
    } finally {
      this.#isDraining = false
    }
  }

  /** Does the process die here? There is one point for each manner in which it may. */
  #dies(rate: number, why: string, manners: readonly Manner[]): boolean {
    const { points } = this.#options
    const picked = points.isArmed ? manners.filter((manner) => points.pass(manners.length > 1 ? `${why}, ${manner}` : why))[0] : undefined
    if (picked === undefined && !this.#isDrawn(rate)) return false
    this.crash(why, picked ?? 'drawn')
    return true
  }

  #strikes(rate: number, why: string): boolean {
    return this.#options.points.pass(why) || this.#isDrawn(rate)
  }

  #isDrawn(rate: number): boolean {
    return !this.isCalm && this.#random.chance(rate)
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
        return this.feed({ kind: 'published', entry: copyJson(effect.entry) })
      case 'backend':
      case 'target':
        return this.#hands.take(effect)
      case 'timer':
        return this.#timers.set(effect.key, effect.afterMs)
      case 'cancel':
        return this.#timers.cancel(effect.key)
      case 'replicate':
        this.#options.onReplicate(this, effect)
        return this.replica.keep(effect)
      case 'note':
        return this.#world.trace.add(this.#world.nowMs, this.name, `note ${effect.level}`, { event: effect.event, ...effect.fields })
    }
  }

  #measureLater(afterMs: number): void {
    const { incarnation } = this
    this.#world.schedule(afterMs, () => {
      if (this.incarnation !== incarnation || this.#peer === null) return
      this.feed({ kind: 'measured', pools: this.#looks.pools() })
      const bytes = this.#looks.bytes()
      const exports = this.#looks.exports()
      if (bytes !== null && exports !== null) this.feed({ kind: 'found', ...bytes, exports })
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
