/**
 * How Python reads numbers, rounds them and takes text for a truth value.
 *
 * Extra specs and capacities that were written for Cinder must get Cinder's verdict here, to the last digit. Only
 * + - * / and floor are used on floats: IEEE 754 fixes their results, so every machine computes the same.
 */
import type { Json } from '../model/json.ts'

/** From here on a fraction has 45 bits at most, and 100 times it is exact. */
const EXACT_FROM = 256

/**
 * Python's `round(value, 2)`: nearest hundredth of the exact binary value, exact ties to the even hundredth.
 *
 * @see https://docs.python.org/3/library/functions.html#round
 */
export function roundToHundredths(value: number): number {
  if (Number.isInteger(value) || !Number.isFinite(value)) return value
  if (Math.abs(value) < EXACT_FROM) return roundSmall(value)
  const whole = Math.floor(value)
  const scaled = (value - whole) * 100
  const below = Math.floor(scaled)
  const rest = scaled - below
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 === 1)
  return (whole * 100 + below + (isUp ? 1 : 0)) / 100
}

function roundSmall(value: number): number {
  // Only odd eighths lie exactly between two hundredths; toFixed looks at the exact value, as Python does.
  const isTie = Number.isInteger(value * 8) && !Number.isInteger(value * 4)
  if (!isTie) return Number(value.toFixed(2))
  const below = Math.floor(value * 100)
  return (below % 2 === 0 ? below : below + 1) / 100
}

/** What almost every number looks like, told apart first because a ranking reads one for each pool. */
const PLAIN = /^\d+(?:\.\d+)?$/
const FLOAT = /^[+-]?(?:(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?|inf(?:inity)?|nan)$/i

/**
 * Python's `float(value)` for a reported or demanded value.
 *
 * @returns the number (NaN for the text `nan`), or null where Python raises
 * @see https://docs.python.org/3/library/functions.html#float
 */
export function pythonFloat(value: Json): number | null {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string') return null
  if (PLAIN.test(value)) return Number(value)
  const text = value.trim().toLowerCase()
  if (!FLOAT.test(text)) return null
  if (text.includes('inf')) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return text.includes('nan') ? Number.NaN : Number(text.replaceAll('_', ''))
}

const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'on', 'y', 'yes'])

/** oslo.utils `strutils.bool_from_string`, not strict: whatever is not one of its words for true is false. */
export function boolFromString(value: Json): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string' && typeof value !== 'number') return false
  return TRUE_WORDS.has(String(value).trim().toLowerCase())
}

/** Python's order of text: by code point. Code units order characters beyond U+FFFF differently. */
export function compareCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)]
  for (const [index, character] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const difference = (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
