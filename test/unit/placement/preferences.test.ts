/** Fixed vectors (pool, request, hints, functions) -> verdict: what a client or an operator would like, one table a filter. */
import t from 'tap'
import type { Json } from '../../../lib/model/json.ts'
import type { PlaceRequest } from '../../../lib/model/placement.ts'
import { DEFAULT_PLACEMENT, fits, rank } from '../../../lib/placement/rank.ts'
import { parseHints } from '../../../lib/wire/cinder/hint-request.ts'
import { NOWHERE, poolOf, requestOf, typeOf } from './pool.ts'

const POOL = poolOf('a', {
  volume_backend_name: 'lvm',
  storage_protocol: 'iSCSI',
  thin_provisioning_support: false,
  free_capacity_gb: 50.9,
  tier: 'gold',
  nested: { iops: 500 },
  tags: ['x'],
  nothing: null,
})

/** null if the pool passes, else 'filter: reported / needed'. */
function verdict(request: Partial<PlaceRequest>, capabilities: Readonly<Record<string, Json>> = {}): string | null {
  const pool = { ...POOL, capabilities: { ...POOL.capabilities, ...capabilities } }
  const [rejection] = rank([pool], requestOf(request), DEFAULT_PLACEMENT).rejected
  return rejection === undefined ? null : `${rejection.filter}: ${rejection.reported} / ${rejection.needed}`
}

t.test('SameBackendFilter: one of the volumes lies on this backend (affinity_filter.py)', async (t) => {
  const rows: readonly (readonly [readonly string[] | null, string | null])[] = [
    [null, null],
    [['a@lvm'], null],
    [['b@lvm', 'a@lvm'], null],
    [['b@lvm'], 'SameBackendFilter: a@lvm / b@lvm'],
    [['a@file'], 'SameBackendFilter: a@lvm / a@file'],
    [['e@x', 'd@x', 'c@x', 'b@x', 'f@x'], 'SameBackendFilter: a@lvm / b@x or c@x or d@x or 2 more'],
    [[], 'SameBackendFilter: a@lvm / the backend of same_host, of which no volume is known'],
  ]
  for (const [backends, expected] of rows) {
    const hints = { ...NOWHERE, sameBackends: backends === null ? null : new Set(backends) }
    t.equal(verdict({ hints }), expected, JSON.stringify(backends))
  }
})

t.test('DifferentBackendFilter: none of the volumes lies on this backend (affinity_filter.py)', async (t) => {
  const rows: readonly (readonly [readonly string[] | null, string | null])[] = [
    [null, null],
    [[], null],
    [['b@lvm', 'a@file'], null],
    [['b@lvm', 'a@lvm'], 'DifferentBackendFilter: a@lvm / another than a@lvm or b@lvm'],
  ]
  for (const [backends, expected] of rows) {
    const hints = { ...NOWHERE, differentBackends: backends === null ? null : new Set(backends) }
    t.equal(verdict({ hints }), expected, JSON.stringify(backends))
  }
})

