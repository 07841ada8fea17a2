/**
 * What the register of the cluster decides about volume types: one name, one type.
 *
 * A name is claimed if nobody has it now. Types are changed and deleted by id, and each change counts the version up. A
 * claim that comes again is known by the id that it brings, the other changes by their requests' ids, so that none is
 * made twice.
 */
import {
  type CatalogueRefusal,
  catalogueOf,
  effectiveTypes,
  ENTRY_ITEMS_MAX,
  type EncryptionEdit,
  isDefaultType,
  type KnownType,
  type TypeChange,
  type TypeEdit,
  type TypeEntry,
} from '../model/catalogue.ts'
import { put } from '../model/cell.ts'
import { compareText } from '../model/ids.ts'
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
  const none = { access: [], encryption: null, isGone: false, done: [] }
  return keep(account, { ...claim, ...none, kind: 'type', version: nextVersion(account) })
}

export function reviseType(account: Account, { id, rid, edit }: Change<'revise-type'>): Verdict {
  const before = account.cell.types.get(id)
  if (before?.done.includes(rid) === true) return answer(allTypes(account.cell.types, id))
  const type = liveType(account, id)
  if (type === null) return answer({ kind: 'no-type', id })
  const isRenamed = edit.name !== undefined && edit.name !== type.name
  if (isRenamed && isDefaultType(type)) return answer({ kind: 'default-type', id })
  if (edit.name !== undefined && isTaken(account, edit.name, id)) return answer({ kind: 'name-taken', name: edit.name })
  const why = refusalOf(type, edit)
  if (why !== null) return answer({ kind: 'refused', refusal: why })
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
  const full = fullOf(entry)
  if (full !== null) return answer({ kind: 'refused', refusal: { code: 'entry-full', of: full, limit: ENTRY_ITEMS_MAX } })
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

/** Why the type is not changed so; null if it can be. */
function refusalOf({ id, isPublic, access, encryption }: KnownType, edit: TypeEdit): CatalogueRefusal | null {
  if (edit.access !== undefined) {
    const { project, isGranted } = edit.access
    if (isPublic) return { code: 'type-public', type: id }
    if (access.includes(project) === isGranted) return { code: isGranted ? 'access-exists' : 'access-not-found', type: id, project }
  }
  if (edit.encryption === undefined || (edit.encryption.kind === 'add') === (encryption === null)) return null
  return { code: encryption === null ? 'encryption-not-found' : 'encryption-exists', type: id }
}

function edited(
  { name, description, isPublic, access, encryption, extraSpecs }: KnownType,
  edit: TypeEdit,
): Pick<TypeEntry, 'name' | 'description' | 'isPublic' | 'access' | 'encryption' | 'extraSpecs'> {
  const specs: Record<string, string> = { ...extraSpecs }
  for (const [key, value] of Object.entries(edit.extraSpecs ?? {})) {
    if (value === null) delete specs[key]
    else specs[key] = value
  }
  return {
    name: edit.name ?? name,
    description: edit.description === undefined ? description : edit.description,
    isPublic: edit.isPublic ?? isPublic,
    access: edit.access === undefined ? access : accessAfter(access, edit.access),
    encryption: edit.encryption === undefined ? encryption : encryptionAfter(encryption, edit.encryption),
    extraSpecs: specs,
  }
}

function accessAfter(access: KnownType['access'], { project, isGranted }: NonNullable<TypeEdit['access']>): KnownType['access'] {
  const others = access.filter((other) => other !== project)
  return isGranted ? [...others, project].sort(compareText) : others
}

function encryptionAfter(encryption: KnownType['encryption'], edit: EncryptionEdit): KnownType['encryption'] {
  switch (edit.kind) {
    case 'add':
      return edit.encryption
    case 'change':
      return encryption === null ? null : { ...encryption, ...edit.to, updatedAtMs: edit.atMs }
    case 'remove':
      return null
  }
}

/** What of the entry has no end in the messages that carry it. */
function fullOf({ extraSpecs, access }: TypeEntry): 'extra specs' | 'projects' | null {
  if (Object.keys(extraSpecs).length > ENTRY_ITEMS_MAX) return 'extra specs'
  return access.length > ENTRY_ITEMS_MAX ? 'projects' : null
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
