/** Which seeds to run. They are printed with every failure, so that it can be repeated. */
import { execFileSync } from 'node:child_process'

const HEX = 16
const DIGITS_EACH = 5

/** By the clock: another each second. */
export function freshSeed(): number {
  return (Math.floor(Date.now() / 1000) % 10_000_000) * 1000
}

/**
 * By the rules and the simulator as they are committed: other worlds for each change of them, and the same ones each time
 * that it is tested, so that a run that was red is red again. By the clock where there is no repository.
 */
export function seedOfRules(): number {
  try {
    const trees = execFileSync('git', ['rev-parse', 'HEAD:lib', 'HEAD:test/sim'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    const digits = trees.split('\n').map((tree) => tree.slice(0, DIGITS_EACH))
    return Number.parseInt(digits.join(''), HEX) * 1000
  } catch {
    return freshSeed()
  }
}

export function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}
