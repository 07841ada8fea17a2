/**
 * The pool's zone must be one that the client asked for and one that the type allows.
 *
 * Source: cinder/scheduler/filters/availability_zone_filter.py; a type names its zones in `RESKEY:availability_zones`,
 * separated by commas.
 */
import type { Filter } from './filter.ts'

export const availabilityZoneFilter: Filter = (pool, request) => {
  if (request.zones.length > 0 && !request.zones.includes(pool.zone)) return { reported: pool.zone, needed: request.zones.join(' or ') }
  const ofType = request.type?.extraSpecs['RESKEY:availability_zones']
  if (ofType === undefined) return null
  const zones = ofType
    .split(',')
    .map((zone) => zone.trim())
    .filter((zone) => zone !== '')
  return zones.length === 0 || zones.includes(pool.zone) ? null : { reported: pool.zone, needed: zones.join(' or ') }
}
