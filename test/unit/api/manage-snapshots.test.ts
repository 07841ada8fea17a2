/** Taking in what lies in a pool as a snapshot, and giving snapshots back, over HTTP on the real rules: Cinder's bodies and codes, through any peer. */
import t, { type Test } from 'tap'
import { volumeId } from '../../../lib/model/ids.ts'
import { bytesLaid } from '../../sim/checkers/bytes.ts'
import { type Answered, createVolume, PROJECT, startCluster, type TestHost, until, untilSnapshot } from './cluster.ts'

const GIB = 1024 ** 3
const SNAPSHOTS = `/v3/${PROJECT}/snapshots`
const MANAGE = `/v3/${PROJECT}/manageable_snapshots`

interface Laid {
  readonly sizeGiB?: number
  readonly hindrance?: 'in-use' | null
}

function lay({ volumes }: TestHost, name: string, of: string | null, { sizeGiB = 2, hindrance = null }: Laid = {}): void {
  const facts = { sizeBytes: sizeGiB * GIB, hindrance, former: null, bytes: bytesLaid(name) }
  volumes.lay(name, of === null ? facts : { ...facts, of: volumeId(of) })
}

interface Asked {
  readonly path?: string
  readonly key?: string
  readonly microversion?: string
  readonly more?: object
}

function manage(
  host: TestHost,
  volume: string,
  source: string,
  { path = MANAGE, key, microversion, more = {} }: Asked = {},
): Promise<Answered> {
  const snapshot = { volume_id: volume, ref: { 'source-name': source }, name: 'old', ...more }
  const headers = key === undefined ? {} : { 'idempotency-key': key }
  return host.call(path, { method: 'POST', body: { snapshot }, headers, ...(microversion === undefined ? {} : { microversion }) })
}

const unmanage = (host: TestHost, id: string): Promise<Answered> =>
  host.call(`${SNAPSHOTS}/${id}/action`, { method: 'POST', body: { 'os-unmanage': null } })

interface Three {
  readonly hosts: readonly [TestHost, TestHost, TestHost]
  /** Of 2 GiB, on the second host. */
  readonly volume: string
  readonly pool: string
}

async function three(t: Test): Promise<Three> {
  const cluster = await startCluster({ hosts: 3, limits: { gigabytes: 12, snapshots: 5 } })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  const { id, 'os-vol-host-attr:host': pool } = await createVolume(first, { size: 2, availability_zone: 'zone-2' })
  return { hosts: [first, second, third], volume: id, pool }
}

t.test('a snapshot that lies in a pool is listed, taken in with its bytes, counted, given back, and taken in again', async (t) => {
  const { hosts, volume, pool } = await three(t)
  const [first, second, third] = hosts
  lay(second, 'nightly', volume)
  lay(second, 'busy', volume, { hindrance: 'in-use' })
  lay(second, 'of-another', '7d1f0b1e-2c59-4d0c-8a54-4f7f1f1f0009')
  lay(second, 'disk', null)
  const list = `${MANAGE}/detail?host=${encodeURIComponent(pool)}`
  const listed = (await third.call(list)).body['manageable-snapshots']
  const row = { size: 2, cinder_id: null, extra_info: null }
  const source = (id: string): object => ({ source_reference: { 'source-name': `volume-${id}` } })
  const [busy, nightly, other] = listed
  t.match(busy, { ...row, ...source(volume), reference: { 'source-name': 'busy' }, safe_to_manage: false, reason_not_safe: /in use/ })
  t.same(nightly, { ...row, ...source(volume), reference: { 'source-name': 'nightly' }, safe_to_manage: true, reason_not_safe: null })
  t.match(other, { reference: { 'source-name': 'of-another' }, safe_to_manage: false, reason_not_safe: /is no volume of this pool/ })
  t.equal(listed.length, 3, 'what is a snapshot of nothing is none')

  const managed = await manage(first, volume, 'nightly', { more: { metadata: { tier: 'gold' }, description: 'by hand' } })
  t.match(managed, {
    status: 202,
    body: { snapshot: { status: 'creating', size: 2, name: 'old', description: 'by hand', metadata: { tier: 'gold' }, volume_id: volume } },
  })
  const { id } = managed.body.snapshot
  await untilSnapshot(third, id, 'available')
  t.equal(second.volumes.bytesOf(id), bytesLaid('nightly'))
  const { quota_set } = (await first.call(`/v3/${PROJECT}/os-quota-sets/${PROJECT}?usage=true`)).body
  t.match(quota_set, { snapshots: { in_use: 1 }, gigabytes: { in_use: 4 } })
  const short = (await first.call(`${MANAGE}?host=${encodeURIComponent(pool)}`)).body['manageable-snapshots']
  t.same(
    short.find((one: { reference: Record<string, string> }) => one.reference['source-name'] === `_snapshot-${id}`),
    { reference: { 'source-name': `_snapshot-${id}` }, size: 2, safe_to_manage: false, ...source(volume) },
    'managed already',
  )

  t.equal((await unmanage(third, id)).status, 202)
  await untilSnapshot(first, id, 'gone')
  t.equal(second.volumes.existing.get(`unmanaged-snapshot-${id}`)?.bytes, bytesLaid('nightly'))
  const path = `/v3/${PROJECT}/os-snapshot-manage`
  const again = await manage(third, volume, `unmanaged-snapshot-${id}`, { path, microversion: '3.0' })
  t.equal(again.status, 202)
  t.not(again.body.snapshot.id, id)
  await untilSnapshot(first, again.body.snapshot.id, 'available')
  t.equal(second.volumes.bytesOf(again.body.snapshot.id), bytesLaid('nightly'))
  t.equal((await first.call(`${SNAPSHOTS}/${again.body.snapshot.id}`, { method: 'DELETE' })).status, 202)
  await untilSnapshot(third, again.body.snapshot.id, 'gone')
  t.notOk(
    [...second.volumes.existing.values()].some(({ bytes }) => bytes === bytesLaid('nightly')),
    'a delete removes it',
  )
})

