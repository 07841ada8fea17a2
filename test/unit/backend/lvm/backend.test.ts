/** What the LVM backend promises beyond the contract: bad tools, full pools, what is in use, and what is somebody else's. */
import t, { type Test } from 'tap'
import type { LvmBackend } from '../../../../agent/backend/lvm/backend.ts'
import type { LvmBackendOptions } from '../../../../agent/backend/lvm/options.ts'
import { createVolumeGroup } from '../../../../agent/backend/lvm/volume-group.ts'
import { projectId, requestId, snapshotId, volumeId } from '../../../../lib/model/ids.ts'
import type { CommandResult, Exec } from '../../../../lib/ports/exec.ts'
import { createFakeLvm, type FakeLvm } from '../../../contract/fake-lvm.ts'
import { lvmBackendOn } from '../../../contract/lvm-backend.ts'

const GIB = 1024 ** 3
const inTime = new AbortController().signal
const TAGS = { project: projectId('tenant'), rid: requestId('0123456789abcdef0123456789abcdef') }
const VOLUME = { id: volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'), pool: 'pool', sizeBytes: 2 * GIB }
const SNAPSHOT = { id: snapshotId('11111111-6a6f-4c39-9d0b-0d2f3c1b7a10'), volume: VOLUME.id, pool: 'pool', sizeBytes: 2 * GIB }
const LV = `volume-${VOLUME.id}`
const DONE = { kind: 'ok', value: undefined }
const HANGS: Partial<CommandResult> = { exitCode: null, timedOut: true, stderr: '' }

function place(thinPool: string | null, more: Partial<LvmBackendOptions> = {}): { readonly lvm: FakeLvm; readonly backend: LvmBackend } {
  const lvm = createFakeLvm({ vg: 'vg', sizeGiB: 16, thinPool })
  return { lvm, backend: lvmBackendOn({ exec: lvm.exec, vg: 'vg', thinPool, pool: 'pool' }, more) }
}

const changes = (lvm: FakeLvm): readonly string[] =>
  lvm.commands.filter((command) => !/^lvm (lvs|vgs|vgimportdevices)|^udevadm/.test(command))

for (const thinPool of [null, 'thin']) {
  const kind = thinPool ?? 'thick'
  for (const isDone of [false, true]) {
    t.test(`an lvcreate that hangs is unknown, whether it was ${isDone ? 'done' : 'not'}; a look says which (${kind})`, async (t) => {
      const { lvm, backend } = place(thinPool)
      lvm.fail('lvcreate', HANGS, isDone)
      t.match(await backend.create(VOLUME, TAGS, inTime), { kind: 'unknown', tool: 'lvm', detail: /lvcreate.*time limit/ })
      const isThere = isDone && thinPool !== null
      t.match(await backend.inspect(VOLUME.id, inTime), { kind: 'ok', value: isThere ? { id: VOLUME.id } : null })
      t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
      t.same(new Set(lvm.read(LV)), new Set(['']))
    })
  }

  t.test(`a command that says no after it was done is taken at what it did (${kind})`, async (t) => {
    const { lvm, backend } = place(thinPool)
    lvm.fail(thinPool === null ? 'lvchange' : 'lvcreate', { exitCode: 5, stderr: '  Internal error' }, true)
    t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
    lvm.fail('lvremove', { exitCode: 5, stderr: '  Internal error' }, true)
    t.same(await backend.remove(VOLUME.id, inTime), DONE)
  })

  t.test(`a report that is rubbish tells nothing, and nothing is done on it (${kind})`, async (t) => {
    const { lvm, backend } = place(thinPool)
    for (const stdout of ['', 'WARNING: rubbish', '{"report":[{"lv":[{"lv_name":"x"}]}]}']) {
      for (const call of [
        () => backend.create(VOLUME, TAGS, inTime),
        () => backend.remove(VOLUME.id, inTime),
        () => backend.list(inTime),
        () => backend.measure(inTime),
      ]) {
        lvm.fail('lvs', { stdout }, false)
        t.match(await call(), { kind: 'unknown', detail: /cannot be read/ }, stdout)
      }
    }
    t.same(changes(lvm), [])
  })

  t.test(`what has the name and was not made here is left alone (${kind})`, async (t) => {
    const { lvm, backend } = place(thinPool)
    t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
    lvm.lv(LV).tags = ['somebody']
    t.match(await backend.list(inTime), { value: [] })
    t.match(await backend.inspect(VOLUME.id, inTime), { value: null })
    const before = changes(lvm).length
    t.match(await backend.create(VOLUME, TAGS, inTime), { kind: 'failed', detail: /was not made by this backend/ })
    t.match(await backend.remove(VOLUME.id, inTime), { kind: 'failed', detail: /was not made by this backend/ })
    t.same(await backend.quarantine(VOLUME.id, inTime), DONE)
    t.equal(changes(lvm).length, before)
  })

  t.test(`a volume that is in use is not removed, and keeps every byte (${kind})`, async (t) => {
    const { lvm, backend } = place(thinPool)
    t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
    lvm.write(LV, 'precious')
    lvm.lv(LV).isOpen = true
    t.match(await backend.remove(VOLUME.id, inTime), { kind: 'failed', detail: /vg\/volume-.* is in use: .*lsblk/ })
    t.same(new Set(lvm.read(LV)), new Set(['precious']))
    lvm.lv(LV).isOpen = false
    t.same(await backend.remove(VOLUME.id, inTime), DONE)
  })
}

t.test('a group without room refuses in LVM’s own words, and nothing is left', async (t) => {
  const { lvm, backend } = place(null)
  const refused = await backend.create({ ...VOLUME, sizeBytes: 17 * GIB }, TAGS, inTime)
  t.match(refused, { kind: 'failed', tool: 'lvm', detail: /^lvcreate: Volume group "vg" has insufficient free space .*: vgextend vg / })
  t.same(lvm.names(), [])
})

t.test('a thick volume that is in use cannot be copied as it is at one time, and is told so', async (t) => {
  const { lvm, backend } = place(null)
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  lvm.lv(LV).isOpen = true
  t.match(await backend.createSnapshot(SNAPSHOT, TAGS, inTime), { kind: 'failed', detail: /in use.*detach/ })
  t.same(lvm.names(), [LV])
})

t.test('the extents that a volume grows by are given to nobody else on the way', async (t) => {
  const lvm = createFakeLvm({ vg: 'vg', sizeGiB: 3, thinPool: null })
  const other = { ...VOLUME, id: volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d'), sizeBytes: GIB }
  const meanwhile: Promise<unknown>[] = []
  const exec: Exec = async (command) => {
    if (command.args[0] === 'lvremove') meanwhile.push(backend.create(other, TAGS, inTime))
    const waits = command.args[0] === 'lvextend' ? 50 : 1
    for (let wait = 0; wait < waits; wait += 1) await new Promise((resolve) => setImmediate(resolve))
    return await lvm.exec(command)
  }
  const backend = lvmBackendOn({ exec, vg: 'vg', thinPool: null, pool: 'pool' })
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  t.same(await backend.extend({ ...VOLUME, sizeBytes: 3 * GIB }, inTime), DONE)
  t.match(await Promise.all(meanwhile), [{ kind: 'failed', detail: /insufficient free space/ }])
  t.same(lvm.exposed, [])
})

t.test('what a volume was about to grow by is given back if it does not come to that', async (t) => {
  const { lvm, backend } = place(null)
  const larger = { ...VOLUME, sizeBytes: 4 * GIB }
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  lvm.lv(LV).isOpen = true
  t.match(await backend.extend({ ...VOLUME, sizeBytes: 17 * GIB }, inTime), { kind: 'failed', detail: /insufficient free space/ })
  lvm.fail('lvextend', { exitCode: 5, stderr: '  Internal error' }, false)
  t.match(await backend.extend(larger, inTime), { kind: 'failed', detail: /Internal error/ })
  t.same(lvm.names(), [LV])
  lvm.fail('sync', { exitCode: 1, stderr: 'sync: error syncing' }, false)
  t.match(await backend.extend(larger, inTime), { kind: 'failed', tool: 'sync' })
  t.same(lvm.names(), [`growth-${VOLUME.id}`, LV])
  t.match(await backend.list(inTime), { value: [{ sizeBytes: 2 * GIB }] }, 'it is nothing of its own')
  t.same(await backend.extend(VOLUME, inTime), DONE, 'it need not grow any more')
  t.same(lvm.names(), [LV])
  t.same(lvm.exposed, [])
})

t.test('a thin pool above its guard takes nothing new and says why; with room it does again', async (t) => {
  const { lvm, backend } = place('thin')
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  const other = { ...VOLUME, id: volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d') }
  for (const percents of [
    { data: '95.01', metadata: '10.00' },
    { data: '10.00', metadata: '90.00' },
  ]) {
    lvm.setPool(percents)
    await backend.measure(inTime)
    t.match(await backend.create(other, TAGS, inTime), {
      kind: 'failed',
      detail: /vg\/thin has 9\d.*% of its (meta)?data in use.*lvextend/,
    })
    t.match(await backend.createSnapshot(SNAPSHOT, TAGS, inTime), { kind: 'failed', detail: /takes nothing new/ })
    t.same(await backend.create(VOLUME, TAGS, inTime), DONE, 'what is there already is not refused')
  }
  lvm.setPool({ data: '70.00', metadata: '10.00' })
  t.same(await backend.create(other, TAGS, inTime), DONE)
})

t.test('a thin pool reports how full it is, and its operator is told once before it is too late', async (t) => {
  const told: string[] = []
  const log = { debug() {}, info: (event: string) => void told.push(event), warn: (event: string) => void told.push(event), error() {} }
  const { lvm, backend } = place('thin', { log })
  for (const data of ['79.99', '80.00', '90.00', '50.00']) {
    lvm.setPool({ data, metadata: '10.00' })
    t.match(await backend.measure(inTime), {
      value: [
        { state: 'up', totalGiB: 8, capabilities: { thin_data_percent: Number(data), thin_metadata_percent: 10, total_capacity_gb: 8 } },
      ],
    })
  }
  t.same(told, ['thin-pool-filling', 'thin-pool-has-room'])
  t.notOk(
    changes(lvm).some((command) => command.includes('lvextend')),
    'it grows only if it may',
  )
})

t.test('a thin pool that may grow does, to its bound and no further', async (t) => {
  const grown = async (thinPoolMaxGiB: number): Promise<readonly string[]> => {
    const { lvm, backend } = place('thin', { thinPoolMaxGiB })
    lvm.setPool({ data: '85.00', metadata: '10.00' })
    await backend.measure(inTime)
    return changes(lvm)
  }
  t.same(await grown(20), [`lvm lvextend --yes --size +${1.5 * GIB}b vg/thin`], 'by a fifth, in whole extents')
  t.same(await grown(9), [`lvm lvextend --yes --size +${GIB}b vg/thin`], 'to the bound')
  t.same(await grown(8), [], 'not beyond it')
})

t.test('what thick volumes of others take, and what was set aside, cannot be given out', async (t) => {
  const { backend } = place(null)
  const total = async (): Promise<number | undefined> => {
    const measured = await backend.measure(inTime)
    return measured.kind === 'ok' ? measured.value[0]?.totalGiB : undefined
  }
  t.equal(await total(), 16)
  t.same(await backend.create(VOLUME, TAGS, inTime), DONE)
  t.equal(await total(), 16)
  t.same(await backend.quarantine(VOLUME.id, inTime), DONE)
  t.equal(await total(), 14)
})

t.test('a leftover that was made again while another was cleared is left alone', async (t) => {
  const lvm = createFakeLvm({ vg: 'vg', sizeGiB: 16, thinPool: null })
  const other = { ...VOLUME, id: volumeId('a3b1c2d4-0e0f-4a1b-8c2d-3e4f5a6b7c8d') }
  let meanwhile = async (): Promise<void> => undefined
  const exec: Exec = async (command) => {
    if (command.file === 'blkdiscard' && command.args.some((arg) => arg.includes(VOLUME.id))) await meanwhile()
    return await lvm.exec(command)
  }
  const backend = lvmBackendOn({ exec, vg: 'vg', thinPool: null, pool: 'pool' })
  for (const volume of [VOLUME, other]) t.same(await backend.create(volume, TAGS, inTime), DONE)
  lvm.lv(LV).tags.push('scoria.state=clearing')
  lvm.lv(`volume-${other.id}`).tags.push('scoria.state=making')
  meanwhile = async () => {
    t.same(await backend.create(other, TAGS, inTime), DONE)
    lvm.write(`volume-${other.id}`, 'written since')
  }
  await backend.finishLeftovers(inTime)
  t.same(lvm.names(), [`volume-${other.id}`])
  t.same(new Set(lvm.read(`volume-${other.id}`)), new Set(['written since']))
})

t.test('all backends of a group wait for each other: never two commands at once', async (t: Test) => {
  let running = 0
  let mostAtOnce = 0
  const { lvm } = place(null)
  const vg = createVolumeGroup({
    name: 'vg',
    exec: async (command) => {
      running += 1
      mostAtOnce = Math.max(mostAtOnce, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      return await lvm.exec(command)
    },
  })
  const open = (name: string): LvmBackend => lvmBackendOn({ exec: lvm.exec, vg: 'vg', thinPool: null, pool: 'pool' }, { name, vg })
  await Promise.all([open('one').create(VOLUME, TAGS, inTime), open('other').measure(inTime), open('other').list(inTime)])
  t.equal(mostAtOnce, 1)
})

t.test('however many look at the group at once, it is read a few times', async (t: Test) => {
  const { lvm } = place(null)
  let reads = 0
  const vg = createVolumeGroup({
    name: 'vg',
    exec: async (command) => {
      if (command.args[0] === 'lvs') reads += 1
      return await lvm.exec(command)
    },
  })
  const backend = lvmBackendOn({ exec: lvm.exec, vg: 'vg', thinPool: null, pool: 'pool' }, { vg })
  await backend.create(VOLUME, TAGS, inTime)
  reads = 0
  const others = Array.from({ length: 50 }, (_, n) => volumeId(`00000000-0000-4000-8000-0000000000${String(n).padStart(2, '0')}`))
  const seen = await Promise.all([VOLUME.id, ...others].map((id) => backend.inspect(id, inTime)))
  t.match(seen[0], { kind: 'ok', value: { id: VOLUME.id } })
  t.ok(reads <= 4, `${reads} reads`)
})
