/**
 * A host prepared with the very commands of OPERATIONS has no finding; each step left out is found, and what the doctor
 * says to type then helps.
 *
 * Left out of the commands is what a test host has no use for: packages, which it has, and what only systemd itself does.
 */
import t, { type Test } from 'tap'
import type { Check, Finding } from '../../lib/model/finding.ts'
import { AGENT_PROGRAM } from '../cluster/process.ts'
import { startLab } from './lab.ts'
import { commandsOf } from './prepared.ts'

t.setTimeout(900_000)

const lab = await startLab({ storage: 1, dataGiB: 8, memoryMiB: 512 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
const host = lab.storage(0)
const portal = `${host.address}:3260`
const LISTEN = ['--listen', `${host.address}:8777`, '--portal', portal]
const THIN = ['--vg', 'vg0', '--thin-pool', 'pool0', '--capacity', '4', ...LISTEN]

/** A clock is not synchronised on a machine without systemd, and how fast a disk is depends on who else uses it. */
const OF_THE_MACHINE: ReadonlySet<Check> = new Set<Check>(['clock', 'fsync'])

/** A busy machine gives a host little of its time. */
const DOCTOR_MS = 180_000

async function doctor(...args: readonly string[]): Promise<readonly Finding[]> {
  const end = await host.run(['node', AGENT_PROGRAM, 'doctor', '-o', 'json', ...args], { timeoutMs: DOCTOR_MS })
  const { findings }: { readonly findings: readonly Finding[] } = JSON.parse(end.stdout)
  if ((end.code === 0) === findings.some(({ level }) => level === 'fail')) throw new Error(`exit code ${end.code}: ${end.stdout}`)
  return findings.filter(({ check, level }) => level !== 'ok' && !OF_THE_MACHINE.has(check))
}

const told = (findings: readonly Finding[]): readonly string[] => findings.map(({ check, level }) => `${level} ${check}`)

/** What only a systemd that runs can do is left out. */
function withoutSystemd(command: string): string {
  return command.replaceAll('systemctl daemon-reload && ', '').replaceAll(' --now', '').replaceAll(' && systemctl restart tgt', '')
}

async function prepare(heading: string): Promise<void> {
  const own = { '/dev/sdb': '/dev/ubda', '10.0.0.1': host.address }
  for (const command of commandsOf(heading, own)) if (!command.startsWith('apt-get')) await host.must(withoutSystemd(command))
}

/** Breaks all of it, wants to be told of this alone, and types what is said, in this order. */
async function areFound(t: Test, broken: Readonly<Partial<Record<Check, string>>>, args: readonly string[]): Promise<void> {
  for (const command of Object.values(broken)) await host.must(command)
  const found = await doctor(...args)
  t.same(found.map(({ check }) => check).sort(), Object.keys(broken).sort())
  for (const { remedy } of found) await host.must(withoutSystemd(remedy ?? 'false'))
}

t.test('a host that nobody prepared: all that is missing at once', async (t) => {
  t.same(told(await doctor(...THIN, '--target', 'lio')), ['fail lvm-group', 'fail lio-boot', 'fail tgt-service'])
})

t.test('LVM and LIO as OPERATIONS says: nothing is found', async (t) => {
  await prepare('Volumes on LVM')
  await prepare('Exports by the kernel (LIO)')
  t.same(told(await doctor(...THIN, '--target', 'lio')), [])
})

t.test('each step that was left out is found, and its remedy helps', async (t) => {
  const lio = [...THIN, '--target', 'lio']
  await areFound(
    t,
    {
      'lvm-scan': "printf 'devices {\\n\\tscan_lvs = 1\\n}\\n' > /etc/lvm/lvmlocal.conf",
      'lvm-pool': 'lvcreate -q -y --type thin-pool --zero n -L 1G -n pool0 vg0',
      'lio-reservations': 'rmdir /etc/target/pr',
      'lio-boot': 'rm /etc/modules-load.d/scoria.conf',
      'tgt-service': 'systemctl enable tgt',
    },
    lio,
  )
  await areFound(t, { 'lio-kernel': 'umount /sys/kernel/config' }, lio)
  await areFound(t, { 'lio-kernel': 'modprobe -r iscsi_target_mod target_core_iblock target_core_file target_core_mod' }, lio)
  t.same(told(await doctor(...lio)), [], 'all of it is well again')
  t.notMatch(await host.must('ls /etc/lvm/devices 2> /dev/null || true'), /scoria/, 'the doctor itself has written nothing')
  await host.must('vgremove -q -y vg0 && pvremove -q /dev/ubda && vgcreate -q vg0 /dev/ubda && lvcreate -q -y -L 5G -n other vg0')
  t.same(
    told(await doctor(...lio)),
    ['warn lvm-metadata', 'fail lvm-room'],
    'a group for some hundred volumes, and too little for its pool',
  )
  await host.must('vgremove -q -y vg0 && pvremove -q /dev/ubda && vgcreate -q --metadatasize 16m vg0 /dev/ubda')
})

t.test('a port that tgtd has is none for the kernel, and beside its agent all is well', async (t) => {
  const lio = [...THIN, '--target', 'lio']
  await host.startTgtd()
  await host.must(`tgtadm --lld iscsi --mode portal --op new --param portal=${portal}`)
  t.same(told(await doctor(...lio)), ['fail portal-port'])
  await host.killTgtd()
  await host.scoria('init', '--name', 's1', '--dir', '/var/lib/scoria', ...lio)
  const [unit = '', enable = ''] = commandsOf('Look, make, start').filter(
    (command) => command.includes('[Unit]') || command.includes('enable'),
  )
  await host.must(unit)
  await host.must(withoutSystemd(enable))
  await host.startAgent()
  const made = ['--config', '/var/lib/scoria/agent.yaml']
  t.same(told(await doctor(...made)), [])
  await host.must('lvcreate -q -y -T -V 1G -n quarantine-volume-x vg0/pool0')
  await host.stopAgent()
  t.same(told(await doctor(...made)), ['warn agent', 'warn quarantine'])
})

t.test('tgtd as OPERATIONS says: nothing is found; as Debian starts it, that it is open too early', async (t) => {
  await prepare('Exports by tgtd')
  t.match(
    await host.must('cat /etc/systemd/system/tgt.service.d/scoria.conf'),
    /^ExecStart=\/usr\/sbin\/tgtd -f --iscsi portal=127\.0\.0\.1:3260$/m,
  )
  await host.startTgtd()
  t.same(told(await doctor('--path', '/var/lib/scoria', ...LISTEN)), [])
  await host.killTgtd()
  await host.must('tgtd && for look in $(seq 100); do tgtadm --mode sys --op show > /dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1')
  t.same(told(await doctor('--path', '/var/lib/scoria', ...LISTEN)), ['warn tgt-closed'])
})
