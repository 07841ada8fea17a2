/**
 * The operator, who changes which hosts keep the registers: one at a time, and the next only when the last is done.
 *
 * A new manifest reaches one host; the others hear of it from whoever they hear from, as agents do. What an operator's tool
 * looks at before it calls a step done is what the hosts say in their beats.
 */
import { pendingRegisters } from '../../lib/flows/group/install.ts'
import type { PeerId } from '../../lib/model/ids.ts'
import { type Manifest, votersOf } from '../../lib/model/manifest.ts'
import { stepDone } from '../../lib/model/manifest-steps.ts'
import { groupSize, majorityOf } from '../../lib/register/home-group.ts'
import type { Hits } from './hits.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

const LOOK_MS = 1000

export class Operator {
  readonly #world: World
  readonly #random: Random
  readonly #hits: Hits
  readonly #nodes: readonly SimNode[]
  /** Every manifest that was ever signed, the newest last. */
  readonly manifests: Manifest[]
  #isOver = false
  #isPaused = false

  constructor(options: { world: World; random: Random; hits: Hits; nodes: readonly SimNode[]; manifest: Manifest }) {
    this.#world = options.world
    this.#random = options.random
    this.#hits = options.hits
    this.#nodes = options.nodes
    this.manifests = [options.manifest]
  }

  get manifest(): Manifest {
    return this.manifests.at(-1) ?? this.#missing()
  }

  /** Steps now and then; `looks` alone when no step is to be begun any more. */
  start(meanMs: number): void {
    this.#world.schedule(this.#random.between(500, 2 * meanMs), () => {
      if (this.#isOver) return
      if (!this.#isPaused && this.manifest.voting.former === null) this.step()
      this.start(meanMs)
    })
    this.watch()
  }

  /** Calls a step done once it is. */
  watch(): void {
    this.#world.schedule(LOOK_MS, () => {
      if (this.manifest.voting.former === null) return
      if (this.#isDone()) this.#sign(stepDone(this.manifest, ''))
      else this.watch()
    })
  }

  /** No new step for a while. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
  }

  stop(): void {
    this.#isOver = true
  }

  /** One host begins or ends to keep registers. */
  step(name?: string): void {
    const { hosts, voting } = this.manifest
    const voters = votersOf(this.manifest)
    const host = name === undefined ? this.#random.pick(hosts) : hosts.find((one) => one.name === name)
    if (host === undefined || voting.former !== null || (host.voter && voters.length === 1)) return
    this.#hits.add(host.voter ? 'manifest: a host stops voting' : 'manifest: a host begins to vote')
    const changed = hosts.map((one) => (one === host ? { ...one, voter: !one.voter } : one))
    this.#sign({ ...this.manifest, epoch: this.manifest.epoch + 1, hosts: changed, voting: { epoch: voting.epoch + 1, former: voters } })
    this.watch()
  }

  /** How many members of a group had to agree while this voting epoch held, and who could vote. */
  votersIn(group: number): readonly PeerId[] {
    const manifest = this.manifests.find(({ voting }) => voting.epoch === group)
    return manifest === undefined ? [] : votersOf(manifest)
  }

  #isDone(): boolean {
    const { voting } = this.manifest
    const former = voting.former ?? []
    const hasMoved = ({ peer }: SimNode): boolean => peer?.options.manifest.voting.epoch === voting.epoch && pendingRegisters(peer) === 0
    const silent = this.#nodes.filter((node) => former.includes(node.id) && !hasMoved(node)).length
    const size = groupSize(former.length)
    return silent <= size - majorityOf(size)
  }

  #sign(manifest: Manifest): void {
    this.manifests.push(manifest)
    this.#world.trace.add(this.#world.nowMs, 'operator', 'signs', { epoch: manifest.epoch, voting: manifest.voting })
    this.#random.pick(this.#nodes).learn(manifest)
  }

  #missing(): never {
    throw new RangeError('an operator begins with a manifest')
  }
}
