/**
 * Is there an order in which one register, with one change at a time, would have given these answers? (Wing and Gong 1993,
 * with the memory of Lowe 2017: a set of changes and a state that led nowhere once is not tried again.)
 *
 * An answered change took effect at one moment between question and answer. A change may take effect more often than
 * that, and one without an answer at all: messages are doubled, and a proposer that has not heard what became of a round
 * makes its changes again. So any change may take effect once more at any later time, silently.
 *
 * The search is made twice: first with those silent effects only that have to do with what cannot be explained else,
 * which finds nearly every order at once; then with all.
 */
import type { ProjectId } from '../../../lib/model/ids.ts'
import type { LedgerAnswer, LedgerChange, LedgerPut } from '../../../lib/model/ledger.ts'
import type { Limits } from '../../../lib/model/quota.ts'
import { RegisterModel, sameAnswer } from './register-model.ts'
import { sameEffectName, tracesBehind, tracesIn, tracesOf } from './register-traces.ts'

export interface RegisterCall {
  readonly change: LedgerChange
  /** Position among all questions and answers. */
  readonly askedAt: number
  answeredAt: number
  /** null: nobody ever heard. */
  answer: LedgerAnswer | null
}

export type Linearized =
  | { readonly kind: 'in order' }
  /** No order explains this answer after those before it. */
  | { readonly kind: 'out of order'; readonly call: RegisterCall }
  | { readonly kind: 'undecided' }

/** What was tried at one point of the search, and what is left to try. */
interface Level {
  readonly done: readonly number[]
  readonly undo: readonly LedgerPut[]
  readonly name: string
  readonly choices: readonly Choice[]
  next: number
}

interface Choice {
  readonly index: number
  /** An effect that answers nobody. */
  readonly isSilent: boolean
}

/** Nearly every order is found within a few hundred steps; whatever takes longer is seldom found at all. */
const HASTY_STEPS_MAX = 1500
const STEPS_MAX = 3000

/** @param calls of one register, in the order in which they were asked */
export function linearize(calls: readonly RegisterCall[], project: ProjectId, limits: Limits, stepsMax = STEPS_MAX): Linearized {
  const hasty = new Search(calls, new RegisterModel(project, limits), true).run(HASTY_STEPS_MAX)
  return hasty.kind === 'in order' ? hasty : new Search(calls, new RegisterModel(project, limits), false).run(stepsMax)
}

class Search {
  readonly #calls: readonly RegisterCall[]
  readonly #model: RegisterModel
  readonly #isHasty: boolean
  readonly #isDone: boolean[]
  /** Calls whose effects all differ, in the order in which they were asked. */
  readonly #effects: readonly number[]
  readonly #traces = new Map<number, readonly string[]>()
  readonly #failed = new Set<string>()
  /** All before it are done. */
  #low = 0
  #open: number
  /** Which are done, as a number that does not depend on the order. */
  #set = 0
  #deepest = -1
  #stuckAt: RegisterCall | null = null

  constructor(calls: readonly RegisterCall[], model: RegisterModel, isHasty: boolean) {
    this.#calls = calls
    this.#model = model
    this.#isHasty = isHasty
    this.#isDone = calls.map(({ answer }) => answer === null)
    this.#effects = distinctEffects(calls)
    this.#open = calls.filter(({ answer }) => answer !== null).length
  }

  run(stepsMax: number): Linearized {
    const stack: Level[] = [this.#level([], [])]
    let steps = 0
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (this.#open === 0) return { kind: 'in order' }
      const choice = top.choices[top.next]
      top.next += 1
      if (choice === undefined) {
        this.#failed.add(top.name)
        this.#leave(top)
        stack.pop()
        continue
      }
      steps += 1
      if (steps > stepsMax) return { kind: 'undecided' }
      const level = this.#try(choice)
      if (level !== null) stack.push(level)
    }
    return this.#stuckAt === null ? { kind: 'in order' } : { kind: 'out of order', call: this.#stuckAt }
  }

  #try({ index, isSilent }: Choice): Level | null {
    const call = this.#calls[index]
    if (call === undefined) return null
    const { answer, isChanged, undo } = this.#model.apply(call.change)
    const isRight = isSilent ? isChanged : call.answer !== null && sameAnswer(call.answer, answer)
    if (!isRight) {
      this.#model.takeBack(undo)
      return null
    }
    if (!isSilent) this.#mark(index, true)
    const level = this.#level(isSilent ? [] : [index], undo)
    if (!this.#failed.has(level.name)) return level
    this.#leave(level)
    return null
  }

  #level(done: readonly number[], undo: readonly LedgerPut[]): Level {
    const settled = [...done]
    let near = this.#near()
    // What changes nothing and is right here may as well stand here: whatever comes later is not touched by it.
    for (let easy = this.#settleOne(near.open); easy !== null; easy = this.#settleOne(near.open)) {
      settled.push(easy)
      near = this.#near()
    }
    const silent = this.#isHasty ? this.#likely(near.open, near.end) : this.#silent(near.end)
    // A host reports what it was granted before: grants that nobody heard of come first.
    const isEarly = (index: number): boolean => this.#isHasty && this.#isReported(index, near.open)
    const early = silent.filter(isEarly)
    const late = silent.filter((index) => !isEarly(index))
    const all = [...early.map(silently), ...near.open.map(openly), ...late.map(silently)]
    return { done: settled, undo, name: `${this.#open}/${this.#set}/${this.#model.digest}`, choices: all, next: 0 }
  }

