/**
 * The backend's own word on how well a volume would lie there: its `goodness_function`, 0 to 100. True is 100, and
 * whatever is none of these is 0. Source: cinder/scheduler/weights/goodness.py.
 */
import { type Value, valuesOf } from '../function-values.ts'
import { hundredths, type Weigher } from './weigher.ts'

const BEST = 100

export const goodnessWeigher: Weigher = (pool, request, functions) => {
  const text = pool.capabilities['goodness_function']
  const known = typeof text === 'string' ? functions(text) : null
  const values = known === null ? [] : valuesOf(known, pool, request)
  return hundredths(values.reduce<number>((best, value) => Math.max(best, goodnessOf(value)), 0))
}

function goodnessOf(value: Value | undefined): number {
  if (typeof value === 'boolean') return value ? BEST : 0
  return typeof value === 'number' && value >= 0 && value <= BEST ? value : 0
}
