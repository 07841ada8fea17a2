/**
 * Counts the points at which a process can die, over all hosts, and picks some: so that one scenario can be run with a
 * crash at each of them in turn, and with a second one wherever the first has led.
 *
 * Points are counted once they are armed: what led up to a scenario is the matter of another.
 */
export class CrashPoints {
  readonly #at: ReadonlySet<number>
  readonly #counts = new Map<string, number>()
  #isArmed = false
  #passed = 0

  constructor(at: readonly number[]) {
    this.#at = new Set(at)
  }

  get isArmed(): boolean {
    return this.#isArmed
  }

  arm(): void {
    this.#isArmed = true
  }

  /** Points passed so far. */
  get passed(): number {
    return this.#passed
  }

  /** Points passed so far, by name. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  /** Is this one of the points? */
  pass(name: string): boolean {
    if (!this.#isArmed) return false
    this.#passed += 1
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    return this.#at.has(this.#passed - 1)
  }
}
