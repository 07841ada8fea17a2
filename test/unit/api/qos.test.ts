/** QoS specs over REST: Cinder's calls, fields and codes, and what whoever attaches a volume is told. */
import t from 'tap'
import { PROJECT, startCluster, type TestHost, until } from './cluster.ts'

const send = (host: TestHost, method: string, path: string, body?: unknown, headers: Record<string, string> = {}, microversion?: string) =>
  host.call(`/v3/${PROJECT}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(microversion === undefined ? {} : { microversion }),
  })
const wanted = (name: string, more: object = {}) => ({ qos_specs: { name, ...more } })

t.test('create, show, list, change, delete, with Cinder’s fields and codes', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const key = { 'idempotency-key': 'k' }
  const body = wanted(' slow ', { consumer: 'front-end', read_iops_sec: '100' })
  const made = await send(first, 'POST', '/qos-specs', body, key)
  const { id } = made.body.qos_specs
  t.same(made.body.qos_specs, { id, name: 'slow', consumer: 'front-end', specs: { read_iops_sec: '100' } })
  t.match(made, {
    status: 200,
    body: { links: [{ rel: 'self', href: new RegExp(`/v3/${PROJECT}/qos-specs/${id}$`) }, { rel: 'bookmark' }] },
  })
  t.same((await send(second, 'POST', '/qos-specs', body, key)).body.qos_specs, made.body.qos_specs, 'the same request at another peer')
  t.match(await send(second, 'POST', '/qos-specs', wanted('other'), key), { status: 422 }, 'the key for something else')
  t.match(await send(second, 'POST', '/qos-specs', wanted('slow')), {
    status: 409,
    body: { conflictingRequest: { message: /slow already exists/ } },
  })
  t.match(await send(second, 'GET', `/qos-specs/${id}`), { status: 200, body: { qos_specs: { name: 'slow' } } })
  const fast = (await send(first, 'POST', '/qos-specs', wanted('fast'))).body.qos_specs
  t.match(fast, { consumer: 'back-end', specs: {} }, 'for the back end if nothing is said')
  const names = async (query: string) =>
    (await send(first, 'GET', `/qos-specs${query}`)).body.qos_specs.map(({ name }: { name: string }) => name)
  t.same(await names(''), ['fast', 'slow'])
  t.same(await names('?sort=name:desc'), ['slow', 'fast'])
  t.same(await names('?consumer=front-end'), ['slow'])
  t.match(await send(first, 'GET', '/qos-specs?limit=1'), {
    body: { qos_specs_links: [{ rel: 'next', href: new RegExp(`marker=${fast.id}`) }] },
  })

  t.match(await send(first, 'PUT', `/qos-specs/${id}`, { qos_specs: { consumer: 'both', write_iops_sec: '7' } }), {
    status: 200,
    body: { qos_specs: { consumer: 'both', write_iops_sec: '7' } },
  })
  t.match(await send(first, 'PUT', `/qos-specs/${id}/delete_keys`, { keys: ['write_iops_sec', 'nothing'] }), {
    status: 404,
    body: { itemNotFound: { message: /has no spec with key nothing/ } },
  })
  t.match(await send(first, 'PUT', `/qos-specs/${id}/delete_keys`, { keys: ['read_iops_sec'] }), { status: 202, body: null })
  t.same((await send(first, 'GET', `/qos-specs/${id}`)).body.qos_specs, {
    id,
    name: 'slow',
    consumer: 'both',
    specs: { write_iops_sec: '7' },
  })
  for (const wrong of [{}, { name: ' ' }, { name: 'n', consumer: 'middle' }, { name: 'n', 'a/b': 'c' }, { name: 'n', a: 1 }])
    t.match(await send(first, 'POST', '/qos-specs', { qos_specs: wrong }), { status: 400 }, JSON.stringify(wrong))
  t.match(await send(first, 'PUT', `/qos-specs/${id}`, { qos_specs: { name: 'other' } }), { status: 400 }, 'the name stays')
  t.match(await send(first, 'DELETE', `/qos-specs/${id}`), { status: 202, body: null })
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/associations'],
    ['GET', '/disassociate_all'],
  ] as const)
    t.match(await send(first, method, `/qos-specs/${id}${path}`), {
      status: 404,
      body: { itemNotFound: { message: `No such QoS spec ${id}.` } },
    })
  t.match(await send(first, 'PUT', '/qos-specs/slow', { qos_specs: { a: 'b' } }), { status: 404 }, 'by id alone')
})

t.test('a type has one of them; what types have stays, unless it is forced', async (t) => {
  const cluster = await startCluster()
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const made = async (name: string): Promise<string> => (await send(first, 'POST', '/qos-specs', wanted(name))).body.qos_specs.id
  const [slow, fast] = [await made('slow'), await made('fast')]
  const shared = (await send(first, 'GET', '/types/shared')).body.volume_type.id
  const qosOfType = async () => (await send(first, 'GET', `/types/${shared}`)).body.volume_type.qos_specs_id
  const associate = (qos: string, what = 'associate', type = shared) => send(first, 'GET', `/qos-specs/${qos}/${what}?vol_type_id=${type}`)
  t.match(await associate(slow), { status: 202, body: null })
  t.equal(await qosOfType(), slow)
  t.match(await associate(fast), { status: 400, body: { badRequest: { message: /already associated with another qos specs/ } } })
  t.match(await associate(slow, 'associate', 'nothing'), { status: 404 })
  t.match(await send(first, 'GET', `/qos-specs/${slow}/associate`), { status: 400 })
  t.same((await send(first, 'GET', `/qos-specs/${slow}/associations`)).body, {
    qos_associations: [{ association_type: 'volume_type', name: 'shared', id: shared }],
  })
  t.match(await send(first, 'DELETE', `/qos-specs/${slow}`), { status: 400, body: { badRequest: { message: /still associated/ } } })
  t.match(await associate(slow, 'disassociate'), { status: 202 })
  t.equal(await qosOfType(), null)
  await associate(slow)
  t.match(await send(first, 'GET', `/qos-specs/${slow}/disassociate_all`), { status: 202 })
  t.equal(await qosOfType(), null)
  await associate(slow)
  t.match(await send(first, 'DELETE', `/qos-specs/${slow}?force=True`), { status: 202 })
  t.equal(await qosOfType(), null)
})

t.test('whoever attaches is told what is for the front end, by the size of the volume', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second] = cluster.hosts
  if (first === undefined || second === undefined) throw new Error('three hosts')
  const specs = { consumer: 'front-end', total_iops_sec_per_gb: '30', write_bytes_sec: '1000000' }
  const qos = (await send(first, 'POST', '/qos-specs', wanted('slow', specs))).body.qos_specs.id
  await send(first, 'GET', `/qos-specs/${qos}/associate?vol_type_id=shared`)
  const connectionOf = async (): Promise<Record<string, unknown>> => {
    const volume = (await send(first, 'POST', '/volumes', { volume: { size: 4, volume_type: 'shared' } })).body.volume.id
    await until(first, volume, 'available')
    const attachment = { volume_uuid: volume, connector: { initiator: 'iqn.1993-08.org.debian:01:b', host: 'c' } }
    const made = await send(first, 'POST', '/attachments', { attachment }, {}, '3.27')
    const { id, connection_info } = made.body.attachment
    t.same(
      (await send(first, 'GET', `/attachments/${id}`, undefined, {}, '3.27')).body.attachment.connection_info,
      connection_info,
      'shown',
    )
    return connection_info
  }
  t.same((await connectionOf())['qos_specs'], { total_iops_sec: '120', write_bytes_sec: '1000000' })
  await send(first, 'PUT', `/qos-specs/${qos}`, { qos_specs: { consumer: 'back-end' } })
  t.equal((await connectionOf())['qos_specs'], null, 'what is for the back end is nobody’s who attaches')
})
