/** What the register of the cluster decides about projects' default types: each is one that is there. */
import type { DefaultTypeChange } from '../model/default-type.ts'
import type { Account, Verdict } from './account.ts'
import { answer, asItIs, keepEntries, nextVersion, remembered } from './catalogue-rules.ts'
import { liveType } from './type-entries.ts'

export function setDefaultType(account: Account, { project, rid, typeId }: DefaultTypeChange): Verdict {
  const before = account.cell.defaultTypes.get(project)
  if (before?.done.includes(rid) === true) return asItIs(account.cell, null)
  const common = { version: nextVersion(account), done: remembered(before, rid) }
  if (typeId === null) {
    const isSet = before !== undefined && !before.isGone
    return isSet ? keepEntries(account, [{ ...before, ...common, isGone: true }], null) : asItIs(account.cell, null)
  }
  if (liveType(account, typeId) === null) return answer({ kind: 'no-type', id: typeId })
  return keepEntries(account, [{ kind: 'default-type', project, typeId, isGone: false, ...common }], null)
}