  #settleOne(open: readonly number[]): number | null {
    for (const index of open) {
      const call = this.#calls[index]
      if (call === undefined || call.answer === null) continue
      const { answer, isChanged, undo } = this.#model.apply(call.change)
      this.#model.takeBack(undo)
      if (isChanged || !sameAnswer(call.answer, answer)) continue
      this.#mark(index, true)
      return index
    }
    return null
  }

  #leave({ done, undo }: Level): void {
    this.#model.takeBack(undo)
    for (const index of done) this.#mark(index, false)
  }

  #mark(index: number, isDone: boolean): void {
    this.#isDone[index] = isDone
    this.#open += isDone ? -1 : 1
    this.#set ^= scattered(index)
    if (!isDone) this.#low = Math.min(this.#low, index)
    while (this.#isDone[this.#low] === true) this.#low += 1
  }

  /** Whoever was asked before the first answer that is still to be explained, by the time of their answers. */
  #near(): { readonly open: readonly number[]; readonly end: number } {
    let first = Number.POSITIVE_INFINITY
    let stuckAt: RegisterCall | null = null
    const open: number[] = []
    let end = this.#low
    for (let call = this.#calls[end]; call !== undefined && call.askedAt < first; call = this.#calls[end]) {
      if (this.#isDone[end] !== true) {
        open.push(end)
        if (call.answeredAt < first) {
          first = call.answeredAt
          stuckAt = call
        }
      }
      end += 1
    }
    if (first > this.#deepest && stuckAt !== null) {
      this.#deepest = first
      this.#stuckAt = stuckAt
    }
    return { open: open.sort((a, b) => this.#answeredAt(a) - this.#answeredAt(b)), end }
  }

  /** Effects that answer nobody, the latest first. */
  #silent(end: number): readonly number[] {
    const found: number[] = []
    for (const index of this.#effects) if (index < end) found.push(index)
    return found.reverse()
  }

  /** Those that what is open shows signs of, and the grants that these in turn report. */
  #likely(open: readonly number[], end: number): readonly number[] {
    const wanted = new Set<string>()
    for (const index of open) for (const trace of this.#tracesBehind(index)) wanted.add(trace)
    const found = this.#silent(end).filter((index) => this.#tracesOf(index).some((trace) => wanted.has(trace)))
    const folds = [...open, ...found].filter((index) => this.#calls[index]?.change.kind === 'fold')
    const grants = this.#silent(end).filter((index) => !found.includes(index) && this.#isReported(index, folds))
    return [...found, ...grants]
  }

  #tracesOf(index: number): readonly string[] {
    const known = this.#traces.get(index)
    if (known !== undefined) return known
    const call = this.#calls[index]
    const traces = call === undefined ? [] : tracesOf(call.change)
    this.#traces.set(index, traces)
    return traces
  }

  #tracesBehind(index: number): readonly string[] {
    const call = this.#calls[index]
    if (call === undefined || call.answer === null) return []
    if (call.answer.kind === 'contents') return tracesIn(this.#model.difference(call.answer.contents))
    return tracesBehind(call.change, call.answer)
  }

  #isReported(index: number, open: readonly number[]): boolean {
    const change = this.#calls[index]?.change
    if (change?.kind !== 'bind') return false
    return open.some((other) => {
      const fold = this.#calls[other]?.change
      return fold?.kind === 'fold' && fold.totals.host === change.binding.host && fold.settled.includes(change.binding.rid)
    })
  }

  #answeredAt(index: number): number {
    return this.#calls[index]?.answeredAt ?? 0
  }
}

const silently = (index: number): Choice => ({ index, isSilent: true })
const openly = (index: number): Choice => ({ index, isSilent: false })

/** The first of each kind of effect: it may take place wherever a later one may. */
function distinctEffects(calls: readonly RegisterCall[]): readonly number[] {
  const first = new Map<string, number>()
  calls.forEach(({ change }, index) => {
    if (change.kind === 'read' || change.kind === 'read-types') return
    const name = sameEffectName(change)
    if (!first.has(name)) first.set(name, index)
  })
  return [...first.values()]
}

/** Spreads small numbers over 32 bits, so that sets of them hardly ever look alike. */
function scattered(index: number): number {
  let mixed = Math.imul(index + 1, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b)
  return mixed ^ (mixed >>> 13)
}
