/**
 * One hundred hosts with a hundred volumes each: what it costs when nothing happens, how fast a change is everywhere, and how
 * long it takes a host to come in or to come back.
 */
import type { StoredReplica } from '../../lib/flows/restore.ts'
import { NO_HINTS } from '../../lib/model/hints.ts'
import { hashHex } from '../../lib/model/hash.ts'
import { type PeerId, projectId, requestId, type VolumeId, volumeId } from '../../lib/model/ids.ts'
import type { ClientRequest } from '../../lib/model/request.ts'
import { Random } from '../sim/random.ts'
import type { ClusterNode } from './cluster-node.ts'
import { detail, judged, kilobytes, quantile, type Row, seconds, spreadOf, told } from './cluster-row.ts'
import type { Count } from './cluster-traffic.ts'
import { ClusterWorld } from './cluster-world.ts'

const PEERS = 100
const VOLUMES_PER_PEER = 100
const PROJECTS = 100

/** The news that a hundred hosts have started takes so long to be old. */
const SETTLE_MS = 60_000
const IDLE_MS = 60_000
const IDLE_BYTES_MAX = 30_000
/** Each host passes a beat on to so many others. The agent's mesh has a degree of 4 (3 to 6). */
const GOSSIP_COPIES = 5

const CHANGES = 400
const CREATES = 60
const CHANGES_PER_SECOND = 20
const SPREAD_MS_MAX = 3000

const JOIN_MS_MAX = 30_000
const RESTARTS = 10
const DOWN_MS = 3000

const EMPTY_REPLICA: StoredReplica = { heads: [], records: [] }

export class LargeCluster {
  readonly #cluster = new ClusterWorld({ seed: 'large', peers: PEERS, volumesPerPeer: VOLUMES_PER_PEER, projects: PROJECTS })
  readonly #random = new Random('large')

