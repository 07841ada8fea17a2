/** Limits in a row, so that checkers treat those of volume types like all others. */
import { COUNTED_LIMITS, type Limits, TYPE_LIMITS } from '../../lib/model/quota.ts'

/** Each limit that is said, under a name of its own. */
export function flatLimits(limits: Partial<Limits>): readonly (readonly [string, number])[] {
  const ofAll = COUNTED_LIMITS.map((resource) => [resource, limits[resource]] as const)
  const ofTypes = Object.entries(limits.types ?? {}).flatMap(([id, of]) =>
    TYPE_LIMITS.map((resource) => [`${resource} of ${id}`, of[resource]] as const),
  )
  return [...ofAll, ...ofTypes].flatMap(([name, limit]) => (limit === undefined ? [] : [[name, limit] as const]))
}
