/**
 * Query parameters of every list: page, order, filters.
 *
 * The parser knows no resource; which keys can be filtered and sorted by is told by the caller.
 */
import { isTrueWord } from './body-parts.ts'
import { accepted, type Parsed, refused } from './input.ts'

/** Default and cap, Cinder's osapi_max_limit. */
const LIMIT_MAX = 1000

export interface SortKey {
  readonly key: string
  readonly direction: 'asc' | 'desc'
}

export interface Filter {
  readonly key: string
  /** `exact`, or from 3.34 `like` (the key ended in `~`): contained in. */
  readonly match: 'exact' | 'like'
  readonly value: string
}

export interface ListQuery {
  readonly limit: number
  readonly offset: number
  /** Id of the last item of the page before. */
  readonly marker: string | null
  /** Empty: the default order, newest first. */
  readonly sorts: readonly SortKey[]
  readonly filters: readonly Filter[]
  readonly allTenants: boolean
  readonly withCount: boolean
  /** As received, for the link to the next page. */
  readonly raw: Readonly<Record<string, string>>
}

export interface ListKeys {
  readonly sorts: readonly string[]
  readonly filters: readonly string[]
}

const PAGE_KEYS: ReadonlySet<string> = new Set(['limit', 'offset', 'marker', 'sort', 'sort_key', 'sort_dir', 'all_tenants', 'with_count'])

export function parseListQuery(raw: Readonly<Record<string, string>>, keys: ListKeys, microversion: number): Parsed<ListQuery> {
  const limit = parseCount(raw, 'limit', LIMIT_MAX)
  if (!limit.ok) return limit
  const offset = parseCount(raw, 'offset', 0)
  if (!offset.ok) return offset
  const sorts = parseSorts(raw, keys.sorts)
  if (!sorts.ok) return sorts
  const filters = parseFilters(raw, keys.filters, microversion)
  if (!filters.ok) return filters
  return accepted({
    limit: Math.min(limit.value, LIMIT_MAX),
    offset: offset.value,
    marker: raw['marker'] || null,
    sorts: sorts.value,
    filters: filters.value,
    allTenants: isTrueWord(raw['all_tenants']),
    withCount: microversion >= 45 && isTrueWord(raw['with_count']),
    raw,
  })
}

function parseCount(raw: Readonly<Record<string, string>>, parameter: string, absent: number): Parsed<number> {
  const text = raw[parameter]
  if (text === undefined || text === '') return accepted(absent)
  if (!/^\d{1,10}$/.test(text)) return refused({ code: 'bad-query', parameter, rule: 'must be a whole number that is not negative' })
  return accepted(Number(text))
}

function parseSorts(raw: Readonly<Record<string, string>>, known: readonly string[]): Parsed<readonly SortKey[]> {
  const { sort, sort_key: key, sort_dir: direction } = raw
  if (sort !== undefined && (key !== undefined || direction !== undefined)) {
    return refused({ code: 'bad-query', parameter: 'sort', rule: "cannot be used together with the deprecated 'sort_key' and 'sort_dir'" })
  }
  if (sort === undefined && key === undefined && direction === undefined) return accepted([])
  const pairs = sort === undefined ? [`${key ?? 'created_at'}:${direction ?? 'desc'}`] : sort.split(',')
  const sorts: SortKey[] = []
  for (const pair of pairs) {
    const [name = '', way = 'desc'] = pair.trim().split(':')
    if (!known.includes(name)) return refused({ code: 'bad-query', parameter: 'sort', rule: `must be one of ${known.join(', ')}` })
    if (way !== 'asc' && way !== 'desc') return refused({ code: 'bad-query', parameter: 'sort', rule: 'direction must be asc or desc' })
    sorts.push({ key: name, direction: way })
  }
  return accepted(sorts)
}

function parseFilters(raw: Readonly<Record<string, string>>, known: readonly string[], microversion: number): Parsed<readonly Filter[]> {
  const filters: Filter[] = []
  for (const [parameter, value] of Object.entries(raw)) {
    if (PAGE_KEYS.has(parameter)) continue
    const isLike = parameter.endsWith('~') && microversion >= 34
    const key = isLike ? parameter.slice(0, -1) : parameter
    if (known.includes(key)) filters.push({ key, match: isLike ? 'like' : 'exact', value })
    // Before 3.31 Cinder dropped what it did not know.
    else if (microversion >= 31) return refused({ code: 'bad-query', parameter: parameter.slice(0, 80), rule: 'is no filter of this list' })
  }
  return accepted(filters)
}

/** One page of `items`, which are in order. Null: there is no item with the marker's id. */
export function pageOf<Item>(items: readonly Item[], query: ListQuery, idOf: (item: Item) => string): readonly Item[] | null {
  const { marker, offset, limit } = query
  const start = marker === null ? 0 : items.findIndex((item) => idOf(item) === marker) + 1
  if (marker !== null && start === 0) return null
  return start === 0 && offset === 0 && items.length <= limit ? items : items.slice(start + offset, start + offset + limit)
}
