/** Pages, orders and filters: equal on every peer, because the order is total. */
import fc from 'fast-check'
import t from 'tap'
import { poolName, projectId, requestId, volumeId } from '../../../../lib/model/ids.ts'
import type { Volume } from '../../../../lib/model/volume.ts'
import { ATTACHMENT_KEYS } from '../../../../lib/wire/cinder/attachment-query.ts'
import { type ListKeys, pageOf, parseListQuery } from '../../../../lib/wire/cinder/list-query.ts'
import { MESSAGE_KEYS } from '../../../../lib/wire/cinder/message-query.ts'
import { RESOURCE_FILTERS } from '../../../../lib/wire/cinder/resource-filters.ts'
import { SNAPSHOT_KEYS } from '../../../../lib/wire/cinder/snapshot-query.ts'
import { TYPE_KEYS } from '../../../../lib/wire/cinder/type-query.ts'
import { parseTextMap } from '../../../../lib/wire/cinder/text-map.ts'
import { newestFirst } from '../../../../lib/wire/cinder/item-list.ts'
import { selectVolumes, VOLUME_KEYS } from '../../../../lib/wire/cinder/volume-query.ts'

const AT = Date.UTC(2026, 0, 1)

function volume(id: string, fields: Partial<Volume> = {}): Volume {
  return {
    id: volumeId(id),
    project: projectId('p'),
    user: 'u',
    name: null,
    description: null,
    sizeGiB: 1,
    zone: null,
    type: null,
    typeId: null,
    metadata: {},
    multiattach: false,
    source: null,
    createdAtMs: AT,
    status: 'available',
    rid: requestId('0'),
    owner: null,
    pool: null,
    availabilityZone: 'z1',
    updatedAtMs: null,
    attachments: [],
    snapshots: [],
    detached: [],
    transfer: null,
    failure: null,
    ...fields,
  }
}

/** Ids that the query shows to a member, or why it was refused. */
function shown(volumes: readonly Volume[], raw: Record<string, string>, minor = 71, isAdmin = false): readonly string[] | string {
  const query = parseListQuery(raw, VOLUME_KEYS, { microversion: minor, isAdmin })
  if (!query.ok) return query.failure.code
  const selected = selectVolumes(volumes.toSorted(newestFirst), query.value, minor)
  if (!selected.ok) return selected.failure.code
  const { items, compare } = selected.value
  const marker = volumes.find(({ id }) => id === query.value.marker) ?? null
  return pageOf(items, query.value, marker, compare).map((item) => item.id)
}

const LIST = [
  volume('a', { name: 'one', sizeGiB: 3, status: 'error', createdAtMs: AT + 1, metadata: { tier: 'gold', env: 'prod' } }),
  volume('b', { name: 'two', sizeGiB: 1, createdAtMs: AT + 2, availabilityZone: 'z2', typeId: 't1' }),
  volume('c', { name: 'twofold', sizeGiB: 3, createdAtMs: AT + 2, metadata: { tier: 'gold' }, pool: poolName('one', 'lvm', 'pool') }),
  volume('d', { name: null, sizeGiB: 2, createdAtMs: AT }),
]

t.test('without an order the newest comes first, and equal times by id', async (t) => {
  t.same(shown(LIST, {}), ['b', 'c', 'a', 'd'])
})

t.test('an order by any key ends in the default order', async (t) => {
  t.same(shown(LIST, { sort: 'size:asc' }), ['b', 'd', 'c', 'a'])
  t.same(shown(LIST, { sort: 'size' }), ['c', 'a', 'd', 'b'], 'descending unless told')
  t.same(shown(LIST, { sort: 'size:desc,name:asc' }), ['a', 'c', 'd', 'b'])
  t.same(shown(LIST, { sort_key: 'name', sort_dir: 'asc' }), ['d', 'a', 'b', 'c'], 'nothing comes before everything')
  t.equal(shown(LIST, { sort: 'size:asc', sort_key: 'name' }), 'bad-query', 'both ways at once')
  t.equal(shown(LIST, { sort: 'colour' }), 'bad-query')
  t.equal(shown(LIST, { sort: 'size:up' }), 'bad-query')
  t.same(shown(LIST, { sort: ' size : asc , name ' }), ['b', 'd', 'c', 'a'], 'blanks do not matter')
  t.same(shown(LIST, { sort: 'created_at:asc,id:desc' }), ['d', 'a', 'c', 'b'], 'the last key decides what the first left open')
  t.same(shown(LIST, { sort_dir: 'asc' }), ['d', 'a', 'b', 'c'], 'a direction alone is that of the date')
})

