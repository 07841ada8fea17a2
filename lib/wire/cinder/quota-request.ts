/**
 * Body of `PUT os-quota-sets/{project}`: `{"quota_set": {"volumes": 20}}`. What is not named stays as it is.
 *
 * A client that sends back the whole set it was shown is understood: values of what Scoria has no quota for are taken if
 * they say what is so anyway.
 */
import type { Limits } from '../../model/quota.ts'
import { accepted, type InputFailure, type Parsed, refused } from './input.ts'
import { isObject } from '../peer/check.ts'

const LIMITS: ReadonlySet<string> = new Set<keyof Limits>(['volumes', 'snapshots', 'gigabytes', 'per_volume_gigabytes'])
/** There are none of these, and so none are allowed. */
const ABSENT: ReadonlySet<string> = new Set(['backups', 'backup_gigabytes', 'groups'])
const PER_TYPE = /^(volumes|gigabytes|snapshots)_./
/** Clients name the project once more. */
const IGNORED: ReadonlySet<string> = new Set(['tenant_id', 'id'])

const NO_LIMIT = -1
/** Cinder's MAX_INT: the width of its column. */
const LIMIT_MAX = 2_147_483_647

export function parseQuotaSet(body: unknown): Parsed<Partial<Limits>> {
  const set = isObject(body) ? body['quota_set'] : undefined
  if (!isObject(body) || !isObject(set)) return refused({ code: 'malformed-body' })
  const limits: Record<string, number> = {}
  for (const [key, given] of Object.entries(set)) {
    if (IGNORED.has(key)) continue
    if (!LIMITS.has(key) && !ABSENT.has(key) && !PER_TYPE.test(key))
      return refused({ code: 'unknown-key', path: 'quota_set', keys: [key.slice(0, 80)] })
    const limit = parseLimit(`quota_set.${key.slice(0, 80)}`, given)
    if (!limit.ok) return limit
    if (LIMITS.has(key)) limits[key] = limit.value
    else if (limit.value !== (ABSENT.has(key) ? 0 : NO_LIMIT))
      return refused({ code: 'not-supported', feature: `a quota of ${key.slice(0, 80)}` })
  }
  return accepted(limits)
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
