/**
 * The contract of targets, held by the kernel's own: run on a host that has LIO and a volume group `scoria`
 * (test/hosts/lio.test.ts does), once on files and once on block devices.
 *
 * The initiators run on the same host. A target of somebody else keeps the portal open, so that being turned away can be
 * told from nobody being there, and shows that it is left alone.
 */
import { mkdtemp, open, readFile, rm, truncate } from 'node:fs/promises'
import { constants } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createExec } from '../../agent/system/exec.ts'
import { checkLio } from '../../agent/target/lio/check.ts'
import { CONFIGFS_ROOT, configfsTree } from '../../agent/target/lio/configfs.ts'
import { volumeOfIqn } from '../../agent/target/iscsi-name.ts'
import { execute } from '../../agent/target/lio/execute.ts'
import { planOf } from '../../agent/target/lio/expose.ts'
import { backstorePath } from '../../agent/target/lio/names.ts'
import { planFence } from '../../agent/target/lio/plan-fence.ts'
import { ourIqns, readPresent } from '../../agent/target/lio/present.ts'
import type { Step } from '../../agent/target/lio/steps.ts'
import { createLioTarget, type LioTarget } from '../../agent/target/lio/target.ts'
import type { Log } from '../../lib/ports/log.ts'
import type { ExportSpec } from '../../lib/ports/target.ts'
import { createInitiators, run } from './initiators.ts'
import { credentialsOf, exportOf, inTime, targetContract, type TargetUnderTest, value } from './target.ts'

const PORTAL = '127.0.0.1:3260'
const OTHER = 'iscsi/iqn.2026-01.test:other'
const VOLUME_BYTES = 4 * 1024 * 1024
/** For one export, in the middle of thirty. */
const EXPOSE_MS_MAX = 20
const EXPOSES = 30

type Kind = 'file' | 'block'

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }
const exec = createExec({ log: quiet })
const tree = configfsTree(CONFIGFS_ROOT)

t.setTimeout(600_000)

t.before(async () => {
  if ((await checkLio({ portal: PORTAL })) !== null) throw new Error(`no LIO here: ${await checkLio({ portal: PORTAL })}`)
  for (const path of [OTHER, `${OTHER}/tpgt_1`, `${OTHER}/tpgt_1/np/${PORTAL}`]) tree.makeFolder(path)
  tree.write(`${OTHER}/tpgt_1/enable`, '1')
})

