/** A process's timers: by key, one of each, gone with the process. */
import type { Scheduled, World } from './world.ts'

export class Timers {
  readonly #world: World
  readonly #onTime: (key: string) => void
  readonly #scheduled = new Map<string, Scheduled>()

  constructor(world: World, onTime: (key: string) => void) {
    this.#world = world
    this.#onTime = onTime
  }

  /** Replaces a timer of the same key. */
  set(key: string, afterMs: number): void {
    this.cancel(key)
    const scheduled = this.#world.schedule(afterMs, () => {
      this.#scheduled.delete(key)
      this.#onTime(key)
    })
    this.#scheduled.set(key, scheduled)
  }

  cancel(key: string): void {
    const scheduled = this.#scheduled.get(key)
    if (scheduled === undefined) return
    this.#world.cancel(scheduled)
    this.#scheduled.delete(key)
  }

  clear(): void {
    for (const scheduled of this.#scheduled.values()) this.#world.cancel(scheduled)
    this.#scheduled.clear()
  }
}
