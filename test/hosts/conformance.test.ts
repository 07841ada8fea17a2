/**
 * libiscsi's conformance tests against exports as the agent makes them, each kind of target on each kind of storage.
 *
 * What fails is known by name, with the reason: one more is a failure, and so is one less, for then the list is wrong.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { attachmentIn, connectionIn, type SeenConnection } from '../cluster/client.ts'
import { runCommand } from '../cluster/process.ts'
import { conformanceIn } from './conformance-report.ts'
import { formCluster } from './form-cluster.ts'
import { startLab } from './lab.ts'
import { closeAttachment, deleteVolume, makeVolume, openAttachment } from './use-volume.ts'

const VG = 'vg'
const ALL = 230
/** Most of it is spent on the way to tgtd and back, some ten thousand times. */
const RUN_MS = 600_000
/** A look would take the second initiator out again. */
const lookIntervalMs = 3_600_000
const FIRST = 'iqn.2026-01.io.scoria.test:first'
const SECOND = 'iqn.2026-01.io.scoria.test:second'
const CONFIGFS = '/sys/kernel/config/target'

t.setTimeout(2_000_000)

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

t.test('one storage host has thick volumes, thin ones and files, told apart by their types', async () => {
  await host.must(`vgcreate -q --metadatasize 16m ${VG} /dev/ubda`)
  await host.must('mkdir -m 700 /var/lib/scoria/files')
  const backends = [
    { kind: 'lvm', name: 'thick', vg: VG },
    { kind: 'lvm', name: 'thin', vg: VG, thinPool: 'pool', thinPoolGiB: 3 },
    { kind: 'file', name: 'file', path: '/var/lib/scoria/files', capacityGiB: 2 },
  ]
  const target = { kind: 'lio', portal, lookIntervalMs }
  await formCluster([host], { storage: ['--vg', VG, '--target', 'lio'], configure: (config) => ({ ...config, backends, target }) })
  for (const { name } of backends) {
    await client.call('POST', '/types', 200, { volume_type: { name, extra_specs: { volume_backend_name: name } } })
  }
})

t.test('LIO, thin', (t) => conforms(t, { storage: 'thin', letIn: letInByLio, fails: LIO_FAILS }))
t.test('LIO, thick', (t) => conforms(t, { storage: 'thick', letIn: letInByLio, fails: [...LIO_FAILS, ...LIO_THICK_FAILS] }))

t.test('its target is another one after a restart', async () => {
  await host.stopAgent()
  await host.startTgtd()
  await host.configure((config) => ({ ...config, target: { kind: 'tgt', portal, lookIntervalMs } }))
  await host.startAgent()
  await host.untilReady()
})

t.test('tgt, thin', (t) => conforms(t, { storage: 'thin', letIn: letInByTgt, fails: TGT_FAILS }))
t.test('tgt, files', (t) => conforms(t, { storage: 'file', letIn: letInByTgt, fails: TGT_FAILS }))

interface Case {
  readonly storage: string
  /** Lets a second initiator in beside the one that the agent has let in: some of the tests take two. */
  readonly letIn: (connection: SeenConnection) => Promise<void>
  readonly fails: readonly string[]
}

async function conforms(t: Test, { storage, letIn, fails }: Case): Promise<void> {
  const volume = await makeVolume(client, { name: 'db', volume_type: storage })
  const attachment = await openAttachment(client, volume, { initiator: FIRST, host: 'beside' })
  const connection = connectionIn(attachment)
  await letIn(connection)
  const { username, password, iqn, lun } = connection
  const url = `iscsi://${username}%${password}@${portal}/${iqn}/${lun}`
  const args = ['--dataloss', '--normal', '--test=ALL', `--initiator-name=${FIRST}`, `--initiator-name-2=${SECOND}`, url]
  const { stdout, stderr } = await runCommand('iscsi-test-cu', args, { enter: lab.beside, timeoutMs: RUN_MS })
  writeFileSync(join(host.outbox, `conformance-${volume.pool}.txt`), stdout)
  const { ran, failed } = conformanceIn(stdout)
  t.comment(`${ran - failed.length} of ${ran} passed`)
  t.equal(ran, ALL, stderr)
  t.same(failed, [...fails].sort())
  await closeAttachment(client, attachmentIn(attachment).id)
  await deleteVolume(client, volume)
}

async function letInByLio({ iqn, username, password }: SeenConnection): Promise<void> {
  const group = `${CONFIGFS}/iscsi/${iqn}/tpgt_1`
  await host.must(`cd ${group} && mkdir acls/${SECOND} acls/${SECOND}/lun_1 && ln -s ${group}/lun/lun_1 acls/${SECOND}/lun_1/volume`)
  await host.must(`cd ${group}/acls/${SECOND}/auth && printf %s ${username} > userid && printf %s ${password} > password`)
}

async function letInByTgt({ iqn }: SeenConnection): Promise<void> {
  const shown = await host.must(['tgtadm', '--lld', 'iscsi', '--mode', 'target', '--op', 'show'])
  const tid = new RegExp(`^Target (\\d+): ${iqn}$`, 'm').exec(shown)?.[1] ?? ''
  await host.must(['tgtadm', '--lld', 'iscsi', '--mode', 'target', '--op', 'bind', '--tid', tid, '--initiator-name', SECOND])
}
