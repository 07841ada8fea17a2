/**
 * The network between the agents: one link to each member of the manifest, kept up, and one gossip topic.
 *
 * Keeps the contract of lib/ports/network.ts. The manifest decides who may connect, in both directions and at once when it
 * changes; what peers say is parsed here and trusted behind here.
 */
import './polyfill.ts'
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Beat } from '../../lib/model/host.ts'
import { type PeerId, peerId } from '../../lib/model/ids.ts'
import { hostOf, isMember, type Manifest, type SignedManifest } from '../../lib/model/manifest.ts'
import type { PeerMessage } from '../../lib/model/message.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { Network, NetworkHandlers } from '../../lib/ports/network.ts'
import { Gossip } from './gossip.ts'
import { hintFor } from './hints.ts'
import type { Identity } from './identity.ts'
import { Link } from './link.ts'
import { askLogLevel, type LevelSwitch, type LogLevel, serveLogLevel } from './log-level.ts'
import { createNode, type Node } from './node.ts'
import { Redial } from './redial.ts'

export interface NetworkOptions {
  readonly identity: Identity
  /** Text of the swarm key, as `generateSwarmKey` made it. */
  readonly swarmKey: Uint8Array
  /** The manifest that holds now. Its cluster never changes. */
  readonly manifest: () => Manifest
  readonly signedManifest: () => SignedManifest
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[]
  readonly announce?: readonly string[]
  readonly handlers: NetworkHandlers
  /** A newer manifest, its signature not yet checked. Once it holds, `manifestChanged` is to be called. */
  readonly onManifest: (signed: SignedManifest) => void
  readonly log: Log
  /** Of this host's own log, for the other members. */
  readonly logLevel: LevelSwitch
  /** Version of the agent. */
  readonly version: string
  /** Many hosts on one machine: limits and time-outs that allow for it. */
  readonly dev?: boolean
}

export interface PeerState {
  readonly peer: PeerId
  readonly state: 'up' | 'down'
  /** Unix milliseconds here when it came into this state; the start of the network for a peer never seen. */
  readonly sinceMs: number
}

export interface RunningNetwork extends Network {
  /** Every member but this host, sorted by peer id. */
  peers(): readonly PeerState[]
  /** The manifest that `manifest()` returns is another: calls who is new, hangs up on who is gone, tells the others. */
  manifestChanged(): void
  /** What another member's log writes from on, after it was told what is wanted, if anything is; null: no answer. */
  logLevel(peer: PeerId, wanted: LogLevel | null): Promise<LogLevel | null>
  /** Multiaddrs with this host's peer id. */
  listenAddrs(): readonly string[]
  stop(): Promise<void>
}

const TICK_MS = 250
const DIAL_TIMEOUT_MS = 10_000
const STREAM_TIMEOUT_MS = 5000
/** For one small message to get through to a host that is being taken out. */
const PARTING_MS = 1000

export async function startNetwork(options: NetworkOptions): Promise<RunningNetwork> {
  const { cluster, hosts } = options.manifest()
  const topic = `/scoria/${cluster}/beat/1`
  const node = await createNode({
    identity: options.identity,
    swarmKey: options.swarmKey,
    listen: options.listen,
    announce: options.announce ?? [],
    topic,
    hosts: hosts.length,
    isMember: (peer) => isMember(options.manifest(), peerId(peer)),
    isDev: options.dev ?? false,
  })
  const network = new Libp2pNetwork(options, node, cluster, topic)
  await network.start()
  return network
}

interface Member {
  readonly link: Link
  sinceMs: number
}

class Libp2pNetwork implements RunningNetwork {
  readonly #options: NetworkOptions
  readonly #node: Node
  readonly #cluster: string
  readonly #protocol: string
  readonly #logProtocol: string
  readonly #self: PeerId
  readonly #gossip: Gossip
  readonly #redial: Redial
  readonly #members = new Map<PeerId, Member>()
  readonly #partings = new Set<NodeJS.Timeout>()
  #ticking: NodeJS.Timeout | null = null
  #isStopped = false

