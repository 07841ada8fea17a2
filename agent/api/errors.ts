/**
 * The one table from failure to answer: HTTP status, the class name that operators know, and the sentence.
 *
 * The compiler refuses a code without a row. docs/errors.md is written from this table, and a test compares the two.
 */
import { faultBody } from '../../lib/wire/cinder/fault.ts'
import type { Row, Rows } from './error-rows.ts'
import { ABSENCE_ERRORS } from './errors-of-absence.ts'
import { CATALOGUE_ERRORS } from './errors-of-catalogue.ts'
import { GROUP_ERRORS } from './errors-of-groups.ts'
import { EDGE_ERRORS, JOINING_ERRORS } from './errors-of-edge.ts'
import { IDENTITY_ERRORS } from './errors-of-identity.ts'
import { INPUT_ERRORS } from './errors-of-input.ts'
import { MEMBERSHIP_ERRORS } from './errors-of-membership.ts'
import { RULES_ERRORS } from './errors-of-rules.ts'
import type { EdgeFailure } from './failure.ts'

export const ERRORS: Rows<EdgeFailure> = {
  ...RULES_ERRORS,
  ...GROUP_ERRORS,
  ...CATALOGUE_ERRORS,
  ...IDENTITY_ERRORS,
  ...INPUT_ERRORS,
  ...EDGE_ERRORS,
  ...ABSENCE_ERRORS,
  ...JOINING_ERRORS,
  ...MEMBERSHIP_ERRORS,
}

export interface Fault {
  readonly status: number
  readonly body: string
  readonly retryAfterS: number | null
}

export function faultOf(failure: EdgeFailure): Fault {
  // One lookup for all codes: each row takes the facts of its own code, which TypeScript cannot follow through a union.
  const row = ERRORS[failure.code] as Row<EdgeFailure>
  return { status: row.status, body: JSON.stringify(faultBody(row.status, row.text(failure))), retryAfterS: row.retryAfterS ?? null }
}
