/** What the register of the cluster decides about classes of quotas: any limit may be set, also one below what projects have. */
import { type Limits, mergeLimits } from '../model/quota.ts'
import type { QuotaClassChange } from '../model/quota-class.ts'
import type { Account, Verdict } from './account.ts'
import { asItIs, keepEntries, nextVersion, remembered } from './catalogue-rules.ts'
import { liveTypes } from './type-entries.ts'

export function setQuotaClass(account: Account, { name, rid, limits }: QuotaClassChange): Verdict {
  const before = account.cell.quotaClasses.get(name)
  if (before?.done.includes(rid) === true) return asItIs(account.cell, null)
  const common = { version: nextVersion(account), isGone: false, done: remembered(before, rid) }
  const merged = ofLiveTypes(account, mergeLimits(before?.limits ?? {}, limits))
  return keepEntries(account, [{ kind: 'quota-class', name, limits: merged, ...common }], null)
}

/** Whoever asks a register tells all of the class: types that were deleted are not in it. */
function ofLiveTypes(account: Account, limits: Partial<Limits>): Partial<Limits> {
  if (limits.types === undefined) return limits
  const live = new Set<string>(liveTypes(account).map(({ id }) => id))
  return { ...limits, types: Object.fromEntries(Object.entries(limits.types).filter(([id]) => live.has(id))) }
}
