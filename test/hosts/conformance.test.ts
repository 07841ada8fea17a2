/**
 * libiscsi's conformance tests against exports as the agent makes them, each kind of target on each kind of storage.
 *
 * What fails is known by name, with the reason: one more is a failure, and so is one less, for then the list is wrong.
 */
import t, { type Test } from 'tap'
import { connectionIn, type SeenConnection } from '../cluster/client.ts'
import { runCommand } from '../cluster/process.ts'
import { conformanceIn } from './conformance-report.ts'
import { formCluster } from './form-cluster.ts'
import { startLab } from './lab.ts'
import { deleteVolume, makeVolume, openAttachment } from './use-volume.ts'

const VG = 'vg'
const ALL = 230
const RUN_MS = 240_000
const FIRST = 'iqn.2026-01.io.scoria.test:first'
const SECOND = 'iqn.2026-01.io.scoria.test:second'
const CONFIGFS = '/sys/kernel/config/target'

t.setTimeout(900_000)

const LIO_FAILS: readonly string[] = []
const TGT_FAILS: readonly string[] = []

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
  const target = { kind: 'lio', portal }
  await formCluster([host], { storage: ['--vg', VG, '--target', 'lio'], configure: (config) => ({ ...config, backends, target }) })
  for (const { name } of backends) {
    await client.call('POST', '/types', 200, { volume_type: { name, extra_specs: { volume_backend_name: name } } })
  }
})

for (const storage of ['thin', 'thick', 'file']) {
  t.test(`LIO, ${storage}`, (t) => conforms(t, { storage, letIn: letInByLio, fails: LIO_FAILS }))
}

t.test('its target is another one after a restart', async () => {
  await host.stopAgent()
  await host.startTgtd()
  await host.configure((config) => ({ ...config, target: { kind: 'tgt', portal } }))
  await host.startAgent()
})

for (const storage of ['thin', 'thick', 'file']) {
  t.test(`tgt, ${storage}`, (t) => conforms(t, { storage, letIn: letInByTgt, fails: TGT_FAILS }))
}

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
  // An agent that runs would take the second initiator out again.
  await host.stopAgent()
  await letIn(connection)
  const { username, password, iqn, lun } = connection
  const url = `iscsi://${username}%${password}@${portal}/${iqn}/${lun}`
  const args = ['--dataloss', '--normal', '--test=ALL', `--initiator-name=${FIRST}`, `--initiator-name-2=${SECOND}`, url]
  const { stdout, stderr } = await runCommand('iscsi-test-cu', args, { enter: lab.beside, timeoutMs: RUN_MS })
  const { ran, failed } = conformanceIn(stdout)
  t.comment(`${ran - failed.length} of ${ran} passed`)
  t.equal(ran, ALL, stderr)
  t.same(failed, [...fails].sort())
  await host.startAgent()
  void deleteVolume
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
