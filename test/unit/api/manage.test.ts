/** Taking in what lies in a pool, and giving volumes back, over HTTP on the real rules: Cinder's bodies and codes, through any peer. */
import t, { type Test } from 'tap'
import { bytesLaid } from '../../sim/checkers/bytes.ts'
import { type Answered, createVolume, PROJECT, startCluster, type TestCluster, type TestHost, until } from './cluster.ts'

const GIB = 1024 ** 3
const VOLUMES = `/v3/${PROJECT}/volumes`
const MANAGE = `/v3/${PROJECT}/manageable_volumes`
const ORPHANS = '/scoria/v1/orphans'

const poolOf = ({ name }: TestHost): string => `${name}@memory#pool`

function lay({ volumes }: TestHost, name: string, sizeGiB: number, hindrance: 'in-use' | null = null): void {
  volumes.lay(name, { sizeBytes: sizeGiB * GIB, hindrance, former: null, bytes: bytesLaid(name) })
}

interface Asked {
  readonly path?: string
  readonly key?: string
  readonly microversion?: string
  readonly more?: object
}

function manage(
  host: TestHost,
  at: TestHost,
  source: string,
  { path = MANAGE, key, microversion, more = {} }: Asked = {},
): Promise<Answered> {
  const volume = { host: poolOf(at), ref: { 'source-name': source }, name: 'old', bootable: false, ...more }
  const headers = key === undefined ? {} : { 'idempotency-key': key }
  return host.call(path, { method: 'POST', body: { volume }, headers, ...(microversion === undefined ? {} : { microversion }) })
}

const unmanage = (host: TestHost, id: string): Promise<Answered> =>
  host.call(`${VOLUMES}/${id}/action`, { method: 'POST', body: { 'os-unmanage': null } })

async function three(t: Test): Promise<readonly [TestCluster, TestHost, TestHost, TestHost]> {
  const cluster = await startCluster({ hosts: 3, limits: { gigabytes: 20 } })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  return [cluster, first, second, third]
}

t.test('what lies in a pool is listed, taken in with its bytes, counted, given back, and taken in again', async (t) => {
  const [, first, second, third] = await three(t)
  lay(second, 'database', 3)
  lay(second, 'busy', 1, 'in-use')
  const listed = await third.call(`${MANAGE}/detail?host=${encodeURIComponent(poolOf(second))}`)
  const row = { cinder_id: null, extra_info: null }
  t.same(listed.body, {
    'manageable-volumes': [
      { reference: { 'source-name': 'busy' }, size: 1, safe_to_manage: false, reason_not_safe: reasonOf(listed, 0), ...row },
      { reference: { 'source-name': 'database' }, size: 3, safe_to_manage: true, reason_not_safe: null, ...row },
    ],
  })
  t.match(reasonOf(listed, 0), /in use on its host/)
  const managed = await manage(first, second, 'database', { more: { metadata: { tier: 'gold' }, volume_type: 'shared' } })
  t.match(managed, { status: 202, body: { volume: { status: 'creating', size: 3, name: 'old', metadata: { tier: 'gold' } } } })
  const { id } = managed.body.volume
  const shown = await until(third, id, 'available')
  t.match(shown.body.volume, { 'os-vol-host-attr:host': poolOf(second), volume_type: 'shared', snapshot_id: null, source_volid: null })
  t.equal(second.volumes.bytesOf(id), bytesLaid('database'))
  t.match((await first.call(`/v3/${PROJECT}/os-quota-sets/${PROJECT}?usage=true`)).body.quota_set, { gigabytes: { in_use: 3 } })
  t.match((await first.call(`${MANAGE}?host=${encodeURIComponent(poolOf(second))}`)).body['manageable-volumes'], [
    { reference: { 'source-name': 'busy' } },
    { reference: { 'source-name': `volume-${id}` }, safe_to_manage: false },
  ])
  t.equal((await unmanage(third, id)).status, 202)
  await until(first, id, 'gone')
  t.same([...second.volumes.existing.keys()].sort(), ['busy', `unmanaged-${id}`])
  const again = await manage(third, second, `unmanaged-${id}`, { path: `/v3/${PROJECT}/os-volume-manage`, microversion: '3.0' })
  t.equal(again.status, 202)
  t.not(again.body.volume.id, id)
  await until(first, again.body.volume.id, 'available')
  t.equal(second.volumes.bytesOf(again.body.volume.id), bytesLaid('database'))
})

