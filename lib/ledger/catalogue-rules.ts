/**
 * What is common to the entries of the cluster's catalogue: they are put in together with what is forgotten for them, and
 * all of them have an end.
 *
 * Each change counts the version of the catalogue up. The newest entry always stays, deleted or not: it holds the version.
 */
import { type CatalogueEntry, type CatalogueRefusal, catalogueKey, catalogueOf, ENTRY_ITEMS_MAX } from '../model/catalogue.ts'
import { type Cell, catalogueIn, put } from '../model/cell.ts'
import type { RequestId } from '../model/ids.ts'
import type { LedgerAnswer } from '../model/ledger.ts'
import type { Account, Verdict } from './account.ts'

/** Requests that one entry remembers. */
const DONE_MAX = 16
/** Deleted entries that are remembered; those of founding types are for good. */
const GONE_MAX = 64
/** Characters of all entries together: the register must fit in one message, and into every peer's memory. */
const CHARS_MAX = 1_000_000

/**
 * Puts the entries in, and drops what need not be remembered any more. A delete is always possible.
 *
 * @param id of the type, of the group type or of the QoS specs that the change is about
 */
export function keepEntries(account: Account, changed: readonly CatalogueEntry[], id: string | null): Verdict {
  for (const entry of changed) {
    const of = fullOf(entry)
    if (of !== null) return refuse({ code: 'entry-full', of, limit: ENTRY_ITEMS_MAX })
  }
  const after = new Map([...catalogueIn(account.cell), ...changed].map((entry) => [catalogueKey(entry), entry]))
  const founding = new Set(account.founding.map(({ id: of }) => of))
  const gone = [...after.values()].filter((entry) => entry.isGone && !(entry.kind === 'type' && founding.has(entry.id)))
  const forgotten = gone.sort((a, b) => b.version - a.version).slice(GONE_MAX)
  for (const entry of forgotten) after.delete(catalogueKey(entry))
  const isDelete = changed.some(({ isGone }) => isGone)
  if (!isDelete && charsOf(after.values()) > CHARS_MAX) return answer({ kind: 'types-full', limit: CHARS_MAX })
  const drops = forgotten.map((old) => ({ key: catalogueKey(old), entry: null }))
  return { puts: [...changed.map(put), ...drops], answer: answerOf(after.values(), id) }
}

/** The catalogue as it is: nothing had to be done. */
export function asItIs(cell: Cell, id: string | null): Verdict {
  return answer(answerOf(catalogueIn(cell), id))
}

export function nextVersion({ cell }: Account): number {
  return catalogueOf(catalogueIn(cell)).version + 1
}

/** The last requests, with this one. */
export function remembered(before: Pick<CatalogueEntry, 'done'> | undefined, rid: RequestId): readonly RequestId[] {
  return [...(before?.done ?? []), rid].slice(-DONE_MAX)
}

export function refuse(refusal: CatalogueRefusal): Verdict {
  return answer({ kind: 'refused', refusal })
}

export function answer(of: LedgerAnswer): Verdict {
  return { puts: [], answer: of }
}

/** A map of texts after some of them were given and some (null) taken out. */
export function editedTexts(
  texts: Readonly<Record<string, string>>,
  edit: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  const after: Record<string, string> = { ...texts }
  for (const [key, value] of Object.entries(edit)) {
    if (value === null) delete after[key]
    else after[key] = value
  }
  return after
}

function answerOf(entries: Iterable<CatalogueEntry>, id: string | null): LedgerAnswer {
  return { kind: 'types', id, entries: catalogueOf(entries).entries }
}

/** What of the entry would have more items than the messages that carry it may. */
function fullOf(entry: CatalogueEntry): Extract<CatalogueRefusal, { code: 'entry-full' }>['of'] | null {
  // Whoever asks a register tells it all of the default class.
  if (entry.kind === 'quota-class') return Object.keys(entry.limits.types ?? {}).length > ENTRY_ITEMS_MAX ? 'types with limits' : null
  if (entry.kind === 'qos') return Object.keys(entry.specs).length > ENTRY_ITEMS_MAX ? 'specs' : null
  if (entry.kind === 'group-type') return Object.keys(entry.groupSpecs).length > ENTRY_ITEMS_MAX ? 'specs' : null
  if (entry.kind !== 'type') return null
  if (Object.keys(entry.extraSpecs).length > ENTRY_ITEMS_MAX) return 'extra specs'
  return entry.access.length > ENTRY_ITEMS_MAX ? 'projects' : null
}

function charsOf(entries: Iterable<CatalogueEntry>): number {
  let chars = 0
  for (const entry of entries) chars += JSON.stringify(entry).length
  return chars
}
