/**
 * Virtual time: a heap of what will happen, ordered by (time, order of scheduling), and a trace of what did.
 *
 * One event at a time and no promise anywhere, so that a seed is a whole history: equal seeds give equal traces.
 */
import type { Trace } from './trace.ts'
import { Violation } from './violation.ts'

/** A whole schedule has a tenth of that. */
const STORM_EVENTS = 50_000
const STORM_WITHIN_MS = 100

export interface Scheduled {
  readonly atMs: number
  readonly order: number
  /** null once it is cancelled or done. */
  run: (() => void) | null
}

export class World {
  readonly trace: Trace
  nowMs = 0
  /** Things that happened so far. */
  events = 0
  #order = 0
  #momentMs = 0
  #inMoment = 0
  readonly #heap: Scheduled[] = []
  readonly #afterEach: (() => void)[] = []

  constructor(trace: Trace) {
    this.trace = trace
  }

  schedule(afterMs: number, run: () => void): Scheduled {
    const scheduled: Scheduled = { atMs: this.nowMs + afterMs, order: this.#order, run }
    this.#order += 1
    this.#push(scheduled)
    return scheduled
  }

  cancel(scheduled: Scheduled): void {
    scheduled.run = null
  }

  /** Runs `check` after every event. */
  afterEach(check: () => void): void {
    this.#afterEach.push(check)
  }

  /** Lets everything happen up to `untilMs`, and stops the clock there. */
  runUntil(untilMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) this.#happen(this.#pop(next))
    this.nowMs = untilMs
  }

  /** Lets the next thing happen; false if there is none before `untilMs`. */
  runOne(untilMs: number): boolean {
    const next = this.#heap[0]
    if (next === undefined || next.atMs > untilMs) return false
    this.#happen(this.#pop(next))
    return true
  }

  #happen(scheduled: Scheduled): void {
    const { run } = scheduled
    if (run === null) return
    scheduled.run = null
    this.nowMs = scheduled.atMs
    this.events += 1
    this.#watchForStorms()
    run()
    for (const check of this.#afterEach) check()
  }

  /** Peers that answer each other without end. */
  #watchForStorms(): void {
    if (this.nowMs - this.#momentMs > STORM_WITHIN_MS) {
      this.#momentMs = this.nowMs
      this.#inMoment = 0
    }
    this.#inMoment += 1
    if (this.#inMoment > STORM_EVENTS)
      throw new Violation('storm', 'more happens than anybody has reason for', { withinMs: STORM_WITHIN_MS, events: STORM_EVENTS })
  }

  #push(scheduled: Scheduled): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(scheduled)
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = heap[parentAt]
      if (parent === undefined || isBefore(parent, scheduled)) break
      heap[at] = parent
      at = parentAt
    }
    heap[at] = scheduled
  }

  #pop(top: Scheduled): Scheduled {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || last === top) return top
    let at = 0
    for (;;) {
      let childAt = at * 2 + 1
      let child = heap[childAt]
      if (child === undefined) break
      const right = heap[childAt + 1]
      if (right !== undefined && isBefore(right, child)) {
        child = right
        childAt += 1
      }
      if (isBefore(last, child)) break
      heap[at] = child
      at = childAt
    }
    heap[at] = last
    return top
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
