/** What the register of the cluster decides about classes of quotas: any limit may be set, also one below what projects have. */
import { mergeLimits } from '../model/quota.ts'
import type { QuotaClassChange } from '../model/quota-class.ts'
import type { Account, Verdict } from './account.ts'
import { asItIs, keepEntries, nextVersion, remembered } from './catalogue-rules.ts'

export function setQuotaClass(account: Account, { name, rid, limits }: QuotaClassChange): Verdict {
  const before = account.cell.quotaClasses.get(name)
  if (before?.done.includes(rid) === true) return asItIs(account.cell, null)
  const common = { version: nextVersion(account), isGone: false, done: remembered(before, rid) }
  return keepEntries(account, [{ kind: 'quota-class', name, limits: mergeLimits(before?.limits ?? {}, limits), ...common }], null)
}