for (const kind of ['file', 'block'] as const) {
  t.test(`LIO on a ${kind}`, async (t) => {
    targetContract(t, (t) => lioTarget(t, kind))

    t.test('an expose and a fence that were cut off after any of their steps are completed by the next', async (t) => {
      const { target, makeVolume, canLogIn, forget } = await lioTarget(t, kind)
      const path = await makeVolume()
      for (let kept = 0, isCut = true; isCut; kept += 1) {
        const spec = exportOf(path, kept + 1)
        const steps = stepsTo(spec)
        isCut = kept < steps.length
        take(steps.slice(0, kept))
        value(await target.expose(spec, inTime))
        t.ok(kept % 5 > 0 || (await canLogIn(credentialsOf(spec))), `login, expose cut off after ${kept} steps`)
        take(planFence(spec.iqn, readPresent(tree, spec.iqn, ourIqns(tree))).slice(0, kept))
        await forget()
        t.same(value(await target.list(inTime)), tree.entries(`iscsi/${spec.iqn}`) === null ? [] : [spec.iqn], 'what is left is listed')
        value(await target.fence(spec.iqn, inTime))
        t.notOk(tree.entries(`iscsi/${spec.iqn}`), `gone, fence cut off after ${kept} steps`)
      }
      t.ok(await isFree(path), 'and nobody holds the device')
    })

    t.test('two exports of a volume are one disk, and the fence of one leaves the other at work', async (t) => {
      const { target, makeVolume, logIn } = await lioTarget(t, kind)
      const path = await makeVolume()
      const [first, second] = [exportOf(path, 1), exportOf(path, 2)]
      for (const spec of [first, second]) value(await target.expose(spec, inTime))
      t.equal(await serialOf(first), await serialOf(second))
      const session = await logIn(credentialsOf(second))
      value(await target.fence(first.iqn, inTime))
      t.ok(await session.write())
      value(await target.fence(second.iqn, inTime))
      t.ok(await isFree(path), 'the last one lets the device go')
    })

    t.test('whatever is taken away or turned by hand is noticed, and mended by the same export', async (t) => {
      const { target, makeVolume, canLogIn, canWrite } = await lioTarget(t, kind)
      const spec = { ...exportOf(await makeVolume()), readOnly: true }
      const group = `iscsi/${spec.iqn}/tpgt_1`
      const acl = `${group}/acls/${spec.initiator}`
      const backstore = backstorePath(kind === 'file' ? 'fileio' : 'iblock', volumeOfIqn(spec.iqn) ?? '')
      const emptied = (): readonly Step[] => planFence(spec.iqn, { ...readPresent(tree, spec.iqn, ourIqns(tree)), backstores: [] })
      const stranger = 'iqn.1993-08.org.debian:01:stranger'
      const harms: Readonly<Record<string, readonly Step[] | (() => readonly Step[])>> = {
        'mapped LUN': [unlink(`${acl}/lun_1/volume`), remove(`${acl}/lun_1`)],
        'link of the mapped LUN': [unlink(`${acl}/lun_1/volume`)],
        'access list': [unlink(`${acl}/lun_1/volume`), remove(`${acl}/lun_1`), remove(acl)],
        LUN: [unlink(`${acl}/lun_1/volume`), unlink(`${group}/lun/lun_1/volume`), remove(`${acl}/lun_1`), remove(`${group}/lun/lun_1`)],
        portal: [remove(`${group}/np/${PORTAL}`)],
        'switched off': [write(`${group}/enable`, '0')],
        'no CHAP': [write(`${group}/attrib/authentication`, '0')],
        'no CHAP for this name': [write(`${acl}/attrib/authentication`, '0')],
        'any initiator': [write(`${group}/attrib/generate_node_acls`, '1')],
        secret: [write(`${acl}/auth/password`, 'turnedbyhand1')],
        account: [write(`${acl}/auth/userid`, 'NULL')],
        'write protection': [write(`${acl}/lun_1/write_protect`, '0')],
        'copies between LUNs': [write(`${backstore}/attrib/emulate_3pc`, '1')],
        'a stranger': [make(`${group}/acls/${stranger}`), write(`${group}/acls/${stranger}/auth/password`, 'strangestrange')],
        'everything but the device': emptied,
      }
      value(await target.expose(spec, inTime))
      for (const [what, steps] of Object.entries(harms)) {
        take(typeof steps === 'function' ? steps() : steps)
        t.same(value(await target.list(inTime)), [], `noticed: ${what}`)
        value(await target.expose(spec, inTime))
        t.same(value(await target.list(inTime)), [spec.iqn], `mended: ${what}`)
        t.ok(await canLogIn(credentialsOf(spec)), `in again: ${what}`)
        t.notOk(await canLogIn({ ...credentialsOf(spec), initiator: stranger, chap: null }), `nobody else: ${what}`)
      }
      t.notOk(await canWrite(credentialsOf(spec)), 'and it is still read-only')
    })

    t.test('a volume that has grown is seen in its new size', async (t) => {
      const { target, makeVolume } = await lioTarget(t, kind)
      const path = await makeVolume()
      const spec = exportOf(path)
      value(await target.expose(spec, inTime))
      t.equal(await bytesSeen(spec), VOLUME_BYTES)
      if (kind === 'file') await truncate(path, 2 * VOLUME_BYTES)
      else await must('lvextend', ['-q', '-L', `${2 * VOLUME_BYTES}b`, path])
      value(await target.expose(spec, inTime))
      t.equal(await bytesSeen(spec), 2 * VOLUME_BYTES)
    })

    t.test('one export is made in no more than its share of time', async (t) => {
      const { target, makeVolume } = await lioTarget(t, kind)
      const path = await makeVolume()
      const times: number[] = []
      for (let generation = 0; generation <= EXPOSES; generation += 1) {
        const spec = exportOf(path, generation)
        const startedMs = performance.now()
        value(await target.expose(spec, inTime))
        // The first one waits for the thread to start, which an agent does long before.
        if (generation > 0) times.push(performance.now() - startedMs)
        value(await target.fence(spec.iqn, inTime))
      }
      const sorted = times.toSorted((a, b) => a - b)
      const median = sorted[EXPOSES / 2] ?? Number.POSITIVE_INFINITY
      t.comment(`expose: p50 ${median.toFixed(1)} ms, ${sorted[0]?.toFixed(1)} to ${sorted.at(-1)?.toFixed(1)} ms`)
      t.ok(median <= EXPOSE_MS_MAX, `${median} ms`)
    })
  })
}

