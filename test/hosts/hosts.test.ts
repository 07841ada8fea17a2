/** The test hosts are what the scenarios need: kernels with LVM, a target and an initiator, and disks that survive a power cut. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { SeenConnection } from '../cluster/client.ts'
import { processesWith } from '../cluster/process.ts'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import { type Lab, startLab } from './lab.ts'
import { checkRequirements } from './requirements.ts'

const MIB = 16
/** Of a run's name, at the end of that of its folder. */
const RUN_LETTERS = 6
const CONFIGFS = '/sys/kernel/config/target'

t.setTimeout(600_000)

const lab = await startLab({ storage: 1, compute: 2 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})

t.test('a command tells its exit code and both outputs, whatever its arguments and its bytes', async (t) => {
  const host = lab.storage(0)
  t.same(await host.run(['sh', '-c', 'printf %s "$1"; printf %s "$2" >&2; exit 7', '-', "it's\n$HOME", 'ü\n']), {
    code: 7,
    stdout: "it's\n$HOME",
    stderr: 'ü\n',
  })
  t.equal((await host.run(['sleep', '60'], { timeoutMs: 1000 })).code, 124, 'its time is bounded')
  t.equal(await host.must('sleep 600 & echo done'), 'done\n', 'what it leaves running holds nobody up')
})

t.test('a storage host has device-mapper with thin pools and snapshots, and the kernel’s target', async (t) => {
  const host = lab.storage(0)
  const targets = await host.must(['dmsetup', 'targets'])
  for (const target of ['thin-pool', 'thin', 'snapshot', 'linear']) t.match(targets, new RegExp(`^${target} `, 'm'), target)
  t.match(await host.must(['cat', `${CONFIGFS}/version`]), /^Target Engine/)
  t.match(await host.must('grep -h ^ /sys/module/iscsi_target_mod/initstate /sys/module/target_core_iblock/initstate'), 'live\nlive\n')
})

t.test('a power cut takes what was not flushed, and nothing else', async (t) => {
  const host = lab.storage(0)
  await host.must('vgcreate -q scoria /dev/ubda && lvcreate -q -L 64M -n kept scoria')
  await host.must('echo flushed | dd of=/dev/scoria/kept conv=fsync status=none')
  await host.must(
    'echo flushed > /var/lib/scoria/flushed && sync /var/lib/scoria/flushed && echo lost > /var/lib/scoria/lost; echo lost > /etc/lost',
  )
  await host.powerCut()
  t.equal(host.isUp(), false)
  await t.rejects(host.run(['true']), { message: 's1 has no power' })
  await host.boot()
  await host.must(['vgchange', '-q', '-a', 'y', 'scoria'])
  t.equal(await host.must('head -c 8 /dev/scoria/kept'), 'flushed\n', 'on the logical volume')
  t.equal(await host.must('cat /var/lib/scoria/flushed'), 'flushed\n', 'on its own disk')
  t.notMatch(await host.must('cat /var/lib/scoria/lost || true'), 'lost', 'not flushed')
  t.equal((await host.run(['cat', '/etc/lost'])).code, 1, 'the root file system is new at each boot')
})

t.test('a command that a power cut overtakes ends with it', async (t) => {
  const host = lab.storage(0)
  const running = host.run(['sleep', '600'], { timeoutMs: 600_000 })
  const heard = t.rejects(running, { message: 's1 has lost its power' })
  await host.powerCut()
  await heard
  await host.boot()
})

t.test('a kernel that panics is as good as a power cut', async (t) => {
  const host = lab.storage(0)
  await t.rejects(host.run('echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger'), { message: 's1 has lost its power' })
  t.equal(host.isUp(), false)
  await host.powerCut()
  await host.boot()
})

t.test('what one compute host writes through the kernel’s target, the other reads', async (t) => {
  const [one, other] = [lab.compute(0), lab.compute(1)]
  const connection = await exportByHand(lab, [one.initiator, other.initiator])
  const device = await one.login(connection)
  await one.write(device, 'from c1', MIB)
  const written = await one.sha256(device, MIB)
  await one.logout(connection)
  t.match(written, /^[0-9a-f]{64}$/)
  t.equal(await other.sha256(await other.login(connection), MIB), written)
  await other.logout(connection)
  await t.rejects(one.login({ ...connection, password: 'wrongwrong12' }), { message: /authorization failure/ }, 'with a wrong secret')
})

t.test('what a killed run leaves is gone with the next one', async (t) => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./lab-process.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const folder = String((await once(child.stdout, 'data'))[0]).trim()
  const spaces = (): string => spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout
  const space = `scoria-${folder.slice(-RUN_LETTERS)}-lab`
  t.match(spaces(), space)
  t.ok(processesWith(`uml_dir=${folder}`).length > 0, 'its host runs')
  child.kill('SIGKILL')
  await ended
  await waitFor('its host is gone with it', async () => {
    const left = processesWith(`uml_dir=${folder}`)
    return left.length === 0 ? undefined : new NotYet(left)
  })
  const next = await startLab()
  t.same(await next.stop(), [])
  t.notOk(existsSync(folder), 'its folder')
  t.notMatch(spaces(), space, 'its network')
})

t.test('a machine that has too little is told what to do', async (t) => {
  t.throws(() => checkRequirements(10 ** 9), { message: /\/dev\/shm has \d+ MiB free .*mount -o remount,size=/ })
})

/** A logical volume behind the kernel's target, with CHAP, for these initiators. */
async function exportByHand(lab: Lab, initiators: readonly string[]): Promise<SeenConnection> {
  const host = lab.storage(0)
  const [iqn, username, password] = ['iqn.2026-01.io.scoria.test:by-hand', 'someone', 'secretsecret12']
  const group = `${CONFIGFS}/iscsi/${iqn}/tpgt_1`
  const letIn = initiators.map(
    (name) => `
      mkdir ${group}/acls/${name} ${group}/acls/${name}/lun_0
      ln -s ${group}/lun/lun_0 ${group}/acls/${name}/lun_0/it
      printf %s ${username} > ${group}/acls/${name}/auth/userid
      printf %s ${password} > ${group}/acls/${name}/auth/password`,
  )
  await host.must(`set -e
    vgchange -q -a y scoria
    lvcreate -q -y -L 128M -n exported scoria
    mkdir -p ${CONFIGFS}/core/iblock_0/exported
    echo udev_path=/dev/scoria/exported > ${CONFIGFS}/core/iblock_0/exported/control
    echo 1 > ${CONFIGFS}/core/iblock_0/exported/enable
    mkdir -p ${group}/lun/lun_0
    ln -s ${CONFIGFS}/core/iblock_0/exported ${group}/lun/lun_0/exported
    mkdir ${group}/np/${host.address}:3260
    ${letIn.join('\n')}
    echo 1 > ${group}/attrib/authentication
    echo 1 > ${group}/enable`)
  return { portal: `${host.address}:3260`, iqn, lun: 0, username, password }
}
