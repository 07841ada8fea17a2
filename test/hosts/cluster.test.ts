/**
 * A cluster of three storage hosts and two compute hosts, each with a kernel of its own: a volume from its creation to the
 * other compute host, and through the power cut of the host that stores it.
 *
 * One lab lives through all of it, in this order.
 */
import t from 'tap'
import { at, attachmentIn, type Client, connectionIn, type SeenConnection, type SeenVolume, volumeIn } from '../cluster/client.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import { isObject } from '../../lib/wire/peer/check.ts'
import { untilSettled } from '../cluster/settled.ts'
import type { ComputeHost } from './compute-host.ts'
import { formCluster } from './form-cluster.ts'
import { startLab } from './lab.ts'
import type { Config, StorageHost } from './storage-host.ts'

const MOUNT = '/mnt/volume'
const FILE = `${MOUNT}/file`
const FILE_MIB = 24
/** How long a tgtd that has lost everything may stay unnoticed. */
const LOOK_MS = 3000
/** The compute hosts wait two minutes for a target. */
const WITHIN_MS = { timeoutMs: 150_000 }
const CREATES_MAX = 5

t.setTimeout(600_000)

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
  await formCluster(lab.storageHosts, {
    storage: ['--backend', 'file', '--capacity', '2'],
    configure: (config) => ({ ...config, target: { ...objectAt(config, 'target'), lookIntervalMs: LOOK_MS } }),
  })
  for (const host of lab.storageHosts) t.match(host.agentLog(), 'agent-starting', `${host.name} has a log`)
})

t.test('a volume is made through another peer than the one that will own it', async (t) => {
  const volume = await createOn(owner.name)
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

/** Asks again where it ends in `error`: on a busy machine the one host that will do may miss the time limit of a reservation. */
async function createOn(host: string): Promise<SeenVolume> {
  const body = { volume: { name: 'db', size: 1, availability_zone: host } }
  for (let tries = 1; ; tries += 1) {
    const { id } = volumeIn(at(await client.call('POST', '/volumes', 202, body), 'volume'))
    const volume = await waitFor('the volume is made', async () => {
      const now = await client.volume(id)
      return now.status === 'creating' ? new NotYet(now) : now
    })
    if (volume.status === 'available') return volume
    if (tries === CREATES_MAX) throw new Error(`${id} is ${volume.status}: ${(await client.messages(id)).join('; ')}`)
    await client.call('DELETE', `/volumes/${id}`, 202)
  }
}

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

function objectAt(config: Config, key: string): object {
  const value = config[key]
  return isObject(value) ? value : {}
}

interface Attached {
  readonly id: string
  readonly connection: SeenConnection
  readonly device: string
}

async function attach(client: Client, volume: SeenVolume, host: ComputeHost): Promise<Attached> {
  const body = { attachment: { volume_uuid: volume.id, connector: { initiator: host.initiator, host: host.name } } }
  const attachment = at(await client.call('POST', '/attachments', 200, body), 'attachment')
  const [{ id }, connection] = [attachmentIn(attachment), connectionIn(attachment)]
  const device = await host.login(connection)
  await client.call('POST', `/attachments/${id}/action`, 204, { 'os-complete': null })
  return { id, connection, device }
}

async function detach(client: Client, host: ComputeHost, { id, connection }: Attached): Promise<void> {
  await host.logout(connection)
  await client.call('DELETE', `/attachments/${id}`, 200)
}

function there<Value>(value: Value | null): Value {
  if (value === null) throw new Error('the test before this one has failed')
  return value
}
