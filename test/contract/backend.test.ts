/** The contract of backends, held by each that there is: sparse files, none, none in a drill, and the simulator's. */
import { copyFile, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createFileBackend } from '../../agent/backend/file/backend.ts'
import { createNoneBackend } from '../../agent/backend/none/backend.ts'
import { createDrillBackend } from '../../agent/backend/none/drill.ts'
import { createExec } from '../../agent/system/exec.ts'
import type { Backend } from '../../lib/ports/backend.ts'
import { done, type Outcome } from '../../lib/ports/outcome.ts'
import { existingPort, FakeVolumes, snapshotPort, UNWATCHED } from '../sim/fakes/volumes.ts'
import { createFakeLvm } from './fake-lvm.ts'
import { lvmBackendOn } from './lvm-backend.ts'
import { existingContract, type LaidUnderTest, type Outside, outsideContract } from './existing.ts'
import { existingSnapshotContract, outsideSnapshotContract } from './existing-snapshots.ts'
import { backendContract, type DurableBackendUnderTest, durableBackendContract } from './backend.ts'

// Each look for open files goes through all of the machine's, which may be many.
t.setTimeout(180_000)

const POOL = 'pool'
const EXEC = createExec({ log: { debug() {}, info() {}, warn() {}, error() {} } })

t.test('sparse files', async (t) => {
  backendContract(t, fileBackend)
  durableBackendContract(t, fileBackend)
  existingContract(t, fileBackend)
  existingSnapshotContract(t, fileBackend)
  outsideContract(t, fileBackend)
  outsideSnapshotContract(t, fileBackend)
})

for (const thinPool of [null, 'thin'])
  t.test(`a volume group, ${thinPool ?? 'thick'}, behind a fake of LVM`, async (t) => {
    const lvmBackend = async (): Promise<LaidUnderTest> => {
      const lvm = createFakeLvm({ vg: 'vg', sizeGiB: 20, thinPool })
      const restarted = (): Backend => {
        lvm.boot()
        return lvmBackendOn({ exec: lvm.exec, vg: 'vg', thinPool, pool: POOL })
      }
      const outside: Outside = {
        lay: async (name, sizeBytes, text) => lvm.lay(name, sizeBytes, text),
        async laySnapshot(word, of) {
          lvm.laySnapshot(word, `volume-${of}`, `scoria.copy-of=${of}`)
          return word
        },
        read: async (of) => lvm.read(lvm.names().includes(of) ? of : `volume-${of}`)[0] ?? '',
      }
      const backend = lvmBackendOn({ exec: lvm.exec, vg: 'vg', thinPool, pool: POOL })
      return { backend, pool: POOL, restarted, outside, nameFor: (word) => word }
    }
    backendContract(t, lvmBackend)
    durableBackendContract(t, lvmBackend)
    existingContract(t, lvmBackend)
    existingSnapshotContract(t, lvmBackend)
    outsideContract(t, lvmBackend)
    outsideSnapshotContract(t, lvmBackend)
  })

t.test('the simulator', async (t) => {
  backendContract(t, simulatedBackend)
  durableBackendContract(t, simulatedBackend)
  existingContract(t, simulatedBackend)
  existingSnapshotContract(t, simulatedBackend)
})

t.test('no storage', async (t) => {
  backendContract(t, async () => ({ backend: createNoneBackend({ name: 'none', pool: POOL, capacityGiB: 100 }), pool: POOL }))
})

t.test('no storage, with a memory and faults that never come', async (t) => {
  backendContract(t, drillBackend)
  durableBackendContract(t, drillBackend)
  existingContract(t, drillBackend)
  existingSnapshotContract(t, drillBackend)
})

async function drillBackend(t: Test): Promise<DurableBackendUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'scoria-backend-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const never = { failBeforePercent: 0, failAfterPercent: 0, unknownPercent: 0, hangPercent: 0, slowPercent: 0, slowMsMax: 1 }
  const drill = { seed: 'calm', file: join(directory, 'drill.json'), ...never }
  const open = (): Backend =>
    createDrillBackend({ name: 'none', pool: POOL, capacityGiB: 100, drill, drawsOf: () => () => 0, onFault: () => t.fail('a fault') })
  return { backend: open(), pool: POOL, restarted: open }
}

async function fileBackend(t: Test): Promise<LaidUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'scoria-backend-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const opened = (): Backend =>
    createFileBackend({
      name: 'file',
      directory,
      pool: POOL,
      capacityGiB: 10,
      maxOverSubscriptionRatio: 2,
      reservedPercentage: 5,
      exec: EXEC,
    })
  const outside: Outside = {
    async lay(name, sizeBytes, text) {
      await writeFile(join(directory, name), text)
      await truncate(join(directory, name), sizeBytes)
    },
    async laySnapshot(word, of) {
      const name = `volume-${of}.snapshot-${word}.img`
      await copyFile(join(directory, `volume-${of}.img`), join(directory, name))
      return name
    },
    read: async (of) => firstText(join(directory, of.endsWith('.img') ? of : `volume-${of}.img`)),
  }
  return { backend: opened(), pool: POOL, restarted: opened, outside, nameFor: (word) => `${word}.img` }
}

async function firstText(file: string): Promise<string> {
  const handle = await open(file)
  try {
    const { buffer } = await handle.read(Buffer.alloc(64), 0, 64, 0)
    return buffer.toString('utf8').replace(/\0+$/, '')
  } finally {
    await handle.close()
  }
}

/** The simulator calls its volumes directly; here they stand behind the port. */
async function simulatedBackend(): Promise<DurableBackendUnderTest> {
  const volumes = new FakeVolumes(10, UNWATCHED)
  const open = (): Backend => ({
    name: 'fake',
    isLasting: true,
    measure: async () => {
      const free_capacity_gb = 10 - volumes.usedGiB()
      const capabilities = {
        total_capacity_gb: 10,
        free_capacity_gb,
        reserved_percentage: 0,
        max_over_subscription_ratio: 1,
        thin_provisioning_support: true,
        thick_provisioning_support: false,
        volume_backend_name: 'fake',
        storage_protocol: 'iSCSI',
        vendor_name: 'Scoria',
        driver_version: '0',
        multiattach: true,
      }
      return done([{ pool: POOL, state: 'up', totalGiB: 10, capabilities }])
    },
    create: async (volume, tags) => emptied(volumes.create(volume, tags)),
    copy: async (volume, source, tags) => emptied(volumes.copy(volume, source, tags)),
    extend: async (volume) => emptied(volumes.extend(volume)),
    retag: async (volume, project) => emptied(volumes.retag(volume, project)),
    remove: async (volume) => emptied(volumes.remove(volume)),
    inspect: async (volume) => volumes.inspect(volume),
    list: async () => done(volumes.list()),
    quarantine: async (volume) => emptied(volumes.quarantine(volume)),
    ...snapshotPort(volumes),
    ...existingPort(volumes, POOL),
    devicePath: (volume) => `/fake/${volume}`,
    wake: async () => done(undefined),
  })
  return { backend: open(), pool: POOL, restarted: open }
}

function emptied(outcome: Outcome<null>): Outcome<void> {
  return outcome.kind === 'ok' ? done(undefined) : outcome
}
