/** A line of the table, and how its numbers are written. */
export interface Row {
  readonly what: string
  readonly figure: string
  /** Empty for what is told and not judged. */
  readonly target: string
  readonly isMet: boolean
  /** Shown only to who asks why. */
  readonly isDetail: boolean
}

export function told(what: string, figure: string): Row {
  return { what, figure, target: '', isMet: true, isDetail: false }
}

export function detail(what: string, figure: string): Row {
  return { ...told(`  ${what}`, figure), isDetail: true }
}

export function judged(what: string, figure: string, target: string, isMet: boolean): Row {
  return { what, figure, target, isMet, isDetail: false }
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`
}

export function spreadOf(values: readonly number[]): string {
  const [p50, p99, max] = [quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)].map(seconds)
  return `p50 ${p50}, p99 ${p99}, max ${max} of ${values.length}`
}

export function kilobytes(bytes: number): string {
  return bytes < 10_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
