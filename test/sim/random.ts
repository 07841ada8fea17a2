/**
 * The only source of chance in the simulator: sfc32, seeded by text.
 *
 * Every part of the world draws from a stream of its own (`split`), so that one draw more in one place does not
 * reshuffle what happens in all others.
 */
import { hashBytes } from '../../lib/model/hash.ts'
import type { Rng } from '../../lib/flows/step.ts'

export class Random implements Rng {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(name: string) {
    const seed = new DataView(hashBytes('sim', name).buffer)
    this.#name = name
    this.#a = seed.getUint32(0)
    this.#b = seed.getUint32(4)
    this.#c = seed.getUint32(8)
    for (let n = 0; n < 12; n += 1) this.next()
  }

  /** A stream of its own; the same name gives the same stream. */
  split(name: string): Random {
    return new Random(`${this.#name}/${name}`)
  }

  /** Integer in [0, 2^32). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + sum) | 0
    return sum >>> 0
  }

  /** Integer in [0, below). */
  below(below: number): number {
    return Math.floor((this.next() / 4294967296) * below)
  }

  /** Integer in [from, to], both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  /** True with this probability; draws nothing if it is 0, so that a fault that is off costs no time. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability * 4294967296
  }

  hex(bytes: number): string {
    let text = ''
    while (text.length < bytes * 2) text += this.next().toString(16).padStart(8, '0')
    return text.slice(0, bytes * 2)
  }

  uuid(): string {
    const hex = this.hex(16)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  }

  /** One of `choices`, which are not empty. */
  pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[this.below(choices.length)]
    if (choice === undefined) throw new RangeError('nothing to pick from')
    return choice
  }

  /** One of `weights`' names, as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.entries<number>(weights)
    let left = this.below(names.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [name, weight] of names) {
      left -= weight
      if (left < 0) return name as Name
    }
    throw new RangeError('weights must be positive integers')
  }
}
