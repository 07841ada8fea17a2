/**
 * Counts the points at which a process can die, over all hosts, and picks some: so that one scenario can be run with a
 * crash at each of them in turn, and with a second crash soon after the first.
 */
export class CrashPoints {
  readonly #at: ReadonlySet<number>
  #passed = 0

  constructor(at: readonly number[]) {
    this.#at = new Set(at)
  }

  /** Points passed so far. */
  get passed(): number {
    return this.#passed
  }

  /** Is this one of the points? */
  pass(): boolean {
    this.#passed += 1
    return this.#at.has(this.#passed - 1)
  }
}
