/**
 * Natural logarithms in fixed point, from safe integers alone.
 *
 * `Math.log` may differ in its last digit from one processor or engine to the next, and one digit is enough to swap two
 * candidates. Here a number is brought up to just below 1 by two factors whose logarithms stand in tables, and what is
 * left over is so small that two terms of the series do. Each product below is an exact integer. Error: below 2^-36.
 */
import { invariant } from '../model/invariant.ts'

/** 1.0: values and results count in 2^-42. */
export const ONE = 0x400_0000_0000
/** ln 2 in those units. */
export const LN_2 = logOfRatio(2n, 1n)

/** For the upper 9 bits i = 256..511 of a number in [1/2, 1): the factor f / 512 that brings it to [0.994, 1]. */
const COARSE: readonly number[] = Array.from({ length: 256 }, (_, index) => Math.floor(0x4_0000 / (256 + index + 1)))
const COARSE_LOG: readonly number[] = COARSE.map((factor) => logOfRatio(BigInt(factor), 512n))
/** For j / 2^16 missing to 1, j = 0..511: the logarithm of the factor 1 + j / 2^16. */
const FINE_LOG: readonly number[] = Array.from({ length: 512 }, (_, index) => logOfRatio(65_536n + BigInt(index), 65_536n))
const POWER_26 = 0x400_0000
const POWER_32 = 0x1_0000_0000
const POWER_33 = 0x2_0000_0000
const POWER_39 = 0x80_0000_0000
/** 2^k for k = 0..53: a table, since the language promises no digits of `**`. */
const POWERS: readonly number[] = Array.from({ length: 54 }, (_, index) => Number(1n << BigInt(index)))

/**
 * ln(value) in units of 2^-42.
 *
 * @param value  whole number, 1..2^53 - 1
 */
export function logOfInteger(value: number): number {
  invariant(value >= 1 && value <= Number.MAX_SAFE_INTEGER, 'a logarithm is taken of a safe integer above 0')
  const bits = value < POWER_32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / POWER_32))
  const near = bits <= 42 ? value * power(42 - bits) : Math.floor(value / power(bits - 42))
  return bits * LN_2 - minusLogOfHalfToOne(near)
}

/**
 * −ln(value / ONE) in units of 2^-42; exact to a unit also where value is close to ONE.
 *
 * @param value  whole number, 1..ONE
 */
export function minusLog(value: number): number {
  return 42 * LN_2 - logOfInteger(value)
}

function power(exponent: number): number {
  return POWERS[exponent] ?? 0
}

/** `value` is in [ONE / 2, ONE). */
function minusLogOfHalfToOne(value: number): number {
  const index = Math.floor(value / POWER_33) - 256
  const near = Math.floor((value * (COARSE[index] ?? 0)) / 512)
  const missing = Math.floor((ONE - near) / POWER_26)
  const nearer = near + Math.floor((near * missing) / 65_536)
  const gap = ONE - nearer
  // −ln(1 − g) = g + g²/2 + …; g is below 2^-13, its third power below a unit.
  const quarter = Math.floor(gap / 4)
  return (COARSE_LOG[index] ?? 0) + (FINE_LOG[missing] ?? 0) + gap + Math.floor((quarter * quarter) / POWER_39)
}

/** ln(p / q) = 2 artanh((p − q) / (p + q)), by its series in 64 bits, rounded to units. */
function logOfRatio(p: bigint, q: bigint): number {
  const ratio = ((p - q) << 64n) / (p + q)
  const square = (ratio * ratio) >> 64n
  let sum = 0n
  for (let [term, divisor] = [ratio, 1n]; term > 0n; term = (term * square) >> 64n, divisor += 2n) sum += term / divisor
  return Number((2n * sum + (1n << 21n)) >> 22n)
}
