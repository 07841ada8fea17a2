/**
 * What the register of the cluster decides about group types: one name, one type, as with volume types.
 *
 * A claim that comes again is known by the id that it brings, the other changes by their requests' ids.
 */
import type { GroupTypeChange, GroupTypeEdit, GroupTypeEntry } from '../model/group-type.ts'
import type { Account, Verdict } from './account.ts'
import { asItIs, editedTexts, keepEntries, nextVersion, refuse, remembered } from './catalogue-rules.ts'

type Change<Kind extends GroupTypeChange['kind']> = Extract<GroupTypeChange, { kind: Kind }>

export function claimGroupType(account: Account, { claim }: Change<'claim-group-type'>): Verdict {
  const known = account.cell.groupTypes.get(claim.id)
  if (known !== undefined)
    return known.bodyHash === claim.bodyHash ? asItIs(account.cell, claim.id) : refuse({ code: 'group-type-mismatch', type: claim.id })
  if (isTaken(account, claim.name, claim.id)) return refuse({ code: 'group-type-exists', name: claim.name })
  return keepEntries(account, [{ ...claim, kind: 'group-type', version: nextVersion(account), isGone: false, done: [] }], claim.id)
}

export function reviseGroupType(account: Account, { id, rid, edit }: Change<'revise-group-type'>): Verdict {
  return onLive(account, id, rid, (entry) => {
    if (edit.name !== undefined && isTaken(account, edit.name, id)) return refuse({ code: 'group-type-exists', name: edit.name })
    const lacking = Object.entries(edit.groupSpecs ?? {}).find(([key, value]) => value === null && !Object.hasOwn(entry.groupSpecs, key))
    if (lacking !== undefined) return refuse({ code: 'group-spec-not-found', type: id, key: lacking[0] })
    return keepEntries(account, [edited(entry, edit)], id)
  })
}

export function releaseGroupType(account: Account, { id, rid }: Change<'release-group-type'>): Verdict {
  return onLive(account, id, rid, (entry) => keepEntries(account, [{ ...entry, isGone: true }], id))
}

/** @param change is given the entry as this request leaves it if it changes nothing else */
function onLive(account: Account, id: string, rid: GroupTypeEntry['done'][number], change: (entry: GroupTypeEntry) => Verdict): Verdict {
  const before = account.cell.groupTypes.get(id)
  if (before?.done.includes(rid) === true) return asItIs(account.cell, id)
  if (before === undefined || before.isGone) return refuse({ code: 'group-type-not-found', type: id })
  return change({ ...before, version: nextVersion(account), done: remembered(before, rid) })
}

function edited(entry: GroupTypeEntry, { name, description, isPublic, groupSpecs }: GroupTypeEdit): GroupTypeEntry {
  return {
    ...entry,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(isPublic === undefined ? {} : { isPublic }),
    ...(groupSpecs === undefined ? {} : { groupSpecs: editedTexts(entry.groupSpecs, groupSpecs) }),
  }
}

function isTaken({ cell }: Account, name: string, by: string): boolean {
  return [...cell.groupTypes.values()].some((type) => !type.isGone && type.name === name && type.id !== by)
}
