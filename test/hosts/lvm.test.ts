/** The LVM backend on a kernel that has one: the contract of backends, what a tenant can read and do, and a pool that fills up. */
import t from 'tap'
import { projectId, requestId, snapshotId, volumeId } from '../../lib/model/ids.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'
import { type DurableBackendUnderTest, backendContract, durableBackendContract } from '../contract/backend.ts'
import { guestExec } from './guest-exec.ts'
import { startLab } from './lab.ts'
import { openLvm, POOL, VG } from './lvm-place.ts'

t.setTimeout(1_500_000)

/** A GiB takes LVM no longer; zeroing it, and reading it again, on a host of this kind does. */
const UNIT_MIB = 256
const UNIT = UNIT_MIB * 1024 ** 2
/** A whole volume, on a busy machine. */
const READ_MS = 300_000
const inTime = new AbortController().signal
const TAGS = { project: projectId('tenant'), rid: requestId('0123456789abcdef0123456789abcdef') }
const VOLUME = { id: volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'), pool: POOL, sizeBytes: UNIT }
const OTHER = { ...VOLUME, id: volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d') }
const OTHER_SNAPSHOT = snapshotId('11111111-6a6f-4c39-9d0b-0d2f3c1b7a10')
const DONE = { kind: 'ok', value: undefined }

const lab = await startLab({ storage: 1, dataGiB: 12 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
const host = lab.storage(0)
const exec = guestExec(host)
await host.must(`vgcreate -q ${VG} /dev/ubda`)

const empty = (): Promise<string> => host.must(`lvremove -q --yes --select 'lv_name=~"volume|snapshot|growth|revert"' ${VG}`)

for (const thinPool of [null, 'thin']) {
  t.test(`the contract, ${thinPool ?? 'thick'}`, async (t) => {
    const backend = await openLvm(exec, thinPool)
    const make = async (): Promise<DurableBackendUnderTest> => {
      await empty()
      return { backend, pool: POOL, restarted: () => backend }
    }
    backendContract(t, make, UNIT)
    durableBackendContract(t, make, UNIT)
  })

  t.test(`who gets the extents of a deleted volume reads zero everywhere, ${thinPool ?? 'thick'}`, async (t) => {
    await empty()
    const backend = await openLvm(exec, thinPool)
    t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
    const [before, device] = [await placeOf(VOLUME.id), backend.devicePath(VOLUME.id)]
    // The beginning, the middle and the end.
    for (const atMiB of [0, 120, UNIT_MIB - 8]) await write(device, atMiB, 8)
    t.equal(await isZero(device), false)
    t.same(await backend.remove(VOLUME.id, inTime), DONE)
    t.same(await backend.create(OTHER, TAGS, inTime), DONE)
    if (thinPool === null) t.equal(await placeOf(OTHER.id), before, 'on the same extents')
    t.equal(await isZero(backend.devicePath(OTHER.id)), true)
    t.same(await backend.remove(OTHER.id, inTime), DONE)
  })
}

t.test('a snapshot reads as the volume was, whatever is written later, also when the volume is gone', async (t) => {
  for (const thinPool of [null, 'thin']) {
    await empty()
    const backend = await openLvm(exec, thinPool)
    const snapshot = { id: OTHER_SNAPSHOT, volume: VOLUME.id, pool: POOL, sizeBytes: UNIT }
    t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
    await write(backend.devicePath(VOLUME.id), 60, 8)
    const before = await sumOf(backend.devicePath(VOLUME.id))
    t.same(await backend.createSnapshot(snapshot, TAGS, inTime), DONE)
    await write(backend.devicePath(VOLUME.id), 61, 2, 'other')
    t.same(await backend.remove(VOLUME.id, inTime), DONE)
    await host.must(`lvchange -q -a y -K ${VG}/_snapshot-${OTHER_SNAPSHOT}`)
    t.equal(await sumOf(`/dev/${VG}/_snapshot-${OTHER_SNAPSHOT}`), before, thinPool ?? 'thick')
    t.same(await backend.removeSnapshot(snapshot, inTime), DONE)
  }
})

for (const thinPool of [null, 'thin']) {
  t.test(`a volume grows while it is in use, and what is new reads zero from the first look, ${thinPool ?? 'thick'}`, async (t) => {
    await empty()
    if (thinPool === null) {
      await host.must(`lvcreate -q -Zn -Wn -L 1g -n others ${VG}`)
      for (const atMiB of [0, UNIT_MIB + 6, UNIT_MIB + 120, 2 * UNIT_MIB - 8])
        await write(`/dev/${VG}/others`, atMiB, 8, 'what others leave behind')
      await host.must(`lvremove -q --yes ${VG}/others`)
    }
    await host.must(`echo 'devices { issue_discards=1 }' > /etc/lvm/lvm.conf`)
    const backend = await openLvm(exec, thinPool)
    const device = backend.devicePath(VOLUME.id)
    t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
    await write(device, UNIT_MIB - 8, 8)
    const before = await sumOf(device)
    await host.must(`sleep 600 < ${device} > /dev/null 2>&1 & echo $! > /tmp/user`)
    t.equal((await host.must(`lvs --noheadings -o lv_device_open ${VG}/volume-${VOLUME.id}`)).trim(), 'open', 'it is in use')
    t.same(await backend.extend({ ...VOLUME, sizeBytes: 2 * UNIT }, inTime), DONE)
    t.equal((await host.must(`blockdev --getsize64 ${device}`)).trim(), String(2 * UNIT))
    t.equal(await sumOf(device), before, 'what it had is there')
    t.equal(
      (
        await host.must(`dd if=${device} bs=1M skip=${UNIT_MIB} iflag=direct status=none | tr -d '\\0' | wc -c`, { timeoutMs: READ_MS })
      ).trim(),
      '0',
    )
    t.equal((await host.must(`lvs --noheadings -o lv_name ${VG} | grep -c growth || true`)).trim(), '0')
    await host.must('kill $(cat /tmp/user) && > /etc/lvm/lvm.conf')
    t.same(await backend.remove(VOLUME.id, inTime), DONE)
  })
}

t.test('a reverted volume reads as its snapshot, whatever was written since, and the snapshot as ever', async (t) => {
  for (const thinPool of ['thin', null]) {
    await empty()
    const backend = await openLvm(exec, thinPool)
    const snapshot = { id: OTHER_SNAPSHOT, volume: VOLUME.id, pool: POOL, sizeBytes: UNIT }
    const [device, copy] = [backend.devicePath(VOLUME.id), `/dev/${VG}/_snapshot-${OTHER_SNAPSHOT}`]
    t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
    await write(device, 60, 8)
    const before = await sumOf(device)
    t.same(await backend.createSnapshot(snapshot, TAGS, inTime), DONE)
    for (const atMiB of [0, 61, 200]) await write(device, atMiB, 2, 'other')
    t.same(await backend.revert(VOLUME, snapshot, TAGS.rid, inTime), DONE)
    t.equal(await sumOf(device), before, thinPool ?? 'thick')
    await write(device, 120, 1, 'other')
    await host.must(`lvchange -q -a y -K ${copy}`)
    t.equal(await sumOf(copy), before)
    t.same(await backend.list(inTime), { kind: 'ok', value: [{ ...VOLUME, tags: TAGS }] })
    t.same(await backend.removeSnapshot(snapshot, inTime), DONE)
    t.same(await backend.remove(VOLUME.id, inTime), DONE)
  }
})

t.test('a volume group that a tenant makes inside a volume is never seen, not even one of the same name', async (t) => {
  await empty()
  const backend = await openLvm(exec, null)
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  const device = backend.devicePath(VOLUME.id)
  const inside = asTenant(device)
  await host.must(`vgcreate -q ${inside} ${VG} ${device} && lvcreate -q -an -Zn -Wn -l 10 -n inner ${inside} ${VG}`)
  t.equal((await host.must(`lvs --noheadings -o lv_name ${inside}`)).trim(), 'inner', 'it is there')
  const found = { ...VOLUME, tags: TAGS }
  t.same(await backend.list(inTime), { kind: 'ok', value: [found] })
  await host.must(`echo 'devices { scan_lvs=1 }' > /etc/lvm/lvm.conf`)
  await t.rejects(openLvm(exec, null), { message: /scan_lvs = 0/ }, 'a host that looks into volumes is not taken')
  // As LVM comes: the host's own settings keep nothing out.
  await host.must('> /etc/lvm/lvm.conf')
  t.same(await backend.list(inTime), { kind: 'ok', value: [found] })
  t.same(await backend.extend({ ...VOLUME, sizeBytes: 2 * UNIT }, inTime), DONE)
  t.same(await backend.remove(VOLUME.id, inTime), DONE)
  t.same(await backend.list(inTime), { kind: 'ok', value: [] })
})

t.test('what somebody has open is not removed; a tenant’s group that the host activated is such a one', async (t) => {
  await empty()
  const backend = await openLvm(exec, null)
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  const device = backend.devicePath(VOLUME.id)
  const inside = asTenant(device)
  await host.must(`vgcreate -q ${inside} tenant ${device} && lvcreate -q -Zn -Wn -l 10 -n inner ${inside} tenant`)
  t.match(await backend.remove(VOLUME.id, inTime), { kind: 'failed', detail: /is in use: .*lsblk/ })
  await host.must(`vgchange -q -an ${inside} tenant`)
  t.same(await backend.remove(VOLUME.id, inTime), DONE)
})

t.test('a thin pool that fills up refuses what is new, goes on with what is there, and grows when the group is given a disk', async (t) => {
  await host.must('> /etc/lvm/lvm.conf')
  await empty()
  await host.must(`lvcreate -q -y --type thin-pool -L 256M -n small ${VG} && lvcreate -q -y -l 100%FREE -n others ${VG}`)
  const backend = await openLvm(exec, 'small', { thinPoolMaxGiB: 2 })
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  const device = backend.devicePath(VOLUME.id)
  await write(device, 0, 250)
  t.match(
    await backend.measure(inTime),
    { value: [{ capabilities: { thin_data_percent: 97.66 } }] },
    'the group has nothing to grow it with',
  )
  t.match(await backend.create(OTHER, TAGS, inTime), { kind: 'failed', detail: /vg\/small has 97\.66% of its data in use/ })
  await write(device, 10, 5, 'again')
  await host.must('modprobe loop && truncate -s 2G /var/lib/scoria/disk && losetup /dev/loop0 /var/lib/scoria/disk')
  await host.must(`pvcreate -q /dev/loop0 && vgextend -q ${VG} /dev/loop0`)
  const [measured] = good(await backend.measure(inTime))
  t.match(measured, { state: 'up' })
  t.ok(Number(measured?.capabilities['thin_data_percent']) < 95, 'it has grown')
  t.same(await backend.create(OTHER, TAGS, inTime), DONE)
})

/** Options for LVM as from within the tenant's machine, where the volume is the only disk, and no group has a folder yet. */
function asTenant(device: string): string {
  return `--config 'devices { dir="/run/tenant" scan=["/dev"] scan_lvs=1 use_devicesfile=0 global_filter=["a|^${device}$|","r|.*|"] }'`
}

/** Which extents of which disk it lies on. */
async function placeOf(volume: string): Promise<string> {
  return (await host.must(`lvs --noheadings -o seg_pe_ranges ${VG}/volume-${volume}`)).trim()
}

async function write(device: string, atMiB: number, mib: number, text = 'a tenant wrote this'): Promise<void> {
  const block = 'bs=1M iflag=fullblock oflag=direct status=none'
  await host.must(`yes '${text}' | dd of=${device} seek=${atMiB} count=${mib} ${block} conv=notrunc,fsync`)
}

async function isZero(device: string): Promise<boolean> {
  return (await host.run(`cmp -s -n ${UNIT} /dev/zero ${device}`, { timeoutMs: READ_MS })).code === 0
}

async function sumOf(device: string): Promise<string> {
  return (await host.must(`head -c ${UNIT} ${device} | sha256sum`, { timeoutMs: READ_MS })).trim()
}

function good<Value>(outcome: Outcome<Value>): Value {
  if (outcome.kind === 'ok') return outcome.value
  throw new Error(JSON.stringify(outcome))
}
