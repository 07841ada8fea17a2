/**
 * One host: the production rules on a journal in memory, with a disk that takes a millisecond and tools that answer at once.
 *
 * Keeps the contract of lib/flows/step.ts: effects wait until their own batch and every batch before it are durable. The
 * process can be stopped between two events; the journal, the bytes and the exports stay, the replica if it is wanted.
 */
import { step } from '../../lib/flows/peer.ts'
import type { BackendCall, BackendOutcome, Effect, PeerEvent } from '../../lib/flows/step.ts'
import { createPeer, type StoredReplica } from '../../lib/flows/restore.ts'
import type { Peer, PeerOptions } from '../../lib/flows/tables.ts'
import type { Beat } from '../../lib/model/host.ts'
import { type PeerId, poolName, type VolumeId } from '../../lib/model/ids.ts'
import type { LogHead } from '../../lib/model/log.ts'
import type { PeerMessage } from '../../lib/model/message.ts'
import type { ClientReply, ClientRequest } from '../../lib/model/request.ts'
import { done } from '../../lib/ports/outcome.ts'
import { copyJson } from '../sim/copy-json.ts'
import { Timers } from '../sim/timers.ts'
import type { World } from '../sim/world.ts'
import { type HostState, WALL_MS } from './cluster-state.ts'

export interface NodeWorld {
  readonly world: World
  send(from: ClusterNode, to: PeerId, message: PeerMessage): void
  gossip(from: ClusterNode, beat: Beat): void
  onReply(id: string, reply: ClientReply): void
  /** A record is in this host's view: its own, or another owner's. */
  onRecord(node: ClusterNode, id: VolumeId, name: string | null): void
  onNote(node: ClusterNode, note: Extract<Effect, { kind: 'note' }>): void
}

interface Held {
  readonly effects: readonly Effect[]
  isDurable: boolean
}

/** From a record that was written to the sync of its replica. */
const SYNC_MS = 100
const DISK_MS = 1
/** Until pools are measured and volumes listed; the next measure. */
const SURVEY_MS = 100
const MEASURE_MS = 10_000
const POOL_GIB = 100_000

export class ClusterNode {
  readonly id: PeerId
  readonly name: string
  readonly state: HostState
  peer: Peer | null = null
  /** Counts starts. */
  life = 0
  startedMs = 0
  /** null until it takes part. */
  readyMs: number | null = null
  options: PeerOptions
  replica: StoredReplica
  readonly #around: NodeWorld
  readonly #timers: Timers
  #held: Held[] = []
  readonly #unsynced = new Map<PeerId, LogHead>()
  #isDraining = false

  constructor(state: HostState, options: PeerOptions, replica: StoredReplica, around: NodeWorld) {
    this.id = state.host.peer
    this.name = state.host.name
    this.state = state
    this.options = options
    this.replica = replica
    this.#around = around
    this.#timers = new Timers(around.world, (key) => this.feed({ kind: 'timer', key }))
  }

