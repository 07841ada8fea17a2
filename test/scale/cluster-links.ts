/**
 * Connections between hosts: 5 ms one way, a network card of 1 Gbit/s each way, nothing lost but by a cut or a crash.
 *
 * A message belongs to its connection and is lost with it. A crash is seen at once at the other end (its kernel closes the
 * connection); a cut only when pings stay out. A call across a cut is tried again by the kernel as TCP does, and given up
 * after ten seconds; a process that is not there refuses at once.
 */
import type { Beat } from '../../lib/model/host.ts'
import type { PeerId } from '../../lib/model/ids.ts'
import type { PeerMessage } from '../../lib/model/message.ts'
import type { Random } from '../sim/random.ts'
import type { World } from '../sim/world.ts'
import { Calls } from './cluster-calls.ts'
import type { ClusterNode } from './cluster-node.ts'
import { Traffic } from './cluster-traffic.ts'

const LINK_MS = 5
const CARD_BYTES_PER_MS = 125_000
/** TCP, private network, Noise, yamux, hello and welcome: four round trips. */
const CONNECT_MS = 40
const REFUSED_MS = 2 * LINK_MS
/** When the first packet of a call is sent again. */
const SYN_MS = [0, 1000, 3000, 7000]
const DIAL_TIMEOUT_MS = 10_000
/** A ping every 2 s, and up to 5 s for its answer. */
const NOTICE_MS = [2000, 7000] as const
const TICK_MS = 250
/** From one neighbour to the next, as far as gossip has to go with a mesh degree of 4. */
const GOSSIP_HOPS = 4

interface End {
  readonly node: ClusterNode
  readonly calls: Calls
  /** Whom this process believes to be connected with, and by which connection. */
  readonly up: Map<PeerId, number>
  side: number
  sendFreeMs: number
  receiveFreeMs: number
}

export class Links {
  readonly traffic = new Traffic()
  /** Beats that were published, and the sum of their JSON; not of their copies. */
  readonly beats = { messages: 0, bytes: 0 }
  readonly #world: World
  readonly #random: Random
  readonly #ends = new Map<PeerId, End>()
  #connections = 0

  constructor(world: World, random: Random) {
    this.#world = world
    this.#random = random
  }

  add(node: ClusterNode, wanted: () => readonly PeerId[]): void {
    const up = new Map<PeerId, number>()
    const calls = new Calls({
      self: node.id,
      world: this.#world,
      random: this.#random.split(`calls/${node.name}`),
      wanted,
      isReached: (peer) => up.has(peer),
      dial: (to, onEnd) => this.#dial(this.#end(node.id), this.#end(to), onEnd),
    })
    const end: End = { node, calls, up, side: 0, sendFreeMs: 0, receiveFreeMs: 0 }
    this.#ends.set(node.id, end)
    const tick = (): void => {
      if (node.peer !== null && up.size < wanted().length) calls.tick()
      this.#world.schedule(TICK_MS, tick)
    }
    this.#world.schedule(this.#random.below(TICK_MS), tick)
  }

  /** A process begins: it calls everybody. */
  started(node: ClusterNode): void {
    this.#end(node.id).calls.tick()
  }

  stopped(node: ClusterNode): void {
    const end = this.#end(node.id)
    end.calls.restart()
    for (const [other, connection] of end.up) this.#world.schedule(LINK_MS, () => this.#down(this.#end(other), node.id, connection))
    end.up.clear()
  }

