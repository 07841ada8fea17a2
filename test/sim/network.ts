/**
 * The network between peers: takes a copy of each message (in some seeds its text), and then loses, doubles, delays, reorders or refuses it.
 *
 * `told` is what each side believes of a connection; it follows the truth late, and with the random oracle not at all.
 * What was reported as not sent is never delivered; everything else may or may not be.
 */
import type { PeerEvent } from '../../lib/flows/step.ts'
import type { Beat } from '../../lib/model/host.ts'
import type { PeerId } from '../../lib/model/ids.ts'
import { isMember, type Manifest } from '../../lib/model/manifest.ts'
import type { PeerMessage } from '../../lib/model/message.ts'
import { type Judgement, judge } from '../../lib/wire/peer/judge.ts'
import { parsePeerMessage } from '../../lib/wire/peer/message.ts'
import { copyJson } from './copy-json.ts'
import type { Hits } from './hits.ts'
import type { SimOptions } from './options.ts'
import type { Random } from './random.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/** What the network needs of a host. */
export interface Station {
  readonly id: PeerId
  readonly isUp: boolean
  /** Counts starts: a connection does not outlive either process. */
  readonly incarnation: number
  readonly manifest: Manifest
  feed(event: PeerEvent): void
  learn(manifest: Manifest): void
}

type Delivery = (station: Station) => void

/** What goes round a message: the cluster and the manifest under which it was sent. */
interface Envelope {
  readonly cluster: string
  readonly epoch: number
}

interface Link {
  blocked: boolean
  cloggedUntilMs: number
  /** Latest delivery so far, for links that keep the order. */
  lastAtMs: number
  told: 'up' | 'down'
  /** Incarnation of the sender that was told. */
  toldTo: number
  /** Counts connections: what was on its way when one broke never arrives. */
  connection: number
}

export class Network {
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #stations = new Map<PeerId, Station>()
  readonly #links = new Map<string, Link>()
  readonly #isChecked: boolean
  readonly #strays: number
  readonly #astray: Random
  readonly #judge: (judgement: Judgement) => Judgement
  readonly #onSend: (from: PeerId, to: PeerId, message: PeerMessage) => void
  #options: SimOptions['network']
  #isLull = false
  oracle: SimOptions['oracle']
  /** For scenarios: which messages get through. */
  filter: (from: PeerId, to: PeerId, message: PeerMessage) => boolean = () => true

