/**
 * What the steps of one process want done: it waits here until its own batch and every batch before it are durable, and
 * is then carried out in order. The contract of lib/flows/step.ts, to the letter.
 *
 * The process may die around every batch and every effect; what still waits then is never done.
 */
import type { Effect, Step } from '../../lib/flows/step.ts'
import type { Fate } from './crash/fate.ts'
import { AFTER, BEFORE, IN_ANY_MANNER, KILLED } from './crash/point-names.ts'
import type { JournalDisk } from './disk.ts'
import type { Gate } from './gate.ts'
import type { SimOptions } from './options.ts'

export interface OutboxOptions {
  readonly journal: JournalDisk
  readonly gate: Gate
  readonly fate: Fate
  readonly rates: Pick<SimOptions['crash'], 'atBatch' | 'atEffect'>
  /** Carried out before its batch is durable: never, but for a planted bug. */
  readonly isEarly: (effect: Effect) => boolean
  readonly carryOut: (effect: Effect) => void
  /** The journal took no more: the process must end. */
  readonly onFull: () => void
}

interface Outgoing {
  readonly effects: readonly Effect[]
  isDurable: boolean
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #waiting: Outgoing[] = []
  #isDraining = false

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  take({ batch, effects }: Step): void {
    const { journal, gate, fate, rates, isEarly, carryOut, onFull } = this.#options
    for (const effect of effects) if (isEarly(effect)) carryOut(effect)
    const outgoing: Outgoing = { effects: effects.filter((effect) => !isEarly(effect)), isDurable: batch.length === 0 }
    this.#waiting.push(outgoing)
    if (batch.length > 0) {
      if (fate.dies(rates.atBatch, 'before a batch', KILLED)) return
      const isWritten = journal.write(batch, () => {
        gate.pass(() => {
          if (fate.dies(rates.atBatch, 'after a batch', KILLED)) return
          outgoing.isDurable = true
          this.#drain()
        })
      })
      if (!isWritten) return onFull()
      // An atomic batch is torn into nothing or everything: there although nobody was told, or gone although it was begun.
      if (fate.dies(rates.atBatch, 'in a batch', IN_ANY_MANNER)) return
    }
    this.#drain()
  }

  #drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    const { gate, fate, rates, carryOut } = this.#options
    try {
      for (let head = this.#waiting[0]; head?.isDurable === true; head = this.#waiting[0]) {
        for (const effect of head.effects) {
          if (fate.dies(rates.atEffect, BEFORE[effect.kind], KILLED)) return
          carryOut(effect)
          // With the power goes what was sent and not received: a message cut off in the middle is none.
          if (fate.dies(rates.atEffect, AFTER[effect.kind], effect.kind === 'send' ? IN_ANY_MANNER : KILLED)) return
          if (gate.isGone) return
        }
        this.#waiting.shift()
      }
    } finally {
      this.#isDraining = false
    }
  }
}
