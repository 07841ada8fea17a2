/**
 * The power goes in the middle of every command that changes something, thick and thin; the host boots, and the call is
 * repeated, as the rules do. Before: nothing is seen that is half made. After: it is what was asked for, with its bytes.
 *
 * Where exactly in a command it goes differs from run to run: those at its beginning and between two are covered without a
 * kernel (test/unit/backend/lvm/crash.test.ts).
 */
import t, { type Test } from 'tap'
import type { LvmBackend } from '../../agent/backend/lvm/backend.ts'
import { projectId, requestId, snapshotId, volumeId } from '../../lib/model/ids.ts'
import type { Exec } from '../../lib/ports/exec.ts'
import type { Outcome } from '../../lib/ports/outcome.ts'
import { guestExec } from './guest-exec.ts'
import { startLab } from './lab.ts'
import { openLvm, POOL, VG } from './lvm-place.ts'

t.setTimeout(1_500_000)

/** Zeroing it takes longer than any of the delays. */
const UNIT = 256 * 1024 ** 2
const inTime = new AbortController().signal
const TAGS = { project: projectId('tenant'), rid: requestId('0123456789abcdef0123456789abcdef') }
const VOLUME = { id: volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'), pool: POOL, sizeBytes: UNIT }
const LARGER = { ...VOLUME, sizeBytes: 2 * UNIT }
const SNAPSHOT = { id: snapshotId('11111111-6a6f-4c39-9d0b-0d2f3c1b7a10'), volume: VOLUME.id, pool: POOL, sizeBytes: UNIT }
const DEVICE = `/dev/${VG}/volume-${VOLUME.id}`
const COPY = `/dev/${VG}/_snapshot-${SNAPSHOT.id}`
/** From when a command was sent; it takes some tens of milliseconds to get there, and most take some hundreds. */
const DELAYS_MS = [150, 400, 250, 600]
/** A whole volume, on a busy machine. */
const READ_MS = 300_000
/** No call has as many commands that change something. */
const CUTS_MAX = 10

const lab = await startLab({ storage: 1, dataGiB: 10 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
const host = lab.storage(0)
const exec = guestExec(host)
await host.must(`vgcreate -q ${VG} /dev/ubda`)
const freeBytes = async (): Promise<number> => Number(await host.must(`vgs --noheadings --units b --nosuffix -o vg_free ${VG}`))

/** Of where something is written, and of what is around it. */
const sumAround = (device: string): Promise<string> => host.must(`dd if=${device} bs=1M skip=90 count=40 status=none | sha256sum`)

async function isZero(fromBytes: number): Promise<boolean> {
  const { code } = await host.run(`cmp -s -i 0:${fromBytes} -n ${UNIT} /dev/zero ${DEVICE}`, { timeoutMs: READ_MS })
  return code === 0
}

interface Seen {
  readonly volumeUnits: number
  readonly snapshotUnits: number
}

for (const thinPool of [null, 'thin']) {
  t.test(thinPool ?? 'thick', async (t) => {
    await host.must(`lvremove -q --yes --select 'lv_name=~"volume|snapshot"' ${VG}`)
    const first = await openLvm(exec, thinPool)
    const free = await freeBytes()
    t.match(await first.list(inTime), { value: [] })

    await throughCuts(t, thinPool, 'create', (backend) => backend.create(VOLUME, TAGS, inTime), [0, 1], [0])
    await wake(t, thinPool)
    t.equal(await isZero(0), true, 'it reads zero')
    await host.must(`yes 'a tenant wrote this' | dd of=${DEVICE} seek=100 bs=1M count=16 iflag=fullblock oflag=direct conv=notrunc,fsync`)
    const written = await sumAround(DEVICE)

    await throughCuts(t, thinPool, 'snapshot', (backend) => backend.createSnapshot(SNAPSHOT, TAGS, inTime), [1], [0, 1])
    await host.must(`lvchange -a y -K ${VG}/_snapshot-${SNAPSHOT.id}`)
    t.equal(await sumAround(COPY), written, 'the snapshot reads as the volume')

    await throughCuts(t, thinPool, 'extend', (backend) => backend.extend(LARGER, inTime), [1, 2], [1])
    await wake(t, thinPool)
    t.equal(await sumAround(DEVICE), written, 'what was written is there')
    t.equal(await isZero(UNIT), true, 'and zero behind it')

    await throughCuts(t, thinPool, 'remove', (backend) => backend.remove(VOLUME.id, inTime), [2, 0], [1])
    await throughCuts(t, thinPool, 'removal of the snapshot', (backend) => backend.removeSnapshot(SNAPSHOT, inTime), [0], [1, 0])
    t.equal(await freeBytes(), free, 'no room is lost')
    t.notMatch(await host.must(`lvs --noheadings -o lv_name ${VG}`), /volume|snapshot/)
  })
}

/** Cuts the power in the first command that changes something, then in the second of what is left, until the call gets through. */
async function throughCuts(
  t: Test,
  thinPool: string | null,
  name: string,
  call: (backend: LvmBackend) => Promise<Outcome<void>>,
  volumeUnits: readonly number[],
  snapshotUnits: readonly number[],
): Promise<void> {
  for (let at = 1; at <= CUTS_MAX; at += 1) {
    const cut = cuttingExec(at, DELAYS_MS[at % DELAYS_MS.length] ?? 0)
    const outcome = await call(await openLvm(cut.exec, thinPool))
    const inWhat = await cut.done()
    if (inWhat === null) {
      t.same(outcome, { kind: 'ok', value: undefined }, `${name} gets through`)
      return
    }
    await host.boot()
    const backend = await openLvm(exec, thinPool)
    const seen = await look(backend)
    t.ok(
      volumeUnits.includes(seen.volumeUnits) && snapshotUnits.includes(seen.snapshotUnits),
      `${name}, cut in ${inWhat}: ${JSON.stringify(seen)}`,
    )
    // What a start does in the background, and what the rules may come before.
    if (at % 2 === 0) await backend.finishLeftovers(inTime)
  }
  t.fail(`${name} does not end`)
}

/** As before an export: of what a boot has left without a device. */
async function wake(t: Test, thinPool: string | null): Promise<void> {
  const backend = await openLvm(exec, thinPool)
  t.same(await backend.wake(VOLUME.id, inTime), { kind: 'ok', value: undefined }, 'it has a device')
}

async function look(backend: LvmBackend): Promise<Seen> {
  const [volumes, snapshots] = [await backend.list(inTime), await backend.listSnapshots(inTime)]
  if (volumes.kind !== 'ok' || snapshots.kind !== 'ok') throw new Error(JSON.stringify([volumes, snapshots]))
  return { volumeUnits: (volumes.value[0]?.sizeBytes ?? 0) / UNIT, snapshotUnits: (snapshots.value[0]?.sizeBytes ?? 0) / UNIT }
}

/** Cuts the host's power in the command of this number, of those that change something. */
function cuttingExec(at: number, delayMs: number): { readonly exec: Exec; done(): Promise<string | null> } {
  let count = 0
  let cutting: Promise<string> | null = null
  return {
    async exec(command) {
      const [verb = ''] = command.file === 'lvm' ? command.args : [command.file]
      if (/^(lvcreate|lvextend|lvremove|lvchange|blkdiscard|dd|sync)$/.test(verb)) count += 1
      if (count === at && cutting === null)
        cutting = new Promise((resolve) => {
          setTimeout(() => void host.powerCut().then(() => resolve(verb)), delayMs)
        })
      return await exec(command)
    },
    done: async () => cutting,
  }
}
