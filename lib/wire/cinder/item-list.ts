/**
 * Which items a list shows, and in which order: the filters and sorts that are alike for volumes and snapshots.
 *
 * The order is total: after the keys asked for come (created_at desc, id), so that pages fit together whichever peer
 * serves them.
 */
import { compareText } from '../../model/ids.ts'
import { isTrueWord } from './body-parts.ts'
import { parseCinderDate } from './dates.ts'
import { accepted, type Parsed, refused } from './input.ts'
import type { Filter, ListQuery, SortKey } from './list-query.ts'
import { parseTextMap } from './text-map.ts'

export interface Item {
  readonly id: string
  readonly metadata: Readonly<Record<string, string>>
  readonly createdAtMs: number
  readonly updatedAtMs: number | null
}

/** What can be filtered and sorted by, under Cinder's names. */
export interface ItemKind<Of extends Item> {
  readonly fields: Readonly<Record<string, (item: Of) => string | number | null>>
  /** Fields that are true or false, in whatever word a client says it. */
  readonly flags: readonly string[]
  /** Filters of Cinder's by what nothing here has: they let nothing through. */
  readonly never: readonly string[]
}

type Test<Of> = (item: Of) => boolean

/** The items that all filters let through, in the order asked for. `items` come newest first. */
export function selectItems<Of extends Item>(
  items: readonly Of[],
  query: ListQuery,
  kind: ItemKind<Of>,
  microversion: number,
): Parsed<readonly Of[]> {
  const tests: Test<Of>[] = []
  for (const filter of query.filters) {
    const test = testOf(filter, kind, microversion)
    if (!test.ok) return test
    tests.push(test.value)
  }
  const shown = tests.length === 0 ? items : items.filter((item) => tests.every((test) => test(item)))
  return accepted(query.sorts.length === 0 ? shown : [...shown].sort((a, b) => compareItems(a, b, query.sorts, kind)))
}

/** Newest first; equal times by id. */
export function newestFirst(a: Item, b: Item): number {
  return b.createdAtMs - a.createdAtMs || compareText(a.id, b.id)
}

function compareItems<Of extends Item>(a: Of, b: Of, sorts: readonly SortKey[], { fields }: ItemKind<Of>): number {
  for (const { key, direction } of sorts) {
    const field = fields[key]
    const order = field === undefined ? 0 : compareValues(field(a), field(b))
    if (order !== 0) return direction === 'asc' ? order : -order
  }
  return newestFirst(a, b)
}

/** Nothing comes before everything, as in MySQL. */
function compareValues(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? -1 : 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return compareText(String(a), String(b))
}

function testOf<Of extends Item>(filter: Filter, kind: ItemKind<Of>, microversion: number): Parsed<Test<Of>> {
  const { key, match, value } = filter
  const textOf = (item: Of): string | null => {
    const field = kind.fields[key]?.(item) ?? null
    return field === null ? null : String(field)
  }
  if (key === 'metadata') return metadataTest(value)
  if (kind.never.includes(key)) return accepted(() => false)
  if (key === 'created_at' || key === 'updated_at')
    return microversion >= 60 ? timeTest(key, value) : accepted((item) => textOf(item) === value)
  if (kind.flags.includes(key)) {
    const wanted = String(isTrueWord(value))
    return accepted((item) => textOf(item) === wanted)
  }
  if (match === 'like') return accepted((item) => textOf(item)?.includes(value) ?? false)
  return accepted((item) => textOf(item) === value)
}

/** Every pair asked for is among the item's. */
function metadataTest(text: string): Parsed<Test<Item>> {
  const wanted = parseTextMap(text)
  if (wanted === null) return refused({ code: 'bad-query', parameter: 'metadata', rule: 'must be a map of texts' })
  return accepted((item) => wanted.every(([key, value]) => item.metadata[key] === value))
}

const COMPARISONS: Readonly<Record<string, (time: number, wanted: number) => boolean>> = {
  gt: (time, wanted) => time > wanted,
  gte: (time, wanted) => time >= wanted,
  lt: (time, wanted) => time < wanted,
  lte: (time, wanted) => time <= wanted,
  eq: (time, wanted) => time === wanted,
  neq: (time, wanted) => time !== wanted,
}

/** `gt:2026-01-01,lte:2026-02-01T10:00:00`; without an operator, equal. */
function timeTest(key: 'created_at' | 'updated_at', text: string): Parsed<Test<Item>> {
  const parts: { readonly holds: (time: number, wanted: number) => boolean; readonly wanted: number }[] = []
  for (const part of text.split(',')) {
    const match = /^\s*(?:(gt|gte|lt|lte|eq|neq):)?(.*)$/.exec(part)
    const holds = COMPARISONS[match?.[1] ?? 'eq']
    const wanted = parseCinderDate(match?.[2] ?? '')
    if (holds === undefined || wanted === null)
      return refused({ code: 'bad-query', parameter: key, rule: 'must be a date, or comparisons such as gt:2026-01-31T00:00:00' })
    parts.push({ holds, wanted })
  }
  return accepted((item) => {
    const time = key === 'created_at' ? item.createdAtMs : item.updatedAtMs
    return time !== null && parts.every(({ holds, wanted }) => holds(time, wanted))
  })
}
