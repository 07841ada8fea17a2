/**
 * A volume goes from host to host, through every pair of storage and target, and for each target through the initiators
 * that people have: the kernel's, OpenStack's library, QEMU's own. What one wrote the next one reads. In the end a tenant
 * makes a volume group of its own in it, which is none of the storage host's business.
 *
 * One storage host lives through all of it, thick and thin at once, with one target after the other.
 */
import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { attachmentIn, connectionIn, type SeenConnection, type SeenVolume } from '../cluster/client.ts'
import { MIB, readPattern, writePattern } from '../cluster/initiator.ts'
import { connectBrick, connectorOf, disconnectBrick } from './brick.ts'
import type { ComputeHost } from './compute-host.ts'
import { startLab } from './lab.ts'
import {
  type Attached,
  attach,
  closeAttachment,
  completeAttachment,
  deleteVolume,
  detach,
  makeVolume,
  openAttachment,
} from './use-volume.ts'
import { formCluster } from './form-cluster.ts'

const VG = 'vg'
const MOUNT = '/mnt/volume'
const FILE = `${MOUNT}/file`
const FILE_MIB = 16
const PATTERN_MIB = 4
const KERNELS_BYTE = 0x4b
const QEMUS_BYTE = 0x51
const QEMU = 'iqn.2026-01.io.scoria.test:qemu'

t.setTimeout(1_800_000)

