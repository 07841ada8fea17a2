/**
 * Members that watch each other, in one process, on a simulated clock and network.
 *
 * Links take 5 ms one way and may lose messages. A peer may be dead (whatever is sent to it is lost, without a word), cut
 * off from others, or stalled: it does nothing for a while, and then everything at once, timers first, as Node's event
 * loop does, and then it learns of its own delay. Same seed, same course.
 */
import { type PeerId, peerId } from '../../lib/model/ids.ts'
import type { MemberState, ProbeMessage } from '../../lib/model/probe.ts'
import { onProbeMessage, onUnreachable } from '../../lib/membership/answering.ts'
import { onLag } from '../../lib/membership/health.ts'
import { type Membership, type MembershipEffect, newMembership, stateOf } from '../../lib/membership/membership.ts'
import { onProbeTimeout, onProbeTimer } from '../../lib/membership/probing.ts'
import { Random } from '../sim/random.ts'

export interface SwimOptions {
  readonly seed: string
  readonly peers: number
  /** Probability that a message is lost. */
  readonly loss?: number
  /** False if messages to the dead are lost, true if the sender is told that there is no connection. */
  readonly isRefused?: boolean
  /** Called at each change of a state as one peer sees it. */
  readonly onChanged?: (change: SwimChange) => void
}

export interface SwimChange {
  readonly atMs: number
  readonly observer: PeerId
  readonly peer: PeerId
  readonly to: MemberState
}

interface Node {
  readonly id: PeerId
  membership: Membership
  epoch: number
  isAlive: boolean
  isStalled: boolean
  /** What waits for the end of a stall. */
  lateTimers: { readonly key: string; readonly token: number }[]
  lateMessages: { readonly from: PeerId; readonly message: ProbeMessage }[]
  readonly timers: Map<string, number>
}

type Event = () => void

const LINK_MS = 5
/** Longer than the longest timer. */
const WHEEL_MS = 1 << 17

export class SwimWorld {
  nowMs = 0
  messagesSent = 0
  bytesSent = 0
  /** True to count bytes, which costs time. */
  isWeighing = false
  /** Says which messages the network loses besides. */
  isCut: (from: PeerId, to: PeerId, message: ProbeMessage) => boolean = () => false
  readonly ids: readonly PeerId[]
  readonly #nodes = new Map<PeerId, Node>()
  readonly #wheel: (Event[] | undefined)[] = []
  readonly #options: SwimOptions
  readonly #luck: Random
  readonly #rng: Random
  #tokens = 0
  #changes = 0

  constructor(options: SwimOptions) {
    const random = new Random(options.seed)
    this.#options = options
    this.#luck = random.split('network')
    this.#rng = random.split('members')
    // As long as a real id, so that bytes count.
    this.ids = Array.from({ length: options.peers }, (_, n) => peerId(`12D3KooW${String(n).padStart(4, '0').repeat(11)}`))
    for (const id of this.ids) {
      const node: Node = {
        id,
        membership: newMembership({ self: id, epoch: 1 }, this.ids, 0),
        epoch: 1,
        isAlive: true,
        isStalled: false,
        lateTimers: [],
        lateMessages: [],
        timers: new Map(),
      }
      this.#nodes.set(id, node)
      this.#setTimer(node, 'probe', this.#rng.below(1000))
    }
  }

  id(n: number): PeerId {
    const id = this.ids[n]
    if (id === undefined) throw new RangeError(`no peer ${n}`)
    return id
  }

  membership(id: PeerId): Membership {
    return this.#node(id).membership
  }

  stateOf(observer: PeerId, peer: PeerId): MemberState {
    return stateOf(this.membership(observer), peer)
  }

