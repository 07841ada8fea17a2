/**
 * The network between peers: serialises each message, and then loses, doubles, delays, reorders or refuses it.
 *
 * `told` is what each side believes of a connection; it follows the truth late, and with the random oracle not at all.
 * What was reported as not sent is never delivered; everything else may or may not be.
 */
import type { PeerEvent } from '../../lib/flows/step.ts'
import type { Beat } from '../../lib/model/host.ts'
import type { PeerId } from '../../lib/model/ids.ts'
import type { PeerMessage } from '../../lib/model/message.ts'
import type { Hits } from './hits.ts'
import type { SimOptions } from './options.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** What the network needs of a host. */
export interface Station {
  readonly id: PeerId
  readonly isUp: boolean
  /** Counts starts: a connection does not outlive either process. */
  readonly incarnation: number
  feed(event: PeerEvent): void
}

interface Link {
  blocked: boolean
  cloggedUntilMs: number
  /** Latest delivery so far, for links that keep the order. */
  lastAtMs: number
  told: 'up' | 'down'
  /** Incarnation of the sender that was told. */
  toldTo: number
}

export class Network {
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #stations = new Map<PeerId, Station>()
  readonly #links = new Map<string, Link>()
  readonly #onSend: (from: PeerId, to: PeerId, message: PeerMessage) => void
  #options: SimOptions['network']
  oracle: SimOptions['oracle']
  /** For scenarios: which messages get through. */
  filter: (from: PeerId, to: PeerId, message: PeerMessage) => boolean = () => true

  constructor(options: {
    world: World
    random: Random
    hits: Hits
    network: SimOptions['network']
    oracle: SimOptions['oracle']
    onSend: (from: PeerId, to: PeerId, message: PeerMessage) => void
  }) {
    this.#world = options.world
    this.#random = options.random
    this.#hits = options.hits
    this.#options = options.network
    this.#onSend = options.onSend
    this.oracle = options.oracle
  }

  join(station: Station): void {
    this.#stations.set(station.id, station)
  }

