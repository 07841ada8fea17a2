/**
 * An agent that exports through tgtd, and the kernel's own initiators: a tgtd that is killed, an initiator that is detached
 * while it writes, and a power cut.
 *
 * One lab lives through all of it, in this order.
 */
import t from 'tap'
import { NotYet, waitFor } from '../cluster/wait-for.ts'
import { linkIsCut, linkIsLossy } from './bad-link.ts'
import { begin, detachedWhileItWrites, powerCutWhileItWrites, serialOf, stageOf } from './export-stage.ts'
import { startLab } from './lab.ts'
import { deleteVolume, detach, there } from './use-volume.ts'
import { startWriter } from './writer.ts'

const HEALED_MS_MAX = 10_000
const LOSSES = 3

t.setTimeout(1_200_000)

const lab = await startLab({ storage: 1, compute: 2 })
t.teardown(async () => {
  const left = await lab.stop({ keep: !t.passing() })
  if (left.length > 0) throw new Error(`the lab left: ${left.join('; ')}`)
})
t.comment(`logs: ${lab.folder}`)
const stage = stageOf(lab, 'tgt')
const { host, client, one, other } = stage

t.test('an agent exports through tgtd', async (t) => {
  await begin(stage)
  await one.write(there(stage.attached).device, 'before', 4)
  t.match(await client.volume(there(stage.volume).id), { status: 'in-use' })
})

t.test('a tgtd that is killed and started again has its exports within ten seconds, and the initiator goes on', async (t) => {
  const { device } = there(stage.attached)
  const serial = await serialOf(one, device)
  const writer = await startWriter(one, device)
  for (let loss = 1; loss <= LOSSES; loss += 1) {
    const before = exportsMade()
    await host.killTgtd()
    await host.startTgtd()
    const startedMs = performance.now()
    const isBack = async (): Promise<undefined | NotYet> => (exportsMade() > before ? undefined : new NotYet(`${before} times`))
    await waitFor('the export is made again', isBack, { timeoutMs: HEALED_MS_MAX, everyMs: 300, logs: [host.logFile] })
    t.comment(`back after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
    await writer.goesOn(1, { timeoutMs: HEALED_MS_MAX * 2 })
  }
  await writer.stop()
  t.equal(await writer.missing(), '', 'every block that was flushed is there')
  t.equal(await serialOf(one, device), serial, 'the same disk')
})

t.test('an initiator that is detached while it writes is cut off, stays out, and its successor is alone', (t) =>
  detachedWhileItWrites(t, stage),
)

t.test('after a power cut the same target, LUN, serial number and secret are back, and the initiator goes on', (t) =>
  powerCutWhileItWrites(t, stage),
)

t.test('a link that is cut for ten seconds is nobody’s business but theirs', (t) => linkIsCut(t, lab, stage))

t.test('the same for a network that loses a third of what both send', (t) => linkIsLossy(t, stage))

t.test('a delete after the last detach leaves nothing behind', async (t) => {
  await detach(client, other, there(stage.attached))
  await deleteVolume(client, there(stage.volume))
  t.notMatch(await host.must(['tgtadm', '--lld', 'iscsi', '--mode', 'target', '--op', 'show']), 'volume-')
  t.equal(await host.must('ls /var/lib/scoria/volumes'), '')
  await host.stopAgent()
})

function exportsMade(): number {
  return host.agentLog().split('"export-made"').length - 1
}
