/**
 * Where other volumes lie: on the backend of at least one of them, or of none of them.
 *
 * A volume that whoever ranks does not know lies nowhere, as in Cinder: it keeps `different_host` from nothing, and
 * `same_host` with such volumes alone finds no pool. Source: cinder/scheduler/filters/affinity_filter.py.
 */
import type { PoolView } from '../../model/placement.ts'
import type { Preference } from './filter.ts'

const SHOWN_MAX = 3

export const sameBackendFilter: Preference = (pool, { hints: { sameBackends } }) => {
  if (sameBackends === null) return null
  const backend = backendOf(pool)
  if (sameBackends.has(backend)) return null
  return {
    reported: backend,
    needed: sameBackends.size === 0 ? 'the backend of same_host, of which no volume is known' : shown(sameBackends),
  }
}

export const differentBackendFilter: Preference = (pool, { hints: { differentBackends } }) => {
  const backend = backendOf(pool)
  return differentBackends?.has(backend) === true ? { reported: backend, needed: `another than ${shown(differentBackends)}` } : null
}

/** `host@backend`: what all pools of one backend have in common. */
export function backendOf({ name }: Pick<PoolView, 'name'>): string {
  const end = name.indexOf('#')
  return end < 0 ? name : name.slice(0, end)
}

function shown(backends: ReadonlySet<string>): string {
  const all = [...backends].sort()
  const more = all.length > SHOWN_MAX ? ` or ${all.length - SHOWN_MAX} more` : ''
  return `${all.slice(0, SHOWN_MAX).join(' or ')}${more}`
}