t.test('a stranger who asks what there is hears of nothing', async (t) => {
  const { target, makeVolume } = await lioTarget(t, 'file')
  const spec = exportOf(await makeVolume())
  value(await target.expose(spec, inTime))
  const { output } = await run('iscsi-ls', ['-i', 'iqn.1993-08.org.debian:01:stranger', `iscsi://${PORTAL}`])
  t.notMatch(output, spec.iqn)
})

t.test('what cannot be exported is refused with its reason, and leaves nobody in and nothing behind', async (t) => {
  const { target, makeVolume, canLogIn } = await lioTarget(t, 'block')
  const path = await makeVolume()
  const mine = await open(path, constants.O_RDWR | constants.O_EXCL)
  const refusals: readonly (readonly [ExportSpec, RegExp])[] = [
    [exportOf('/nowhere/volume'), /\/nowhere\/volume cannot be looked at: ENOENT/],
    [exportOf('/dev'), /neither a block device nor a file/],
    [exportOf(path), /EBUSY: .* who has it: lsblk/],
    [{ ...exportOf(path), username: 'NULLuser' }, /CHAP user name/],
    [{ ...exportOf(path), initiator: '../../../core' }, /not an iSCSI name/],
  ]
  for (const [spec, detail] of refusals) {
    t.match(await target.expose(spec, inTime), { kind: 'failed', tool: 'lio', detail })
    t.notOk(await canLogIn(credentialsOf(exportOf(path))))
    value(await target.fence(spec.iqn, inTime))
    t.notOk(tree.entries(`iscsi/${spec.iqn}`))
  }
  await mine.close()
  value(await target.expose(exportOf(path), inTime))
})

t.test('a portal that another program has is named, at the start and at the export', async (t) => {
  const { makeVolume } = await lioTarget(t, 'file')
  const portal = '127.0.0.1:3299'
  const tgtd = await exec({ file: 'tgtd', args: ['-C', '9', '--iscsi', `portal=${portal}`], timeoutMs: 10_000 })
  t.equal(tgtd.exitCode, 0)
  for (;;)
    if ((await exec({ file: 'tgtadm', args: ['-C', '9', '--op', 'show', '--mode', 'target'], timeoutMs: 5000 })).exitCode === 0) break
  t.match(await checkLio({ portal }), /cannot listen on 127\.0\.0\.1:3299 \(EADDRINUSE\): .*systemctl disable --now tgt/)
  const target = createLioTarget({ portal, log: quiet })
  const spec = exportOf(await makeVolume())
  t.match(await target.expose(spec, inTime), { kind: 'failed', detail: /np\/127\.0\.0\.1:3299: EINVAL: set target\.portal/ })
  value(await target.fence(spec.iqn, inTime))
  await target.stop()
  await exec({ file: 'tgtadm', args: ['-C', '9', '--op', 'delete', '--mode', 'system'], timeoutMs: 5000 })
  t.match(await checkLio({ portal: '192.0.2.1:3260' }), /192\.0\.2\.1 is not an address of this host: .*set target\.portal/)
})

t.test('a CHAP secret gets into no log and no outcome, whether the export works or not', async (t) => {
  const { makeVolume } = await lioTarget(t, 'file')
  const lines: unknown[] = []
  const note = (event: string, fields: unknown): void => {
    lines.push({ event, fields })
  }
  const target = createLioTarget({ portal: PORTAL, log: { debug: note, info: note, warn: note, error: note } })
  const spec = { ...exportOf(await makeVolume()), password: 'canary5d41402a' }
  const acl = `iscsi/${spec.iqn}/tpgt_1/acls/${spec.initiator}`
  const outcomes = [
    await target.expose({ ...spec, devicePath: '/nowhere/volume.img' }, inTime),
    await target.expose(spec, inTime),
    await target.expose({ ...spec, username: 'another' }, inTime),
    await target.expose({ ...spec, password: 'canary5d41402a,' }, inTime),
  ]
  take([unlink(`${acl}/lun_1/volume`)])
  outcomes.push(await target.expose({ ...spec, password: 'canary-another' }, inTime))
  value(await target.list(inTime))
  outcomes.push(await target.fence(spec.iqn, inTime))
  await target.stop()
  t.same(
    outcomes.map(({ kind }) => kind),
    ['failed', 'ok', 'failed', 'failed', 'failed', 'ok'],
  )
  t.match(JSON.stringify(lines), 'export-damaged')
  t.notMatch(JSON.stringify([lines, outcomes]), 'canary')
})

interface LioUnderTest extends TargetUnderTest {
  /** As after a restart of the agent: nothing is known of what was exposed before. */
  forget(): Promise<void>
}

