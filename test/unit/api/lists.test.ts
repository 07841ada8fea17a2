/** Lists over HTTP: what may be asked for, and pages that hold whichever peer serves the next one. */
import t from 'tap'
import type { Call } from '../../../agent/api/call.ts'
import { pageFor } from '../../../agent/api/page.ts'
import { projectId } from '../../../lib/model/ids.ts'
import { createVolume, PROJECT, startCluster, type TestHost, TYPE_ID, until, untilSnapshot } from './cluster.ts'

const PATH = `/v3/${PROJECT}`
const NOBODY = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001'
const INITIATOR = { initiator: 'iqn.1993-08.org.debian:01:a1', host: 'compute1', multipath: false }

interface Item {
  readonly id: string
}

const cluster = await startCluster({ hosts: 3, limits: { snapshots: -1 } })
const [first, second, third] = cluster.hosts
if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
t.teardown(() => cluster.stop())
t.setTimeout(120_000)

const made: string[] = []
const snapshots: string[] = []
const attachments: string[] = []
for (const [index, name] of ['a', 'b', 'c', 'd', 'e'].entries()) {
  const { id } = await createVolume(first, { name, size: 1 + (index % 2), description: `volume ${name}` })
  made.push(id)
  const snapshot = (await first.call(`${PATH}/snapshots`, { method: 'POST', body: { snapshot: { volume_id: id, name } } })).body.snapshot
  await untilSnapshot(first, snapshot.id, 'available')
  snapshots.push(snapshot.id)
  const attachment = { volume_uuid: id, connector: INITIATOR }
  attachments.push((await second.call(`${PATH}/attachments`, { method: 'POST', body: { attachment } })).body.attachment.id)
  await until(third, id, 'attaching')
}

/** All pages of a list, each from the next peer in turn. */
async function pages(collection: string, key: string, query: string): Promise<readonly string[]> {
  const ids: string[] = []
  let path: string | null = `${PATH}/${collection}?limit=1${query}`
  for (let turn = 0; path !== null && turn < 20; turn++) {
    const host = cluster.hosts[turn % cluster.hosts.length]
    const { body }: Awaited<ReturnType<TestHost['call']>> = await (host ?? cluster.first).call(path)
    ids.push(...body[key].map(({ id }: Item) => id))
    const next: string | undefined = body[key === 'volume_types' ? 'volume_type_links' : `${key}_links`]?.[0].href
    path = next === undefined ? null : next.slice(next.indexOf('/v3/'))
  }
  return ids
}

t.test('pages of one item, each from another peer, are together the list of any peer', async (t) => {
  const orders = ['', '&sort=name:asc', '&sort=size:desc,name:asc', '&sort_key=size&sort_dir=asc']
  for (const [collection, key] of [
    ['volumes', 'volumes'],
    ['volumes/detail', 'volumes'],
    ['snapshots', 'snapshots'],
    ['snapshots/detail', 'snapshots'],
  ] as const)
    for (const order of orders) {
      const whole = (await second.call(`${PATH}/${collection}?${order.slice(1)}`)).body[key].map(({ id }: Item) => id)
      t.equal(whole.length, 5, `${collection}${order}`)
      t.same(await pages(collection, key, order), whole, `${collection}${order}`)
    }
  for (const order of ['', '&sort=id:asc', '&sort=volume_id:desc,id:asc']) {
    const whole = (await second.call(`${PATH}/attachments?${order.slice(1)}`)).body.attachments.map(({ id }: Item) => id)
    t.same(whole.toSorted(), attachments.toSorted(), `attachments${order}`)
    t.same(await pages('attachments', 'attachments', order), whole, `attachments${order}`)
  }
  for (const order of ['', '&sort=name:desc']) {
    const whole = (await second.call(`${PATH}/types?is_public=none${order}`)).body.volume_types.map(({ id }: Item) => id)
    t.same(await pages('types', 'volume_types', `&is_public=none${order}`), whole, `types${order}`)
  }
})

t.test('the marker of a page holds when its item does not pass the filter any more', async (t) => {
  const ids = async (query: string) => (await third.call(`${PATH}/volumes?${query}`)).body.volumes.map(({ id }: Item) => id)
  t.same(await ids(`status=available&sort=name:asc&marker=${made[1]}`), [])
  t.same(await ids(`name=d&sort=name:asc&marker=${made[1]}`), [made[3]])
  t.same(await ids(`name=a&sort=name:asc&marker=${made[1]}`), [], 'what is before it is on the page before')
  t.equal((await third.call(`${PATH}/volumes?marker=${NOBODY}`)).status, 404)
  t.equal((await third.call(`${PATH}/volumes?marker=x`)).status, 404)
  t.equal((await third.call(`${PATH}/snapshots?marker=${made[0]}`)).status, 404, 'a volume is no marker among snapshots')
  t.equal((await third.call(`${PATH}/attachments?marker=${NOBODY}`)).status, 404)
})

t.test('a marker that this peer does not list yet is asked for, and nobody’s silence is a 404', async (t) => {
  const numbers = [1, 2, 4].map((number) => ({ id: String(number), number }))
  const query = { limit: 10, offset: 0, marker: '3', sorts: [], raw: {} }
  const listed = {
    items: numbers,
    all: numbers,
    compare: (a: { number: number }, b: { number: number }) => a.number - b.number,
    query,
    kind: 'Number',
    collection: 'numbers',
  }
  const call: Call = {
    requestId: 'r',
    caller: { user: 'u', project: projectId('p'), roles: [], isAdmin: false, isService: false },
    microversion: 71,
    base: { root: '', project: 'p' },
    params: {},
    query: {},
    body: undefined,
    idempotencyKey: null,
    ifMatch: null,
  }
  const found = await pageFor(call, { ...listed, find: async () => ({ ok: true, value: { id: '3', number: 3 } }) })
  t.match(found, { ok: true, items: [{ id: '4' }], next: null })
  const failure = { code: 'peer-incomplete', silent: [] } as const
  t.match(await pageFor(call, { ...listed, find: async () => ({ ok: false, failure }) }), { ok: false, answer: { failure } })
  t.match(await pageFor(call, listed), { ok: false, answer: { failure: { code: 'item-not-found', id: '3' } } })
})

