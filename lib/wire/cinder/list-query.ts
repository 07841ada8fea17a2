/**
 * Query parameters of every list: page, order, filters.
 *
 * The parser knows no resource; which keys can be filtered and sorted by is told by the caller. As in Cinder an admin may
 * filter by everything, and what nothing here has lets nothing through; others by what the resource allows, and no more.
 */
import { accepted, type Parsed, refused } from './input.ts'
import { boolWord } from './body-parts.ts'

/** Default and cap, Cinder's osapi_max_limit. */
const LIMIT_MAX = 1000

/** From here on a filter may end in `~`: contained in. */
const LIKE_SINCE = 34
const COUNT_SINCE = 45

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

export interface PageQuery {
  readonly limit: number
  readonly offset: number
  /** Id of the last item of the page before. */
  readonly marker: string | null
  /** Empty: the default order, newest first. */
  readonly sorts: readonly SortKey[]
  /** As received, for the link to the next page. */
  readonly raw: Readonly<Record<string, string>>
}

export interface ListQuery extends PageQuery {
  readonly filters: readonly Filter[]
  /** Asked for by one who may see them. */
  readonly allTenants: boolean
  readonly withCount: boolean
}

export interface ListKeys {
  readonly sorts: readonly string[]
  /** What those who are no admins may filter by. `name~`: in both ways. */
  readonly allowed: readonly string[]
  /** What they might before `strictSince`; the rest is dropped. */
  readonly allowedBefore: readonly string[]
  /** From here on what they may not filter by is refused. */
  readonly strictSince: number
  /** Filters that came with a later version; before it they are dropped. */
  readonly since: Readonly<Record<string, number>>
  /** Whether the list can say how long it is (3.45). */
  readonly hasCount: boolean
}

export interface Asker {
  readonly microversion: number
  readonly isAdmin: boolean
}

type Raw = Readonly<Record<string, string>>

const PAGE_KEYS: ReadonlySet<string> = new Set(['limit', 'offset', 'marker', 'sort', 'sort_key', 'sort_dir', 'all_tenants'])

export function parseListQuery(raw: Raw, keys: ListKeys, asker: Asker): Parsed<ListQuery> {
  const page = parsePageQuery(raw, keys.sorts)
  if (!page.ok) return page
  const allTenants = asker.isAdmin ? parseFlag(raw, 'all_tenants') : accepted(false)
  if (!allTenants.ok) return allTenants
  const hasCount = keys.hasCount && asker.microversion >= COUNT_SINCE
  const withCount = hasCount ? parseFlag(raw, 'with_count') : accepted(false)
  if (!withCount.ok) return withCount
  const named = Object.entries(raw).filter(([name]) => !PAGE_KEYS.has(name) && !(hasCount && name === 'with_count'))
  const filters = parseFilters(named, keys, asker)
  if (!filters.ok) return filters
  return accepted({ ...page.value, filters: filters.value, allTenants: allTenants.value, withCount: withCount.value })
}

/** Of a list that has no filters. */
export function parsePageQuery(raw: Raw, sortKeys: readonly string[]): Parsed<PageQuery> {
  const limit = parseCount(raw, 'limit', LIMIT_MAX)
  if (!limit.ok) return limit
  const offset = parseCount(raw, 'offset', 0)
  if (!offset.ok) return offset
  const sorts = parseSorts(raw, sortKeys)
  if (!sorts.ok) return sorts
  return accepted({
    limit: Math.min(limit.value, LIMIT_MAX),
    offset: offset.value,
    marker: raw['marker'] || null,
    sorts: sorts.value,
    raw,
  })
}

function parseCount(raw: Raw, parameter: string, absent: number): Parsed<number> {
  const text = raw[parameter]
  if (text === undefined || text === '') return accepted(absent)
  if (!/^\d{1,10}$/.test(text)) return refused({ code: 'bad-query', parameter, rule: 'must be a whole number that is not negative' })
  return accepted(Number(text))
}

function parseFlag(raw: Raw, parameter: string): Parsed<boolean> {
  const text = raw[parameter]
  if (text === undefined) return accepted(false)
  const flag = boolWord(text)
  return flag === null ? refused({ code: 'bad-query', parameter, rule: 'must be true or false' }) : accepted(flag)
}

function parseSorts(raw: Raw, known: readonly string[]): Parsed<readonly SortKey[]> {
  const { sort, sort_key: key, sort_dir: direction } = raw
  if (sort !== undefined && (key !== undefined || direction !== undefined)) {
    return refused({ code: 'bad-query', parameter: 'sort', rule: "cannot be used together with the deprecated 'sort_key' and 'sort_dir'" })
  }
  if (sort === undefined && key === undefined && direction === undefined) return accepted([])
  const pairs = sort === undefined ? [`${key ?? 'created_at'}:${direction ?? 'desc'}`] : sort.split(',')
  const sorts: SortKey[] = []
  for (const pair of pairs) {
    const [name = '', given = ''] = pair.split(':').map((part) => part.trim())
    const way = given === '' ? 'desc' : given
    if (!known.includes(name)) return refused({ code: 'bad-query', parameter: 'sort', rule: `must be one of ${known.join(', ')}` })
    if (way !== 'asc' && way !== 'desc') return refused({ code: 'bad-query', parameter: 'sort', rule: 'direction must be asc or desc' })
    sorts.push({ key: name, direction: way })
  }
  return accepted(sorts)
}

function parseFilters(
  named: ReadonlyArray<readonly [string, string]>,
  keys: ListKeys,
  { microversion, isAdmin }: Asker,
): Parsed<readonly Filter[]> {
  const isStrict = microversion >= keys.strictSince
  const allowed = isStrict ? keys.allowed : keys.allowedBefore
  const filters: Filter[] = []
  const strange: string[] = []
  for (const [parameter, value] of named) {
    const isLike = parameter.endsWith('~') && microversion >= LIKE_SINCE
    const key = isLike ? parameter.slice(0, -1) : parameter
    if (microversion < (keys.since[key] ?? 0)) continue
    if (isAdmin || isAllowed(allowed, key, isLike)) filters.push({ key, match: isLike ? 'like' : 'exact', value })
    else strange.push(parameter)
  }
  if (strange.length > 0 && isStrict) return refused({ code: 'unknown-filter', filters: strange.map((name) => name.slice(0, 80)) })
  return accepted(filters)
}

function isAllowed(allowed: readonly string[], key: string, isLike: boolean): boolean {
  return allowed.includes(`${key}~`) || (!isLike && !key.endsWith('~') && allowed.includes(key))
}

/**
 * One page of `items`, which are in order.
 *
 * It begins behind the place where the marker's item belongs, whether that is among `items` or not: another peer may not
 * show it yet, and a filter that let it through for the page before may not any more.
 */
export function pageOf<Item>(
  items: readonly Item[],
  { offset, limit }: PageQuery,
  marker: Item | null,
  compare: (a: Item, b: Item) => number,
): readonly Item[] {
  const behind = marker === null ? 0 : items.findIndex((item) => compare(item, marker) > 0)
  const start = (behind === -1 ? items.length : behind) + offset
  return start === 0 && items.length <= limit ? items : items.slice(start, start + limit)
}