  start(): readonly Row[] {
    const { nodes } = this.#cluster
    for (const node of nodes) this.#cluster.start(node)
    const readyMs = this.#cluster.runUntil(() => this.#cluster.isReady(), 60_000)
    this.#cluster.run(1000)
    const equalMs = 1000 + this.#cluster.runUntil(() => this.#cluster.isEqual(), 60_000)
    const row = told('all 100 hosts start at once: all ready; all views equal', `${seconds(readyMs)}; ${seconds(readyMs + equalMs)}`)
    const rows = [row, ...this.#why(readyMs + equalMs)]
    this.#cluster.run(SETTLE_MS)
    return rows
  }

  idle(): readonly Row[] {
    const { links } = this.#cluster
    links.traffic.reset()
    const before = { ...links.beats }
    this.#cluster.run(IDLE_MS)
    const beats = { messages: links.beats.messages - before.messages, bytes: links.beats.bytes - before.bytes }
    const perSecond = IDLE_MS / 1000
    const direct = sum(links.traffic.sent) / PEERS / perSecond
    const gossip = (beats.bytes * GOSSIP_COPIES) / perSecond
    const busiest = Math.max(...[...links.traffic.sent.values()].map(({ bytes }) => bytes)) / perSecond
    const total = direct + gossip
    return [
      judged(
        'idle: sent by a host, each beat passed on by each host to 5 others',
        `${kilobytes(total)}/s`,
        '< 30 kB/s',
        total < IDLE_BYTES_MAX,
      ),
      told(
        '  of that beats; messages to one host (the busiest)',
        `${kilobytes(gossip)}/s; ${kilobytes(direct)}/s (${kilobytes(busiest)}/s)`,
      ),
      told(
        '  a beat; beats of one host',
        `${Math.round(beats.bytes / beats.messages)} B; ${(beats.messages / PEERS / perSecond).toFixed(2)}/s`,
      ),
      ...this.#why(IDLE_MS),
    ]
  }

  /** From the client's request at whichever host to the moment when the last host has it. */
  spread(): readonly Row[] {
    const { links } = this.#cluster
    links.traffic.reset()
    const changes = new Changes(this.#cluster)
    const ids = this.#shuffled([...(this.#cluster.nodes[0]?.peer?.view.volumes.keys() ?? [])])
    for (let n = 0; n < CHANGES; n += 1) {
      const volume = ids[n]
      if (volume === undefined) break
      changes.ask(this.#random.pick(this.#cluster.nodes), `change-${n}`, (name) => ({
        kind: 'operate',
        request: { rid: requestId(this.#random.hex(16)), project: null, volume, operation: { kind: 'update', name } },
      }))
      this.#cluster.run(1000 / CHANGES_PER_SECOND)
    }
    this.#cluster.runUntil(() => changes.isDone(), 30_000)
    const updates = changes.take()
    const updateRows = this.#why((CHANGES * 1000) / CHANGES_PER_SECOND)
    for (let n = 0; n < CREATES; n += 1) {
      changes.ask(this.#random.pick(this.#cluster.nodes), `create-${n}`, (name) => this.#create(name))
      this.#cluster.run(1000 / CHANGES_PER_SECOND)
    }
    this.#cluster.runUntil(() => changes.isDone(), 30_000)
    const creates = changes.take()
    const p99 = quantile(updates, 0.99)
    return [
      judged(
        'a change, from the request to the last of 100 hosts, 20/s',
        spreadOf(updates),
        'p99 < 3 s',
        p99 < SPREAD_MS_MAX && updates.length === CHANGES,
      ),
      ...updateRows,
      judged('a create, from the request to the last of 100 hosts, 20/s', spreadOf(creates), 'all seen', creates.length === CREATES),
    ]
  }

  join(): readonly Row[] {
    this.#cluster.run(10_000)
    const { links } = this.#cluster
    const node = this.#cluster.invite()
    this.#cluster.run(10_000)
    const volumes = this.#volumes()
    links.traffic.reset()
    const begun = process.cpuUsage()
    this.#cluster.start(node)
    const startedMs = this.#cluster.nowMs
    const fullMs = this.#cluster.runUntil(() => node.peer?.view.volumes.size === volumes, 120_000)
    const whenFull = links.traffic.received.get(node.id)?.bytes ?? 0
    const equalMs = this.#cluster.runUntil(() => this.#cluster.isReady() && this.#cluster.isEqual(), 120_000)
    this.#cluster.run(10_000)
    const { user } = process.cpuUsage(begun)
    const received = links.traffic.received.get(node.id)?.bytes ?? 0
    const rows = [
      judged(`an empty host joins: has all ${volumes} volumes`, seconds(fullMs), '< 30 s', fullMs < JOIN_MS_MAX),
      told('  is ready; all views equal', `${seconds((node.readyMs ?? Number.NaN) - startedMs)}; ${seconds(fullMs + equalMs)}`),
      told('  it received until then; in all', `${kilobytes(whenFull)}; ${kilobytes(received)}`),
      ...this.#why(fullMs + equalMs + 10_000),
      detail('processor time of all hosts in the simulator', seconds(user / 1000)),
    ]
    return rows
  }

  restart(): readonly Row[] {
    const withJournal: number[] = []
    const again: number[] = []
    const blank: number[] = []
    const complete: number[] = []
    const received: number[] = []
    const victims = this.#shuffled(this.#cluster.nodes.slice(0, PEERS)).slice(0, 2 * RESTARTS)
    for (const [n, node] of victims.entries()) {
      const isBlank = n % 2 === 1
      const owned = node.peer?.owned.size ?? 0
      this.#cluster.stop(node)
      if (isBlank) {
        node.state.journal.clear()
        node.replica = EMPTY_REPLICA
      }
      this.#cluster.run(DOWN_MS)
      this.#cluster.links.traffic.reset()
      this.#cluster.start(node)
      const readyMs = this.#cluster.runUntil(() => node.peer?.state === 'ready', 120_000, 1)
      const isWhole = (): boolean => node.peer?.owned.size === owned && node.peer.unread.size === 0
      const wholeMs = this.#cluster.runUntil(isWhole, 120_000, 1)
      const equalMs = this.#cluster.runUntil(() => this.#cluster.isEqual(), 120_000)
      const { ready, whole } = isBlank ? { ready: blank, whole: complete } : { ready: withJournal, whole: again }
      ready.push(readyMs)
      whole.push(readyMs + wholeMs + (isBlank ? equalMs : 0))
      if (isBlank) received.push(this.#cluster.links.traffic.received.get(node.id)?.bytes ?? 0)
      this.#cluster.run(5000)
    }
    const isWell = (values: readonly number[]): boolean => values.every(Number.isFinite)
    return [
      judged('a host restarts with its journal: ready', spreadOf(withJournal), 'all', isWell(withJournal)),
      judged('  its own volumes there, its registers read', spreadOf(again), 'all', isWell(again)),
      judged('a host restarts without journal and replica: ready', spreadOf(blank), 'all', isWell(blank)),
      judged('  its own volumes there, its registers read, all views equal', spreadOf(complete), 'all', isWell(complete)),
      told('  received meanwhile', `at most ${kilobytes(Math.max(...received))}`),
    ]
  }

  ending(): readonly Row[] {
    const { links, notes } = this.#cluster
    const noted = [...notes].map(([event, count]) => `${event} ${count}`).join(', ')
    return [links.traffic.judgedLargest(), ...this.#cluster.judgedEnd(), detail('what the rules noted', noted)]
  }

  #create(name: string): ClientRequest {
    const spec = {
      id: volumeId(this.#random.uuid()),
      project: projectId(`project-${this.#random.below(PROJECTS)}`),
      user: 'u',
      name,
      description: null,
      sizeGiB: 1,
      zone: null,
      type: null,
      typeId: null,
      metadata: {},
      multiattach: false,
      source: null,
      createdAtMs: Math.floor(this.#cluster.nowMs),
    }
    return {
      kind: 'create',
      rid: requestId(this.#random.hex(16)),
      spec,
      bodyHash: hashHex('body', spec.id),
      sourceAt: null,
      hints: NO_HINTS,
    }
  }

  #volumes(): number {
    return this.#cluster.nodes[0]?.peer?.view.volumes.size ?? 0
  }

  #shuffled<Item>(items: readonly Item[]): readonly Item[] {
    const keyed = items.map((item) => ({ item, key: this.#random.next() }))
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
  }

  /** Bytes per second that a host sends, by kind. */
  #why(forMs: number): readonly Row[] {
    const { kinds } = this.#cluster.links.traffic
    const most = [...kinds].sort(([, a], [, b]) => b.bytes - a.bytes).slice(0, 8)
    return most.map(([kind, { messages, bytes }]) => {
      const perSecond = kilobytes((bytes / PEERS / forMs) * 1000)
      return detail(`${kind}: ${messages} messages of ${Math.round(bytes / messages)} B`, `${kilobytes(bytes)}, ${perSecond}/s a host`)
    })
  }
}

/** Changes on their way: each is known by the name that it gives to its volume. */
class Changes {
  readonly #cluster: ClusterWorld
  readonly #open = new Map<string, { readonly sinceMs: number; readonly missing: Set<PeerId> }>()
  #tookMs: number[] = []

  constructor(cluster: ClusterWorld) {
    this.#cluster = cluster
    cluster.onRecord = (node, id, name) => this.#onRecord(node, id, name)
  }

  ask(node: ClusterNode, name: string, request: (name: string) => ClientRequest): void {
    this.#open.set(name, { sinceMs: this.#cluster.nowMs, missing: new Set(this.#cluster.nodes.map(({ id }) => id)) })
    this.#cluster.ask(node, request(name))
  }

  isDone(): boolean {
    return this.#open.size === 0
  }

  /** Milliseconds that each took; those that never ended are left out. */
  take(): readonly number[] {
    const tookMs = this.#tookMs
    this.#tookMs = []
    this.#open.clear()
    return tookMs
  }

  #onRecord(node: ClusterNode, id: VolumeId, name: string | null): void {
    const change = name === null ? undefined : this.#open.get(name)
    if (name === null || change === undefined) return
    // A volume that is being created has its name already.
    if (node.peer?.view.volumes.get(id)?.volume.status === 'creating') return
    change.missing.delete(node.id)
    if (change.missing.size > 0) return
    this.#open.delete(name)
    this.#tookMs.push(this.#cluster.nowMs - change.sinceMs)
  }
}

function sum(counts: ReadonlyMap<unknown, Count>): number {
  let bytes = 0
  for (const count of counts.values()) bytes += count.bytes
  return bytes
}
