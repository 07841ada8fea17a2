/**
 * Somebody with a shell on a host: gives a volume's bytes another name for a while, and then their own again.
 *
 * Only of volumes at rest that nobody uses: the tools let nobody rename what is in use. And only where no journal is lost: a host that
 * has forgotten a volume and does not find it makes it anew, as it must.
 */
import type { VolumeId } from '../../lib/model/ids.ts'
import { ownedOn } from './checkers/stored.ts'
import type { Hits } from './hits.ts'
import type { SimNode } from './node.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** Long enough to be noticed, or not. */
const HIDDEN_MS_MAX = 25_000

export class OperatorHand {
  readonly #options: {
    readonly world: World
    readonly random: Random
    readonly hits: Hits
    readonly nodes: readonly SimNode[]
    readonly everyMs: number | null
  }
  #isOver = false

  constructor(options: {
    readonly world: World
    readonly random: Random
    readonly hits: Hits
    readonly nodes: readonly SimNode[]
    readonly everyMs: number | null
  }) {
    this.#options = options
  }

  start(): void {
    const { world, random, everyMs } = this.#options
    if (everyMs === null) return
    world.schedule(random.between(everyMs / 2, everyMs * 1.5), () => {
      if (this.#isOver) return
      this.#hide()
      this.start()
    })
  }

  stop(): void {
    this.#isOver = true
    for (const { volumes } of this.#options.nodes) volumes.showHidden()
  }

  #hide(): void {
    const { world, random, hits, nodes } = this.#options
    const node = random.pick(nodes)
    const resting = [...ownedOn(node)].filter(([id, { step, volume, working, pending }]) => {
      const isUsed = volume.attachments.length > 0 || volume.snapshots.length > 0 || working !== null || pending !== null
      return step === 'built' && !isUsed && volume.status === 'available' && node.volumes.bytesOf(id) !== null
    })
    if (resting.length === 0 || !node.isIdle) return
    const [id]: readonly [VolumeId, unknown] = random.pick(resting)
    hits.add('by hand: a volume renamed')
    world.trace.add(world.nowMs, node.name, 'BY HAND', { hides: id })
    node.handled.add(id)
    node.volumes.hide(id)
    world.schedule(random.between(1000, HIDDEN_MS_MAX), () => node.volumes.showHidden())
  }
}
