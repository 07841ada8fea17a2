/**
 * The backend's own word on who may come: its `filter_function`, which has to be true.
 *
 * A function that cannot be computed refuses, since nobody knows what it would have kept away.
 * Source: cinder/scheduler/filters/driver_filter.py.
 */
import { isTruth, valuesOf } from '../function-values.ts'
import type { Preference } from './filter.ts'

const SHOWN_CHARS_MAX = 120

export const driverFilter: Preference = (pool, request, functions) => {
  const text = pool.capabilities['filter_function']
  if (typeof text !== 'string') return null
  const known = functions(text)
  const values = known === null ? [] : valuesOf(known, pool, request)
  if (values.some((value) => value !== undefined && isTruth(value))) return null
  const [value] = values
  const shown = text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text
  return { reported: value === undefined ? 'filter_function: cannot be computed' : `filter_function: ${value}`, needed: `true of ${shown}` }
}
