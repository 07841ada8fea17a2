/** Reverting a volume over HTTP, on the real rules: Cinder's bodies, codes and refusals, through any peer. */
import t from 'tap'
import { createVolume, PROJECT, startCluster, type TestHost, until, untilSnapshot } from './cluster.ts'

const VOLUMES = `/v3/${PROJECT}/volumes`
const SNAPSHOTS = `/v3/${PROJECT}/snapshots`
const NOWHERE = '11111111-2222-4333-8444-555555555555'

const revert = (host: TestHost, volume: string, snapshot: string, microversion = '3.71') =>
  host.call(`${VOLUMES}/${volume}/action`, { method: 'POST', body: { revert: { snapshot_id: snapshot } }, microversion })

async function snapshotOf(host: TestHost, volume: string): Promise<string> {
  const { id } = (await host.call(SNAPSHOTS, { method: 'POST', body: { snapshot: { volume_id: volume } } })).body.snapshot
  await untilSnapshot(host, id, 'available')
  return id
}

t.test('a volume is reverted to its latest snapshot, asked of any peer, and both are available again', async (t) => {
  const cluster = await startCluster({ hosts: 3 })
  t.teardown(() => cluster.stop())
  const [first, second, third] = cluster.hosts
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts')
  const { id } = await createVolume(first, { size: 1 })
  const snapshot = await snapshotOf(second, id)
  t.match(await revert(third, id, snapshot), { status: 202, body: null })
  await until(first, id, 'available')
  await untilSnapshot(first, snapshot, 'available')
  t.equal((await revert(second, id, snapshot, '3.40')).status, 202, 'as often as somebody likes')
  await until(second, id, 'available')
  t.equal((await first.call(`${SNAPSHOTS}/${snapshot}`, { method: 'DELETE' })).status, 202)
  await untilSnapshot(first, snapshot, 'gone')
})

t.test('what cannot be reverted is refused as in Cinder', async (t) => {
  const cluster = await startCluster({ hosts: 1 })
  t.teardown(() => cluster.stop())
  const { first } = cluster
  const { id } = await createVolume(first, { size: 1 })
  const [former, latest] = [await snapshotOf(first, id), await snapshotOf(first, id)]
  t.match(await revert(first, id, former), {
    status: 400,
    body: { badRequest: { message: new RegExp(`is not the latest one .* ${latest}`) } },
  })
  t.match(await revert(first, id, NOWHERE), { status: 404, body: { itemNotFound: { message: /Snapshot .* could not be found/ } } })
  t.match(await revert(first, NOWHERE, latest), { status: 404, body: { itemNotFound: { message: /Volume .* could not be found/ } } })
  t.equal((await revert(first, id, latest, '3.39')).status, 404, 'it came with 3.40')
  t.equal((await revert(first, id, 'latest')).status, 400)
  const attached = await first.call(`/v3/${PROJECT}/attachments`, { method: 'POST', body: { attachment: { volume_uuid: id } } })
  const inUse = await revert(first, id, latest)
  t.match(inUse, { status: 409, body: { conflictingRequest: { message: /must be available to revert, but current status is: reserved/ } } })
  await first.call(`/v3/${PROJECT}/attachments/${attached.body.attachment.id}`, { method: 'DELETE' })
  await first.call(`${VOLUMES}/${id}/action`, { method: 'POST', body: { 'os-extend': { new_size: 2 } } })
  await until(first, id, 'available')
  t.match(await revert(first, id, latest), { status: 400, body: { badRequest: { message: /size \(2GB\) must be equal .* \(1GB\)/ } } })
})
