/**
 * Troubles that come out of the blue: crashes, partitions, clogged links, full disks, targets that forget, a failure
 * detector that lies. Those at particular points (a batch, an effect, a call, a send) are drawn where the points are.
 */
import type { PeerId } from '../../lib/model/ids.ts'
import type { Hits } from './hits.ts'
import type { Network } from './network.ts'
import type { SimNode } from './node.ts'
import type { SimOptions } from './options.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

type PartitionKind = Exclude<SimOptions['network']['partition'], 'none' | 'mixed'>

export class Nemesis {
  readonly #world: World
  readonly #random: Random
  readonly #options: SimOptions
  readonly #hits: Hits
  readonly #network: Network
  readonly #nodes: readonly SimNode[]
  #isOver = false
  #isPaused = false

  constructor(options: { world: World; random: Random; options: SimOptions; hits: Hits; network: Network; nodes: readonly SimNode[] }) {
    this.#world = options.world
    this.#random = options.random
    this.#options = options.options
    this.#hits = options.hits
    this.#network = options.network
    this.#nodes = options.nodes
  }

  start(): void {
    const { crash, network, target, oracle, journal } = this.#options
    if (crash.everyMs !== null) this.#every(crash.everyMs, () => this.#random.pick(this.#nodes).crash('out of the blue'))
    if (network.partition !== 'none' && this.#nodes.length > 1) this.#every(8000, () => this.#partition())
    if (network.clogs && this.#nodes.length > 1) this.#every(4000, () => this.#clog())
    if (target.restartsEmptyEveryMs !== null) this.#every(target.restartsEmptyEveryMs, () => this.#restartTarget())
    if (oracle === 'random' && this.#nodes.length > 1) this.#every(300, () => this.#mislead())
    if (journal.full > 0) this.#every(6000, () => this.#free())
  }

  stop(): void {
    this.#isOver = true
  }

  /** Nothing strikes for a while. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
  }

  #every(meanMs: number, strike: () => void): void {
    this.#world.schedule(this.#random.between(1, 2 * meanMs), () => {
      if (this.#isOver) return
      if (!this.#isPaused) strike()
      this.#every(meanMs, strike)
    })
  }

  #partition(): void {
    const { partition } = this.#options.network
    if (partition === 'none') return
    const kind: PartitionKind = partition === 'mixed' ? this.#random.pick(['isolate-one', 'split', 'one-way']) : partition
    const cut = this.#cut(kind)
    this.#hits.add(`partition: ${kind}`)
    this.#world.trace.add(this.#world.nowMs, 'nemesis', 'partition', { kind, cut })
    for (const [from, to] of cut) this.#network.block(from, to, true)
    this.#network.notice(3000)
    this.#world.schedule(this.#random.between(500, 10_000), () => {
      if (this.#isOver) return
      for (const [from, to] of cut) this.#network.block(from, to, false)
      this.#network.notice(2000)
    })
  }

  #cut(kind: PartitionKind): readonly (readonly [PeerId, PeerId])[] {
    const ids = this.#nodes.map(({ id }) => id)
    const one = this.#random.pick(ids)
    const side = kind === 'split' ? new Set(ids.filter(() => this.#random.chance(0.5))) : new Set([one])
    const links = ids.flatMap((from) => ids.filter((to) => to !== from).map((to) => [from, to] as const))
    const isOneWay = kind === 'one-way'
    return links.filter(([from, to]) => side.has(from) !== side.has(to) && (!isOneWay || side.has(from)))
  }

  #clog(): void {
    const from = this.#random.pick(this.#nodes).id
    const to = this.#random.pick(this.#nodes).id
    if (from === to) return
    this.#hits.add('network: clog')
    this.#network.clog(from, to, this.#random.between(500, 5000))
  }

  #restartTarget(): void {
    const node = this.#random.pick(this.#nodes)
    this.#hits.add('target: restarted empty')
    this.#world.trace.add(this.#world.nowMs, node.name, 'target', { restarted: 'empty' })
    node.exports.restartEmpty()
  }

  #mislead(): void {
    const station = this.#random.pick(this.#nodes)
    const about = this.#random.pick(this.#nodes)
    if (station !== about) this.#network.mislead(station, about.id, this.#random.between(100, 3000))
  }

  #free(): void {
    for (const node of this.#nodes) {
      if (!node.journal.isFull) continue
      this.#hits.add('journal: freed')
      node.journal.isFull = false
      node.start()
    }
  }
}
