/**
 * Many peers in one process, with the production rules, on a simulated clock, network, disk and tools. Same seed, same course.
 *
 * Time passes only where something waits: a step takes none, however much it has to compute.
 */
import { DEFAULT_PLACEMENT } from '../../lib/placement/rank.ts'
import { LEDGER_RULES } from '../../lib/ledger/rules.ts'
import { TIMINGS } from '../../lib/flows/timings.ts'
import type { StoredReplica } from '../../lib/flows/restore.ts'
import type { Peer, PeerOptions } from '../../lib/flows/tables.ts'
import { hashHex } from '../../lib/model/hash.ts'
import type { PeerId, VolumeId } from '../../lib/model/ids.ts'
import type { Manifest } from '../../lib/model/manifest.ts'
import type { ClientReply, ClientRequest } from '../../lib/model/request.ts'
import { Random } from '../sim/random.ts'
import { Trace } from '../sim/trace.ts'
import { World } from '../sim/world.ts'
import { Links } from './cluster-links.ts'
import { ClusterNode, type NodeWorld } from './cluster-node.ts'
import { judged, type Row } from './cluster-row.ts'
import { type ClusterSize, type HostState, hostAt, populate, signerOf } from './cluster-state.ts'

/** What a healthy cluster never has to say. */
const WRONG = ['log-forked', 'log-refused', 'own-log-elsewhere', 'timer-unknown']
const EMPTY_REPLICA: StoredReplica = { heads: [], records: [] }

export class ClusterWorld {
  readonly world = new World(new Trace({ hashes: false, print: null }))
  readonly random: Random
  readonly nodes: ClusterNode[] = []
  readonly links: Links
  /** What the rules had to say of it, by event. */
  readonly notes = new Map<string, number>()
  /** Called for each record that a host gets to see, its own included. */
  onRecord: (node: ClusterNode, id: VolumeId, name: string | null) => void = () => {}
  onReply: (id: string, reply: ClientReply) => void = () => {}
  #manifest: Manifest
  #asked = 0

  constructor(size: ClusterSize) {
    this.random = new Random(`cluster/${size.seed}`)
    this.links = new Links(this.world, this.random.split('links'))
    const { manifest, hosts, replica } = populate(size)
    this.#manifest = manifest
    for (const host of hosts) this.#add(host, replica, false)
  }

  get nowMs(): number {
    return this.world.nowMs
  }

  start(node: ClusterNode): void {
    node.start()
    this.links.started(node)
  }

  stop(node: ClusterNode): void {
    node.stop()
    this.links.stopped(node)
  }

  /** A host that has never run, in a newer manifest that all others know already. */
  invite(): ClusterNode {
    const host = { ...hostAt(this.nodes.length), voter: false }
    this.#manifest = { ...this.#manifest, epoch: this.#manifest.epoch + 1, prev: hashHex('prev'), hosts: [...this.#manifest.hosts, host] }
    const others = [...this.nodes]
    const node = this.#add({ host, journal: new Map(), volumes: new Map(), exports: new Set() }, EMPTY_REPLICA, true)
    for (const other of others) other.feed({ kind: 'manifest', manifest: this.#manifest })
    return node
  }

  /** Asks a host as a client would. */
  ask(node: ClusterNode, request: ClientRequest): string {
    this.#asked += 1
    const id = `client-${this.#asked}`
    node.ask(id, request)
    return id
  }

  run(forMs: number): void {
    this.world.runUntil(this.world.nowMs + forMs)
  }

  /** @returns milliseconds until it was so, looked at every `stepMs`; infinite if it never was in `untilMs` */
  runUntil(isSo: () => boolean, forMs: number, stepMs = 10): number {
    const sinceMs = this.nowMs
    while (!isSo()) {
      if (this.nowMs - sinceMs >= forMs) return Number.POSITIVE_INFINITY
      this.run(stepMs)
    }
    return this.nowMs - sinceMs
  }

  /** True if every host that runs has every log as far as its owner, if that runs, or as far as the others. */
  isEqual(): boolean {
    const running = this.nodes.flatMap(({ peer }) => (peer === null ? [] : [peer]))
    const [first, ...others] = running
    if (first === undefined) return true
    return this.nodes.every(({ id }) => {
      const chain = first.view.logs.get(id)?.head?.chain
      return others.every(({ view }) => view.logs.get(id)?.head?.chain === chain)
    })
  }

  /** Whatever a host shows is what its owner has, and nothing is missing; and no log was refused on the way. */
  isSame(): boolean {
    const shown = this.nodes.flatMap(({ peer }) => (peer === null ? [] : [shownBy(peer)]))
    return shown.every((hash) => hash === shown[0]) && WRONG.every((event) => !this.notes.has(event))
  }

  judgedEnd(): readonly Row[] {
    const isSame = this.isSame()
    return [judged('  in the end all hosts show the same, and no log was refused', isSame ? 'yes' : 'no', 'yes', isSame)]
  }

  isReady(): boolean {
    return this.nodes.every(({ peer }) => peer === null || peer.state === 'ready')
  }

  #add(state: HostState, replica: StoredReplica, isNew: boolean): ClusterNode {
    const { peer: self, name } = state.host
    const options: PeerOptions = {
      self,
      manifest: this.#manifest,
      rng: this.random.split(`rules/${name}`),
      placement: DEFAULT_PLACEMENT,
      rules: LEDGER_RULES,
      timings: TIMINGS,
      signer: signerOf(self),
      secretOf: (iqn) => hashHex('secret', self, iqn).slice(0, 16),
      isNew,
      portal: `${name}:3260`,
      version: '0.1.0',
      api: `https://${name}:8776`,
    }
    const around: NodeWorld = {
      world: this.world,
      send: (from, to, message) => this.links.send(from, to, message),
      gossip: (from, beat) => this.links.gossip(from, beat),
      onReply: (id, reply) => this.onReply(id, reply),
      onRecord: (node, id, recordName) => this.onRecord(node, id, recordName),
      onNote: (_, { event }) => this.notes.set(event, (this.notes.get(event) ?? 0) + 1),
    }
    const node = new ClusterNode(state, options, replica, around)
    this.nodes.push(node)
    const wanted = new Map<Manifest, readonly PeerId[]>()
    this.links.add(node, () => {
      const { manifest } = (node.peer ?? node).options
      const known = wanted.get(manifest) ?? manifest.hosts.map(({ peer }) => peer).filter((peer) => peer !== self)
      wanted.set(manifest, known)
      return known
    })
    return node
  }
}

function shownBy({ view }: Peer): string {
  const lines = [...view.volumes].map(([id, { volume, owner, seq }]) => `${id} ${owner} ${seq} ${volume.status}`)
  return hashHex('shown', ...lines.sort())
}
