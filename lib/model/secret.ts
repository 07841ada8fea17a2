/**
 * A text that must not be shown: printed, logged, inspected or made JSON of it is a blank.
 *
 * Whoever needs the text has to say so with `reveal`, which is what a reader of the code looks for.
 */
const BLANK = '[secret]'

export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return BLANK
  }

  toJSON(): string {
    return BLANK
  }

  /** Node's inspect, which also prints errors and console.log. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return BLANK
  }
}