  /** True if every living peer sees `peer` so. */
  isSeenAs(peer: PeerId, state: MemberState): boolean {
    return [...this.#nodes.values()].every(({ id, isAlive, membership }) => !isAlive || id === peer || stateOf(membership, peer) === state)
  }

  /** True if every living peer sees every living peer as alive. */
  isAtPeace(): boolean {
    return this.ids.every((peer) => !this.#node(peer).isAlive || this.isSeenAs(peer, 'alive'))
  }

  kill(id: PeerId): void {
    const node = this.#node(id)
    node.isAlive = false
    node.timers.clear()
  }

  /** A new life, which remembers nothing but that its epoch is new. */
  restart(id: PeerId): void {
    const node = this.#node(id)
    node.epoch += 1
    node.membership = newMembership({ self: id, epoch: node.epoch }, this.ids, this.nowMs)
    node.isAlive = true
    this.#setTimer(node, 'probe', 0)
  }

  stall(id: PeerId, forMs: number): void {
    const node = this.#node(id)
    node.isStalled = true
    this.at(this.nowMs + forMs, () => this.#wake(node, forMs))
  }

  at(atMs: number, event: Event): void {
    const slot = atMs % WHEEL_MS
    const events = this.#wheel[slot]
    if (events === undefined) this.#wheel[slot] = [event]
    else events.push(event)
  }

  /** Runs until `untilMs`, or until `isDone`, which is looked at when some peer has changed its mind. */
  run(untilMs: number, isDone: () => boolean = () => false): void {
    let looked = -1
    while (this.nowMs < untilMs) {
      if (looked !== this.#changes && isDone()) return
      looked = this.#changes
      const slot = this.nowMs % WHEEL_MS
      const events = this.#wheel[slot]
      if (events !== undefined) {
        // Events of this very millisecond may be added while it runs.
        for (let n = 0; n < events.length; n += 1) events[n]?.()
        this.#wheel[slot] = undefined
      }
      this.nowMs += 1
    }
  }

  #node(id: PeerId): Node {
    const node = this.#nodes.get(id)
    if (node === undefined) throw new RangeError(`no peer ${id}`)
    return node
  }

  #wake(node: Node, lateMs: number): void {
    node.isStalled = false
    const { lateTimers, lateMessages } = node
    node.lateTimers = []
    node.lateMessages = []
    for (const { key, token } of lateTimers) this.#fire(node, key, token)
    for (const { from, message } of lateMessages) this.#deliver(node, from, message)
    onLag(node.membership, lateMs)
  }

  #setTimer(node: Node, key: string, afterMs: number): void {
    this.#tokens += 1
    const token = this.#tokens
    node.timers.set(key, token)
    this.at(this.nowMs + Math.ceil(afterMs), () => this.#fire(node, key, token))
  }

  #fire(node: Node, key: string, token: number): void {
    if (node.timers.get(key) !== token) return
    if (node.isStalled) {
      node.lateTimers.push({ key, token })
      return
    }
    node.timers.delete(key)
    const { membership } = node
    this.#carryOut(
      node,
      key === 'probe' ? onProbeTimer(membership, this.nowMs, this.#rng) : onProbeTimeout(membership, key, this.nowMs, this.#rng),
    )
  }

  #deliver(node: Node, from: PeerId, message: ProbeMessage): void {
    if (!node.isAlive) return
    if (node.isStalled) node.lateMessages.push({ from, message })
    else this.#carryOut(node, onProbeMessage(node.membership, from, message, this.nowMs))
  }

  #carryOut(node: Node, effects: readonly MembershipEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'timer') this.#setTimer(node, effect.key, effect.afterMs)
      else if (effect.kind === 'send') this.#send(node, effect.to, effect.message)
      else {
        this.#changes += 1
        this.#options.onChanged?.({ atMs: this.nowMs, observer: node.id, peer: effect.peer, to: effect.to })
      }
    }
  }

  #send(node: Node, to: PeerId, message: ProbeMessage): void {
    this.messagesSent += 1
    if (this.isWeighing) this.bytesSent += JSON.stringify(message).length
    const receiver = this.#node(to)
    if (this.#options.isRefused === true && !receiver.isAlive) {
      this.at(this.nowMs, () => this.#carryOut(node, onUnreachable(node.membership, to, message, this.nowMs, this.#rng)))
    }
    if (this.#luck.chance(this.#options.loss ?? 0) || this.isCut(node.id, to, message)) return
    this.at(this.nowMs + LINK_MS, () => this.#deliver(receiver, node.id, message))
  }
}
