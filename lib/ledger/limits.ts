/**
 * What a project may have: its own limits, and in what it has none the default class of quotas; what that does not say
 * either is as the cluster was founded.
 *
 * The default class stands in another register, that of the cluster. Whoever asks this one tells what he knows of it, and
 * the newest that was ever told stays here: so that what this register decides follows from what it holds and from what
 * it is told, and never goes back to an older default.
 */
import { put } from '../model/cell.ts'
import type { LedgerPut } from '../model/ledger.ts'
import { type Limits, mergeLimits } from '../model/quota.ts'
import { type DefaultLimits, newerDefaults } from '../model/quota-class.ts'
import type { Account } from './account.ts'

export function limitsOf({ cell, defaults }: Account, told: DefaultLimits | undefined): Limits {
  return mergeLimits(mergeLimits(defaults, newerDefaults(cell.defaults, told ?? null)?.limits), cell.limits)
}

/** What is to be kept of what was told. */
export function heardDefaults({ cell }: Account, told: DefaultLimits | undefined): readonly LedgerPut[] {
  const newest = newerDefaults(cell.defaults, told ?? null)
  return newest === null || newest === cell.defaults ? [] : [put({ kind: 'defaults', version: newest.version, limits: newest.limits })]
}
