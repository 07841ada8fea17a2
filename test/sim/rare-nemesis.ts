/**
 * The troubles of `rare-faults.ts` that come out of the blue, on the same clock as the others and from a stream of their
 * own.
 */
import type { PeerId } from '../../lib/model/ids.ts'
import type { Clients } from './clients.ts'
import type { Hits } from './hits.ts'
import type { PoolTrouble } from './host-troubles.ts'
import type { Network } from './network.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'
import type { RareFaults, RarePartition } from './rare-faults.ts'
import type { World } from './world.ts'

const HOUR_MS = 3_600_000
const YEAR_MS = 365 * 24 * HOUR_MS

export interface RareNemesisOptions {
  readonly world: World
  readonly random: Random
  readonly rare: RareFaults
  readonly hits: Hits
  readonly network: Network
  readonly nodes: readonly SimNode[]
  readonly clients: Clients
}

const LULL_POLL_MS = 200

export class RareNemesis {
  readonly #options: RareNemesisOptions
  readonly #random: Random
  #isOver = false
  #isPaused = false

  constructor(options: RareNemesisOptions) {
    this.#options = options
    this.#random = options.random
  }

  start(): void {
    const { rare, nodes, clients } = this.#options
    const isCluster = nodes.length > 1
    this.#every(rare.poolTroublesEveryMs, () => this.#troublePool())
    this.#every(rare.daemonTroublesEveryMs, () => this.#loseDaemon())
    this.#every(rare.pausesEveryMs, () => this.#pause('stopped', 1000, 120_000))
    this.#every(rare.stallsEveryMs, () => this.#pause('stalled', 100, 2000))
    this.#every(rare.rollsEveryMs, () => this.#roll())
    this.#every(rare.clockJumpsEveryMs, () => this.#jump())
    this.#every(rare.burstsEveryMs, () => clients.burst())
    this.#every(rare.journal.rotsEveryMs, () => this.#random.pick(nodes).journal.rot())
    if (isCluster) this.#every(rare.resetsEveryMs, () => this.#reset())
    const { partition } = rare
    if (isCluster && partition !== null) this.#every(8000, () => this.#partition(partition))
  }

  stop(): void {
    this.#isOver = true
  }

  /** Whatever is due waits for a while. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
  }

  #every(meanMs: number | null, strike: () => void): void {
    if (meanMs === null) return
    this.#later(this.#random.between(1, 2 * meanMs), () => {
      strike()
      this.#every(meanMs, strike)
    })
  }

  #later(afterMs: number, run: () => void): void {
    this.#options.world.schedule(afterMs, () => {
      if (this.#isOver) return
      if (this.#isPaused) this.#later(LULL_POLL_MS, run)
      else run()
    })
  }

  #note(node: SimNode, what: string, facts: unknown): void {
    const { world, hits } = this.#options
    hits.add(what)
    world.trace.add(world.nowMs, node.name, what, facts)
  }

  #troublePool(): void {
    const node = this.#random.pick(this.#options.nodes)
    const trouble: PoolTrouble = this.#random.pick(['gone', 'full', 'read-only'])
    if (node.storage.troubles.pool !== null) return
    this.#note(node, `pool: ${trouble}`, null)
    node.storage.troubles.pool = trouble
    this.#later(this.#random.between(500, 10_000), () => {
      node.storage.troubles.pool = null
    })
  }

  #loseDaemon(): void {
    const node = this.#random.pick(this.#options.nodes)
    if (!node.storage.troubles.isDaemonUp) return
    this.#note(node, 'target: daemon down', null)
    node.storage.loseDaemon()
    this.#later(this.#random.between(200, 8000), () => {
      node.storage.troubles.daemon = null
    })
  }

  #pause(how: 'stopped' | 'stalled', fromMs: number, toMs: number): void {
    const node = this.#random.pick(this.#options.nodes)
    const forMs = this.#random.between(fromMs, toMs)
    if (!node.isUp) return
    this.#note(node, `process: ${how}`, { forMs })
    node.pause(forMs)
  }

  #roll(): void {
    this.#options.hits.add('cluster: rolling restart')
    this.#options.nodes.forEach((node, index) => {
      this.#later(index * this.#random.between(100, 3000), () => node.crash('restarted', 'killed'))
    })
  }

  /** Somebody sets the clock of a host, or it sets itself. */
  #jump(): void {
    const node = this.#random.pick(this.#options.nodes)
    const [name, byMs] = this.#random.pick([
      ['clock: an hour', HOUR_MS],
      ['clock: an hour back', -HOUR_MS],
      ['clock: a year', YEAR_MS],
      ['clock: a year back', -YEAR_MS],
      ['clock: a step back', -this.#random.between(10, 5000)],
    ] as const)
    this.#note(node, name, null)
    node.clockJumpMs += byMs
  }

  #reset(): void {
    const { nodes, network, hits } = this.#options
    const one = this.#random.pick(nodes)
    const other = this.#random.pick(nodes)
    if (one === other) return
    hits.add('network: connection reset')
    network.reset(one, other)
  }

  #partition(kind: RarePartition): void {
    const cut = kind === 'ring' ? this.#ring() : this.#split()
    if (cut.length === 0) return
    const { hits, world } = this.#options
    hits.add(`partition: ${kind}`)
    world.trace.add(world.nowMs, 'nemesis', 'partition', { kind, cut })
    if (kind === 'ring') this.#block(cut, this.#random.between(500, 10_000))
    else this.#flap(cut, this.#random.between(5, 20))
  }

  #block(cut: Cut, forMs: number): void {
    const { network } = this.#options
    for (const [from, to] of cut) network.block(from, to, true)
    network.notice(1000)
    this.#later(forMs, () => {
      for (const [from, to] of cut) network.block(from, to, false)
      network.notice(1000)
    })
  }

  #flap(cut: Cut, times: number): void {
    if (times === 0) return
    this.#block(cut, this.#random.between(20, 400))
    this.#later(this.#random.between(500, 900), () => this.#flap(cut, times - 1))
  }

  /** Each host sees its two neighbours and nobody else; of three, two do not see each other. */
  #ring(): Cut {
    const ids = this.#options.nodes.map(({ id }) => id)
    const isFar = (a: number, b: number): boolean => {
      const distance = Math.abs(a - b)
      return ids.length === 3 ? a + b === 2 && distance === 2 : distance > 1 && distance < ids.length - 1
    }
    return ids.flatMap((from, a) => ids.filter((_, b) => isFar(a, b)).map((to) => [from, to] as const))
  }

  #split(): Cut {
    const ids = this.#options.nodes.map(({ id }) => id)
    const side = new Set(ids.filter(() => this.#random.chance(0.5)))
    return ids.flatMap((from) => ids.filter((to) => side.has(from) !== side.has(to)).map((to) => [from, to] as const))
  }
}

type Cut = readonly (readonly [PeerId, PeerId])[]
