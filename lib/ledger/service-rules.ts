/** What the register of the cluster decides about services: which of them take no new volume, and why. */
import type { ServiceChange, ServiceEntry } from '../model/service.ts'
import type { Account, Verdict } from './account.ts'
import { asItIs, keepEntries, nextVersion, remembered } from './catalogue-rules.ts'

export function setService(account: Account, { host, rid, edit, atMs }: ServiceChange): Verdict {
  const before = account.cell.services.get(host)
  if (before?.done.includes(rid) === true) return asItIs(account.cell, null)
  const isDisabled = edit.isDisabled ?? before?.isDisabled ?? false
  const isFrozen = edit.isFrozen ?? before?.isFrozen ?? false
  // A reason is one for being disabled.
  const reason = isDisabled ? (edit.reason === undefined ? (before?.reason ?? null) : edit.reason) : null
  const entry: ServiceEntry = {
    kind: 'service',
    host,
    isDisabled,
    reason,
    isFrozen,
    changedAtMs: atMs,
    version: nextVersion(account),
    isGone: !isDisabled && !isFrozen,
    done: remembered(before, rid),
  }
  return keepEntries(account, [entry], null)
}
