/** Which seeds to run. Fresh ones come from the clock; they are printed with every failure, so that it can be repeated. */
export function freshSeed(): number {
  return (Math.floor(Date.now() / 1000) % 10_000_000) * 1000
}

export function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}
