/**
 * libiscsi's conformance tests against exports as the agent makes them: LIO on logical volumes, tgt on files.
 *
 * What fails is known by name, with the reason: one more is a failure, and so is one less, for then the list is wrong.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { attachmentIn, type Client, connectionIn, type SeenConnection } from '../cluster/client.ts'
import { startCluster } from '../cluster/cluster.ts'
import { runCommand } from '../cluster/process.ts'
import { conformanceIn } from './conformance-report.ts'
import { formCluster } from './form-cluster.ts'
import { startLab } from './lab.ts'
import { closeAttachment, deleteVolume, makeVolume, openAttachment } from './use-volume.ts'

const VG = 'vg'
const ALL = 230
const RUN_MS = 300_000
/** A look would take the second initiator out again. */
const lookIntervalMs = 3_600_000
const FIRST = 'iqn.2026-01.io.scoria.test:first'
const SECOND = 'iqn.2026-01.io.scoria.test:second'
const CONFIGFS = '/sys/kernel/config/target'

t.setTimeout(1_200_000)

const LIO_FAILS: readonly string[] = [
  // More than one block at once, which is all that LIO compares, is refused with another sense than they want.
  'CompareAndWrite.Miscompare',
  'CompareAndWrite.Simple',
  // VERIFY is answered and nothing compared, whatever it brings along or says of protection.
  'Verify10.Mismatch',
  'Verify10.VerifyProtect',
  'Verify16.Mismatch',
  'Verify16.VerifyProtect',
  // A write that announces another length than it has is not carried out in part.
  'iSCSIResiduals.Write10Residuals',
  'iSCSIResiduals.Write12Residuals',
  'iSCSIResiduals.Write16Residuals',
  'iSCSIResiduals.WriteVerify10Residuals',
  'iSCSIResiduals.WriteVerify16Residuals',
  // Data out of order ends the connection, without an answer.
  'iSCSIdatasn.iSCSIDataSnInvalid',
]
/** A thick volume zeroes what the disk below can zero at once; the disks of test hosts 32 KiB, and these ask for more. */
const LIO_THICK_FAILS: readonly string[] = ['10', '16'].flatMap((size) =>
  ['BeyondEol', 'Check', 'Simple'].map((name) => `WriteSame${size}.${name}`),
)
const TGT_FAILS: readonly string[] = [
  // Beyond the end of the volume there is an answer too.
  'GetLBAStatus.BeyondEol',
  // tgtd knows no READ FULL STATUS of reservations.
  'PrinServiceactionRange.Range',
  // The second initiator is told that a reservation was released, which they do not expect.
  'ProutReserve.OwnershipEA',
  'ProutReserve.OwnershipEARO',
  'ProutReserve.OwnershipWE',
  'ProutReserve.OwnershipWERO',
  // MODE SENSE passes in spite of somebody else's RESERVE(6).
  'Reserve6.2Initiators',
  // The order of data is not looked at.
  'iSCSIdatasn.iSCSIDataSnInvalid',
]

