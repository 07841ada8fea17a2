/**
 * Which items a list shows, and in which order: the filters and sorts of every resource.
 *
 * The order is total: after the keys asked for comes the resource's own order, mostly (created_at desc, id), so that pages
 * fit together whichever peer serves them.
 */
import { compareText } from '../../model/ids.ts'
import { boolWord } from './body-parts.ts'
import { parseCinderDate } from './dates.ts'
import { accepted, type Parsed, refused } from './input.ts'
import type { Filter, ListKeys, ListQuery, SortKey } from './list-query.ts'
import { parseTextMap } from './text-map.ts'

export type Test<Of> = (item: Of) => boolean
export type Order<Of> = (a: Of, b: Of) => number

/** What can be filtered and sorted by, under Cinder's names. A filter that is not here lets nothing through. */
export interface ItemKind<Of> {
  readonly fields: Readonly<Record<string, (item: Of) => string | number | null>>
  /** Fields that are true or false, in whatever word a client says it. */
  readonly flags: readonly string[]
  /** Fields in Unix milliseconds, which are compared: `gt:2026-01-31`. */
  readonly times: readonly string[]
  /** Filters that do more than compare a field. */
  readonly tests: Readonly<Record<string, (value: string) => Parsed<Test<Of>>>>
  /** Where no key decides; total. */
  readonly order: Order<Of>
}

/** What became of a list by a query. */
export interface Selection<Of> {
  /** The items that all filters let through, in order. */
  readonly items: readonly Of[]
  readonly compare: Order<Of>
}

/** From here on a word that is neither true nor false is refused; before it meant true. */
const STRICT_FLAGS_SINCE = 2

/** Times came with comparisons. */
export const TIMES_SINCE: ListKeys['since'] = { created_at: 60, updated_at: 60 }

/** @param items in the resource's own order */
export function selectItems<Of>(
  items: readonly Of[],
  query: Pick<ListQuery, 'filters' | 'sorts'>,
  kind: ItemKind<Of>,
  microversion: number,
): Parsed<Selection<Of>> {
  const tests: Test<Of>[] = []
  for (const filter of query.filters) {
    const test = testOf(filter, kind, microversion)
    if (!test.ok) return test
    tests.push(test.value)
  }
  const shown = tests.length === 0 ? items : items.filter((item) => tests.every((test) => test(item)))
  if (query.sorts.length === 0) return accepted({ items: shown, compare: kind.order })
  const compare: Order<Of> = (a, b) => compareItems(a, b, query.sorts, kind)
  return accepted({ items: shown.toSorted(compare), compare })
}

/** Newest first; equal times by id. */
export function newestFirst(a: Dated, b: Dated): number {
  return b.createdAtMs - a.createdAtMs || compareText(a.id, b.id)
}

interface Dated {
  readonly id: string
  readonly createdAtMs: number
}

function compareItems<Of>(a: Of, b: Of, sorts: readonly SortKey[], { fields, order }: ItemKind<Of>): number {
  for (const { key, direction } of sorts) {
    const field = fields[key]
    const difference = field === undefined ? 0 : compareValues(field(a), field(b))
    if (difference !== 0) return direction === 'asc' ? difference : -difference
  }
  return order(a, b)
}

/** Nothing comes before everything, as in MySQL. */
function compareValues(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? -1 : 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return compareText(String(a), String(b))
}

function testOf<Of>({ key, match, value }: Filter, kind: ItemKind<Of>, microversion: number): Parsed<Test<Of>> {
  const special = Object.hasOwn(kind.tests, key) ? kind.tests[key] : undefined
  if (special !== undefined) return special(value)
  const field = Object.hasOwn(kind.fields, key) ? kind.fields[key] : undefined
  if (field === undefined) return accepted(() => false)
  if (kind.times.includes(key)) return timeTest(key, value, field)
  const textOf = (item: Of): string | null => {
    const found = field(item)
    return found === null ? null : String(found)
  }
  if (kind.flags.includes(key)) {
    const wanted = microversion >= STRICT_FLAGS_SINCE ? boolWord(value) : value.toLowerCase() !== 'false'
    if (wanted === null) return refused({ code: 'bad-query', parameter: key, rule: 'must be true or false' })
    return accepted((item) => textOf(item) === String(wanted))
  }
  if (match === 'like') return accepted((item) => textOf(item)?.includes(value) ?? false)
  return accepted((item) => textOf(item) === value)
}

/** Every pair asked for is among the item's. */
export function mapTest<Of>(
  key: string,
  of: (item: Of) => Readonly<Record<string, string>>,
): Readonly<Record<string, (value: string) => Parsed<Test<Of>>>> {
  return {
    [key]: (text) => {
      const wanted = parseTextMap(text)
      if (wanted === null) return refused({ code: 'bad-query', parameter: key, rule: 'must be a map of texts' })
      return accepted((item) => wanted.every(([name, value]) => of(item)[name] === value))
    },
  }
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
function timeTest<Of>(key: string, text: string, field: (item: Of) => string | number | null): Parsed<Test<Of>> {
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
    const time = field(item)
    return typeof time === 'number' && parts.every(({ holds, wanted }) => holds(time, wanted))
  })
}
