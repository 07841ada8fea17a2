/**
 * An agent that exports through the kernel's own target, and the kernel's own initiators: nodes of configfs that somebody
 * takes away, an initiator that is detached while it writes, and a power cut.
 *
 * One lab lives through all of it, in this order.
 */
import t from 'tap'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import { linkIsCut, linkIsLossy } from './bad-link.ts'
import { begin, detachedWhileItWrites, powerCutWhileItWrites, serialOf, stageOf } from './export-stage.ts'
import { startLab } from './lab.ts'
import { deleteVolume, detach, there } from './use-volume.ts'

const CONFIGFS = '/sys/kernel/config/target'
const HEALED_MS_MAX = 10_000

t.setTimeout(1_200_000)

const lab = await startLab({ storage: 1, compute: 2 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
t.comment(`logs: ${lab.folder}`)
const stage = stageOf(lab, 'lio')
const { host, client, one, other } = stage
const portal = `${host.address}:3260`

t.test('an agent exports through the kernel, and the disk’s serial number is the volume’s id', async (t) => {
  await begin(stage)
  const { device } = there(stage.attached)
  t.equal((await one.must(['lsblk', '-dno', 'SERIAL', device])).trim(), there(stage.volume).id)
  t.equal(await serialOf(one, device), there(stage.volume).id)
  await one.write(device, 'before', 4)
})

t.test('what somebody takes out of configfs is back within ten seconds, and the initiator goes on', async (t) => {
  const { device, connection } = there(stage.attached)
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
    await waitFor(`${what} is back`, look, { timeoutMs: HEALED_MS_MAX, everyMs: 300 })
    t.comment(`${what}: back after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
    await (writing ?? write())
    t.pass(`written ${isFelt ? 'after' : 'through'} the loss of ${what}`)
  }
  t.match(host.agentLog(), '"export-damaged"')
})

t.test('a volume that is extended while it is used is larger to whoever looks again, and keeps its session and its bytes', async (t) => {
  const { device } = there(stage.attached)
  const { id } = there(stage.volume)
  const sum = await one.sha256(device, 4)
  const sizeSeen = async (): Promise<number> => {
    await one.must(`echo 1 > /sys/block/$(basename ${device})/device/rescan`)
    return Number(await one.must(['blockdev', '--getsize64', device]))
  }
  t.equal(await sizeSeen(), 1024 ** 3)
  await client.call('POST', `/volumes/${id}/action`, 202, { 'os-extend': { new_size: 2 } })
  stage.volume = await waitFor('the volume has grown', async () => {
    const now = await client.volume(id)
    return now.status === 'in-use' ? now : new NotYet(now)
  })
  t.equal(there(stage.volume).sizeGiB, 2)
  t.equal(await sizeSeen(), 2 * 1024 ** 3)
  t.equal(await one.sha256(device, 4), sum)
  await one.must(`dd if=/dev/urandom of=${device} bs=1M seek=2040 count=8 oflag=direct status=none`)
})

t.test('an agent that is killed and started again leaves sessions as they are', async (t) => {
  const { connection } = there(stage.attached)
  const session = (): Promise<string> =>
    host.must(`grep '^LIO Session ID' ${CONFIGFS}/iscsi/${connection.iqn}/tpgt_1/acls/${one.initiator}/info`)
  const [before, exposes] = [await session(), countOf('"export-made"')]
  await host.stopAgent('KILL')
  await host.startAgent()
  await host.untilReady()
  await waitFor('it has exposed again', async () => (countOf('"export-made"') > exposes ? undefined : new NotYet(exposes)))
  t.equal(await session(), before)
})

t.test('an initiator that is detached while it writes is cut off, stays out, and its successor is alone', (t) =>
  detachedWhileItWrites(t, stage),
)

t.test('after a power cut the same target, LUN, serial number and secret are back, and the initiator goes on', (t) =>
  powerCutWhileItWrites(t, stage),
)

t.test('a link that is cut for ten seconds is nobody’s business but theirs', (t) => linkIsCut(t, lab, stage))

t.test('the same for a network that loses a third of what both send', (t) => linkIsLossy(t, stage))

t.test('a delete after the last detach finds the device free', async (t) => {
  await detach(client, other, there(stage.attached))
  await deleteVolume(client, there(stage.volume))
  t.equal(await host.must(`ls ${CONFIGFS}/iscsi ${CONFIGFS}/core/*_2601 | grep volume- || true`), '')
  await host.stopAgent()
})

function countOf(text: string): number {
  return host.agentLog().split(text).length - 1
}