t.test('JsonFilter: the pool’s answer to the query, as Python would give it (json_filter.py)', async (t) => {
  const [yes, no, none] = [null, 'no', 'no answer to the query']
  const rows: readonly (readonly [readonly Json[], string | null])[] = [
    [[], yes],
    [['=', '$volume_backend_name', 'lvm'], yes],
    [['=', '$volume_backend_name', 'lvm', 'LVM'], no],
    [['=', '$total_capacity_gb', '100'], no],
    [['=', '$thin_provisioning_support', 0], yes],
    [['=', '$volume_backend_name'], no],
    [['>=', '$free_capacity_gb', 50.9], yes],
    [['>', '$free_capacity_gb', 50.9], no],
    [['<', 10, '$free_capacity_gb', 51], yes],
    [['<=', '$free_capacity_gb', 51, 50], no],
    [['<', '$free_capacity_gb', 'x'], none],
    [['not', ['<', '$free_capacity_gb', 'x']], none],
    [['or', true, ['<', '$free_capacity_gb', 'x']], none],
    [['<', '$volume_backend_name', 'm'], yes],
    [['in', '$capabilities.tier', 'silver', 'gold'], yes],
    [['in', '$capabilities.tier', 'silver'], no],
    [['=', '$capabilities.nested.iops', 500], yes],
    [['=', '$capabilities.nested', { iops: 500 }], yes],
    [['=', '$capabilities.tags', 'x'], no],
    [['=', '$capabilities.tier.deeper', 1], none],
    [['=', '$capabilities.nothing.deeper', 1], no],
    [['=', '$capabilities.constructor', 1], no],
    [['=', '$tier', 'gold'], no],
    [['=', '$host', 'a@lvm#pool'], yes],
    [['not', ['=', 1, 1], ['=', 1, 2]], yes],
    [['not', ['=', 1, 1], ['=', 1, 1]], no],
    [['not'], no],
    [['and'], yes],
    [['or'], no],
    [['and', ['>', '$free_capacity_gb', 10], ['=', '$capabilities.tier', 'gold']], yes],
    [['and', ['>', '$free_capacity_gb', 10], ['=', '$capabilities.tier', 'tin']], no],
    // A list that is not empty is true to Python, whatever it holds.
    [['and', ['not', true]], yes],
    [['or', null, '', '$nothing', false], no],
    [['or', []], yes],
  ]
  for (const [query, expected] of rows) {
    const parsed = parseHints('hints', { query: JSON.stringify(query) })
    if (!parsed.ok) throw new Error(JSON.stringify(query))
    const told = verdict({ hints: { ...NOWHERE, query: parsed.value.query } })
    t.equal(told?.replace(/^JsonFilter: (.*) \/ yes to .*$/, '$1') ?? null, expected, JSON.stringify(query))
  }
  const asked = parseHints('hints', { query: '["and", ["=", "$capabilities.tier", "tin"], true]' })
  if (!asked.ok) throw new Error('a query')
  const told = verdict({ hints: { ...NOWHERE, query: asked.value.query } })
  t.equal(told, 'JsonFilter: no / yes to ["and",["=","$capabilities.tier","tin"],true]', 'told as it was asked')
})

t.test('DriverFilter: the filter function is true, of the volume that is to come (driver_filter.py)', async (t) => {
  const request = {
    volume: { size: 10, display_name: null },
    type: typeOf({ 'vendor:kind': 'x', tier: 'gold' }),
    qos: { maxIOPS: '5000' },
  }
  const rows: readonly (readonly [Json, string | null])[] = [
    [null, null],
    ['volume.size <= 10', null],
    ['volume.size < 10', 'DriverFilter: filter_function: false / true of volume.size < 10'],
    ['extra.tier == "gold" and qos.maxIOPS > 4999', null],
    ['extra.tear == "gold"', 'DriverFilter: filter_function: cannot be computed / true of extra.tear == "gold"'],
    ['volume.display_name == "x"', 'DriverFilter: filter_function: cannot be computed / true of volume.display_name == "x"'],
    ['stats.free_capacity_gb - 50', 'DriverFilter: filter_function: 0 / true of stats.free_capacity_gb - 50'],
    ['stats.storage_protocol == "iscsi"', null],
    ['capabilities.storage_protocol == "iSCSI"', null],
    ['stats.storage_protocol == "FC"', 'DriverFilter: filter_function: false / true of stats.storage_protocol == "FC"'],
    ['volume.size <', 'DriverFilter: filter_function: cannot be computed / true of volume.size <'],
    [`1 == 1${' '.repeat(1000)}`, `DriverFilter: filter_function: cannot be computed / true of 1 == 1${' '.repeat(114)}…`],
  ]
  for (const [text, expected] of rows) t.equal(verdict(request, { filter_function: text }), expected, JSON.stringify(text).slice(0, 60))
})

t.test('the owner asks none of this again: only what a promise hangs on', async (t) => {
  const picky = { ...POOL, capabilities: { ...POOL.capabilities, filter_function: '1 == 2' } }
  t.equal(fits(picky, { sizeGiB: 1, zones: [], type: null }, DEFAULT_PLACEMENT), null)
  const request = requestOf({ sizeGiB: 101, hints: { ...NOWHERE, sameBackends: new Set() } })
  t.match(
    rank([picky], request, DEFAULT_PLACEMENT).rejected,
    [{ filter: 'CapacityFilter' }],
    'and told is what cannot be before what is not wanted',
  )
})