t.test('filters', async (t) => {
  const table: ReadonlyArray<readonly [Record<string, string>, readonly string[]]> = [
    [{ name: 'two' }, ['b']],
    [{ 'name~': 'two' }, ['b', 'c']],
    [{ status: 'error' }, ['a']],
    [{ availability_zone: 'z2' }, ['b']],
    [{ size: '3' }, ['c', 'a']],
    [{ bootable: 'false' }, ['b', 'c', 'a', 'd']],
    [{ bootable: 'True' }, []],
    [{ consumes_quota: 'no' }, []],
    [{ migration_status: 'migrating' }, []],
    [{ group_id: 'g' }, []],
    [{ metadata: "{'tier': 'gold'}" }, ['c', 'a']],
    [{ metadata: '{"tier": "gold", "env": "prod"}' }, ['a']],
    [{ created_at: 'gt:2026-01-01T00:00:00' }, ['b', 'c', 'a']],
    [{ created_at: 'gt:2026-01-01T01:00:00+01:00' }, ['b', 'c', 'a']],
    [{ created_at: 'gte:2026-01-01,lt:2026-01-01T00:00:00.002' }, ['a', 'd']],
    [{ updated_at: 'neq:2026-01-01' }, []],
    [{ name: 'two', status: 'error' }, []],
  ]
  for (const [raw, ids] of table) t.same(shown(LIST, raw), ids, JSON.stringify(raw))
  t.equal(shown(LIST, { metadata: 'tier=gold' }), 'bad-query')
  t.equal(shown(LIST, { created_at: 'gt:soon' }), 'bad-query')
})

t.test('an admin filters by everything, and what no volume has lets nothing through', async (t) => {
  const table: ReadonlyArray<readonly [Record<string, string>, readonly string[]]> = [
    [{ id: 'd' }, ['d']],
    [{ volume_type_id: 't1' }, ['b']],
    [{ project_id: 'p' }, ['b', 'c', 'a', 'd']],
    [{ user_id: 'nobody' }, []],
    [{ host: 'one@lvm' }, ['c']],
    [{ host: 'one@lvm#pool' }, ['c']],
    [{ host: 'one' }, []],
    [{ attach_status: 'detached' }, ['b', 'c', 'a', 'd']],
    [{ glance_metadata: "{'a': 'b'}" }, []],
    [{ colour: 'red' }, []],
    [{ constructor: 'red' }, []],
  ]
  for (const [raw, ids] of table)
    for (const minor of [30, 71]) t.same(shown(LIST, raw, minor, true), ids, `${JSON.stringify(raw)} at 3.${minor}`)
})

t.test('what others may not filter by is dropped before 3.31 and refused from there', async (t) => {
  const everything = ['b', 'c', 'a', 'd']
  for (const raw of [{ colour: 'red' }, { host: 'one@lvm' }, { project_id: 'other' }, { id: 'd' }, { glance_metadata: '{}' }]) {
    t.same(shown(LIST, raw, 30), everything, JSON.stringify(raw))
    t.equal(shown(LIST, raw, 31), 'unknown-filter', JSON.stringify(raw))
  }
  t.same(shown(LIST, { size: '3' }, 30), everything, 'the size came into the list of filters with 3.31')
  t.same(shown(LIST, { all_tenants: '1' }, 31), everything, 'who may not see all tenants may say the word')
  t.same(shown(LIST, { all_tenants: 'maybe' }, 31), everything)
  t.equal(shown(LIST, { all_tenants: 'maybe' }, 31, true), 'bad-query', 'an admin has to mean something by it')
})

t.test('filters are there from their microversions on', async (t) => {
  t.equal(shown(LIST, { 'name~': 'two' }, 33), 'unknown-filter', '`~` came with 3.34')
  t.same(shown(LIST, { 'name~': 'two' }, 33, true), [], 'to an admin a name that no filter has')
  t.equal(shown(LIST, { 'status~': 'err' }), 'unknown-filter', 'only a name may be asked for in part')
  t.same(shown(LIST, { 'status~': 'err' }, 71, true), ['a'])
  t.same(shown(LIST, { created_at: 'gt:2030-01-01' }, 59).length, 4, 'times came with 3.60')
  t.same(shown(LIST, { created_at: 'gt:2030-01-01' }, 60), [])
  t.same(shown(LIST, { group_id: 'g' }, 9).length, 4, 'groups came with 3.10')
  t.same(shown(LIST, { consumes_quota: 'false' }, 64).length, 4, 'what counts came with 3.65')
  t.equal(shown(LIST, { bootable: 'maybe' }, 2), 'bad-query', 'strict from 3.2')
  t.same(shown(LIST, { bootable: 'maybe' }, 1), [], 'before, every other word meant true')
  t.same(shown(LIST, { bootable: 'FALSE' }, 1).length, 4)
  t.equal(shown(LIST, { with_count: 'true' }, 44), 'unknown-filter', 'the count came with 3.45')
  t.equal(shown(LIST, { with_count: 'maybe' }, 45), 'bad-query')
})

