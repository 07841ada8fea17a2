/**
 * What the register of the cluster decides about volume types: one name, one type.
 *
 * A name is claimed if nobody has it now. Types are changed and deleted by id, and each change counts the version up. A
 * claim that comes again is known by the id that it brings, the other changes by their requests' ids, so that none is
 * made twice.
 */
import {
  catalogueOf,
  effectiveTypes,
  isDefaultType,
  type KnownType,
  type TypeChange,
  type TypeEdit,
  type TypeEntry,
} from '../model/catalogue.ts'
import { put } from '../model/cell.ts'
import type { LedgerAnswer } from '../model/ledger.ts'
import type { Account, Verdict } from './account.ts'

type Change<Kind extends TypeChange['kind']> = Extract<TypeChange, { kind: Kind }>

/** Requests that one type remembers. */
const DONE_MAX = 16
/** Deleted types that are remembered; founding ones are for good. */
const GONE_MAX = 64
/** Characters of all entries together: the register must fit in one message, and into every peer's memory. */
const CHARS_MAX = 1_000_000

export function claimType(account: Account, { claim }: Change<'claim-type'>): Verdict {
  const { types } = account.cell
  const known = types.get(claim.id)
  if (known !== undefined)
    return answer(known.bodyHash === claim.bodyHash ? allTypes(types, claim.id) : { kind: 'claimed-otherwise', id: claim.id })
  if (isTaken(account, claim.name, claim.id)) return answer({ kind: 'name-taken', name: claim.name })
  return keep(account, { ...claim, kind: 'type', version: nextVersion(account), isGone: false, done: [] })
}

export function reviseType(account: Account, { id, rid, edit }: Change<'revise-type'>): Verdict {
  const before = account.cell.types.get(id)
  if (before?.done.includes(rid) === true) return answer(allTypes(account.cell.types, id))
  const type = liveType(account, id)
  if (type === null) return answer({ kind: 'no-type', id })
  const isRenamed = edit.name !== undefined && edit.name !== type.name
  if (isRenamed && isDefaultType(type)) return answer({ kind: 'default-type', id })
  if (edit.name !== undefined && isTaken(account, edit.name, id)) return answer({ kind: 'name-taken', name: edit.name })
  return keep(account, { ...entryOf(account, type, before), ...edited(type, edit), done: remembered(before, rid) })
}

export function releaseType(account: Account, { id, rid }: Change<'release-type'>): Verdict {
  const before = account.cell.types.get(id)
  if (before?.done.includes(rid) === true) return answer(allTypes(account.cell.types, id))
  const type = liveType(account, id)
  if (type === null) return answer({ kind: 'no-type', id })
  if (isDefaultType(type)) return answer({ kind: 'default-type', id })
  return keep(account, { ...entryOf(account, type, before), isGone: true, done: remembered(before, rid) })
}

export function allTypes(types: ReadonlyMap<string, TypeEntry>, id: string | null): LedgerAnswer {
  return { kind: 'types', id, entries: catalogueOf(types.values()).entries }
}

/** Puts the entry in, and drops what need not be remembered any more. The newest entry always stays: it holds the version. */
function keep(account: Account, entry: TypeEntry): Verdict {
  const after = new Map(account.cell.types).set(entry.id, entry)
  const founding = new Set(account.founding.map(({ id }) => id))
  const gone = [...after.values()].filter(({ isGone, id }) => isGone && !founding.has(id)).sort((a, b) => b.version - a.version)
  const forgotten = gone.slice(GONE_MAX)
  for (const { id } of forgotten) after.delete(id)
  if (!entry.isGone && charsOf(after.values()) > CHARS_MAX) return answer({ kind: 'types-full', limit: CHARS_MAX })
  const drops = forgotten.map((old) => ({ key: put(old).key, entry: null }))
  return { puts: [put(entry), ...drops], answer: allTypes(after, entry.id) }
}

function entryOf(account: Account, type: KnownType, before: TypeEntry | undefined): TypeEntry {
  return { ...type, kind: 'type', version: nextVersion(account), isGone: false, bodyHash: before?.bodyHash ?? '', done: [] }
}

function edited(
  { name, description, isPublic, extraSpecs }: KnownType,
  edit: TypeEdit,
): Pick<TypeEntry, 'name' | 'description' | 'isPublic' | 'extraSpecs'> {
  const specs: Record<string, string> = { ...extraSpecs }
  for (const [key, value] of Object.entries(edit.extraSpecs ?? {})) {
    if (value === null) delete specs[key]
    else specs[key] = value
  }
  return {
    name: edit.name ?? name,
    description: edit.description === undefined ? description : edit.description,
    isPublic: edit.isPublic ?? isPublic,
    extraSpecs: specs,
  }
}

function liveType({ founding, cell }: Account, id: string): KnownType | null {
  return effectiveTypes(founding, cell.types.values()).find((type) => type.id === id) ?? null
}

function isTaken({ founding, cell }: Account, name: string, by: string): boolean {
  return effectiveTypes(founding, cell.types.values()).some((type) => type.name === name && type.id !== by)
}

function nextVersion({ cell }: Account): number {
  return catalogueOf(cell.types.values()).version + 1
}

function remembered(before: TypeEntry | undefined, rid: TypeEntry['done'][number]): TypeEntry['done'] {
  return [...(before?.done ?? []), rid].slice(-DONE_MAX)
}

function charsOf(entries: Iterable<TypeEntry>): number {
  let chars = 0
  for (const entry of entries) chars += JSON.stringify(entry).length
  return chars
}

function answer(of: LedgerAnswer): Verdict {
  return { puts: [], answer: of }
}