t.test('a volume is made of a snapshot that was taken in, and reverted to it', async (t) => {
  const { hosts, volume } = await three(t)
  const [first, second] = hosts
  lay(second, 'nightly', volume)
  const { id } = (await manage(first, volume, 'nightly')).body.snapshot
  await untilSnapshot(first, id, 'available')
  const copy = await createVolume(first, { size: 3, snapshot_id: id })
  t.equal(second.volumes.bytesOf(volumeId(copy.id)), bytesLaid('nightly'))
  const revert = { method: 'POST', body: { revert: { snapshot_id: id } } } as const
  t.equal((await first.call(`/v3/${PROJECT}/volumes/${volume}/action`, revert)).status, 202)
  await until(first, volume, 'available')
  t.equal(second.volumes.bytesOf(volumeId(volume)), bytesLaid('nightly'))
})

t.test('one thing becomes one snapshot, whoever else asks for it, and a repeat of the same request gets it', async (t) => {
  const { hosts, volume } = await three(t)
  const [first, second, third] = hosts
  lay(second, 'one', volume)
  const [a, b] = await Promise.all([manage(first, volume, 'one', { key: 'a' }), manage(third, volume, 'one', { key: 'b' })])
  const [winner, loser] = a.status === 202 ? [a, b] : [b, a]
  t.equal(winner.status, 202)
  t.ok([400, 409].includes(loser.status), `while it is being taken in 409, and then it is not there any more: ${loser.status}`)
  const { id } = winner.body.snapshot
  await untilSnapshot(third, id, 'available')
  const key = winner === a ? 'a' : 'b'
  t.match(await manage(third, volume, 'one', { key }), { status: 202, body: { snapshot: { id } } })
  t.match(await manage(third, volume, 'one', { key, more: { name: 'other' } }), { status: 422 }, 'under the same key nothing else')
  t.match(await manage(third, volume, 'one', { key: 'c' }), { status: 400 }, 'and nobody else gets it')
  t.equal((await first.call(SNAPSHOTS)).body.snapshots.length, 1)
})

