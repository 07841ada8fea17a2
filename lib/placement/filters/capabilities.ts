/**
 * The pool must offer what the volume type demands.
 *
 * A key is a capability's name, or `capabilities:a:b` for a nested one; keys of any other scope are meant for somebody
 * else and say nothing here. Source: cinder/scheduler/filters/capabilities_filter.py.
 */
import type { Capabilities, PoolView } from '../../model/placement.ts'
import type { VolumeType } from '../../model/volume-type.ts'
import type { Json } from '../../model/json.ts'
import { isList, meetsDemand } from '../extra-specs-operators.ts'
import { protocolNames } from '../storage-protocol.ts'
import type { Filter, Refusal } from './filter.ts'

const SHOWN_LENGTH_MAX = 80

export const capabilitiesFilter: Filter = (pool, { type }) => (type === null ? null : unmetDemand(pool, type))

/** The first by name of the type's demands that the pool does not meet, or null if it meets them all. */
export function unmetDemand(pool: Pick<PoolView, 'capabilities'>, { extraSpecs }: Pick<VolumeType, 'extraSpecs'>): Refusal | null {
  // Among several unmet demands the first by name is told, so that the text does not depend on the order of keys.
  let unmet: string | null = null
  for (const key in extraSpecs) {
    if (unmet !== null && key > unmet) continue
    if (!meets(pool.capabilities, key, extraSpecs[key] ?? '')) unmet = key
  }
  if (unmet === null) return null
  const found = capabilityAt(pool.capabilities, unmet)
  return { reported: `${unmet}: ${shown(found)}`, needed: `${unmet}: ${extraSpecs[unmet] ?? ''}` }
}

/**
 * The value that an extra spec's key points at, as far as the pool reports it.
 *
 * @returns undefined for a missing one, and for the key of another scope
 */
export function capabilityAt(capabilities: Capabilities, key: string): Json | undefined {
  if (!key.includes(':') && key !== 'capabilities') return own(capabilities, key)
  const path = key.split(':')
  if (path.shift() !== 'capabilities') return undefined
  return path.reduce<Json | undefined>((value, name) => own(value, name), capabilities)
}

/** True for the key of another scope (`provisioning:type`, a vendor's own). */
export function isForeign(key: string): boolean {
  return key.includes(':') && !key.startsWith('capabilities:')
}

function meets(capabilities: Capabilities, key: string, demand: string): boolean {
  if (isForeign(key)) return true
  const found = capabilityAt(capabilities, key)
  if (found === undefined) return false
  const values = isList(found) ? found : key.endsWith('storage_protocol') ? protocolNames(found) : null
  return values === null ? meetsDemand(found, demand) : values.some((value) => meetsDemand(value, demand))
}

/** Only what a pool reported itself: `constructor` and the like are not capabilities. */
function own(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || isList(value)) return undefined
  return Object.hasOwn(value, name) ? value[name] : undefined
}

function shown(value: Json | undefined): string {
  if (value === undefined) return 'not reported'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text
}
