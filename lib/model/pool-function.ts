/**
 * The language of filter and goodness functions: what an operator says about a backend in Cinder's own grammar.
 *
 * A text becomes a tree once; lib/placement computes with it. Length and depth are bounded, so that a text that came
 * from another host costs no more than one of this host. Binding, tightest first: functions, ^, sign, * /, + -, not,
 * comparisons, ?:, and, or.
 *
 * Grammar: cinder/scheduler/evaluator/evaluator.py. Chains of `and`, `or` and `?:` count to their end here; there what
 * follows the second operand is read and left out.
 */
import { type Token, tokensOf } from './pool-function-tokens.ts'

export const FUNCTION_CHARS_MAX = 1000
const DEPTH_MAX = 32

export const DICTIONARIES = ['stats', 'capabilities', 'volume', 'extra', 'qos'] as const
export type Dictionary = (typeof DICTIONARIES)[number]
const CALLS = ['abs', 'max', 'min'] as const
const COMPARISONS = ['<', '<=', '>', '>=', '==', '!=', '<>'] as const
export type Comparison = (typeof COMPARISONS)[number]

export interface Reading {
  readonly kind: 'read'
  readonly dictionary: Dictionary
  readonly key: string
}

export type FunctionTerm =
  | { readonly kind: 'constant'; readonly value: number | string }
  | Reading
  | { readonly kind: 'call'; readonly name: (typeof CALLS)[number]; readonly terms: readonly FunctionTerm[] }
  | { readonly kind: 'unary'; readonly operator: '+' | '-' | 'not'; readonly term: FunctionTerm }
  | { readonly kind: 'binary'; readonly operator: Arithmetic | 'and' | 'or'; readonly left: FunctionTerm; readonly right: FunctionTerm }
  /** `a < b <= c`: each holds between its neighbours. */
  | {
      readonly kind: 'compare'
      readonly first: FunctionTerm
      readonly rest: ReadonlyArray<{ readonly comparison: Comparison; readonly term: FunctionTerm }>
    }
  | { readonly kind: 'choice'; readonly condition: FunctionTerm; readonly yes: FunctionTerm; readonly no: FunctionTerm }

export type Arithmetic = '+' | '-' | '*' | '/' | '^'

export interface PoolFunction {
  readonly term: FunctionTerm
  /** What it reads, each once. */
  readonly reads: readonly Reading[]
}

export type ParsedFunction =
  | { readonly ok: true; readonly value: PoolFunction }
  /** `wanted`: what would have been right where it went wrong. */
  | { readonly ok: false; readonly wanted: string }

/** @throws never */
export function parsePoolFunction(text: string): ParsedFunction {
  if (text.length > FUNCTION_CHARS_MAX) return { ok: false, wanted: `at most ${FUNCTION_CHARS_MAX} characters` }
  const tokens = tokensOf(text)
  if (tokens === null) return { ok: false, wanted: 'numbers, words, quoted texts and operators' }
  const parser = new Parser(tokens)
  const term = parser.whole()
  return term === null ? { ok: false, wanted: parser.wanted } : { ok: true, value: { term, reads: [...parser.reads.values()] } }
}