t.test('snapshots are found by where their volume lies', async (t) => {
  const shown = await first.call(`${PATH}/volumes/${made[0]}`)
  const { availability_zone: zone, 'os-vol-host-attr:host': pool } = shown.body.volume
  const ids = async (query: string) => (await second.call(`${PATH}/snapshots?${query}`)).body.snapshots.map(({ id }: Item) => id)
  t.ok((await ids(`availability_zone=${zone}`)).includes(snapshots[0]))
  t.same(await ids('availability_zone=nowhere'), [])
  t.ok((await ids(`host=${encodeURIComponent(pool)}`)).includes(snapshots[0]))
  t.same(await ids('name~=c'), [snapshots[2]], 'in part, from 3.34')
  t.same((await second.call(`${PATH}/snapshots?name=a&with_count=true`)).body.count, 1)
  t.notOk('count' in (await second.call(`${PATH}/snapshots?name=a&with_count=false`)).body)
})

t.test('attachments are found by volume, server, status and project', async (t) => {
  const ids = async (query: string) => (await third.call(`${PATH}/attachments?${query}`)).body.attachments.map(({ id }: Item) => id)
  t.same(await ids(`volume_id=${made[2]}`), [attachments[2]])
  t.equal((await ids('status=attaching')).length, 5)
  t.same(await ids('attach_status=attached'), [])
  t.same(await ids(`instance_id=${NOBODY}`), [])
  t.same(await ids('project_id=other'), [])
  t.equal((await ids(`all_tenants=1&project_id=${PROJECT}`)).length, 5)
  t.equal((await third.call(`${PATH}/attachments?sort=colour`)).status, 400)
})

t.test('the filters that there are, and of which resource', async (t) => {
  const all = (await first.call(`${PATH}/resource_filters`)).body.resource_filters
  t.same(
    all.map(({ resource }: { resource: string }) => resource),
    ['volume', 'snapshot', 'group', 'group_snapshot', 'attachment', 'message', 'pool', 'volume_type'],
  )
  t.same((await first.call(`${PATH}/resource_filters?resource=attachment`)).body, {
    resource_filters: [{ resource: 'attachment', filters: ['volume_id', 'status', 'instance_id', 'attach_status'] }],
  })
  t.same((await first.call(`${PATH}/resource_filters?resource=planet`)).body, { resource_filters: [] })
  t.equal((await first.call(`${PATH}/resource_filters`, { microversion: '3.32' })).status, 404, 'they came with 3.33')
})

t.test('types are found by their extra specs from 3.52, and paged', async (t) => {
  const names = async (query: string, microversion = '3.71') =>
    (await first.call(`${PATH}/types?${query}`, { microversion })).body.volume_types.map(({ name }: { name: string }) => name)
  const everything = await names('')
  const specs = `extra_specs=${encodeURIComponent("{'multiattach': '<is> True'}")}`
  const shared = await names(specs)
  t.ok(shared.length > 0 && shared.length < everything.length)
  t.same(await names(specs, '3.51'), everything)
  t.same(await names('limit=1&sort=name:asc'), everything.toSorted().slice(0, 1))
  t.same(
    await names(`marker=${TYPE_ID}&limit=1000`),
    everything.slice(1 + everything.indexOf((await first.call(`${PATH}/types/${TYPE_ID}`)).body.volume_type.name)),
  )
  t.equal((await first.call(`${PATH}/types?marker=${NOBODY}`)).status, 404)
})

t.test('pools are found by name from 3.28, and by what a type demands from 3.35', async (t) => {
  const names = async (query: string, microversion = '3.71') =>
    (await first.call(`${PATH}/scheduler-stats/get_pools?${query}`, { microversion })).body.pools?.map(({ name }: { name: string }) => name)
  const everything = ['alpha1@memory#pool', 'alpha2@memory#pool', 'alpha3@memory#pool']
  const one = 'name=alpha2%40memory%23pool'
  t.same(await names(one), ['alpha2@memory#pool'])
  t.same(await names(one, '3.27'), everything)
  const type = { name: 'nowhere', extra_specs: { storage_protocol: 'carrier pigeon' } }
  await first.call(`${PATH}/types`, { method: 'POST', body: { volume_type: type } })
  t.same(await names('volume_type=nowhere'), [])
  t.same(await names('volume_type=nowhere', '3.34'), everything)
  t.same(await names('volume_type=__DEFAULT__'), everything)
  t.equal((await first.call(`${PATH}/scheduler-stats/get_pools?volume_type=absent`)).status, 404)
  t.equal((await first.call(`${PATH}/scheduler-stats/get_pools?colour=red`)).status, 400)
  t.same(await names('storage_protocol=iscsi', '3.28'), everything, 'any capability, until the filters were settled')
  t.same(await names('storage_protocol=ceph', '3.28'), [])
})

t.test('the summary counts what the filters let through', async (t) => {
  const summary = async (query: string, microversion = '3.71') =>
    (await third.call(`${PATH}/volumes/summary?${query}`, { microversion })).body['volume-summary']
  t.match(await summary(''), { total_count: 5, total_size: 7, metadata: {} })
  t.match(await summary('name=b'), { total_count: 1, total_size: 2 })
  t.same(await summary('name=b', '3.35'), { total_count: 1, total_size: 2 }, 'metadata came with 3.36')
})
