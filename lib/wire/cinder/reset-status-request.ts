/**
 * Body of the action `os-reset_status`: an operator's word against the record. Of the statuses of Cinder those are taken
 * that a volume can rest in.
 */
import type { Operation } from '../../model/request.ts'
import { demands } from './body-parts.ts'
import { accepted, type Parsed, refused } from './input.ts'
import { isObject } from '../peer/check.ts'

const RESET_STATUS = 'os-reset_status'

type ResetStatus = Extract<Operation, { kind: 'reset-status' }>

const STATUSES = ['available', 'in-use', 'error'] as const
const OTHERS = ['attach_status', 'migration_status']

export function asksForReset(body: unknown): boolean {
  return isObject(body) && Object.keys(body).length === 1 && RESET_STATUS in body
}

export function parseResetStatus(body: unknown): Parsed<ResetStatus> {
  const wanted = isObject(body) ? body[RESET_STATUS] : undefined
  if (!isObject(wanted)) return refused({ code: 'malformed-body' })
  const strange = Object.keys(wanted).filter((key) => key !== 'status' && !OTHERS.includes(key))
  if (strange.length > 0) return refused({ code: 'unknown-key', path: RESET_STATUS, keys: strange.map((key) => key.slice(0, 80)) })
  // What an attachment is follows from its export here, and nothing migrates.
  const other = OTHERS.find((key) => demands(wanted[key]))
  if (other !== undefined) return refused({ code: 'not-supported', feature: `${RESET_STATUS} with ${other}` })
  const given = wanted['status']
  if (!demands(given)) return refused({ code: 'missing-key', path: RESET_STATUS, keys: ['status'] })
  const word = typeof given === 'string' ? given.toLowerCase() : ''
  const status = STATUSES.find((known) => known === word)
  if (status !== undefined) return accepted({ kind: 'reset-status', status })
  const value = typeof given === 'object' ? 'an object' : String(given).slice(0, 80)
  return refused({ code: 'bad-value', path: `${RESET_STATUS}.status`, value, rule: { kind: 'form', wanted: STATUSES.join('|') } })
}
