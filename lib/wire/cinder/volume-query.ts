/**
 * Which volumes a list shows, and in which order.
 *
 * The order is total: after the keys asked for come (created_at desc, id), so that pages fit together whichever peer
 * serves them.
 */
import { compareText } from '../../model/ids.ts'
import type { Volume } from '../../model/volume.ts'
import { isTrueWord } from './body-parts.ts'
import { parseCinderDate } from './dates.ts'
import { accepted, type Parsed, refused } from './input.ts'
import type { Filter, ListKeys, ListQuery, SortKey } from './list-query.ts'
import { parseTextMap } from './text-map.ts'

const FIELDS: Readonly<Record<string, (volume: Volume) => string | number | null>> = {
  id: (volume) => volume.id,
  name: (volume) => volume.name,
  display_name: (volume) => volume.name,
  description: (volume) => volume.description,
  status: (volume) => volume.status,
  size: (volume) => volume.sizeGiB,
  availability_zone: (volume) => volume.availabilityZone,
  created_at: (volume) => volume.createdAtMs,
  updated_at: (volume) => volume.updatedAtMs,
  host: (volume) => volume.pool,
  user_id: (volume) => volume.user,
  project_id: (volume) => volume.project,
  volume_type_id: (volume) => volume.typeId,
  volume_type: (volume) => volume.type,
  bootable: () => 'false',
  multiattach: (volume) => String(volume.multiattach),
  migration_status: () => null,
  group_id: () => null,
}

export const VOLUME_KEYS: ListKeys = { sorts: Object.keys(FIELDS), filters: [...Object.keys(FIELDS), 'metadata', 'glance_metadata'] }

type Test = (volume: Volume) => boolean

/** The volumes that all filters let through, in the order asked for. `volumes` come newest first. */
export function selectVolumes(volumes: readonly Volume[], query: ListQuery, microversion: number): Parsed<readonly Volume[]> {
  const tests: Test[] = []
  for (const filter of query.filters) {
    const test = testOf(filter, microversion)
    if (!test.ok) return test
    tests.push(test.value)
  }
  const shown = tests.length === 0 ? volumes : volumes.filter((volume) => tests.every((test) => test(volume)))
  return accepted(query.sorts.length === 0 ? shown : [...shown].sort((a, b) => compareVolumes(a, b, query.sorts)))
}

/** Newest first; equal times by id. */
export function newestFirst(a: Volume, b: Volume): number {
  return b.createdAtMs - a.createdAtMs || compareText(a.id, b.id)
}

function compareVolumes(a: Volume, b: Volume, sorts: readonly SortKey[]): number {
  for (const { key, direction } of sorts) {
    const field = FIELDS[key]
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

function testOf(filter: Filter, microversion: number): Parsed<Test> {
  const { key, match, value } = filter
  if (key === 'metadata') return metadataTest(value)
  // Made from an image: none is.
  if (key === 'glance_metadata') return accepted(() => false)
  if (key === 'created_at' || key === 'updated_at')
    return microversion >= 60 ? timeTest(key, value) : accepted((volume) => fieldText(volume, key) === value)
  if (key === 'bootable' || key === 'multiattach') {
    const wanted = String(isTrueWord(value))
    return accepted((volume) => fieldText(volume, key) === wanted)
  }
  if (match === 'like') return accepted((volume) => fieldText(volume, key)?.includes(value) ?? false)
  return accepted((volume) => fieldText(volume, key) === value)
}

function fieldText(volume: Volume, key: string): string | null {
  const value = FIELDS[key]?.(volume) ?? null
  return value === null ? null : String(value)
}

/** Every pair asked for is among the volume's. */
function metadataTest(text: string): Parsed<Test> {
  const wanted = parseTextMap(text)
  if (wanted === null) return refused({ code: 'bad-query', parameter: 'metadata', rule: 'must be a map of texts' })
  return accepted((volume) => wanted.every(([key, value]) => volume.metadata[key] === value))
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
function timeTest(key: 'created_at' | 'updated_at', text: string): Parsed<Test> {
  const parts: { readonly holds: (time: number, wanted: number) => boolean; readonly wanted: number }[] = []
  for (const part of text.split(',')) {
    const match = /^\s*(?:(gt|gte|lt|lte|eq|neq):)?(.*)$/.exec(part)
    const holds = COMPARISONS[match?.[1] ?? 'eq']
    const wanted = parseCinderDate(match?.[2] ?? '')
    if (holds === undefined || wanted === null)
      return refused({ code: 'bad-query', parameter: key, rule: 'must be a date, or comparisons such as gt:2026-01-31T00:00:00' })
    parts.push({ holds, wanted })
  }
  return accepted((volume) => {
    const time = key === 'created_at' ? volume.createdAtMs : volume.updatedAtMs
    return time !== null && parts.every(({ holds, wanted }) => holds(time, wanted))
  })
}
