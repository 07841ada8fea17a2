/**
 * Whom a host calls, and when, as agent/peer/redial.ts does it, without promises: three calls at once, the longer it fails
 * the less often, hosts that have not failed yet first, and the lower id first after a break.
 */
import { backoffMs } from '../../agent/peer/redial.ts'
import type { PeerId } from '../../lib/model/ids.ts'
import type { Random } from '../sim/random.ts'
import type { World } from '../sim/world.ts'

export interface CallsOptions {
  readonly self: PeerId
  readonly world: World
  readonly random: Random
  readonly wanted: () => readonly PeerId[]
  readonly isReached: (peer: PeerId) => boolean
  /** Calls back when it has gone through or failed. */
  readonly dial: (to: PeerId, onEnd: () => void) => void
}

interface Called {
  attempt: number
  nextMs: number
  isCalling: boolean
}

const CALLS_MAX = 3
const LOWER_ID_FIRST_MS = 2000

export class Calls {
  readonly #options: CallsOptions
  #called = new Map<PeerId, Called>()
  #running = 0
  /** Calls of a process that has ended come to nothing. */
  #life = 0

  constructor(options: CallsOptions) {
    this.#options = options
  }

  restart(): void {
    this.#life += 1
    this.#called = new Map()
    this.#running = 0
  }

  tick(): void {
    const { wanted, isReached, world } = this.#options
    const due = wanted()
      .filter((peer) => !isReached(peer))
      .map((peer) => ({ peer, called: this.#callsTo(peer) }))
      .filter(({ called }) => !called.isCalling && called.nextMs <= world.nowMs)
      .sort((a, b) => a.called.attempt - b.called.attempt || a.called.nextMs - b.called.nextMs)
    for (const { peer, called } of due.slice(0, Math.max(0, CALLS_MAX - this.#running))) this.#call(peer, called)
  }

  reached(peer: PeerId): void {
    this.#called.delete(peer)
  }

  lost(peer: PeerId): void {
    const { self, random, world } = this.#options
    const called = this.#callsTo(peer)
    const waitMs = backoffMs(called.attempt + 1, random.below(1000) / 1000) + (self < peer ? 0 : LOWER_ID_FIRST_MS)
    called.nextMs = Math.max(called.nextMs, world.nowMs + waitMs)
  }

  #call(peer: PeerId, called: Called): void {
    const life = this.#life
    called.isCalling = true
    called.attempt += 1
    this.#running += 1
    this.#options.dial(peer, () => {
      if (this.#life !== life) return
      called.nextMs = this.#options.world.nowMs + backoffMs(called.attempt, this.#options.random.below(1000) / 1000)
      called.isCalling = false
      this.#running -= 1
      this.tick()
    })
  }

  #callsTo(peer: PeerId): Called {
    const known = this.#called.get(peer)
    if (known !== undefined) return known
    const called: Called = { attempt: 0, nextMs: 0, isCalling: false }
    this.#called.set(peer, called)
    return called
  }
}
