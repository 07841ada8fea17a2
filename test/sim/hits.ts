/** Counts of the faults that really happened: a fault that never hits proves nothing. */
export class Hits {
  readonly #counts = new Map<string, number>()

  add(fault: string, count = 1): void {
    this.#counts.set(fault, (this.#counts.get(fault) ?? 0) + count)
  }

  merge(counts: Readonly<Record<string, number>>): void {
    for (const [fault, count] of Object.entries(counts)) this.add(fault, count)
  }

  /** Sorted by name. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}