function reasonOf({ body }: Answered, at: number): string {
  return body['manageable-volumes'][at].reason_not_safe
}

t.test('what a server may boot from is taken in as such, and a repeat of the request gets it so', async (t) => {
  const [, first, second, third] = await three(t)
  lay(second, 'golden', 2)
  const wanted = { key: 'golden-1', more: { bootable: true } }
  const managed = await manage(first, second, 'golden', wanted)
  t.match(managed, { status: 202, body: { volume: { name: 'old', bootable: 'true' } } })
  const { id } = managed.body.volume
  t.equal((await until(third, id, 'available')).body.volume.bootable, 'true')
  t.match(await manage(third, second, 'golden', wanted), { status: 202, body: { volume: { id, bootable: 'true' } } })
})

t.test('one thing becomes one volume, whoever else asks for it, and a repeat of the same request gets it', async (t) => {
  const [, first, second, third] = await three(t)
  lay(first, 'one', 1)
  const [a, b] = await Promise.all([manage(second, first, 'one', { key: 'a' }), manage(third, first, 'one', { key: 'b' })])
  const [winner, loser] = a.status === 202 ? [a, b] : [b, a]
  t.equal(winner.status, 202)
  t.ok([400, 409].includes(loser.status), 'while it is being taken in 409, and then it is not there any more')
  const { id } = winner.body.volume
  await until(third, id, 'available')
  const repeated = await manage(third, first, 'one', { key: winner === a ? 'a' : 'b' })
  t.match(repeated, { status: 202, body: { volume: { id } } })
  t.match(await manage(third, first, 'one', { key: 'c' }), { status: 400 }, 'and nobody else gets it')
  t.equal((await first.call(`${VOLUMES}/detail`)).body.volumes.length, 1)
})

