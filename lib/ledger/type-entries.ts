/** The types in a register, and the entries that their changes begin with. A founding type has none until its first change. */
import { effectiveTypes, type KnownType, type TypeEntry } from '../model/catalogue.ts'
import type { Account } from './account.ts'
import { nextVersion } from './catalogue-rules.ts'

export function liveTypes({ founding, cell }: Account): readonly KnownType[] {
  return effectiveTypes(founding, cell.types.values())
}

export function liveType(account: Account, id: string): KnownType | null {
  return liveTypes(account).find((type) => type.id === id) ?? null
}

/** As it is, with the version that it has after a change. */
export function typeEntryOf(account: Account, type: KnownType): TypeEntry {
  const before = account.cell.types.get(type.id)
  return {
    ...type,
    kind: 'type',
    version: nextVersion(account),
    isGone: false,
    bodyHash: before?.bodyHash ?? '',
    done: before?.done ?? [],
  }
}