t.test('each resource allows what resource_filters says, and no more', async (t) => {
  const resources: ReadonlyArray<readonly [ListKeys, readonly string[], Record<string, string>]> = [
    [VOLUME_KEYS, RESOURCE_FILTERS.volume, { metadata: '{}' }],
    [SNAPSHOT_KEYS, RESOURCE_FILTERS.snapshot, { metadata: '{}' }],
    [ATTACHMENT_KEYS, RESOURCE_FILTERS.attachment, {}],
    [MESSAGE_KEYS, RESOURCE_FILTERS.message, {}],
    [TYPE_KEYS, RESOURCE_FILTERS.volume_type, {}],
  ]
  for (const [keys, filters, values] of resources) {
    const keysShown = (raw: Record<string, string>, microversion: number, isAdmin = false) => {
      const query = parseListQuery(raw, keys, { microversion, isAdmin })
      return query.ok ? query.value.filters.map(({ key, match }) => `${key} ${match}`) : query.failure.code
    }
    for (const filter of filters) {
      const key = filter.replace('~', '')
      t.same(keysShown({ [key]: values[key] ?? 'x' }, 71), [`${key} exact`], `${key} of ${filters}`)
      t.same(keysShown({ [`${key}~`]: 'x' }, 71), filter === key ? 'unknown-filter' : [`${key} like`], `${key}~ of ${filters}`)
    }
    t.equal(keysShown({ project_id: 'x' }, keys.strictSince), 'unknown-filter', 'projects are told apart by admins')
    t.same(keysShown({ project_id: 'x' }, keys.strictSince - 1), [], 'dropped')
    t.same(keysShown({ project_id: 'x' }, 71, true), ['project_id exact'])
  }
})

t.test('limit, offset and marker', async (t) => {
  t.same(shown(LIST, { limit: '2' }), ['b', 'c'])
  t.same(shown(LIST, { limit: '2', offset: '1' }), ['c', 'a'])
  t.same(shown(LIST, { marker: 'c' }), ['a', 'd'])
  t.same(shown(LIST, { marker: 'd' }), [], 'after the last there is nothing')
  t.same(shown(LIST, { limit: '0' }), [])
  t.same(shown(LIST, { marker: 'c', status: 'error' }), ['a'], 'a marker that the filter does not let through has its place all the same')
  t.same(shown(LIST, { marker: 'd', sort: 'size:asc' }), ['c', 'a'])
  for (const wrong of ['-1', 'x', '1.5']) t.equal(shown(LIST, { limit: wrong }), 'bad-query', `limit ${wrong}`)
})

t.test('following the marker shows each volume once, whatever the order and the size of a page', async (t) => {
  const volumes = fc.uniqueArray(
    fc.record({
      id: fc.uuid(),
      sizeGiB: fc.integer({ min: 1, max: 3 }),
      createdAtMs: fc.integer({ min: 0, max: 3 }),
      name: fc.constantFrom(null, 'a', 'b'),
    }),
    { selector: ({ id }) => id, maxLength: 12 },
  )
  const property = fc.property(
    volumes,
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom('created_at:desc', 'size:asc', 'name:desc,size:asc'),
    (fields, limit, sort) => {
      const list = fields.map(({ id, ...rest }) => volume(id, rest))
      const pages: string[] = []
      for (let marker = ''; ; marker = pages.at(-1) ?? '') {
        const page = shown(list, { limit: String(limit), sort, ...(marker === '' ? {} : { marker }) })
        if (typeof page === 'string' || page.length === 0) break
        pages.push(...page)
      }
      return JSON.stringify(pages) === JSON.stringify(shown(list, { sort }))
    },
  )
  t.doesNotThrow(() => fc.assert(property, { seed: 20260101, numRuns: 200 }))
})

t.test('a map of texts is read as Python prints it and as JSON', async (t) => {
  t.same(parseTextMap("{'a': 'b', u'c': \"it's\"}"), [
    ['a', 'b'],
    ['c', "it's"],
  ])
  t.same(parseTextMap('{"a":"b"}'), [['a', 'b']])
  t.same(parseTextMap("{'q': 'it\\'s'}"), [['q', "it's"]])
  t.same(parseTextMap('{}'), [])
  for (const wrong of ['', 'a', '{a: b}', "{'a'}", "{'a': 1}", "{'a': 'b'", "{'a' 'b'}", "{'a': 'b' 'c': 'd'}"])
    t.equal(parseTextMap(wrong), null, wrong)
})