  constructor(options: NetworkOptions, node: Node, cluster: string, topic: string) {
    this.#options = options
    this.#node = node
    this.#cluster = cluster
    this.#protocol = `/scoria/${cluster}/peer/1`
    this.#logProtocol = `/scoria/${cluster}/log/1`
    this.#self = options.identity.peerId
    this.#gossip = new Gossip({
      node,
      topic,
      isMember: (peer) => this.#isMember(peerId(peer)),
      log: options.log,
      onBeat: (from, beat) => {
        if (!this.#isStopped && from !== this.#self) options.handlers.onBeat(from, beat)
      },
    })
    this.#redial = new Redial({
      self: this.#self,
      wanted: () => [...this.#members.keys()],
      isReached: (peer) => this.#members.get(peer)?.link.isOpen ?? true,
      reach: (peer) => this.#reach(peer),
      onFailure: (peer, attempt, error) => this.#noteFailure(peer, attempt, error),
      now: () => performance.now(),
      random: Math.random,
    })
  }

  async start(): Promise<void> {
    this.#updateMembers()
    await this.#node.handle(this.#protocol, (stream, connection) => {
      const member = this.#members.get(peerId(connection.remotePeer.toString()))
      if (member === undefined) stream.abort(new Error('no member'))
      else member.link.accept(stream, connection, performance.now())
    })
    await serveLogLevel(this.#node, this.#logProtocol, {
      isMember: (peer) => this.#members.has(peer),
      level: this.#options.logLevel,
    })
    this.#node.addEventListener('connection:open', (event) => this.#connected(event.detail))
    await this.#node.start()
    this.#gossip.start()
    this.#ticking = setInterval(() => this.#tick(), TICK_MS)
    this.#redial.tick()
    this.#options.log.info('network.started', { peer: this.#self, listen: this.listenAddrs() })
  }

  send(to: PeerId, message: PeerMessage): void {
    const member = this.#members.get(to)
    if (member === undefined) this.#unreachable(to, message)
    else member.link.send(message)
  }

  publish(beat: Beat): void {
    if (!this.#isStopped) this.#gossip.publish(beat)
  }

  peers(): readonly PeerState[] {
    return [...this.#members]
      .map(([peer, { link, sinceMs }]): PeerState => ({ peer, state: link.isUp ? 'up' : 'down', sinceMs }))
      .toSorted((a, b) => (a.peer < b.peer ? -1 : 1))
  }

  async logLevel(peer: PeerId, wanted: LogLevel | null): Promise<LogLevel | null> {
    const connection = this.#members.has(peer) ? this.#connectionsTo(peer).at(-1) : undefined
    if (connection === undefined || this.#isStopped) return null
    try {
      return await askLogLevel(connection, this.#logProtocol, wanted)
    } catch (error) {
      this.#options.log.info('peer.log-not-reached', { peer, host: hostOf(this.#options.manifest(), peer)?.name, error })
      return null
    }
  }

  listenAddrs(): readonly string[] {
    return this.#node.getMultiaddrs().map(String)
  }

  manifestChanged(): void {
    if (this.#isStopped) return
    this.#updateMembers()
    for (const { link } of this.#members.values()) link.manifestChanged()
    this.#redial.tick()
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#redial.stop()
    if (this.#ticking !== null) clearInterval(this.#ticking)
    for (const leave of this.#partings) clearTimeout(leave)
    for (const { link } of this.#members.values()) link.close()
    await this.#node.stop()
  }

  #isMember(peer: PeerId): boolean {
    return isMember(this.#options.manifest(), peer)
  }

  #tick(): void {
    const nowMs = performance.now()
    let peersUp = 0
    for (const { link } of this.#members.values()) {
      link.check(nowMs)
      if (link.isUp) peersUp += 1
    }
    this.#gossip.check(peersUp, nowMs)
    this.#redial.tick()
  }

  #updateMembers(): void {
    const manifest = this.#options.manifest()
    const isOut = !isMember(manifest, this.#self)
    if (isOut) this.#noteOut()
    // Nobody lets a host in that is no member any more: it calls nobody.
    const others = manifest.hosts.filter(({ peer, state }) => peer !== this.#self && state !== 'lost')
    const wanted = new Set(isOut ? [] : others.map(({ peer }) => peer))
    for (const [peer, { link }] of this.#members) {
      if (wanted.has(peer)) continue
      this.#members.delete(peer)
      this.#redial.forget(peer)
      this.#options.log.info('peer.removed', { peer })
      this.#partFrom(peer, link)
    }
    for (const peer of wanted) {
      if (!this.#members.has(peer)) this.#members.set(peer, { link: this.#makeLink(peer), sinceMs: Date.now() })
    }
  }

  /** Whoever is out hears so, if it is there, before it hears nothing more. */
  #partFrom(peer: PeerId, link: Link): void {
    link.part()
    const leave = setTimeout(() => {
      this.#partings.delete(leave)
      link.close()
      // It may have been let in again meanwhile.
      if (this.#members.has(peer)) return
      this.#node.hangUp(peerIdFromString(peer)).catch((error: unknown) => this.#options.log.debug('peer.hang-up-failed', { peer, error }))
    }, PARTING_MS)
    this.#partings.add(leave)
  }

  #noteOut(): void {
    const host = hostOf(this.#options.manifest(), this.#self)
    this.#options.log.error('host-no-member', {
      state: host?.state ?? 'left',
      remedy: 'stop this agent; to use the host again, join with a new folder: scoria join TOKEN --dir DIR',
    })
  }

  #makeLink(peer: PeerId): Link {
    const { handlers, log, onManifest } = this.#options
    const isLive = (): boolean => !this.#isStopped
    return new Link({
      peer,
      cluster: this.#cluster,
      version: this.#options.version,
      manifest: this.#options.manifest,
      signedManifest: this.#options.signedManifest,
      log,
      openStream: (connection) => this.#openStream(peer, connection),
      onUp: () => {
        this.#redial.reached(peer)
        this.#stateChanged(peer, 'up')
      },
      onDown: () => this.#stateChanged(peer, 'down'),
      onMessage: (message) => {
        if (isLive()) handlers.onMessage(peer, message)
      },
      onUnreachable: (message) => this.#unreachable(peer, message),
      onManifest: (signed) => {
        if (isLive() && signed.manifest.cluster === this.#cluster) onManifest(signed)
      },
      onLost: () => this.#redial.lost(peer),
    })
  }

  #stateChanged(peer: PeerId, state: 'up' | 'down'): void {
    const member = this.#members.get(peer)
    if (member !== undefined) member.sinceMs = Date.now()
    if (this.#isStopped) return
    this.#options.log.info(`peer.${state}`, { peer, host: hostOf(this.#options.manifest(), peer)?.name })
    this.#options.handlers.onPeer(peer, state)
  }

  /** In a turn of its own: whoever sends is not called back in the middle of sending. */
  #unreachable(to: PeerId, message: PeerMessage): void {
    queueMicrotask(() => {
      if (!this.#isStopped) this.#options.handlers.onUnreachable(to, message)
    })
  }

  #connected(connection: Connection): void {
    const peer = peerId(connection.remotePeer.toString())
    const link = this.#members.get(peer)?.link
    if (link === undefined || link.isOpen || this.#redial.isCalling(peer)) return
    link.open(connection).catch((error: unknown) => {
      this.#redial.lost(peer)
      this.#options.log.debug('peer.stream-failed', { peer, error })
    })
  }

  async #reach(peer: PeerId): Promise<void> {
    const host = hostOf(this.#options.manifest(), peer)
    const link = this.#members.get(peer)?.link
    if (host === null || link === undefined) return
    if (this.#connectionsTo(peer).length === 0) {
      const suffix = `/p2p/${peer}`
      const addrs = host.addrs.map((addr) => multiaddr(addr.endsWith(suffix) ? addr : addr + suffix))
      await this.#node.dial(addrs, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
    }
    await link.open(null)
  }

  async #openStream(peer: PeerId, preferred: Connection | null) {
    const connection = preferred?.status === 'open' ? preferred : this.#connectionsTo(peer).at(-1)
    if (connection === undefined) throw new Error('no connection')
    return connection.newStream(this.#protocol, { signal: AbortSignal.timeout(STREAM_TIMEOUT_MS) })
  }

  #connectionsTo(peer: PeerId): readonly Connection[] {
    return this.#node.getConnections(peerIdFromString(peer)).filter(({ status }) => status === 'open')
  }

  /** Says it at the first failure and then ever less often; a host that is down for a day does not fill the log. */
  #noteFailure(peer: PeerId, attempt: number, error: unknown): void {
    const isWorthSaying = Number.isInteger(Math.log2(attempt) / 2)
    const fields = { peer, host: hostOf(this.#options.manifest(), peer)?.name, attempt, hint: hintFor(error), error }
    if (isWorthSaying) this.#options.log.info('peer.not-reached', fields)
    else this.#options.log.debug('peer.not-reached', fields)
  }
}