/** Goes through the tokens once, from left to right. Each method leaves null behind where the text is wrong. */
class Parser {
  wanted = 'a number, a text or a name'
  readonly reads = new Map<string, Reading>()
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): FunctionTerm | null {
    const term = this.#any()
    if (term === null) return null
    const rest = this.#tokens[this.#at]
    return rest === undefined ? term : this.#wrong(`an operator or the end before ${rest.text}`)
  }

  #any(): FunctionTerm | null {
    return this.#deeper(() => this.#leftToRight(['or'], () => this.#leftToRight(['and'], () => this.#choice())))
  }

  #choice(): FunctionTerm | null {
    const condition = this.#comparison()
    if (condition === null || this.#operator(['?']) === null) return condition
    const yes = this.#comparison()
    if (yes === null) return null
    if (this.#operator([':']) === null) return this.#wrong('a : and what counts otherwise')
    const no = this.#deeper(() => this.#choice())
    return no && { kind: 'choice', condition, yes, no }
  }

  #comparison(): FunctionTerm | null {
    const first = this.#negation()
    if (first === null) return null
    const rest: { comparison: Comparison; term: FunctionTerm }[] = []
    for (let comparison = this.#operator(COMPARISONS); comparison !== null; comparison = this.#operator(COMPARISONS)) {
      const term = this.#negation()
      if (term === null) return null
      rest.push({ comparison, term })
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest }
  }

  #negation(): FunctionTerm | null {
    if (this.#operator(['not']) === null) return this.#leftToRight(['+', '-'], () => this.#leftToRight(['*', '/'], () => this.#signed()))
    const term = this.#deeper(() => this.#negation())
    return term && { kind: 'unary', operator: 'not', term }
  }

  #signed(): FunctionTerm | null {
    const operator = this.#operator(['+', '-'])
    if (operator === null) return this.#power()
    const term = this.#deeper(() => this.#signed())
    return term && { kind: 'unary', operator, term }
  }

  #power(): FunctionTerm | null {
    const left = this.#operand()
    if (left === null || this.#operator(['^']) === null) return left
    const right = this.#deeper(() => this.#power())
    return right && { kind: 'binary', operator: '^', left, right }
  }

  #operand(): FunctionTerm | null {
    const token = this.#tokens[this.#at]
    this.#at += 1
    if (token === undefined) return this.#wrong('a number, a text or a name at the end')
    if (token.kind === 'number') return { kind: 'constant', value: Number(token.text) }
    if (token.kind === 'text') return { kind: 'constant', value: token.text }
    if (token.kind === 'word') return this.#named(token.text)
    if (token.text !== '(') return this.#wrong(`a number, a text or a name before ${token.text}`)
    const term = this.#any()
    return term === null || this.#operator([')']) !== null ? term : this.#wrong('a )')
  }

  /** A function's call, something to read, or a text without quotes. */
  #named(word: string): FunctionTerm | null {
    if (this.#operator(['(']) !== null) {
      const name = CALLS.find((known) => known === word)
      return name === undefined ? this.#wrong(`${CALLS.join(', ')}, but no ${word}()`) : this.#call(name)
    }
    const [first = '', key = '', ...more] = word.split('.')
    if (first === '' || key === '' || more.length > 0) return { kind: 'constant', value: word }
    const dictionary = DICTIONARIES.find((known) => known === first)
    if (dictionary === undefined) return this.#wrong(`a name of ${DICTIONARIES.join(', ')}, but not of ${first}`)
    const reading: Reading = { kind: 'read', dictionary, key }
    this.reads.set(word, reading)
    return reading
  }

  #call(name: (typeof CALLS)[number]): FunctionTerm | null {
    const terms: FunctionTerm[] = []
    do {
      const term = this.#any()
      if (term === null) return null
      terms.push(term)
    } while (this.#operator([',']) !== null)
    return this.#operator([')']) === null ? this.#wrong('a )') : { kind: 'call', name, terms }
  }

  #leftToRight(operators: readonly ('or' | 'and' | Arithmetic)[], operand: () => FunctionTerm | null): FunctionTerm | null {
    let left = operand()
    while (left !== null) {
      const operator = this.#operator(operators)
      if (operator === null) return left
      const right = operand()
      left = right && { kind: 'binary', operator, left, right }
    }
    return null
  }

  /** The next token if it is one of these operators; it is taken then. */
  #operator<Known extends string>(known: readonly Known[]): Known | null {
    const token = this.#tokens[this.#at]
    const found = token?.kind === 'operator' ? known.find((one) => one === token.text) : undefined
    if (found === undefined) return null
    this.#at += 1
    return found
  }

  #deeper(parse: () => FunctionTerm | null): FunctionTerm | null {
    this.#depth += 1
    const term = this.#depth > DEPTH_MAX ? this.#wrong(`at most ${DEPTH_MAX} things in one another`) : parse()
    this.#depth -= 1
    return term
  }

  #wrong(wanted: string): null {
    this.wanted = wanted
    return null
  }
}