const lab = await startLab({ storage: 1, compute: 2, dataGiB: 8 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
t.comment(`logs: ${lab.folder}`)
const host = lab.storage(0)
const client = host.client()
const [one, other] = [lab.compute(0), lab.compute(1)]
const brick: { connector: object } = { connector: {} }

t.test('one storage host has thick and thin volumes, told apart by their types', async () => {
  // As LVM comes: the host's own settings keep nothing out.
  await host.must('> /etc/lvm/lvm.conf')
  await host.must(`vgcreate -q --metadatasize 16m ${VG} /dev/ubda`)
  const lvm = { kind: 'lvm', vg: VG }
  const backends = [
    { ...lvm, name: 'thick' },
    { ...lvm, name: 'thin', thinPool: 'pool', thinPoolGiB: 3 },
  ]
  const target = { kind: 'lio', portal: `${host.address}:3260` }
  await formCluster([host], { storage: ['--vg', VG, '--target', 'lio'], configure: (config) => ({ ...config, backends, target }) })
  for (const { name } of backends) {
    const type = { name, extra_specs: { volume_backend_name: name } }
    await client.call('POST', '/types', 200, { volume_type: type })
  }
  brick.connector = await connectorOf(one)
})

for (const kind of ['lio', 'tgt'] as const) {
  if (kind === 'tgt') t.test('its target is another one after a restart', () => exportByTgt())
  for (const storage of ['thick', 'thin']) {
    t.test(`${storage} by ${kind}`, async (t) => {
      const volume = await makeVolume(client, { name: 'db', volume_type: storage })
      t.match(volume.pool, new RegExp(`@${storage}#`))
      await t.test('what one compute host wrote, the other one reads', (t) => kernelToKernel(t, volume))
      if (storage === 'thin') {
        await t.test('so does one that attaches with os-brick', (t) => throughBrick(t, volume))
        await t.test('what QEMU wrote the kernel reads, and the other way round', (t) => throughQemu(t, volume))
      }
      await t.test('a volume group of the host’s name in it stays the tenant’s, and the volume can be deleted', (t) =>
        withGroupInside(t, volume),
      )
    })
  }
}

async function exportByTgt(): Promise<void> {
  await host.stopAgent()
  await host.startTgtd()
  await host.configure((config) => ({ ...config, target: { kind: 'tgt', portal: `${host.address}:3260` } }))
  await host.startAgent()
  await host.untilReady()
}

async function kernelToKernel(t: Test, volume: SeenVolume): Promise<void> {
  const first = await attach(client, volume, one)
  await one.must(`mkfs.ext4 -q ${first.device} && mkdir -p ${MOUNT} && mount ${first.device} ${MOUNT}`)
  await one.must(`seq 1 100000000 | head -c ${FILE_MIB}M > ${FILE} && umount ${MOUNT}`)
  await detach(client, one, first)
  const second = await attach(client, volume, other)
  t.equal(await sumOfFile(other, second.device), written())
  t.not(second.connection.iqn, first.connection.iqn, 'each attachment has a target of its own')
  await detach(client, other, second)
}

async function throughBrick(t: Test, volume: SeenVolume): Promise<void> {
  const attachment = await openAttachment(client, volume, brick.connector)
  const device = await connectBrick(one, attachment)
  await completeAttachment(client, attachmentIn(attachment).id)
  t.match(await client.volume(volume.id), { status: 'in-use' })
  t.equal(await sumOfFile(one, device), written())
  await disconnectBrick(one, attachment)
  t.equal((await one.run(['iscsiadm', '--mode', 'session'])).code, 21, 'it leaves no session')
  await closeAttachment(client, attachmentIn(attachment).id)
}

async function throughQemu(t: Test, volume: SeenVolume): Promise<void> {
  const byKernel = await attach(client, volume, other)
  await other.must(
    `head -c ${PATTERN_MIB}M /dev/zero | tr '\\0' K | dd of=${byKernel.device} bs=1M iflag=fullblock oflag=direct status=none`,
  )
  await detach(client, other, byKernel)

  const attachment = await openAttachment(client, volume, { initiator: QEMU, host: 'beside' })
  const connection = connectionIn(attachment)
  const qemu = { name: QEMU, enter: lab.beside }
  t.match(await readPattern(connection, qemu, KERNELS_BYTE, PATTERN_MIB * MIB), { ok: true })
  t.match(await writePattern(connection, qemu, QEMUS_BYTE, PATTERN_MIB * MIB), { ok: true })
  for (const [who, wrong] of strangers(connection)) {
    t.match(await readPattern(wrong, qemu, QEMUS_BYTE, MIB), { ok: false, text: /[Ff]ailed/ }, who)
  }
  await closeAttachment(client, attachmentIn(attachment).id)

  const again = await attach(client, volume, one)
  t.equal(await one.sha256(again.device, PATTERN_MIB), sha256(Buffer.alloc(PATTERN_MIB * MIB, QEMUS_BYTE)))
  await detach(client, one, again)
}

function strangers(connection: SeenConnection): readonly (readonly [string, SeenConnection])[] {
  return [
    ['with a wrong secret', { ...connection, password: 'wrongwrong12' }],
    ['without an account', { ...connection, username: 'nobody' }],
  ]
}

/** A group of the same name as the host's own, with a volume in it that is active on the compute host. */
async function withGroupInside(t: Test, volume: SeenVolume): Promise<void> {
  const attached: Attached = await attach(client, volume, one)
  await one.must('modprobe dm-mod')
  const inside = `--config 'devices { global_filter=["a|^${attached.device}$|","r|.*|"] }'`
  await one.must(`wipefs -q -a ${attached.device} && vgcreate -q ${inside} ${VG} ${attached.device}`)
  await one.must(`lvcreate -q -y -Wn -l 10 -n inner ${inside} ${VG} && sync && vgchange -q -an ${inside} ${VG}`)
  await nothingSeen(t, 'while it is attached')
  await detach(client, one, attached)
  await nothingSeen(t, 'when it is free')
  await host.must('udevadm trigger --subsystem-match=block && udevadm settle && vgchange -q -aay')
  await nothingSeen(t, 'after what a boot does')
  await deleteVolume(client, volume)
  t.notMatch(await host.must('lvs --noheadings -o lv_name'), volume.id, 'the volume is gone')
}

async function nothingSeen(t: Test, when: string): Promise<void> {
  t.equal((await host.must('vgs --noheadings -o vg_name,pv_name')).trim().replace(/ +/, ' '), `${VG} /dev/ubda`, `one group, ${when}`)
  t.notMatch(await host.must('lvs --all --noheadings -o lv_name; dmsetup ls'), 'inner', `nothing of it, ${when}`)
}

/** Read from the volume, and not from the host's memory. */
async function sumOfFile(compute: ComputeHost, device: string): Promise<string> {
  const sum = `sha256sum < ${FILE} | cut -d ' ' -f 1`
  return (await compute.must(`mkdir -p ${MOUNT} && mount -o ro ${device} ${MOUNT} && ${sum} && umount ${MOUNT}`)).trim()
}

/** Of what `seq` prints. */
function written(): string {
  let text = ''
  for (let k = 1; text.length < FILE_MIB * MIB; k += 1) text += `${k}\n`
  return sha256(Buffer.from(text.slice(0, FILE_MIB * MIB)))
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