async function lioTarget(t: Test, kind: Kind): Promise<LioUnderTest> {
  const folder = await mkdtemp('/var/lib/scoria/lio-')
  const initiators = createInitiators(PORTAL, kind === 'block' ? readDirectly : undefined)
  const volumes: string[] = []
  const paths = new Map<string, string>()
  let real: LioTarget = createLioTarget({ portal: PORTAL, log: quiet })
  const emptied = (): void => {
    for (const iqn of ourIqns(tree)) take(planFence(iqn, readPresent(tree, iqn, ourIqns(tree))))
  }
  t.teardown(async () => {
    await initiators.stop()
    emptied()
    await real.stop()
    if (kind === 'block') for (const path of volumes) await must('lvremove', ['-q', '-y', path])
    await rm(folder, { recursive: true, force: true })
  })
  return {
    target: {
      portal: PORTAL,
      followsGrowth: real.followsGrowth,
      expose(spec, signal) {
        paths.set(spec.iqn, spec.devicePath)
        return real.expose(spec, signal)
      },
      fence: (iqn, signal) => real.fence(iqn, signal),
      list: (signal) => real.list(signal),
    },
    async makeVolume() {
      const path = kind === 'file' ? join(folder, `volume-${volumes.length}.img`) : `/dev/scoria/lio-${folder.slice(-6)}-${volumes.length}`
      volumes.push(path)
      if (kind === 'file') {
        const file = await open(path, 'wx')
        await file.truncate(VOLUME_BYTES)
        await file.close()
      } else {
        await must('lvcreate', ['-q', '-y', '-L', `${VOLUME_BYTES}b`, '-n', path.slice('/dev/scoria/'.length), 'scoria'])
      }
      return path
    },
    canLogIn: initiators.canLogIn,
    logIn: (credentials) => initiators.logIn(credentials, paths.get(credentials.iqn) ?? ''),
    canWrite: (credentials) => initiators.canWrite(credentials, paths.get(credentials.iqn) ?? ''),
    async restartEmpty() {
      emptied()
    },
    async forget() {
      await real.stop()
      real = createLioTarget({ portal: PORTAL, log: quiet })
    },
  }
}

function stepsTo(spec: ExportSpec): readonly Step[] {
  const plan = planOf(tree, spec, PORTAL, false, ourIqns(tree))
  if (plan.kind === 'refused') throw new Error(plan.reason)
  return plan.steps
}

function take(steps: readonly Step[]): void {
  const outcome = execute(tree, steps, () => false)
  if (outcome.kind !== 'ok') throw new Error(outcome.detail)
}

/** Past the cache of this host, which has not heard of what the kernel's target has written. */
async function readDirectly(path: string): Promise<Buffer> {
  const copy = `/tmp/block-${process.pid}`
  await must('dd', [`if=${path}`, `of=${copy}`, 'bs=4096', 'count=1', 'iflag=direct', 'status=none'])
  return (await readFile(copy)).subarray(0, 512)
}

/** Nobody has it open for himself alone: the kernel's target would. A file shows it by its backstore. */
async function isFree(path: string): Promise<boolean> {
  if (tree.entries('core/fileio_2601')?.some(({ name }) => name.startsWith('volume-')) === true) return false
  const device = await open(path, constants.O_RDWR | constants.O_EXCL)
  await device.close()
  return true
}

async function serialOf(spec: ExportSpec): Promise<string> {
  const { output } = await run('iscsi-inq', ['-i', spec.initiator, '-e', '1', '-c', '128', urlOf(spec)])
  const serial = /Unit Serial Number:\[(.*)\]/.exec(output)?.[1]
  if (serial === undefined) throw new Error(`no serial: ${output}`)
  return serial
}

async function bytesSeen(spec: ExportSpec): Promise<number> {
  const { output } = await run('iscsi-readcapacity16', ['-s', '-i', spec.initiator, urlOf(spec)])
  return Number(output)
}

function urlOf({ username, password, iqn }: ExportSpec): string {
  return `iscsi://${username}%${password}@${PORTAL}/${iqn}/1`
}

async function must(file: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await exec({ file, args, timeoutMs: 60_000 })
  if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`)
}

function make(path: string): Step {
  return { kind: 'make', path }
}

function write(path: string, text: string): Step {
  return { kind: 'write', path, text }
}

function unlink(path: string): Step {
  return { kind: 'unlink', path }
}

function remove(path: string): Step {
  return { kind: 'remove', path }
}
