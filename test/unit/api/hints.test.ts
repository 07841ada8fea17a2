/** Where a volume comes to lie when its client or its type has a word on it: over HTTP, on the real rules. */
import t from 'tap'
import { createVolume, eventually, PROJECT, startCluster, type TestHost, until } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`
const HINTS = 'OS-SCH-HNT:scheduler_hints'
const NOBODYS = '6a1f0b1e-2c59-4d0c-8a54-4f7f1f1f0001'

/** The host that has it, or the message that says why none does. */
async function placed(host: TestHost, hints: object, volume: object = {}): Promise<string> {
  const made = await host.call(VOLUMES, { method: 'POST', body: { volume: { size: 1, ...volume }, [HINTS]: hints } })
  if (made.status !== 202) return `${made.status} ${made.body.badRequest?.message}`
  return whereabouts(host, made.body.volume.id)
}

async function whereabouts(host: TestHost, id: string): Promise<string> {
  const answered = await host.call(`/scoria/v1/volumes/${id}/age`)
  const shown = await until(host, id, answered.body.owner === null ? 'error' : 'available')
  const at = shown.body.volume['os-vol-host-attr:host']
  if (at !== null) return at
  const { messages } = (await host.call(`/v3/${PROJECT}/messages?resource_uuid=${id}`)).body
  return messages[0].user_message
}

t.test('same_host puts a volume beside others and different_host apart, whichever peer is asked', async (t) => {
  const cluster = await startCluster({ hosts: 3, limits: { volumes: 30 } })
  t.teardown(() => cluster.stop())
  const [one, two, three] = cluster.hosts
  if (one === undefined || two === undefined || three === undefined) throw new Error('three hosts')
  const first = await one.call(VOLUMES, { method: 'POST', body: { volume: { size: 1 } } })
  const { id } = first.body.volume
  // At once, through a peer that may not have heard of it: it is asked for.
  const apart = await two.call(VOLUMES, { method: 'POST', body: { volume: { size: 1 }, [HINTS]: { different_host: id } } })
  const [home, other] = [await whereabouts(one, id), await whereabouts(two, apart.body.volume.id)]
  t.not(other, home)
  for (const host of cluster.hosts) {
    t.equal(await placed(host, { same_host: [id] }), home, `${host.name}: beside`)
    t.equal(await placed(host, { same_host: id, different_host: [NOBODYS] }), home, `${host.name}: nobody’s volume keeps nothing away`)
    t.not(await placed(host, { different_host: [id, apart.body.volume.id] }), home, `${host.name}: apart`)
  }
  t.match(await placed(one, { same_host: id, different_host: id }), /DifferentBackendFilter refused 1 pool/)
  t.match(await placed(one, { same_host: NOBODYS }), /SameBackendFilter refused 3 pools/)
  t.match(await placed(one, { same_host: 'db' }), /^400 /)
  t.match(await placed(one, { local_to_instance: NOBODYS }), /^400 .*local_to_instance/)
  const stranger = await one.call('/v3/stranger/volumes', {
    method: 'POST',
    token: 'stranger:stranger',
    body: { volume: { size: 1 }, [HINTS]: { same_host: id } },
  })
  t.equal(stranger.status, 202)
  const theirs = `/v3/stranger/volumes/${stranger.body.volume.id}`
  t.match((await one.call(theirs, { token: 'stranger:stranger' })).body.volume, { status: 'error' }, 'another project’s volume is nowhere')
})

t.test('where nobody can say whether a volume is there, no place is guessed', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  for (const host of cluster.hosts.slice(1)) host.cut()
  const explain = (hints: object) =>
    cluster.first.call('/scoria/v1/placement/explain', { method: 'POST', body: { size: 1, scheduler_hints: hints } })
  t.equal((await explain({})).status, 200)
  t.equal((await explain({ different_host: NOBODYS })).status, 503)
})

t.test('the hints are a part of the request: with others its key is refused, with the same it is the same volume', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const { id } = await createVolume(cluster.first)
  const send = (hints: object) =>
    cluster.first.call(VOLUMES, { method: 'POST', body: { volume: { size: 1 }, [HINTS]: hints }, headers: { 'idempotency-key': 'k' } })
  const made = await send({ same_host: id })
  t.equal((await send({ same_host: id })).body.volume.id, made.body.volume.id)
  t.equal((await send({ different_host: id })).status, 422)
})

t.test('a query and a backend’s own function decide, and explain says the same as a create', async (t) => {
  const cluster = await startCluster({ hosts: 3, functions: { alpha1: { filterFunction: 'volume.size > 4' } } })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const query = '["not", ["=", "$host", "alpha2@memory#pool"]]'
  t.equal(await placed(first, { query }), 'alpha3@memory#pool')
  t.match((await first.call('/scoria/v1/placement/explain', { method: 'POST', body: { size: 1, scheduler_hints: { query } } })).body, {
    candidates: [{ pool: 'alpha3@memory#pool' }],
    rejected: [
      { pool: 'alpha1@memory#pool', filter: 'DriverFilter', reported: 'filter_function: false', needed: 'true of volume.size > 4' },
      { pool: 'alpha2@memory#pool', filter: 'JsonFilter' },
    ],
  })
  t.match(await placed(first, { query: '["=", "$host", "alpha1@memory#pool"]' }), /DriverFilter refused 1 pool.*JsonFilter refused 2 pools/)
  t.equal(await placed(first, { query: '["=", "$host", "alpha1@memory#pool"]' }, { size: 5 }), 'alpha1@memory#pool')
  const { pools } = (await first.call(`/v3/${PROJECT}/scheduler-stats/get_pools?detail=true`)).body
  const told = pools.map(({ name, capabilities }: { name: string; capabilities: object }) => ({ name, ...capabilities }))
  t.match(told, [{ name: 'alpha1@memory#pool', filter_function: 'volume.size > 4', total_volumes: 1 }, {}, {}])
})

t.test('a type decides by its zones, backend name, provisioning and sharing', async (t) => {
  const cluster = await startCluster({ hosts: 2 })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const rows: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ['zone', { 'RESKEY:availability_zones': 'zone-2, zone-9' }, /^alpha2@/],
    ['nowhere', { 'RESKEY:availability_zones': 'zone-9' }, /AvailabilityZoneFilter refused 2 pools/],
    ['backend', { volume_backend_name: 'memory' }, /^alpha/],
    ['no-backend', { volume_backend_name: 'ssd' }, /CapabilitiesFilter refused 2 pools/],
    ['thick', { 'provisioning:type': 'thick' }, /^alpha/],
    ['shared-by-two', { multiattach: '<is> True' }, /^alpha/],
    ['unshared', { multiattach: '<is> False' }, /CapabilitiesFilter refused 2 pools/],
  ]
  for (const [name, extraSpecs, where] of rows) {
    const made = await first.call(`/v3/${PROJECT}/types`, { method: 'POST', body: { volume_type: { name, extra_specs: extraSpecs } } })
    t.equal(made.status, 200, name)
    for (const host of cluster.hosts)
      await eventually(
        () => host.call(`/v3/${PROJECT}/types/${made.body.volume_type.id}`),
        ({ status }) => status === 200,
      )
    t.match(await placed(first, {}, { volume_type: name }), where, name)
  }
  t.match(await placed(first, {}, { volume_type: 'zone', availability_zone: 'zone-1' }), /AvailabilityZoneFilter refused 2 pools/)
})
