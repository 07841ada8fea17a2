/** Fences whose sessions behave badly: what no real initiator can be made to do on command. */
import t from 'tap'
import { execute } from '../../../../agent/target/lio/execute.ts'
import { fence } from '../../../../agent/target/lio/fence.ts'
import { planExpose, type Wanted } from '../../../../agent/target/lio/plan-expose.ts'
import { FakeKernel } from './kernel.ts'

const VOLUME = '5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'
const IQN = `iqn.2026-01.io.scoria:volume-${VOLUME}-1`
const ACL = `iscsi/${IQN}/tpgt_1/acls/iqn.1993-08.org.debian:01:consumer`
const path = '/dev/vg/volume'
const wanted: Wanted = {
  spec: {
    iqn: IQN,
    lun: 1,
    devicePath: path,
    initiator: 'iqn.1993-08.org.debian:01:consumer',
    username: 'consumer',
    password: 'secret-abcdef',
    readOnly: false,
  },
  device: { kind: 'iblock', path },
  volume: VOLUME,
  portal: '10.0.0.1:3260',
}

/** A kernel with the export, whose changes are noted. */
function exported(): { readonly kernel: FakeKernel; readonly changes: string[] } {
  const kernel = new FakeKernel()
  kernel.makeFolder('iscsi')
  const plan = planExpose(wanted, { target: null, backstores: [], siblings: [] }, false)
  if (plan.kind === 'steps') execute(kernel, plan.steps, () => false)
  const changes: string[] = []
  kernel.onChange = (what) => changes.push(what)
  return { kernel, changes }
}

t.test('a session that shows up between two looks is waited for before anything is taken away', async (t) => {
  const { kernel, changes } = exported()
  let pauses = 0
  const pause = (): void => {
    pauses += 1
    // A login that was under way when the portal group went off; it goes two looks later.
    if (pauses === 1) kernel.openSession(ACL)
    if (pauses === 3) kernel.write(`iscsi/${IQN}/tpgt_1/enable`, '0')
    if (pauses <= 3) t.notOk(changes.some((what) => what.startsWith('remove') || what.startsWith('unlink')))
  }
  t.match(fence(kernel, IQN, { isOver: () => false, pause }), { kind: 'ok' })
  t.equal(pauses, 4, 'quiet, busy, busy, quiet, quiet')
  t.same(kernel.entries(`iscsi/${IQN}`), null)
})

t.test('a live session is cut by switching the target off, first of all', async (t) => {
  const { kernel, changes } = exported()
  kernel.openSession(ACL)
  t.match(fence(kernel, IQN, { isOver: () => false, pause: () => {} }), { kind: 'ok' })
  t.equal(changes[0], `write iscsi/${IQN}/tpgt_1/enable`)
  t.same(kernel.sessions, [])
})

t.test('a session that never goes is a failure that names the export, and the device stays where it is', async (t) => {
  const { kernel } = exported()
  kernel.openSession(ACL)
  const stubborn = { isOver: () => false, pause: () => kernel.openSession(ACL) }
  t.match(fence(kernel, IQN, stubborn), { kind: 'failed', tool: 'lio', detail: new RegExp(`${IQN} still has sessions after 40 looks`) })
  t.ok(kernel.entries(`core/iblock_2601/volume-${VOLUME}`))
})

t.test('a time limit in the middle leaves it open how the fence stands, and off', async (t) => {
  const { kernel } = exported()
  let looks = 0
  const isOver = (): boolean => {
    looks += 1
    return looks > 3
  }
  t.match(fence(kernel, IQN, { isOver, pause: () => kernel.openSession(ACL) }), { kind: 'unknown', tool: 'lio' })
  t.equal(kernel.read(`iscsi/${IQN}/tpgt_1/enable`), '0')
})

t.test('a target that is not ours is not touched, whoever asks', async (t) => {
  const { kernel, changes } = exported()
  t.match(fence(kernel, 'iqn.2026-01.test:other', { isOver: () => false, pause: () => {} }), {
    kind: 'failed',
    detail: /not the name of an export/,
  })
  t.same(changes, [])
})

t.test('a device that a target of another program uses is not called free', async (t) => {
  const { kernel } = exported()
  for (const folder of [
    'iscsi/iqn.2026-01.test:other',
    'iscsi/iqn.2026-01.test:other/tpgt_1',
    'iscsi/iqn.2026-01.test:other/tpgt_1/lun/lun_0',
  ])
    kernel.makeFolder(folder)
  kernel.makeLink('iscsi/iqn.2026-01.test:other/tpgt_1/lun/lun_0/it', `core/iblock_2601/volume-${VOLUME}`)
  t.match(fence(kernel, IQN, { isOver: () => false, pause: () => {} }), { kind: 'failed', detail: /EBUSY: .*targetcli ls/ })
})