  start(): void {
    if (this.peer !== null) return
    this.life += 1
    this.startedMs = this.#around.world.nowMs
    this.readyMs = null
    this.peer = createPeer(this.options, copyJson([...this.state.journal].sort(([a], [b]) => (a < b ? -1 : 1))), this.replica)
    this.feed({ kind: 'start' })
    this.#unsynced.clear()
    for (const head of this.replica.heads) this.#syncLater(head)
    this.#later(SURVEY_MS, () => {
      this.#measure()
      const pool = poolName(this.name, 'none', 'p')
      const volumes = [...this.state.volumes.values()].map((volume) => ({ ...volume, poolName: pool }))
      this.feed({ kind: 'found', fresh: null, volumes, snapshots: [], exports: [...this.state.exports].sort() })
    })
  }

  /** The process is gone. What its replica held is on disk, as the agent writes it there soon after. */
  stop(): void {
    if (this.peer === null) return
    this.replica = replicaOf(this.peer)
    this.options = { ...this.peer.options, isNew: false }
    this.peer = null
    this.#held = []
    this.#timers.clear()
  }

  ask(id: string, request: ClientRequest): void {
    this.feed({ kind: 'client', id, request })
  }

  feed(event: PeerEvent): void {
    const { peer } = this
    if (peer === null) return
    const { nowMs } = this.#around.world
    const { batch, effects } = step(peer, event, { monoMs: nowMs - this.startedMs, wallMs: WALL_MS + Math.floor(nowMs) })
    if (this.readyMs === null && peer.state === 'ready') this.readyMs = nowMs
    if (batch.length === 0 && effects.length === 0) return
    const held: Held = { effects, isDurable: batch.length === 0 }
    this.#held.push(held)
    if (batch.length > 0) {
      this.#later(DISK_MS, () => {
        for (const { key, value } of batch) {
          if (value === undefined) this.state.journal.delete(key)
          else this.state.journal.set(key, value)
        }
        held.isDurable = true
        this.#drain()
      })
    }
    this.#drain()
  }

  /** As the agent does it: some time after it was written, all at once. */
  #syncLater(head: LogHead): void {
    if (this.#unsynced.size === 0) {
      this.#later(SYNC_MS, () => {
        const heads = [...this.#unsynced.values()]
        this.#unsynced.clear()
        this.feed({ kind: 'kept', heads })
      })
    }
    this.#unsynced.set(head.owner, head)
  }

  #measure(): void {
    const pool = {
      volume_backend_name: 'none',
      pool_name: 'p',
      vendor_name: 'Scoria',
      storage_protocol: 'iSCSI',
      reserved_percentage: 0,
      max_over_subscription_ratio: '1.0',
      thick_provisioning_support: true,
      thin_provisioning_support: false,
      multiattach: true,
    }
    const name = poolName(this.name, 'none', 'p')
    this.feed({ kind: 'measured', pools: [{ name, pool: 'p', state: 'up', totalGiB: POOL_GIB, capabilities: pool }] })
    this.#later(MEASURE_MS, () => this.#measure())
  }

  /** Unless the process has ended by then. */
  #later(afterMs: number, run: () => void): void {
    const { life } = this
    this.#around.world.schedule(afterMs, () => {
      if (this.life === life && this.peer !== null) run()
    })
  }

  #drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    for (let first = this.#held[0]; first?.isDurable === true; first = this.#held[0]) {
      this.#held.shift()
      for (const effect of first.effects) this.#carryOut(effect)
    }
    this.#isDraining = false
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        if (effect.to === this.id) this.#later(0, () => this.feed({ kind: 'message', from: this.id, message: effect.message }))
        else this.#around.send(this, effect.to, effect.message)
        return
      case 'gossip':
        return this.#around.gossip(this, effect.beat)
      case 'reply':
        return this.#around.onReply(effect.id, effect.reply)
      case 'timer':
        return this.#timers.set(effect.key, effect.afterMs)
      case 'cancel':
        return this.#timers.cancel(effect.key)
      case 'publish': {
        const { record } = effect.entry
        this.feed({ kind: 'published', entry: effect.entry })
        if (record !== null) this.#around.onRecord(this, record.id, record.volume?.name ?? null)
        return
      }
      case 'replicate':
        for (const { id, volume } of effect.records) this.#around.onRecord(this, id, volume?.name ?? null)
        return this.#syncLater(effect.head)
      case 'backend': {
        const { job, volume, call } = effect
        this.#later(0, () => this.feed({ kind: 'backend', job, volume, call, outcome: this.#callBackend(call) }))
        return
      }
      case 'target': {
        const { job, volume, call } = effect
        if (call.kind === 'expose') this.state.exports.add(call.iqn)
        else this.state.exports.delete(call.iqn)
        this.#later(0, () => this.feed({ kind: 'target', job, volume, call, outcome: done(null) }))
        return
      }
      case 'note':
        return this.#around.onNote(this, effect)
    }
  }

  #callBackend(call: BackendCall): BackendOutcome {
    const { volumes } = this.state
    switch (call.kind) {
      case 'create':
      case 'copy':
        volumes.set(call.volume.id, { ...call.volume, tags: call.tags })
        return done(null)
      case 'extend': {
        const known = volumes.get(call.volume.id)
        if (known !== undefined) volumes.set(known.id, { ...known, sizeBytes: call.volume.sizeBytes })
        return done(null)
      }
      case 'inspect':
        return done(volumes.get(call.volume) ?? null)
      case 'retag':
        return done(null)
      case 'remove':
      case 'quarantine':
        volumes.delete(call.volume)
        return done(null)
      case 'adopt':
      case 'release':
        return { kind: 'failed', tool: 'scale', detail: 'nothing lies here that is no volume' }
      case 'revert':
      case 'create-snapshot':
      case 'remove-snapshot':
      case 'adopt-snapshot':
      case 'release-snapshot':
      case 'inspect-snapshot':
      case 'quarantine-snapshot':
        return { kind: 'failed', tool: 'scale', detail: 'there are no snapshots here' }
    }
  }
}

function replicaOf({ view, self }: Peer): StoredReplica {
  const others = [...view.logs].filter(([owner]) => owner !== self)
  return {
    heads: others.flatMap(([, { head }]) => (head === null ? [] : [head])),
    records: others.flatMap(([owner, { records }]) => [...records.values()].map((record) => ({ owner, record }))),
  }
}
