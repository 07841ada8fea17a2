/**
 * The language of extra specs: does a reported value meet a demand?
 *
 * The first word of the demand is the operator; without one the two must be equal, type and all. What makes Cinder's
 * scheduler raise (a number compared with text, an `<or>` without words) does not match here and raises nothing.
 *
 * Operators and their meaning: cinder/scheduler/filters/extra_specs_ops.py.
 */
import type { Json } from '../model/json.ts'
import { boolFromString, compareCodePoints, pythonFloat } from './python-values.ts'

type Operator = (reported: Exclude<Json, null>, word: string) => boolean

/** Numbers as floats; text that is no number makes the test false. NaN equals nothing. */
function numeric(test: (reported: number, wanted: number) => boolean): Operator {
  return (reported, word) => {
    const [left, right] = [pythonFloat(reported), pythonFloat(word)]
    return left !== null && right !== null && test(left, right)
  }
}

/** Only text has an order. */
function lexical(test: (order: number) => boolean): Operator {
  return (reported, word) => typeof reported === 'string' && test(compareCodePoints(reported, word))
}

const isWithin: Operator = (reported, word) => {
  if (typeof reported === 'string') return reported.includes(word)
  if (typeof reported !== 'object') return false
  return isList(reported) ? reported.includes(word) : Object.hasOwn(reported, word)
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  // `=` means "at least": kept by Cinder for old users.
  ['=', numeric((reported, wanted) => reported >= wanted)],
  ['==', numeric((reported, wanted) => reported === wanted)],
  ['!=', numeric((reported, wanted) => reported !== wanted)],
  ['>=', numeric((reported, wanted) => reported >= wanted)],
  ['<=', numeric((reported, wanted) => reported <= wanted)],
  ['s==', (reported, word) => reported === word],
  ['s!=', (reported, word) => reported !== word],
  ['s<', lexical((order) => order < 0)],
  ['s<=', lexical((order) => order <= 0)],
  ['s>', lexical((order) => order > 0)],
  ['s>=', lexical((order) => order >= 0)],
  ['<in>', isWithin],
  ['<is>', (reported, word) => boolFromString(reported) === boolFromString(word)],
])

/** How a demand with an operator begins. Most have none, and need not be cut into words for each pool. */
const MAY_BE_OPERATOR = /^[\s=!<>s]/

/**
 * Tells whether one reported value meets one demand.
 *
 * @param reported  the capability; null meets no demand
 * @param demand    value of an extra spec: a plain value, or an operator and its words; words beyond the first count for `<or>` only
 * @throws never
 */
export function meetsDemand(reported: Json, demand: string): boolean {
  if (!MAY_BE_OPERATOR.test(demand)) return reported === demand
  const words = demand.trim().split(/\s+/)
  const first = words[0] ?? ''
  // `<or> a <or> b`: every second word is an `<or>`, whatever it says.
  if (first === '<or>') return words.some((word, index) => index % 2 === 1 && word === reported)
  const operator = OPERATORS.get(first)
  if (operator === undefined) return reported === demand
  const word = words[1]
  return reported !== null && word !== undefined && operator(reported, word)
}

/** `Array.isArray` that keeps a readonly array readonly. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}