  constructor(options: {
    world: World
    random: Random
    hits: Hits
    network: SimOptions['network']
    oracle: SimOptions['oracle']
    isChecked: boolean
    /** Part of the messages that come once more, from elsewhere or from before. */
    strays: number
    judge: (judgement: Judgement) => Judgement
    onSend: (from: PeerId, to: PeerId, message: PeerMessage) => void
  }) {
    this.#world = options.world
    this.#random = options.random
    this.#hits = options.hits
    this.#options = options.network
    this.#isChecked = options.isChecked
    this.#strays = options.strays
    this.#astray = options.random.split('astray')
    this.#judge = options.judge
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
    const link = this.#link(from.id, to)
    if (this.#isReportedUnsent(from, to, link)) {
      this.#hits.add('network: unreachable')
      const { incarnation } = from
      const copy = copyJson(message)
      this.#world.schedule(0, () => {
        if (from.incarnation === incarnation) from.feed({ kind: 'unreachable', to, message: copy })
      })
      return
    }
    const pack = (): Delivery => {
      const read = this.#write(message)
      return (station) => station.feed({ kind: 'message', from: from.id, message: read() })
    }
    this.#carry(from, to, link, pack)
    if (this.#strays > 0) this.#goAstray(from, to, link, pack)
    if (this.#random.chance(this.#options.duplicates)) {
      this.#hits.add('network: duplicate')
      this.#carry(from, to, link, pack)
    }
  }

  /** For scenarios: a message that was on its way for long arrives now. */
  deliver(from: PeerId, to: PeerId, message: PeerMessage): void {
    const sender = this.#stations.get(from)
    const station = this.#stations.get(to)
    if (sender !== undefined && station !== undefined && this.#isTaken(sender, station, envelopeOf(sender)))
      station.feed({ kind: 'message', from, message })
  }

  gossip(from: Station, beat: Beat): void {
    const pack = (): Delivery => {
      const copy = copyJson(beat)
      return (station) => station.feed({ kind: 'beat', beat: copy })
    }
    for (const to of this.#stations.keys())
      if (to !== from.id && isMember(from.manifest, to)) this.#carry(from, to, this.#link(from.id, to), pack)
  }

  /** Stops or lets through everything from `from` to `to`. */
  block(from: PeerId, to: PeerId, isBlocked: boolean): void {
    this.#link(from, to).blocked = isBlocked
  }

  isBlocked(from: PeerId, to: PeerId): boolean {
    return this.#link(from, to).blocked
  }

  /** What `from` has sent and nobody has received yet is lost. */
  cutOff(from: PeerId): void {
    for (const to of this.#stations.keys()) this.#link(from, to).connection += 1
  }

  /** The connection between the two breaks, with all that is on its way; both notice, and soon it is there again. */
  reset(a: Station, b: Station): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const link = this.#link(from.id, to.id)
      link.connection += 1
      if (from.isUp && this.oracle === 'honest') this.#tell(from, to.id, link, 'down')
    }
    this.notice(500)
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

  /** For a while everything gets through. */
  lull(isLull: boolean): void {
    this.#isLull = isLull
    if (isLull) this.#clear()
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
    this.#clear()
  }

  #clear(): void {
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
      const isKnown = isMember(station.manifest, other.id) && isMember(other.manifest, station.id)
      const state = isKnown && other.isUp && !(link.blocked && this.#link(other.id, station.id).blocked) ? 'up' : 'down'
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
    return isGone ? this.#random.chance(0.5) : !this.#isLull && this.#random.chance(this.#options.falseUnreachable)
  }

  /** What a peer says to itself goes over no wire. */
  #loopBack(from: Station, message: PeerMessage): void {
    const { incarnation } = from
    this.#world.schedule(0, () => {
      if (from.incarnation === incarnation) from.feed({ kind: 'message', from: from.id, message })
    })
  }

  /** Puts a message on the wire as it is now. @returns how it is read at the other end */
  #write(message: PeerMessage): () => PeerMessage {
    if (!this.#isChecked) {
      const copy = copyJson(message)
      return () => copy
    }
    const text = JSON.stringify(message)
    return () => this.#read(text)
  }

  /** Whatever an agent sends must pass the checks of an agent that receives it. */
  #read(text: string): PeerMessage {
    const message = parsePeerMessage(JSON.parse(text))
    if (message === null) throw new Violation('rules', 'a message is refused by the check of the wire', { text })
    this.#hits.add('network: message checked')
    return message
  }

  /** The same message once more: from another cluster that uses the same keys, or as if it had been kept since an older manifest. */
  #goAstray(from: Station, to: PeerId, link: Link, pack: () => Delivery): void {
    if (!this.#astray.chance(this.#strays)) return
    const { cluster, epoch } = from.manifest
    const isForeign = this.#astray.chance(0.5)
    this.#hits.add(isForeign ? 'network: message of another cluster' : 'network: message under an older manifest')
    this.#carry(from, to, link, pack, isForeign ? { cluster: 'elsewhere', epoch } : { cluster, epoch: epoch - 1 })
  }

  #carry(from: Station, to: PeerId, link: Link, pack: () => Delivery, envelope: Envelope = envelopeOf(from)): void {
    if (link.blocked) return this.#hits.add('network: lost in a partition')
    if (!this.#isLull && this.#random.chance(this.#options.loss)) return this.#hits.add('network: lost')
    const isStraggler = !this.#isLull && this.#random.chance(this.#options.stragglers)
    if (isStraggler) this.#hits.add('network: straggler')
    const delayMs = isStraggler ? this.#random.between(200, 5000) : this.#random.between(0, this.#options.delayMsMax)
    let atMs = Math.max(this.#world.nowMs + delayMs, link.cloggedUntilMs)
    if (this.#options.isOrdered) atMs = Math.max(atMs, link.lastAtMs)
    else if (atMs < link.lastAtMs) this.#hits.add('network: overtaken')
    link.lastAtMs = Math.max(link.lastAtMs, atMs)
    const { connection } = link
    const deliver = pack()
    this.#world.schedule(atMs - this.#world.nowMs, () => {
      const station = this.#stations.get(to)
      if (station?.isUp !== true || link.blocked || link.connection !== connection) return
      if (this.#isTaken(from, station, envelope)) deliver(station)
    })
  }

  /** As an agent judges it. Whoever is behind is shown the manifest of the other, and what was sent under a newer one waits for it. */
  #isTaken(from: Station, station: Station, envelope: Envelope): boolean {
    let judgement = this.#judge(judge(station.manifest, from.id, envelope))
    if (judgement === 'newer') {
      station.learn(from.manifest)
      judgement = this.#judge(judge(station.manifest, from.id, envelope))
    }
    if (judgement === 'taken') return true
    this.#hits.add(`network: refused, ${judgement}`)
    if (judgement !== 'other-cluster' && from.isUp) from.learn(station.manifest)
    return false
  }

  #link(from: PeerId, to: PeerId): Link {
    const name = `${from}>${to}`
    const known = this.#links.get(name)
    if (known !== undefined) return known
    const link: Link = { blocked: false, cloggedUntilMs: 0, lastAtMs: 0, told: 'down', toldTo: -1, connection: 0 }
    this.#links.set(name, link)
    return link
  }
}

function envelopeOf({ manifest: { cluster, epoch } }: Station): Envelope {
  return { cluster, epoch }
}
