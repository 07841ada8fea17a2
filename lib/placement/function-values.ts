/**
 * What a filter or goodness function says of one pool for one request.
 *
 * Numbers are doubles under + - * /, and powers are products, so that every machine computes the same. What is read is
 * made a whole number if it is a number or a text of one: Cinder cuts off what comes after the point, and so does this.
 * Where Cinder's evaluator would raise there is no value. Source: cinder/scheduler/evaluator/evaluator.py.
 */
import { assertNever } from '../model/invariant.ts'
import type { Json } from '../model/json.ts'
import type { PlaceRequest, PoolView } from '../model/placement.ts'
import type { Arithmetic, Comparison, FunctionTerm, PoolFunction, Reading } from '../model/pool-function.ts'
import { ownCapability, statOf } from './pool-attributes.ts'
import { compareCodePoints, pythonFloat } from './python-values.ts'
import { protocolNames } from './storage-protocol.ts'

export type Value = number | boolean | string

const INTEGER = /^[+-]?\d+(?:_\d+)*$/
/** Beyond it only 0, 1 and -1 are not lost in a double anyway. */
const EXPONENT_MAX = 64

/**
 * The values of a function: one, or where it asks for the storage protocol one for each name that the protocol has.
 *
 * @returns undefined in place of a value that cannot be computed
 */
export function valuesOf({ term, reads }: PoolFunction, pool: PoolView, request: PlaceRequest): readonly (Value | undefined)[] {
  const reader = (reading: Reading): Json | undefined => readingOf(reading, pool, request)
  const protocol = reads.find(isProtocol)
  if (protocol === undefined) return [termValue(term, reader)]
  return protocolNames(reader(protocol) ?? null).map((name) =>
    termValue(term, (reading) => (isProtocol(reading) && reader(reading) !== undefined ? name : reader(reading))),
  )
}

export function isTruth(value: Value): boolean {
  return Boolean(value)
}

/** @returns undefined if there is no such name */
export function readingOf({ dictionary, key }: Reading, pool: PoolView, { type, volume, qos }: PlaceRequest): Json | undefined {
  switch (dictionary) {
    case 'stats':
      return statOf(pool, key)
    case 'capabilities':
      return ownCapability(pool, key)
    case 'volume':
      return own(volume, key)
    case 'extra':
      return own(type?.extraSpecs ?? {}, key)
    case 'qos':
      return own(qos, key)
    default:
      return assertNever(dictionary)
  }
}

function own(values: { readonly [key: string]: Json | undefined }, key: string): Json | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined
}

function isProtocol({ dictionary, key }: Reading): boolean {
  return key === 'storage_protocol' && (dictionary === 'stats' || dictionary === 'capabilities')
}

type Reader = (reading: Reading) => Json | undefined

function termValue(term: FunctionTerm, read: Reader): Value | undefined {
  switch (term.kind) {
    case 'constant':
      return term.value
    case 'read':
      return plain(read(term))
    case 'call':
      return called(term, read)
    case 'unary': {
      const value = termValue(term.term, read)
      if (value === undefined || term.operator === 'not') return value === undefined ? undefined : !isTruth(value)
      const number = numberOf(value)
      return number === null ? undefined : term.operator === '-' ? -number : number
    }
    case 'binary':
      return combined(term.operator, termValue(term.left, read), termValue(term.right, read))
    case 'compare':
      return chained(term, read)
    case 'choice': {
      const condition = termValue(term.condition, read)
      return condition === undefined ? undefined : termValue(isTruth(condition) ? term.yes : term.no, read)
    }
    default:
      return assertNever(term)
  }
}

/** As Cinder takes what it reads: a whole number if that can be, else a number, else the text without quotes. */
function plain(value: Json | undefined): Value | undefined {
  if (typeof value === 'number') return finite(Math.trunc(value))
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'string') return undefined
  if (INTEGER.test(value.trim())) return finite(Number(value.trim().replaceAll('_', '')))
  const number = pythonFloat(value)
  return number === null ? value.replaceAll(/["']/g, '') : finite(number)
}

/** Both sides are looked at, whatever the first one says. */
function combined(operator: Arithmetic | 'and' | 'or', left: Value | undefined, right: Value | undefined): Value | undefined {
  if (left === undefined || right === undefined) return undefined
  if (operator === 'and') return isTruth(left) ? right : left
  if (operator === 'or') return isTruth(left) ? left : right
  const [a, b] = [numberOf(left), numberOf(right)]
  return a === null || b === null ? undefined : computed(operator, a, b)
}

function computed(operator: Arithmetic, a: number, b: number): number | undefined {
  switch (operator) {
    case '+':
      return finite(a + b)
    case '-':
      return finite(a - b)
    case '*':
      return finite(a * b)
    case '/':
      return finite(a / b)
    case '^':
      return power(a, b)
    default:
      return assertNever(operator)
  }
}

/** The language promises no digits of `**`, and a root has no exact ones: whole exponents only. */
function power(base: number, exponent: number): number | undefined {
  if (!Number.isInteger(exponent) || Math.abs(exponent) > EXPONENT_MAX) return undefined
  let product = 1
  for (let n = 0; n < Math.abs(exponent); n += 1) product *= base
  return finite(exponent < 0 ? 1 / product : product)
}

function chained({ first, rest }: Extract<FunctionTerm, { kind: 'compare' }>, read: Reader): boolean | undefined {
  let left = termValue(first, read)
  for (const { comparison, term } of rest) {
    const right = termValue(term, read)
    const holds = left === undefined || right === undefined ? undefined : compares(comparison, left, right)
    if (holds !== true) return holds
    left = right
  }
  return true
}

function compares(comparison: Comparison, left: Value, right: Value): boolean | undefined {
  const [a, b] = [numberOf(left), numberOf(right)]
  const isOrdered = (a !== null && b !== null) || (typeof left === 'string' && typeof right === 'string')
  // A text and a number differ, but none of them is less.
  if (!isOrdered) return comparison === '==' ? false : comparison === '!=' || comparison === '<>' ? true : undefined
  const order = a !== null && b !== null ? a - b : compareCodePoints(String(left), String(right))
  switch (comparison) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case '==':
      return order === 0
    case '!=':
    case '<>':
      return order !== 0
    default:
      return assertNever(comparison)
  }
}

function called({ name, terms }: Extract<FunctionTerm, { kind: 'call' }>, read: Reader): number | undefined {
  const numbers: number[] = []
  for (const term of terms) {
    const value = termValue(term, read)
    const number = value === undefined ? null : numberOf(value)
    if (number === null) return undefined
    numbers.push(number)
  }
  const [first] = numbers
  if (first === undefined || (numbers.length === 1) !== (name === 'abs')) return undefined
  if (name === 'abs') return Math.abs(first)
  return name === 'max' ? Math.max(...numbers) : Math.min(...numbers)
}

function numberOf(value: Value): number | null {
  return typeof value === 'string' ? null : Number(value)
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}
