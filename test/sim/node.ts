/**
 * One host: what outlives its process, how that starts and dies, and what the world may do to it.
 *
 * Only the journal, the volumes, the exports and (with luck) the replica outlive a crash; `process.ts` is what does not.
 */
import type { PeerEvent } from '../../lib/flows/step.ts'
import { createPeer } from '../../lib/flows/restore.ts'
import type { Peer, PeerOptions } from '../../lib/flows/tables.ts'
import type { PeerId, VolumeId } from '../../lib/model/ids.ts'
import { acceptsManifest, hostOf, isMember, type Manifest } from '../../lib/model/manifest.ts'
import type { ClientReply, ClientRequest } from '../../lib/model/request.ts'
import type { Distortion } from './bugs/distortion.ts'
import { Fate } from './crash/fate.ts'
import type { Manner } from './crash/manner.ts'
import type { CrashPoints } from './crash/points.ts'
import { copyJson } from './copy-json.ts'
import type { JournalDisk } from './disk.ts'
import type { FakeExports } from './fakes/exports.ts'
import type { FakeVolumes } from './fakes/volumes.ts'
import type { Report } from './job.ts'
import type { Hits } from './hits.ts'
import type { Network } from './network.ts'
import type { SimOptions } from './options.ts'
import { type HostEffect, Process } from './process.ts'
import type { Random } from './random.ts'
import { ReplicaCache } from './replica-cache.ts'
import { Storage } from './storage.ts'
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
  readonly onReply: (id: string, reply: ClientReply) => void
  readonly onOutcome: (report: Report) => void
  readonly onReplicate: (effect: Extract<HostEffect, { kind: 'replicate' }>) => void
  /** Whether nobody has to have this host's replica. */
  readonly isSpare: () => boolean
  /** Just before the rules hear of it. */
  readonly onEvent: (event: PeerEvent) => void
}

/** Chance at each start: it is only a cache, but where it is the last copy of a log beside its owner's. */
const REPLICA_LOST = 0.2

/** Calls are few beside effects; as often as those they would hardly ever be hit. */
const CALLS_PER_EFFECT = 20

/** Until a process that could not open its journal is started again. */
const SYNC_MS_MAX = 300
const REOPEN_MS = 1000

