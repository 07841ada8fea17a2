/**
 * What happened lately, to be read by people after a failure, and a hash of all of it, to prove that a seed repeats.
 *
 * Lines are kept as data and made into text only when somebody asks: nearly all are never read.
 */
const KEPT = 256

export interface Line {
  readonly atMs: number
  readonly who: string
  readonly what: string
  readonly detail: unknown
}

export class Trace {
  readonly #lines: Line[] = []
  readonly #hashes: boolean
  readonly #print: ((line: string) => void) | null
  #count = 0
  #high = 0x811c9dc5
  #low = 0x1b873593

  constructor(options: { readonly hashes: boolean; readonly print: ((line: string) => void) | null }) {
    this.#hashes = options.hashes
    this.#print = options.print
  }

  add(atMs: number, who: string, what: string, detail: unknown): void {
    const line = { atMs, who, what, detail }
    this.#lines[this.#count % KEPT] = line
    this.#count += 1
    if (this.#hashes) this.#mix(formatLine(line, Number.POSITIVE_INFINITY))
    if (this.#print !== null) this.#print(formatLine(line, 2000))
  }

  /** The last `count` lines that `matches`, oldest first. */
  last(count: number, matches: (line: Line) => boolean = () => true): readonly string[] {
    const from = Math.max(0, this.#count - KEPT)
    const found: Line[] = []
    for (let n = this.#count - 1; n >= from && found.length < count; n -= 1) {
      const line = this.#lines[n % KEPT]
      if (line !== undefined && matches(line)) found.push(line)
    }
    return found.reverse().map((line) => formatLine(line, 400))
  }

  hash(): string {
    return `${this.#count}-${(this.#high >>> 0).toString(16)}${(this.#low >>> 0).toString(16)}`
  }

  #mix(text: string): void {
    let high = this.#high
    let low = this.#low
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      high = Math.imul(high ^ code, 0x01000193)
      low = Math.imul(low + code, 0x5bd1e995) ^ (low >>> 15)
    }
    this.#high = high
    this.#low = low
  }
}

function formatLine({ atMs, who, what, detail }: Line, charsMax: number): string {
  const text = detail === null ? '' : (JSON.stringify(detail) ?? '')
  return `${(atMs / 1000).toFixed(3).padStart(9)} ${who.padEnd(9)} ${what.padEnd(14)} ${text.length > charsMax ? `${text.slice(0, charsMax)}…` : text}`
}