t.test('what cannot be managed is refused with its reason, and stays as it is', async (t) => {
  const [, first, second, third] = await three(t)
  lay(first, 'large', 21)
  lay(first, 'busy', 1, 'in-use')
  lay(first, 'plain', 1)
  const rows: readonly (readonly [string, object, number, RegExp])[] = [
    ['nothing', {}, 400, /invalid backend reference nothing/],
    ['busy', {}, 400, /in use on its host/],
    ['../../etc/passwd', {}, 400, /invalid backend reference/],
    ['large', {}, 413, /exceeds allowed gigabytes quota/],
    ['plain', { host: 'nowhere@memory#pool' }, 404, /Service nowhere@memory#pool could not be found/],
    ['plain', { volume_type: 'no such type' }, 404, /could not be found/],
    ['plain', { availability_zone: 'nowhere' }, 400, /is invalid/],
    ['plain', { availability_zone: 'zone-2' }, 503, /AvailabilityZoneFilter/],
    ['plain', { bootable: 'perhaps' }, 400, /bootable/],
    ['plain', { ref: { 'source-id': '1' } }, 400, /source-name/],
    ['plain', { ref: { 'source-name': { a: 1 } } }, 400, /source-name/],
  ]
  for (const [source, more, status, message] of rows) {
    const refused = await manage(third, first, source, { more })
    t.equal(refused.status, status, `${source} ${JSON.stringify(more)}`)
    t.match(JSON.stringify(refused.body), message)
  }
  t.equal((await first.call(MANAGE)).status, 400, 'a list is of one pool')
  t.same([...first.volumes.existing.keys()].sort(), ['busy', 'large', 'plain'])
  t.equal((await first.call(`${VOLUMES}/detail`)).body.volumes.length, 0, 'nothing is left behind')
  second.down()
  t.match(await third.call(`${MANAGE}?host=${encodeURIComponent(poolOf(second))}`), { status: 503 })
  t.match(await manage(third, second, 'plain'), { status: 503, body: { serviceUnavailable: { message: /host alpha2 did not answer/ } } })
})

t.test('what vanishes meanwhile ends in error with the reason, and deleting that volume takes nothing away', async (t) => {
  const [, first, second] = await three(t)
  lay(first, 'there', 1)
  const adopt = first.volumes.adopt.bind(first.volumes)
  first.volumes.adopt = (volume, name, tags) => {
    first.volumes.takeAway(name)
    lay(first, name, 2)
    return adopt(volume, name, tags)
  }
  const { id } = (await manage(second, first, 'there')).body.volume
  await until(second, id, 'error')
  const [message] = (await second.call(`/v3/${PROJECT}/messages`)).body.messages
  t.match(message, { resource_uuid: id, user_message: /manage volume:The backend failed.*another size/ })
  t.equal((await second.call(`${VOLUMES}/${id}`, { method: 'DELETE' })).status, 202)
  await until(second, id, 'gone')
  t.equal(first.volumes.existing.get('there')?.sizeBytes, 2 * GIB)
})

t.test('only a volume that nothing hangs on is given back', async (t) => {
  const [, first, second] = await three(t)
  const { id } = await createVolume(first, { size: 1 })
  const body = { snapshot: { volume_id: id } }
  const snapshot = (await first.call(`/v3/${PROJECT}/snapshots`, { method: 'POST', body })).body.snapshot
  t.match(await unmanage(second, id), { status: 400, body: { badRequest: { message: /has 1 snapshot/ } } })
  await first.call(`/v3/${PROJECT}/snapshots/${snapshot.id}`, { method: 'DELETE' })
  t.match(await first.call(`${VOLUMES}/${id}/action`, { method: 'POST', body: { 'os-unmanage': 'now' } }), { status: 400 })
})

t.test('orphans of all hosts are listed with whose they were, silent hosts named, and one is given back to its project', async (t) => {
  const [, first, second, third] = await three(t)
  const { id, 'os-vol-host-attr:host': pool } = await createVolume(first, { size: 2 })
  const host = [first, second, third].find((one) => poolOf(one) === pool) ?? first
  const others = [first, second, third].filter((one) => one !== host)
  lay(host, 'of somebody else', 1)
  const lost = host.volumes.inspect(id)
  t.match(lost, { kind: 'ok' })
  host.volumes.quarantine(id)
  const [asked = first, silent = first] = others
  silent.down()
  const { orphans, unseen } = (await asked.call(ORPHANS)).body
  const was = { volume: id, snapshot: null, project: PROJECT }
  t.match(orphans, [{ kind: 'volume', host: host.name, pool, name: `quarantine-volume-${id}`, size_bytes: 2 * GIB, was, reason: null }])
  t.equal(orphans.length, 1, 'what others laid there is theirs')
  t.same(unseen, [{ host: silent.name, reason: 'no answer' }])
  t.same((await asked.call(`${ORPHANS}?host=${asked.name}`)).body, { orphans: [], unseen: [], cut: [] })
  t.equal((await asked.call(`${ORPHANS}?host=nobody`)).status, 404)
  const [{ name }] = orphans
  t.match(await manage(asked, host, name), { status: 400, body: { badRequest: { message: /set aside by Scoria/ } } })
  const body = { pool, name, volume_name: 'rescued' }
  const adopted = await asked.call(`${ORPHANS}/adopt`, { method: 'POST', body, token: 'admin:admin' })
  t.match(adopted, { status: 202, body: { volume: { name: 'rescued', size: 2, metadata: { scoria_was: id } } } })
  t.not(adopted.body.volume.id, id, 'no id is used twice')
  const shown = await until(asked, adopted.body.volume.id, 'available')
  t.equal(shown.body.volume['os-vol-tenant-attr:tenant_id'], PROJECT)
  t.equal(host.volumes.bytesOf(adopted.body.volume.id), `empty ${id}`)
})