  /** Hosts on different sides do not hear each other; `sides` all equal: everybody hears everybody. */
  cut(sideOf: (node: ClusterNode) => number): void {
    for (const end of this.#ends.values()) end.side = sideOf(end.node)
    for (const end of this.#ends.values()) {
      for (const [peer, connection] of end.up) {
        if (this.#end(peer).side === end.side) continue
        this.#world.schedule(this.#random.between(...NOTICE_MS), () => this.#down(end, peer, connection))
      }
    }
  }

  send(from: ClusterNode, to: PeerId, message: PeerMessage): void {
    const sender = this.#end(from.id)
    const receiver = this.#end(to)
    const connection = sender.up.get(to)
    if (connection === undefined) {
      const { life } = from
      this.#world.schedule(0, () => {
        if (from.life === life) from.feed({ kind: 'unreachable', to, message })
      })
      return
    }
    const afterMs = this.#transfer(sender, receiver, this.traffic.count(from.id, to, message))
    this.#world.schedule(afterMs, () => {
      if (sender.side === receiver.side && receiver.up.get(from.id) === connection)
        receiver.node.feed({ kind: 'message', from: from.id, message })
    })
  }

  gossip(from: ClusterNode, beat: Beat): void {
    const sender = this.#end(from.id)
    this.beats.messages += 1
    this.beats.bytes += JSON.stringify(beat).length
    for (const receiver of this.#ends.values()) {
      if (receiver === sender || receiver.side !== sender.side || receiver.up.size === 0) continue
      this.#world.schedule(LINK_MS * this.#random.between(1, GOSSIP_HOPS), () => receiver.node.feed({ kind: 'beat', beat }))
    }
  }

  /** Milliseconds until the last byte is there; one card sends, and one receives, one message after the other. */
  #transfer(sender: End, receiver: End, bytes: number): number {
    const { nowMs } = this.#world
    const forMs = bytes / CARD_BYTES_PER_MS
    sender.sendFreeMs = Math.max(nowMs, sender.sendFreeMs) + forMs
    receiver.receiveFreeMs = Math.max(sender.sendFreeMs + LINK_MS, receiver.receiveFreeMs + forMs)
    return receiver.receiveFreeMs - nowMs
  }

  #dial(from: End, to: End, onEnd: () => void, at = 0): void {
    const { life } = from.node
    const sinceMs = SYN_MS[at]
    const later = (afterMs: number, run: () => void): void => {
      this.#world.schedule(afterMs, () => {
        if (from.node.life === life && from.node.peer !== null) run()
      })
    }
    if (sinceMs === undefined) return later(DIAL_TIMEOUT_MS - (SYN_MS.at(-1) ?? 0), onEnd)
    if (from.side !== to.side) {
      const nextMs = SYN_MS[at + 1]
      return later((nextMs ?? sinceMs) - sinceMs, () => this.#dial(from, to, onEnd, at + 1))
    }
    if (to.node.peer === null) return later(REFUSED_MS, onEnd)
    later(CONNECT_MS, () => {
      const isThere = to.node.peer !== null && from.side === to.side
      if (isThere && from.up.get(to.node.id) !== to.up.get(from.node.id)) this.#connect(from, to)
      else if (isThere && !from.up.has(to.node.id)) this.#connect(from, to)
      onEnd()
    })
  }

  /** A new connection takes the place of one that this side or the other still believed in. */
  #connect(from: End, to: End): void {
    this.#connections += 1
    for (const [end, other] of [
      [from, to],
      [to, from],
    ] as const) {
      const peer = other.node.id
      if (end.up.delete(peer)) end.node.feed({ kind: 'peer', peer, state: 'down' })
      end.up.set(peer, this.#connections)
      end.calls.reached(peer)
    }
    from.node.feed({ kind: 'peer', peer: to.node.id, state: 'up' })
    to.node.feed({ kind: 'peer', peer: from.node.id, state: 'up' })
  }

  #down(end: End, peer: PeerId, connection: number): void {
    if (end.node.peer === null || end.up.get(peer) !== connection) return
    end.up.delete(peer)
    end.calls.lost(peer)
    end.node.feed({ kind: 'peer', peer, state: 'down' })
  }

  #end(peer: PeerId): End {
    const end = this.#ends.get(peer)
    if (end === undefined) throw new RangeError(`no host ${peer}`)
    return end
  }
}