const lab = await startLab({ storage: 1, dataGiB: 8 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
t.comment(`logs: ${lab.folder}`)
const host = lab.storage(0)
const client = host.client()
const portal = `${host.address}:3260`

t.test('one storage host has thick volumes and thin ones, told apart by their types', async () => {
  await host.must(`vgcreate -q --metadatasize 16m ${VG} /dev/ubda`)
  const backends = [
    { kind: 'lvm', name: 'thick', vg: VG },
    { kind: 'lvm', name: 'thin', vg: VG, thinPool: 'pool', thinPoolGiB: 3 },
  ]
  const target = { kind: 'lio', portal, lookIntervalMs }
  await formCluster([host], { storage: ['--vg', VG, '--target', 'lio'], configure: (config) => ({ ...config, backends, target }) })
  for (const { name } of backends) {
    await client.call('POST', '/types', 200, { volume_type: { name, extra_specs: { volume_backend_name: name } } })
  }
})

const byLio = { client, enter: lab.beside, report: host.outbox, letIn: letInByLio }
t.test('LIO, thin', (t) => conforms(t, { ...byLio, wishes: { volume_type: 'thin' }, fails: LIO_FAILS }))
t.test('LIO, thick', (t) => conforms(t, { ...byLio, wishes: { volume_type: 'thick' }, fails: [...LIO_FAILS, ...LIO_THICK_FAILS] }))

t.test('LIO, thick, is no worse than the same disk exported by hand', async (t) => {
  const name = 'by-hand'
  const iqn = 'iqn.2026-01.io.scoria.test:by-hand'
  const [disk, group] = [`${CONFIGFS}/core/iblock_99/${name}`, `${CONFIGFS}/iscsi/${iqn}/tpgt_1`]
  await host.must(`lvcreate -qq --yes --wipesignatures n --zero y -n ${name} -L 1g ${VG}`)
  await host.must(`mkdir -p ${disk} && echo udev_path=/dev/${VG}/${name} > ${disk}/control && echo 1 > ${disk}/enable`)
  await host.must(`mkdir -p ${group} && mkdir ${group}/lun/lun_1 ${group}/np/${portal} && ln -s ${disk} ${group}/lun/lun_1/volume`)
  const open = { authentication: 0, generate_node_acls: 1, cache_dynamic_acls: 1, demo_mode_write_protect: 0 }
  for (const [attribute, value] of Object.entries(open)) await host.must(`echo ${value} > ${group}/attrib/${attribute}`)
  await host.must(`echo 1 > ${group}/enable`)
  const { failed } = await runAll(t, {
    enter: lab.beside,
    report: join(host.outbox, 'conformance-by-hand.txt'),
    url: `iscsi://${portal}/${iqn}/1`,
  })
  t.same(
    [...LIO_FAILS, ...LIO_THICK_FAILS].filter((test) => !failed.includes(test)),
    [],
    'what fails on a volume fails here too',
  )
})

t.test('tgt, files', async (t) => {
  // tgtd needs no kernel of its own: on this machine it is done in seconds, in a host minutes go by on the way there and back.
  const cluster = await startCluster({ names: ['a'], lookIntervalMs })
  t.teardown(async () => {
    const left = await cluster.stop({ keep: !t.passing() })
    if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`)
  })
  const byTgt = { client: cluster.client(0), enter: [], report: cluster.folder, letIn: letInByTgt }
  await conforms(t, { ...byTgt, wishes: {}, fails: TGT_FAILS })
})

interface Case {
  readonly client: Client
  readonly wishes: Readonly<Record<string, unknown>>
  /** Goes before the command of the tests, to run it where it reaches the portal. */
  readonly enter: readonly string[]
  /** Folder for what it says. */
  readonly report: string
  /** Lets a second initiator in beside the one that the agent has let in: some of the tests take two. */
  readonly letIn: (connection: SeenConnection) => Promise<void>
  readonly fails: readonly string[]
}

async function conforms(t: Test, { client, wishes, enter, report, letIn, fails }: Case): Promise<void> {
  const volume = await makeVolume(client, { name: 'db', ...wishes })
  const attachment = await openAttachment(client, volume, { initiator: FIRST, host: 'beside' })
  const connection = connectionIn(attachment)
  await letIn(connection)
  const { username, password, portal, iqn, lun } = connection
  const url = `iscsi://${username}%${password}@${portal}/${iqn}/${lun}`
  const { failed } = await runAll(t, { enter, report: join(report, `conformance-${volume.pool}.txt`), url })
  t.same(failed, [...fails].sort())
  await closeAttachment(client, attachmentIn(attachment).id)
  await deleteVolume(client, volume)
}

interface Run {
  readonly enter: readonly string[]
  /** File for what it says. */
  readonly report: string
  readonly url: string
}

async function runAll(t: Test, { enter, report, url }: Run): Promise<{ readonly failed: readonly string[] }> {
  const args = ['--dataloss', '--normal', '--test=ALL', `--initiator-name=${FIRST}`, `--initiator-name-2=${SECOND}`, url]
  const { stdout, stderr } = await runCommand('iscsi-test-cu', args, { enter, timeoutMs: RUN_MS })
  writeFileSync(report, stdout)
  const { ran, failed } = conformanceIn(stdout)
  t.comment(`${ran - failed.length} of ${ran} passed`)
  t.equal(ran, ALL, stderr)
  return { failed }
}

async function letInByLio({ iqn, username, password }: SeenConnection): Promise<void> {
  const group = `${CONFIGFS}/iscsi/${iqn}/tpgt_1`
  await host.must(`cd ${group} && mkdir acls/${SECOND} acls/${SECOND}/lun_1 && ln -s ${group}/lun/lun_1 acls/${SECOND}/lun_1/volume`)
  await host.must(`cd ${group}/acls/${SECOND}/auth && printf %s ${username} > userid && printf %s ${password} > password`)
}

/** A cluster of this machine gives each tgtd the port of its portal as its number. */
async function letInByTgt({ portal, iqn }: SeenConnection): Promise<void> {
  const common = ['-C', portal.slice(portal.lastIndexOf(':') + 1), '--lld', 'iscsi', '--mode', 'target']
  const shown = await runCommand('tgtadm', [...common, '--op', 'show'])
  const tid = new RegExp(`^Target (\\d+): ${iqn}$`, 'm').exec(shown.stdout)?.[1] ?? ''
  const bound = await runCommand('tgtadm', [...common, '--op', 'bind', '--tid', tid, '--initiator-name', SECOND])
  if (bound.exitCode !== 0) throw new Error(bound.stderr)
}
