/** Volumes after a boot: who is asked for gets a device, in few commands, and nobody waits for the others. */
import t from 'tap'
import { projectId, requestId, type VolumeId, volumeId } from '../../../../lib/model/ids.ts'
import type { Backend } from '../../../../lib/ports/backend.ts'
import { createFakeLvm, type FakeLvm } from '../../../contract/fake-lvm.ts'
import { lvmBackendOn } from '../../../contract/lvm-backend.ts'

const GIB = 1024 ** 3
const TAGS = { project: projectId('p'), rid: requestId('0123456789abcdef0123456789abcdef') }
const IDS = [0, 1, 2, 3].map((n) => volumeId(`00000000-0000-4000-8000-00000000000${n}`))
const inTime = new AbortController().signal

/** Four volumes, the power back, and an agent that has looked. */
async function booted(): Promise<{
  readonly lvm: FakeLvm
  readonly backend: Backend
  isAwake(id: VolumeId): boolean
  activations(): number
}> {
  const lvm = createFakeLvm({ vg: 'vg', sizeGiB: 20, thinPool: 'thin' })
  const open = (): Backend => lvmBackendOn({ exec: lvm.exec, vg: 'vg', thinPool: 'thin', pool: 'pool' })
  const before = open()
  for (const id of IDS) await before.create({ id, pool: 'pool', sizeBytes: GIB }, TAGS, inTime)
  lvm.boot()
  const backend = open()
  await backend.list(inTime)
  return {
    lvm,
    backend,
    isAwake: (id) => lvm.lv(`volume-${id}`).isActive,
    activations: () => lvm.commands.filter((command) => command.includes('--activate y vg/volume-')).length,
  }
}

t.test('who is asked for gets a device, in one command for all that ask while another runs; the others get none', async (t) => {
  const { backend, isAwake, activations } = await booted()
  const asked = IDS.slice(0, 3)
  for (const outcome of await Promise.all(asked.map((id) => backend.wake(id, inTime)))) t.match(outcome, { kind: 'ok' })
  t.same(IDS.map(isAwake), [true, true, true, false])
  t.ok(activations() <= 2, `${activations()} commands`)
  const before = activations()
  for (const id of asked) t.match(await backend.wake(id, inTime), { kind: 'ok' })
  t.equal(activations(), before, 'who has one is not asked for again')
  await backend.list(inTime)
  for (const id of asked) t.match(await backend.wake(id, inTime), { kind: 'ok' })
  t.equal(activations(), before, 'nor after the next look')
})

t.test('LVM says no after it was done: what is so counts', async (t) => {
  const { lvm, backend, isAwake } = await booted()
  lvm.fail('lvchange', { exitCode: 5, stderr: '  something was said\n' }, true)
  const outcomes = await Promise.all(IDS.map((id) => backend.wake(id, inTime)))
  t.match(
    outcomes,
    IDS.map(() => ({ kind: 'ok' })),
  )
  t.ok(IDS.every(isAwake))
})

t.test('who does not come up keeps none of the others down, and is the only one that is told so', async (t) => {
  const { lvm, backend, isAwake } = await booted()
  lvm.break(`volume-${IDS[0]}`)
  const outcomes = await Promise.all(IDS.map((id) => backend.wake(id, inTime)))
  t.same(
    outcomes.map(({ kind }) => kind),
    ['failed', 'ok', 'ok', 'ok'],
  )
  t.same(IDS.map(isAwake), [false, true, true, true])
})

t.test('who does not come up is told why, and can ask again', async (t) => {
  const { lvm, backend, isAwake } = await booted()
  const [id = volumeId('00000000-0000-4000-8000-000000000000')] = IDS
  lvm.fail('lvchange', { exitCode: 5, stderr: '  device-mapper: No data available\n' }, false)
  t.match(await backend.wake(id, inTime), { kind: 'failed', detail: /lvchange: device-mapper: No data available/ })
  t.equal(isAwake(id), false)
  t.match(await backend.wake(id, inTime), { kind: 'ok' })
  t.equal(isAwake(id), true)
})

t.test('what was put to sleep by hand is woken again', async (t) => {
  const { lvm, backend, isAwake } = await booted()
  const [id = volumeId('00000000-0000-4000-8000-000000000000')] = IDS
  await backend.wake(id, inTime)
  lvm.lv(`volume-${id}`).isActive = false
  await backend.list(inTime)
  t.match(await backend.wake(id, inTime), { kind: 'ok' })
  t.equal(isAwake(id), true)
})