t.test('what cannot be managed is refused with its reason, and stays as it is', async (t) => {
  const { hosts, volume } = await three(t)
  const [first, second, third] = hosts
  const { id: other } = await createVolume(first, { size: 2, availability_zone: 'zone-2' })
  lay(second, 'nightly', volume)
  lay(second, 'busy', volume, { hindrance: 'in-use' })
  lay(second, 'large', volume, { sizeGiB: 9 })
  lay(second, 'disk', null)
  const absent = '7d1f0b1e-2c59-4d0c-8a54-4f7f1f1f0009'
  const rows: readonly (readonly [string, string, object, number, RegExp])[] = [
    [volume, 'nothing', {}, 400, /invalid backend reference nothing/],
    [volume, 'busy', {}, 400, /in use on its host/],
    [volume, 'disk', {}, 400, /not known as a snapshot of volume/],
    [other, 'nightly', {}, 400, new RegExp(`not known as a snapshot of volume ${other}, but of volume-${volume}`)],
    [absent, 'nightly', {}, 404, /could not be found/],
    ['some-name', 'nightly', {}, 404, /could not be found/],
    [volume, '../../etc/passwd', {}, 400, /invalid backend reference/],
    [volume, 'large', {}, 413, /exceeds allowed gigabytes quota/],
    [volume, 'nightly', { ref: { 'source-id': '1' } }, 400, /source-name/],
    [volume, 'nightly', { ref: 'nightly' }, 400, /ref/],
    [volume, 'nightly', { nonsense: 1 }, 400, /nonsense/],
  ]
  for (const [of, source, more, status, message] of rows) {
    const refused = await manage(third, of, source, { more })
    t.equal(refused.status, status, `${source} ${JSON.stringify(more)}`)
    t.match(JSON.stringify(refused.body), message)
  }
  t.equal((await first.call(MANAGE)).status, 400, 'a list is of one pool')
  t.same([...second.volumes.existing.keys()].sort(), ['busy', 'disk', 'large', 'nightly'])
  t.equal((await first.call(SNAPSHOTS)).body.snapshots.length, 0, 'nothing is left behind')
  second.down()
  t.match(await manage(third, volume, 'nightly'), { status: 503 })
})

t.test('what vanishes meanwhile ends in error, and deleting that snapshot takes nothing away', async (t) => {
  const { hosts, volume } = await three(t)
  const [first, second] = hosts
  lay(second, 'there', volume)
  const adopt = second.volumes.adoptSnapshot.bind(second.volumes)
  second.volumes.adoptSnapshot = (snapshot, name, tags) => {
    second.volumes.takeAway(name)
    lay(second, name, volume, { sizeGiB: 3 })
    return adopt(snapshot, name, tags)
  }
  const { id } = (await manage(first, volume, 'there')).body.snapshot
  const failed = await untilSnapshot(first, id, 'error')
  t.match(failed.body.snapshot, { 'os-extended-snapshot-attributes:progress': '0%' })
  const reset = { method: 'POST', body: { 'os-reset_status': { status: 'available' } } } as const
  t.match(await first.call(`${SNAPSHOTS}/${id}/action`, reset), { status: 400 }, 'it is not called available')
  t.match(await unmanage(first, id), { status: 400 }, 'and has nothing to give back')
  t.equal((await first.call(`${SNAPSHOTS}/${id}`, { method: 'DELETE' })).status, 202)
  await untilSnapshot(first, id, 'gone')
  t.equal(second.volumes.existing.get('there')?.sizeBytes, 3 * GIB)
})

t.test('with its volume such a snapshot goes, and what was never taken in stays', async (t) => {
  const { hosts, volume } = await three(t)
  const [first, second] = hosts
  lay(second, 'there', volume)
  second.volumes.adoptSnapshot = () => ({ kind: 'failed', tool: 'lvm', detail: 'no' })
  const { id } = (await manage(first, volume, 'there')).body.snapshot
  await untilSnapshot(first, id, 'error')
  t.equal((await first.call(`/v3/${PROJECT}/volumes/${volume}?cascade=true`, { method: 'DELETE' })).status, 202)
  await until(first, volume, 'gone')
  t.same([...second.volumes.existing.keys()], ['there'])
})

t.test('a snapshot that cannot be given back is available as before', async (t) => {
  const { hosts, volume } = await three(t)
  const [first, second] = hosts
  lay(second, 'nightly', volume)
  const { id } = (await manage(first, volume, 'nightly')).body.snapshot
  await untilSnapshot(first, id, 'available')
  second.volumes.releaseSnapshot = () => ({ kind: 'failed', tool: 'lvm', detail: 'no' })
  t.equal((await unmanage(first, id)).status, 202)
  await untilSnapshot(first, id, 'available')
  t.equal(second.volumes.bytesOf(id), bytesLaid('nightly'))
})