  send(from: Station, to: PeerId, message: PeerMessage): void {
    this.#onSend(from.id, to, message)
    if (!this.filter(from.id, to, message)) return
    if (to === from.id) return this.#loopBack(from, message)
    const text = JSON.stringify(message)
    const link = this.#link(from.id, to)
    if (this.#isReportedUnsent(from, to, link)) {
      this.#hits.add('network: unreachable')
      const { incarnation } = from
      this.#world.schedule(0, () => {
        if (from.incarnation === incarnation) from.feed({ kind: 'unreachable', to, message: JSON.parse(text) })
      })
      return
    }
    this.#carry(to, link, (station) => station.feed({ kind: 'message', from: from.id, message: JSON.parse(text) }))
    if (this.#random.chance(this.#options.duplicates)) {
      this.#hits.add('network: duplicate')
      this.#carry(to, link, (station) => station.feed({ kind: 'message', from: from.id, message: JSON.parse(text) }))
    }
  }

  /** For scenarios: a message that was on its way for long arrives now. */
  deliver(from: PeerId, to: PeerId, message: PeerMessage): void {
    this.#stations.get(to)?.feed({ kind: 'message', from, message })
  }

  gossip(from: Station, beat: Beat): void {
    const text = JSON.stringify(beat)
    for (const to of this.#stations.keys()) {
      if (to !== from.id) this.#carry(to, this.#link(from.id, to), (station) => station.feed({ kind: 'beat', beat: JSON.parse(text) }))
    }
  }

  /** Stops or lets through everything from `from` to `to`. */
  block(from: PeerId, to: PeerId, isBlocked: boolean): void {
    this.#link(from, to).blocked = isBlocked
  }

  isBlocked(from: PeerId, to: PeerId): boolean {
    return this.#link(from, to).blocked
  }

  clog(from: PeerId, to: PeerId, forMs: number): void {
    this.#link(from, to).cloggedUntilMs = this.#world.nowMs + forMs
  }

  /** Both sides of every connection notice, sooner or later, what has become of it. */
  notice(delayMsMax: number): void {
    for (const station of this.#stations.values())
      for (const other of this.#stations.values()) if (station !== other) this.#noticeLater(station, other, delayMsMax)
  }

  /** Tells a host the opposite of what it believes of `peer`, and the opposite of that a while later; neither need be true. */
  mislead(station: Station, peer: PeerId, forMs: number): void {
    const flip = (): void => {
      if (!station.isUp || this.oracle === 'honest') return
      const link = this.#link(station.id, peer)
      this.#tell(station, peer, link, link.told === 'up' ? 'down' : 'up')
      this.#hits.add('oracle: baseless report')
    }
    flip()
    this.#world.schedule(forMs, flip)
  }

  /** What this station was told last about `peer`. */
  told(station: PeerId, peer: PeerId): 'up' | 'down' {
    return this.#link(station, peer).told
  }

  heal(): void {
    this.#options = {
      ...this.#options,
      loss: 0,
      duplicates: 0,
      stragglers: 0,
      falseUnreachable: 0,
      delayMsMax: Math.min(20, this.#options.delayMsMax),
    }
    this.oracle = 'honest'
    for (const link of this.#links.values()) {
      link.blocked = false
      link.cloggedUntilMs = 0
    }
    this.notice(500)
  }

  #noticeLater(station: Station, other: Station, delayMsMax: number): void {
    this.#world.schedule(this.#random.between(0, delayMsMax), () => {
      if (!station.isUp) return
      const link = this.#link(station.id, other.id)
      if (this.oracle === 'random') {
        if (link.toldTo !== station.incarnation) this.#tell(station, other.id, link, 'up')
        return
      }
      const state = other.isUp && !(link.blocked && this.#link(other.id, station.id).blocked) ? 'up' : 'down'
      if (link.toldTo !== station.incarnation || link.told !== state) this.#tell(station, other.id, link, state)
    })
  }

  #tell(station: Station, peer: PeerId, link: Link, state: 'up' | 'down'): void {
    link.told = state
    link.toldTo = station.incarnation
    station.feed({ kind: 'peer', peer, state })
  }

  #isReportedUnsent(from: Station, to: PeerId, link: Link): boolean {
    const isKnownUp = link.told === 'up' && link.toldTo === from.incarnation
    if (!isKnownUp) return this.oracle === 'honest' || this.#random.chance(0.3)
    const isGone = link.blocked || this.#stations.get(to)?.isUp !== true
    return isGone ? this.#random.chance(0.5) : this.#random.chance(this.#options.falseUnreachable)
  }

  /** What a peer says to itself goes over no wire. */
  #loopBack(from: Station, message: PeerMessage): void {
    const { incarnation } = from
    this.#world.schedule(0, () => {
      if (from.incarnation === incarnation) from.feed({ kind: 'message', from: from.id, message })
    })
  }

  #carry(to: PeerId, link: Link, deliver: (station: Station) => void): void {
    if (link.blocked) return this.#hits.add('network: lost in a partition')
    if (this.#random.chance(this.#options.loss)) return this.#hits.add('network: lost')
    const isStraggler = this.#random.chance(this.#options.stragglers)
    if (isStraggler) this.#hits.add('network: straggler')
    const delayMs = isStraggler ? this.#random.between(200, 5000) : this.#random.between(0, this.#options.delayMsMax)
    let atMs = Math.max(this.#world.nowMs + delayMs, link.cloggedUntilMs)
    if (this.#options.isOrdered) atMs = Math.max(atMs, link.lastAtMs)
    else if (atMs < link.lastAtMs) this.#hits.add('network: overtaken')
    link.lastAtMs = Math.max(link.lastAtMs, atMs)
    this.#world.schedule(atMs - this.#world.nowMs, () => {
      const station = this.#stations.get(to)
      if (station?.isUp === true && !link.blocked) deliver(station)
    })
  }

  #link(from: PeerId, to: PeerId): Link {
    const name = `${from}>${to}`
    const known = this.#links.get(name)
    if (known !== undefined) return known
    const link: Link = { blocked: false, cloggedUntilMs: 0, lastAtMs: 0, told: 'down', toldTo: -1 }
    this.#links.set(name, link)
    return link
  }
}