export class SimNode {
  readonly id: PeerId
  readonly name: string
  readonly journal: JournalDisk
  readonly volumes: FakeVolumes
  readonly exports: FakeExports
  readonly storage: Storage
  /** Volumes that somebody has renamed by hand for a while. */
  readonly handled = new Set<VolumeId>()
  /** The bytes of what somebody has laid into the pool. */
  readonly laid: string[] = []
  readonly replica = new ReplicaCache()
  manifest: Manifest
  /** What became of this host's idea of the time since the world began. */
  clockJumpMs = 0
  /** Counts starts. */
  incarnation = 0
  /** Its journal was taken from it, and it has not found out yet what it knew. */
  isAmnesic = false
  /** It was, at some time: answers that it had remembered for their repeats are gone for good. */
  hasForgotten = false
  /** It is no member any more: lost, or gone. Whatever runs there still has no say. */
  isOut = false
  /** It never runs again. */
  #isEnded = false
  /** Its troubles are over. */
  #isCalmForGood = false
  readonly #options: NodeOptions
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #fate: Fate
  /** Null while the host is down. */
  #process: Process | null = null
  #isSyncing = false

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
    this.#fate = new Fate({ points: options.points, random: options.random, crash: (why, manner) => this.crash(why, manner) })
    this.journal.onBroken = () => this.crash('journal error')
    this.storage = new Storage({
      ...options,
      host: options.name,
      report: (report) => {
        options.onOutcome(report)
        this.feed(report)
      },
      strikes: (why) => this.#fate.strikes(options.sim.crash.atEffect * CALLS_PER_EFFECT, why),
      die: (why) => this.crash(why, 'killed'),
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
    return this.#process !== null
  }

  /** The rules' own tables; null while the host is down. For views and convergence, never for what must be durable. */
  get peer(): Peer | null {
    return this.#process?.peer ?? null
  }

  get isIdle(): boolean {
    return this.journal.isIdle && this.#process?.isIdle !== false && this.storage.isIdle
  }

  /** While it lasts this host neither crashes nor fails. */
  setLull(isLull: boolean): void {
    if (this.#isCalmForGood) return
    this.#setCalm(isLull)
    if (isLull) this.#endTroubles()
  }

  /** Stops the process (SIGSTOP), or keeps it busy; it goes on by itself. */
  pause(forMs: number): void {
    this.#process?.pause(forMs)
  }

  get isPaused(): boolean {
    return this.#process?.isPaused === true
  }

  /** No more crashes and failures, for good. */
  calm(): void {
    this.#isCalmForGood = true
    // What a pause held back is taken in first, and may still be unlucky.
    this.#endTroubles()
    this.#setCalm(true)
  }

  start(): void {
    if (this.#process !== null || this.#isEnded || this.journal.isFull) return
    if (!this.journal.opens()) return this.#startLater(REOPEN_MS)
    this.incarnation += 1
    this.#world.trace.add(this.#world.nowMs, this.name, 'starts', { incarnation: this.incarnation })
    if (this.#random.chance(REPLICA_LOST) && this.#options.isSpare()) {
      this.#hits.add('replica: lost')
      this.replica.lose()
    }
    this.#process = this.#newProcess()
    this.storage.land()
    this.#process.start()
    this.#isSyncing = false
    this.replica.sync()
    this.feed({ kind: 'kept', heads: this.replica.heads() })
    this.#options.network.notice(this.#fate.isCalm ? 50 : 1000)
  }

  /** The process is gone, between two instructions. */
  crash(why: string, manner: Manner = 'drawn'): void {
    const process = this.#process
    if (process === null) return
    this.#hits.add(`crash: ${why}`)
    this.#world.trace.add(this.#world.nowMs, this.name, 'CRASHES', { why })
    this.#process = null
    process.end()
    this.journal.crash(manner)
    this.storage.crash(manner)
    if (manner === 'power cut' || (manner === 'drawn' && this.#random.chance(0.3))) this.#reboot(manner)
    this.#options.network.notice(2000)
    if (this.journal.isFull) return
    this.#startLater(this.#random.between(10, this.#fate.isCalm ? 200 : this.#options.sim.crash.downMsMax))
  }

  /** The process is gone, and its machine with it. */
  end(why: string): void {
    this.#isEnded = true
    this.crash(why, 'power cut')
  }

  /** Asks this host as a client would; false: nobody listens, or it says that it is no member any more. */
  ask(id: string, request: ClientRequest): boolean {
    if (this.#process === null || !isMember(this.manifest, this.id)) return false
    this.feed({ kind: 'client', id, request: copyJson(request) })
    return true
  }

  feed(event: PeerEvent): void {
    this.#process?.feed(event)
  }

  #setCalm(isCalm: boolean): void {
    this.#fate.isCalm = isCalm
    this.storage.setCalm(isCalm)
    this.journal.isCalm = isCalm
  }

  #endTroubles(): void {
    this.storage.troubles.end()
    this.#process?.resume()
  }

  /** The rules, on what journal and replica have kept. */
  #newProcess(): Process {
    const { peer, distortion, wallMs, sim, onEvent } = this.#options
    const entries = distortion.restored(this.journal.entries())
    return new Process({
      life: this,
      peer: createPeer({ ...peer, manifest: this.manifest, isNew: this.journal.isUntouched }, entries, this.replica.stored()),
      world: this.#world,
      journal: this.journal,
      looks: this.storage.looks,
      fate: this.#fate,
      rates: sim.crash,
      distortion,
      wallMs: () => wallMs + this.#world.nowMs + this.clockJumpMs,
      onEvent,
      carryOut: (effect) => this.#carryOut(effect),
      onFull: () => {
        this.#hits.add('journal: full')
        this.crash('journal error')
      },
    })
  }

  /** The replica is synced some time after it was written, and the rules are told. */
  #syncLater(): void {
    if (this.#isSyncing) return
    this.#isSyncing = true
    const { incarnation } = this
    this.#world.schedule(this.#random.between(1, SYNC_MS_MAX), () => {
      if (this.incarnation !== incarnation || this.#process === null) return
      this.#isSyncing = false
      const heads = this.replica.sync()
      if (heads.length > 0) this.feed({ kind: 'kept', heads })
    })
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
    this.replica.cutPower()
    if (manner === 'power cut' || this.#random.chance(0.5)) this.#options.network.cutOff(this.id)
  }

  #carryOut(effect: HostEffect): void {
    const { network, onReply, onReplicate } = this.#options
    switch (effect.kind) {
      case 'send':
        return network.send(this, effect.to, effect.message)
      case 'gossip':
        return network.gossip(this, effect.beat)
      case 'reply':
        return onReply(effect.id, effect.reply)
      case 'backend':
      case 'target':
        return this.storage.take(effect)
      case 'replicate':
        onReplicate(effect)
        this.replica.keep(effect)
        return this.#syncLater()
    }
  }
}
