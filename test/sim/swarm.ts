/**
 * Many seeds on all processors: hands out small lots of seeds to worker threads and adds up what they saw.
 *
 * Every hundredth seed is run twice, and the hashes of its two traces must be equal.
 */
import { Hits } from './hits.ts'
import type { Verdict } from './run.ts'
import { runThreads } from './threads.ts'

export interface Failed {
  readonly seed: number
  readonly options: Verdict['options']
  readonly failure: NonNullable<Verdict['failure']>
}

/** What a worker is asked: these seeds, with this planted bug. */
export interface Lot {
  readonly seeds: readonly number[]
  readonly bug: number | null
}

export interface LotResult {
  /** In the order of the seeds. */
  readonly failed: readonly Failed[]
  readonly runs: number
  readonly events: number
  readonly elapsedMs: number
  readonly repeated: number
  readonly restMs: readonly number[]
  readonly hits: Readonly<Record<string, number>>
}

export interface SwarmOptions {
  readonly seeds: readonly number[]
  readonly jobs: number
  readonly bug?: number | null
  /** No new lots after the first failure. */
  readonly stopAtFirst?: boolean
}

export interface SwarmResult extends LotResult {
  /** Real time. */
  readonly tookMs: number
}

const LOT = 10

export async function runSwarm({ seeds, jobs, bug = null, stopAtFirst = false }: SwarmOptions): Promise<SwarmResult> {
  const begunMs = performance.now()
  const results: LotResult[] = []
  let at = 0
  const takeLot = (): Lot | null => {
    const isDone = at >= seeds.length || (stopAtFirst && results.some(({ failed }) => failed.length > 0))
    if (isDone) return null
    const lot = { seeds: seeds.slice(at, at + LOT), bug }
    at += LOT
    return lot
  }
  await runThreads<Lot, LotResult>({
    script: new URL('./worker.js', import.meta.url),
    jobs,
    takeLot,
    onResult: (result) => results.push(result),
  })
  return { ...sum(results), tookMs: performance.now() - begunMs }
}

export function sum(results: readonly LotResult[]): LotResult {
  const hits = new Hits()
  for (const result of results) hits.merge(result.hits)
  const total = (of: (result: LotResult) => number): number => results.reduce((all, result) => all + of(result), 0)
  return {
    failed: results.flatMap(({ failed }) => failed).sort((a, b) => a.seed - b.seed),
    runs: total(({ runs }) => runs),
    events: total(({ events }) => events),
    elapsedMs: total(({ elapsedMs }) => elapsedMs),
    repeated: total(({ repeated }) => repeated),
    restMs: results.flatMap(({ restMs }) => restMs),
    hits: hits.counts(),
  }
}
