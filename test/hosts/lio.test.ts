/**
 * An agent that exports through the kernel's own target, and the kernel's own initiators: nodes of configfs that somebody
 * takes away, an initiator that is detached while it writes, and a power cut.
 *
 * One lab lives through all of it, in this order.
 */
import t from 'tap'
import { at, attachmentIn, connectionIn, type SeenConnection, type SeenVolume, volumeIn } from '../cluster/client.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import type { ComputeHost } from './compute-host.ts'
import { startLab } from './lab.ts'

const CONFIGFS = '/sys/kernel/config/target'
const HEALED_MS_MAX = 10_000
/** Instead of the two minutes of the compute hosts, so that a write to a dead target fails while the test looks. */
const GIVE_UP_S = 3

t.setTimeout(900_000)

const lab = await startLab({ storage: 1, compute: 2 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
t.comment(`logs: ${lab.folder}`)
const host = lab.storage(0)
const [one, other] = [lab.compute(0), lab.compute(1)]
const client = host.client()
const portal = `${host.address}:3260`
const seen: { volume: SeenVolume | null; attached: Attached | null } = { volume: null, attached: null }

t.test('an agent exports through the kernel, and the disk’s serial number is the volume’s id', async (t) => {
  const network = ['--listen', `${host.address}:8777`, '--portal', portal]
  await host.must(['chmod', '700', '/var/lib/scoria'])
  await host.scoria('init', '--name', host.name, '--dir', '/var/lib/scoria', '--capacity', '3', '--target', 'lio', ...network)
  await host.startAgent()
  await ready(1)
  const { id } = volumeIn(at(await client.call('POST', '/volumes', 202, { volume: { name: 'db', size: 1 } }), 'volume'))
  seen.volume = await waitFor('the volume is available', async () => {
    const now = await client.volume(id)
    return now.status === 'available' ? now : new NotYet(now)
  })
  seen.attached = await attach(one)
  t.equal((await one.must(['lsblk', '-dno', 'SERIAL', seen.attached.device])).trim(), id)
  await one.write(seen.attached.device, 'before', 4)
})

t.test('what somebody takes out of configfs is back within ten seconds, and the initiator goes on', async (t) => {
  const { device, connection } = there(seen.attached)
  const group = `${CONFIGFS}/iscsi/${connection.iqn}/tpgt_1`
  const acl = `${group}/acls/${one.initiator}`
  const noAcl = `rm ${acl}/lun_1/volume && rmdir ${acl}/lun_1 ${acl}`
  const noTarget = `echo 0 > ${group}/enable && ${noAcl} && rmdir ${group}/np/* && rm ${group}/lun/lun_1/volume && rmdir ${group}/lun/lun_1 ${group} ${CONFIGFS}/iscsi/${connection.iqn}`
  const harms: Readonly<Record<string, string>> = {
    'the access list': noAcl,
    'the mapped LUN': `rm ${acl}/lun_1/volume && rmdir ${acl}/lun_1`,
    'the portal': `rmdir ${group}/np/*`,
    'the switch': `echo 0 > ${group}/enable`,
    CHAP: `echo 0 > ${group}/attrib/authentication`,
    'all of it, device too': `${noTarget} && rmdir ${CONFIGFS}/core/fileio_2601/volume-*`,
  }
  const whole = `[ -e ${acl}/lun_1/volume ] && [ -d ${group}/np/${portal} ] && [ "$(cat ${group}/enable ${group}/attrib/authentication)" = "$(printf '1\\n1')" ]`
  for (const [what, harm] of Object.entries(harms)) {
    await host.must(harm)
    const startedMs = performance.now()
    const write = (): Promise<void> => one.write(device, `without ${what}`, 4)
    // A session that lives on without its LUN gets errors for what it writes meanwhile: nobody can keep it from that.
    const isFelt = what === 'the mapped LUN'
    const writing = isFelt ? null : write()
    const look = async (): Promise<undefined | NotYet> => ((await host.run(whole)).code === 0 ? undefined : new NotYet(harm))
    await waitFor(`${what} is back`, look, { timeoutMs: HEALED_MS_MAX })
    t.comment(`${what}: back after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
    await (writing ?? write())
    t.pass(`written ${isFelt ? 'after' : 'through'} the loss of ${what}`)
  }
  t.match(host.agentLog(), '"export-damaged"')
})

t.test('a volume that is extended while it is used is larger to whoever looks again, and keeps its session and its bytes', async (t) => {
  const { device } = there(seen.attached)
  const { id } = there(seen.volume)
  const sum = await one.sha256(device, 4)
  const sizeSeen = async (): Promise<number> => {
    await one.must(`echo 1 > /sys/block/$(basename ${device})/device/rescan`)
    return Number(await one.must(['blockdev', '--getsize64', device]))
  }
  t.equal(await sizeSeen(), 1024 ** 3)
  await client.call('POST', `/volumes/${id}/action`, 202, { 'os-extend': { new_size: 2 } })
  seen.volume = await waitFor('the volume has grown', async () => {
    const now = await client.volume(id)
    return now.status === 'in-use' ? now : new NotYet(now)
  })
  t.equal(there(seen.volume).sizeGiB, 2)
  t.equal(await sizeSeen(), 2 * 1024 ** 3)
  t.equal(await one.sha256(device, 4), sum)
  await one.must(`dd if=/dev/urandom of=${device} bs=1M seek=2040 count=8 oflag=direct status=none`)
})

t.test('an agent that is killed and started again leaves sessions as they are', async (t) => {
  const { connection } = there(seen.attached)
  const session = (): Promise<string> =>
    host.must(`grep '^LIO Session ID' ${CONFIGFS}/iscsi/${connection.iqn}/tpgt_1/acls/${one.initiator}/info`)
  const [before, exposes] = [await session(), countOf('"export-made"')]
  await host.stopAgent('KILL')
  await host.startAgent()
  await ready(2)
  await waitFor('it has exposed again', async () => (countOf('"export-made"') > exposes ? undefined : new NotYet(exposes)))
  t.equal(await session(), before)
})

t.test('an initiator that is detached while it writes is cut off, stays out, and its successor is alone', async (t) => {
  const { id, device, connection } = there(seen.attached)
  await one.must(`echo ${GIVE_UP_S} | tee /sys/class/iscsi_session/session*/recovery_tmo > /dev/null`)
  const writing = one.run(`while dd if=/dev/urandom of=${device} bs=64k count=16 oflag=direct status=none; do echo x >> /lab/writes; done`)
  await waitFor('it writes', async () =>
    (await one.run(['test', '-s', '/lab/writes'])).code === 0 ? undefined : new NotYet('no write yet'),
  )
  await client.call('DELETE', `/attachments/${id}`, 200)
  t.match(await client.volume(there(seen.volume).id), { status: 'available' })
  const successor = await attach(other)
  t.not(successor.connection.iqn, connection.iqn)
  await other.write(successor.device, 'the successor', 4)
  const sum = await other.sha256(successor.device, 4)
  t.match((await writing).stderr, /error|read-only|No such/i, 'its write failed')
  t.equal((await one.run(`dd if=/dev/zero of=${device} bs=4k count=1 oflag=direct`)).code, 1, 'and so does the next')
  await one.logout(connection)
  await t.rejects(one.login(connection), { message: /iscsiadm/ }, 'it does not get in again')
  t.equal(await other.sha256(successor.device, 4), sum, 'no byte of it arrived later')
  const sessions = await host.must(`grep -h ^InitiatorName: ${CONFIGFS}/iscsi/iqn*/tpgt_1/acls/*/info`)
  t.equal(sessions.trim(), `InitiatorName: ${other.initiator}`, 'the only one')
  seen.attached = successor
})

t.test('after a power cut the same target, LUN, serial number and secret are back, and the initiator goes on', async (t) => {
  const { id, device, connection } = there(seen.attached)
  const sum = await other.sha256(device, 4)
  await host.powerCut()
  const writing = other.write(device, 'in the dark', 8)
  await host.boot()
  t.equal(await host.must(`ls ${CONFIGFS}/iscsi 2> /dev/null || true`), '', 'a boot empties configfs')
  await host.startAgent()
  await writing
  t.not(await other.sha256(device, 4), sum, 'what it wrote meanwhile has arrived')
  t.same(await client.connection(id), connection)
  await other.must(`echo 1 > /sys/block/$(basename ${device})/device/rescan`)
  t.match(await other.must(`tr -d '\\0' < /sys/block/$(basename ${device})/device/vpd_pg80`), there(seen.volume).id)
})

t.test('a delete after the last detach finds the device free', async (t) => {
  const { id, connection } = there(seen.attached)
  await other.logout(connection)
  await client.call('DELETE', `/attachments/${id}`, 200)
  await client.call('DELETE', `/volumes/${there(seen.volume).id}`, 202)
  await waitFor('the volume is gone', async () => ((await client.volumes()).length === 0 ? undefined : new NotYet('still there')))
  t.equal(await host.must(`ls ${CONFIGFS}/iscsi ${CONFIGFS}/core/*_2601 | grep volume- || true`), '')
  await host.stopAgent()
})

/** The agent's life of this number takes part. */
async function ready(life: number): Promise<void> {
  const look = async (): Promise<undefined | NotYet> => (countOf('"agent-ready"') >= life ? undefined : new NotYet('recovering'))
  await waitFor('the agent is ready', look, { timeoutMs: 60_000 })
}

function countOf(text: string): number {
  return host.agentLog().split(text).length - 1
}

interface Attached {
  readonly id: string
  readonly connection: SeenConnection
  readonly device: string
}

async function attach(compute: ComputeHost): Promise<Attached> {
  const connector = { initiator: compute.initiator, host: compute.name }
  const body = { attachment: { volume_uuid: there(seen.volume).id, connector } }
  const attachment = at(await client.call('POST', '/attachments', 200, body), 'attachment')
  const [{ id }, connection] = [attachmentIn(attachment), connectionIn(attachment)]
  const device = await compute.login(connection)
  await client.call('POST', `/attachments/${id}/action`, 204, { 'os-complete': null })
  return { id, connection, device }
}

function there<Value>(value: Value | null): Value {
  if (value === null) throw new Error('the test before this one has failed')
  return value
}
