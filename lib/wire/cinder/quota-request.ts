/**
 * Bodies of `PUT os-quota-sets/{project}` and `PUT os-quota-class-sets/{class}`: `{"quota_set": {"volumes": 20}}`, and the
 * same under `quota_class_set`; `volumes_TYPE`, `snapshots_TYPE` and `gigabytes_TYPE` are those of one volume type, by its name.
 * What is not named stays as it is.
 *
 * A client that sends back the whole set it was shown is understood: values of what Scoria has no quota for are taken if
 * they say what is so anyway.
 */
import Type from 'typebox'
import { type LimitName, type Limits, mergeLimits, TYPE_LIMITS, type TypeLimits } from '../../model/quota.ts'
import type { VolumeType } from '../../model/volume-type.ts'
import { accepted, type InputFailure, type Parsed, refused, shape } from './input.ts'
import { isObject } from '../peer/check.ts'

const LIMITS: ReadonlySet<string> = new Set<LimitName>(['volumes', 'snapshots', 'gigabytes', 'per_volume_gigabytes', 'groups'])
/** There are none of these, and so none are allowed. */
const ABSENT: ReadonlySet<string> = new Set(['backups', 'backup_gigabytes'])
/** Clients name the project, or the class, once more. */
const IGNORED: ReadonlySet<string> = new Set(['tenant_id', 'id', 'class_name'])

const NO_LIMIT = -1
/** Cinder's MAX_INT: the width of its column. */
const LIMIT_MAX = 2_147_483_647

const Values = Type.Record(Type.String(), Type.Unknown())
const quotaSet = shape(Type.Object({ quota_set: Values }))
const quotaClass = shape(Type.Object({ quota_class_set: Values }, { additionalProperties: false }))

/** For the description of the API. */
export const QUOTA_BODIES = { quotaSet, quotaClass }

/** A type that is asked about by its name. */
type Named = Pick<VolumeType, 'id' | 'name'>

export function parseQuotaSet(body: unknown, types: readonly Named[]): Parsed<Partial<Limits>> {
  const parsed = quotaSet.parse(body)
  return parsed.ok ? limitsIn('quota_set', parsed.value.quota_set, types) : refused({ code: 'malformed-body' })
}

export function parseQuotaClass(body: unknown, types: readonly Named[]): Parsed<Partial<Limits>> {
  const parsed = quotaClass.parse(body)
  return parsed.ok ? limitsIn('quota_class_set', parsed.value.quota_class_set, types) : parsed
}

function limitsIn(name: string, set: Readonly<Record<string, unknown>>, types: readonly Named[]): Parsed<Partial<Limits>> {
  const ofTypes = new Map(
    types.flatMap((type) => TYPE_LIMITS.map((resource) => [typeKey(resource, type), { id: type.id, resource }] as const)),
  )
  let limits: Partial<Limits> = {}
  for (const [key, given] of Object.entries(set)) {
    if (IGNORED.has(key)) continue
    const path = `${name}.${key.slice(0, 80)}`
    const ofType = ofTypes.get(key)
    if (!LIMITS.has(key) && !ABSENT.has(key) && ofType === undefined)
      return refused({ code: 'unknown-key', path: name, keys: [key.slice(0, 80)] })
    const limit = parseLimit(path, given)
    if (!limit.ok) return limit
    if (LIMITS.has(key)) limits = { ...limits, [key]: limit.value }
    else if (ofType !== undefined) limits = mergeLimits(limits, { types: { [ofType.id]: { [ofType.resource]: limit.value } } })
    else if (limit.value !== 0) return refused({ code: 'not-supported', feature: `a quota of ${key}` })
  }
  return accepted(limits)
}

/** What Cinder calls this limit of this type. */
export function typeKey(resource: keyof TypeLimits, { name }: Pick<VolumeType, 'name'>): string {
  return `${resource}_${name}`
}

/** A whole number or its text, as Cinder takes it; -1 means no limit. */
function parseLimit(path: string, given: unknown): Parsed<number> {
  const text = typeof given === 'number' || typeof given === 'string' ? String(given).trim() : ''
  const value = /^-?\d{1,20}$/.test(text) ? Number(text) : Number.NaN
  const bad = (rule: Extract<InputFailure, { code: 'bad-value' }>['rule']): Parsed<number> =>
    refused({ code: 'bad-value', path, value: isObject(given) ? 'an object' : String(given).slice(0, 80), rule })
  if (Number.isNaN(value)) return bad({ kind: 'type', wanted: 'integer' })
  if (value < NO_LIMIT) return bad({ kind: 'minimum', limit: NO_LIMIT })
  return value > LIMIT_MAX ? bad({ kind: 'maximum', limit: LIMIT_MAX }) : accepted(value)
}
