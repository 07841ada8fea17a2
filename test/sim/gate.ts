/**
 * A process that does not run for a while: stopped (SIGSTOP), or busy with something else. In the end it is gone.
 *
 * What reaches it waits in order, as in the kernel's buffers, and is taken in all at once when it goes on. The world
 * around it does not wait: commands end, the disk syncs, clocks and time-outs run. What reaches it once it is gone is
 * lost.
 */
import type { Scheduled, World } from './world.ts'

export class Gate {
  readonly #world: World
  #waiting: (() => void)[] = []
  #wakes: Scheduled | null = null
  #isGone = false

  constructor(world: World) {
    this.#world = world
  }

  get isShut(): boolean {
    return this.#wakes !== null
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Does it now, or when the process goes on; never, if the process is gone by then. */
  pass(run: () => void): void {
    if (this.#isGone) return
    if (this.#wakes === null) run()
    else this.#waiting.push(run)
  }

  /** The process stands still for so long; the longer of two pauses holds. */
  shut(forMs: number): void {
    const untilMs = this.#world.nowMs + forMs
    if (this.#wakes !== null && this.#wakes.atMs >= untilMs) return
    if (this.#wakes !== null) this.#world.cancel(this.#wakes)
    this.#wakes = this.#world.schedule(forMs, () => this.open())
  }

  open(): void {
    if (this.#wakes === null) return
    this.#world.cancel(this.#wakes)
    this.#wakes = null
    const waiting = this.#waiting
    this.#waiting = []
    // One of them may stop the process again: the rest waits on, before what comes next.
    waiting.forEach((run) => {
      this.pass(run)
    })
  }

  /** The process is gone, and with it whatever waited for it. */
  end(): void {
    if (this.#wakes !== null) this.#world.cancel(this.#wakes)
    this.#wakes = null
    this.#waiting = []
    this.#isGone = true
  }
}
