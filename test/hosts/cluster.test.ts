/**
 * A cluster of three storage hosts and two compute hosts, each with a kernel of its own: a volume from its creation to the
 * other compute host, and through the power cut of the host that stores it.
 *
 * One lab lives through all of it, in this order.
 */
import t from 'tap'
import type { SeenVolume } from '../cluster/client.ts'
import { untilSettled } from '../cluster/settled.ts'
import type { ComputeHost } from './compute-host.ts'
import { formCluster } from './form-cluster.ts'
import { startLab } from './lab.ts'
import type { StorageHost } from './storage-host.ts'
import { type Attached, attach, detach, makeVolume, there } from './use-volume.ts'

const MOUNT = '/mnt/volume'
const FILE = `${MOUNT}/file`
const FILE_MIB = 24
/** The compute hosts wait two minutes for a target. */
const WITHIN_MS = { timeoutMs: 150_000 }

t.setTimeout(1_200_000)

const lab = await startLab({ storage: 3, compute: 2 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
t.comment(`logs: ${lab.folder}`)
const [owner, coordinator] = [lab.storage(1), lab.storage(0)]
const client = coordinator.client()
const [one, other] = [lab.compute(0), lab.compute(1)]
const seen: { volume: SeenVolume | null; sum: string; attached: Attached | null } = { volume: null, sum: '', attached: null }

t.test('three agents on three hosts form a cluster', async (t) => {
  await Promise.all(lab.storageHosts.map((host) => host.startTgtd()))
  await formCluster(lab.storageHosts, { storage: ['--backend', 'file', '--capacity', '2'] })
  for (const host of lab.storageHosts) t.match(host.agentLog(), 'agent-starting', `${host.name} has a log`)
})

t.test('a volume is made through another peer than the one that will own it', async (t) => {
  const volume = await makeVolume(client, { name: 'db', availability_zone: owner.name })
  t.match(volume.pool, new RegExp(`^${owner.name}@`), 'where it lies')
  seen.volume = volume
})

t.test('what one compute host writes into a file system on it, the other one reads after it was moved there', async (t) => {
  const volume = there(seen.volume)
  const first = await attach(client, volume, one)
  await one.must(`mkfs.ext4 -q ${first.device} && mkdir ${MOUNT} && mount ${first.device} ${MOUNT}`)
  await one.must(`seq 1 100000000 | head -c ${FILE_MIB}M > ${FILE}`)
  const sum = await sumOfFile(one)
  await one.must(['umount', MOUNT])
  await detach(client, one, first)
  const second = await attach(client, volume, other)
  t.not(second.connection.iqn, first.connection.iqn, 'each attachment has a target of its own')
  await other.must(`mkdir ${MOUNT} && mount ${second.device} ${MOUNT}`)
  t.equal(await sumOfFile(other), sum, 'the file')
  seen.sum = sum
  seen.attached = second
})

t.test('a power cut of the owner stops the volume’s user for a while, and the export is back by itself', async (t) => {
  const attached = there(seen.attached)
  await owner.powerCut()
  await untilSettled([coordinator], 2)
  await Promise.all([writeMore(other, 'in the dark'), powerOn(owner)])
  t.equal(await sumOfFile(other), seen.sum, 'the file')
  t.same(await client.connection(attached.id), attached.connection, 'the same target, name and secret')
})

t.test('a tgtd that has lost everything has its export again, and the volume’s user goes on', async (t) => {
  await owner.killTgtd()
  await Promise.all([writeMore(other, 'without a target'), owner.startTgtd()])
  t.equal(await sumOfFile(other), seen.sum, 'the file')
})

t.test('after all of this the file system is whole and the volume free', async (t) => {
  const attached = there(seen.attached)
  await other.must(['umount', MOUNT])
  t.equal((await other.run(['fsck.ext4', '-n', '-f', attached.device])).code, 0, 'the file system')
  await detach(client, other, attached)
  t.match(await client.volume(there(seen.volume).id), { status: 'available' })
})

t.test('each agent ends in order when it is asked to', async (t) => {
  await Promise.all(lab.storageHosts.map((host) => host.stopAgent()))
  for (const host of lab.storageHosts) t.match(host.agentLog(), 'agent-stopped', host.name)
})

/** What the machine itself does after a power cut. */
async function powerOn(host: StorageHost): Promise<void> {
  await host.boot()
  await host.startTgtd()
  await host.startAgent()
}

/** Durable when it resolves. @throws if the file system has turned read-only meanwhile */
async function writeMore(host: ComputeHost, text: string): Promise<void> {
  await host.must(`seq -f '${text} %.0f' 1 100000000 | head -c 4M > ${MOUNT}/more && sync ${MOUNT}/more`, WITHIN_MS)
}

/** Read from the volume, and not from the host's memory. */
async function sumOfFile(host: ComputeHost): Promise<string> {
  return (await host.must(`echo 3 > /proc/sys/vm/drop_caches; sha256sum < ${FILE}`, WITHIN_MS)).trim()
}
