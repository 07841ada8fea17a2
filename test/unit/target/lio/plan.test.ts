/** Plans for exports over configfs, from every kind of half-made and damaged state, on the kernel's rules. */
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Executed, execute } from '../../../../agent/target/lio/execute.ts'
import { planExpose, type Wanted } from '../../../../agent/target/lio/plan-expose.ts'
import { planFence } from '../../../../agent/target/lio/plan-fence.ts'
import { ourIqns, type Present, readPresent } from '../../../../agent/target/lio/present.ts'
import type { Step } from '../../../../agent/target/lio/steps.ts'
import { codeOf } from '../../../../agent/target/lio/tree.ts'
import type { Outcome } from '../../../../lib/ports/outcome.ts'
import { FakeKernel, type SeenLun } from './kernel.ts'

const VOLUME = '5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10'
const INITIATOR = 'iqn.1993-08.org.debian:01:consumer'
const STRANGER = 'iqn.1993-08.org.debian:01:stranger'
const FOREIGN = ['iscsi/iqn.2026-01.test:other', 'iscsi/iqn.2026-01.test:other/tpgt_1', 'core/iblock_0', 'core/iblock_0/disk']

const blockVolume = wantedOf('iblock', 1, false)
const kinds: readonly Wanted[] = [blockVolume, wantedOf('fileio', 1, false), wantedOf('iblock', 1, true), wantedOf('fileio', 1, true)]

function wantedOf(kind: 'iblock' | 'fileio', generation: number, readOnly: boolean): Wanted {
  const path = kind === 'iblock' ? '/dev/vg/volume' : '/srv/volume.img'
  return {
    spec: {
      iqn: `iqn.2026-01.io.scoria:volume-${VOLUME}-${generation}`,
      lun: 1,
      devicePath: path,
      initiator: INITIATOR,
      username: `consumer-${generation}`,
      password: `secret-${generation}-abcdef`,
      readOnly,
    },
    device: kind === 'iblock' ? { kind, path } : { kind, path, sizeBytes: 2 ** 30 },
    volume: VOLUME,
    portal: '10.0.0.1:3260',
  }
}

function newKernel(): FakeKernel {
  const kernel = new FakeKernel()
  for (const path of ['iscsi', ...FOREIGN]) kernel.makeFolder(path)
  return kernel
}

function look(kernel: FakeKernel, { spec }: Wanted): Present {
  return readPresent(kernel, spec.iqn, ourIqns(kernel))
}

function stepsTo(kernel: FakeKernel, wanted: Wanted, isKnown = true): readonly Step[] {
  const plan = planExpose(wanted, look(kernel, wanted), isKnown)
  if (plan.kind === 'refused') throw new Error(plan.reason)
  return plan.steps
}

function take(kernel: FakeKernel, steps: readonly Step[]): Outcome<Executed> {
  return execute(kernel, steps, () => false)
}

function expose(kernel: FakeKernel, wanted: Wanted, isKnown = true): void {
  const outcome = take(kernel, stepsTo(kernel, wanted, isKnown))
  if (outcome.kind !== 'ok') throw new Error(outcome.detail)
}

/** Whoever gets in finds the volume as wanted and nothing else; nobody else gets in. */
function assertServes(t: Test, kernel: FakeKernel, wanted: Wanted, why: string): void {
  t.same(seenThrough(kernel, wanted), onlyTheVolume(wanted), why)
}

/** Behind each login that could be tried; null: turned away. */
function seenThrough(kernel: FakeKernel, { spec }: Wanted): Readonly<Record<string, readonly SeenLun[] | null>> {
  const { iqn, initiator, username, password } = spec
  return {
    right: kernel.login(iqn, initiator, username, password),
    wrongSecret: kernel.login(iqn, initiator, username, 'wrong-wrong-1'),
    wrongName: kernel.login(iqn, STRANGER, username, password),
  }
}

function onlyTheVolume({ spec }: Wanted): ReturnType<typeof seenThrough> {
  return { right: [{ name: 'lun_1', device: spec.devicePath, isReadOnly: spec.readOnly }], wrongSecret: null, wrongName: null }
}

t.test('who carried out a step that another had done meanwhile is told, and not of folders that exports share', async (t) => {
  const kernel = newKernel()
  const steps = stepsTo(kernel, blockVolume)
  t.match(take(kernel, steps), { kind: 'ok', value: { hadCompany: false } }, 'iscsi was there')
  const late = newKernel()
  late.makeFolder(`iscsi/${blockVolume.spec.iqn}`)
  t.match(take(late, steps), { kind: 'ok', value: { hadCompany: true } })
})

t.test('an export is made from nothing, and needs no step more', async (t) => {
  for (const wanted of kinds) {
    const kernel = newKernel()
    const why = `${wanted.device.kind}${wanted.spec.readOnly ? ' read-only' : ''}`
    expose(kernel, wanted, false)
    assertServes(t, kernel, wanted, why)
    t.same(stepsTo(kernel, wanted, false), [], why)
    t.equal(look(kernel, wanted).backstores[0]?.serial, VOLUME, `${why}: serial`)
  }
})

t.test('cut off after any step, the next run completes it; a fence leaves nothing but what others made', async (t) => {
  for (const wanted of kinds) {
    const whole = stepsTo(newKernel(), wanted).length
    for (let kept = 0; kept <= whole; kept += 1) {
      const kernel = newKernel()
      take(kernel, stepsTo(kernel, wanted).slice(0, kept))
      expose(kernel, wanted, false)
      assertServes(t, kernel, wanted, `${wanted.device.kind}, cut off after ${kept} steps`)
      const other = newKernel()
      take(other, stepsTo(other, wanted).slice(0, kept))
      t.equal(take(other, planFence(wanted.spec.iqn, look(other, wanted))).kind, 'ok', `fence after ${kept} steps`)
      t.same(leftOf(other), [], `left after ${kept} steps`)
    }
  }
})

t.test('what is left of a fence that was cut off is found under its name', async (t) => {
  const whole = newKernel()
  expose(whole, blockVolume)
  const steps = planFence(blockVolume.spec.iqn, look(whole, blockVolume))
  for (let kept = 0; kept < steps.length; kept += 1) {
    const kernel = newKernel()
    expose(kernel, blockVolume)
    take(kernel, steps.slice(0, kept))
    t.same(ourIqns(kernel), [blockVolume.spec.iqn], `after ${kept} of ${steps.length} steps`)
    take(kernel, planFence(blockVolume.spec.iqn, look(kernel, blockVolume)))
    t.same(leftOf(kernel), [], `after ${kept} of ${steps.length} steps and another fence`)
  }
})

t.test('from any damage an export comes back, and on the way nobody ever finds anything else behind it', async (t) => {
  const holds = fc.property(fc.nat(kinds.length - 1), damages(), (kind, damage) => {
    const wanted = kinds[kind] ?? blockVolume
    const kernel = newKernel()
    expose(kernel, wanted)
    for (const harm of damage) harm(kernel, wanted)
    kernel.onChange = (what) => assertNothingElse(kernel, wanted, what)
    expose(kernel, wanted)
    deepEqual(seenThrough(kernel, wanted), onlyTheVolume(wanted))
    deepEqual(stepsTo(kernel, wanted), [])
    deepEqual(exportsIn(kernel), asNew(wanted), 'and there is nothing else')
    equal(look(kernel, wanted).backstores[0]?.serial, VOLUME)
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 2000, seed: 20_261_121 }))
})

t.test('from any damage a fence ends in nothing', async (t) => {
  const holds = fc.property(fc.nat(kinds.length - 1), damages(), (kind, damage) => {
    const wanted = kinds[kind] ?? blockVolume
    const kernel = newKernel()
    expose(kernel, wanted)
    for (const harm of damage) harm(kernel, wanted)
    const outcome = take(kernel, planFence(wanted.spec.iqn, look(kernel, wanted)))
    equal(outcome.kind, 'ok')
    deepEqual(exportsIn(kernel), FOREIGN.toSorted())
  })
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 1000, seed: 20_261_122 }))
})

t.test('two exports of a volume share its device: the second one’s fence lets it go, not the first one’s', async (t) => {
  const kernel = newKernel()
  const [first, second] = [wantedOf('iblock', 1, false), wantedOf('iblock', 2, true)]
  for (const wanted of [first, second]) expose(kernel, wanted)
  for (const wanted of [first, second]) assertServes(t, kernel, wanted, wanted.spec.iqn)
  take(kernel, planFence(first.spec.iqn, look(kernel, first)))
  assertServes(t, kernel, second, 'after the fence of the first')
  take(kernel, planFence(second.spec.iqn, look(kernel, second)))
  t.same(leftOf(kernel), [])
})

t.test('what a crash left with another device behind it is opened anew', async (t) => {
  const moved: Wanted = {
    ...blockVolume,
    spec: { ...blockVolume.spec, devicePath: '/dev/vg/old' },
    device: { kind: 'iblock', path: '/dev/vg/old' },
  }
  const kernel = newKernel()
  const steps = stepsTo(kernel, moved)
  take(
    kernel,
    steps.slice(
      0,
      steps.findIndex(({ path }) => path.endsWith('/product_id')),
    ),
  )
  expose(kernel, blockVolume, false)
  assertServes(t, kernel, blockVolume, 'moved')
})

t.test('what somebody else has taken away meanwhile is as good as taken away', async (t) => {
  const kernel = newKernel()
  expose(kernel, blockVolume)
  const steps = planFence(blockVolume.spec.iqn, look(kernel, blockVolume))
  take(kernel, steps)
  t.equal(
    take(
      kernel,
      steps.filter(({ kind }) => kind !== 'write'),
    ).kind,
    'ok',
  )
})

t.test('a step that the kernel refuses is told with its remedy, and what would be written is not', async (t) => {
  const kernel = newKernel()
  const { spec } = blockVolume
  const password: Step = { kind: 'write', path: `iscsi/${spec.iqn}/nowhere`, text: spec.password, remedy: 'do this' }
  t.same(take(kernel, [password]), { kind: 'failed', tool: 'lio', detail: `write iscsi/${spec.iqn}/nowhere: ENOENT: do this` })
})

t.test('one that is exported from another device already is not exported from this one', async (t) => {
  const kernel = newKernel()
  expose(kernel, wantedOf('iblock', 1, false))
  const plan = planExpose(wantedOf('fileio', 2, false), look(kernel, wantedOf('fileio', 2, false)), false)
  t.match(plan, { kind: 'refused', reason: /from another device by iqn.*-1: detach it there/ })
})

t.test('a whole export of another specification is left alone, and its secret is not told', async (t) => {
  const others: readonly (readonly [Partial<Wanted['spec']>, RegExp])[] = [
    [{ initiator: STRANGER }, /initiator .*consumer, not .*stranger/],
    [{ username: 'another' }, /account consumer-1, not another/],
    [{ password: 'another-secret' }, /secret another, not the same/],
    [{ readOnly: true }, /read-only false, not true/],
    [{ devicePath: '/dev/vg/other' }, /path \/dev\/vg\/volume, not \/dev\/vg\/other/],
  ]
  for (const [change, reason] of others) {
    const kernel = newKernel()
    expose(kernel, blockVolume)
    const spec = { ...blockVolume.spec, ...change }
    const other: Wanted = { ...blockVolume, spec, device: { kind: 'iblock', path: spec.devicePath } }
    const plan = planExpose(other, look(kernel, other), false)
    t.match(plan, { kind: 'refused', reason }, JSON.stringify(change))
    t.notMatch(JSON.stringify(plan), /secret-1|another-secret/)
  }
})

t.test('a file that has grown is told to the kernel while sessions go on', async (t) => {
  const kernel = newKernel()
  const wanted = wantedOf('fileio', 1, false)
  expose(kernel, wanted)
  const acl = `iscsi/${wanted.spec.iqn}/tpgt_1/acls/${INITIATOR}`
  kernel.openSession(acl)
  const grown: Wanted = { ...wanted, device: { kind: 'fileio', path: wanted.spec.devicePath, sizeBytes: 2 ** 31 } }
  expose(kernel, grown)
  t.same(kernel.sessions, [acl])
  t.equal(look(kernel, grown).backstores[0]?.sizeBytes, 2 ** 31)
})

t.test('a portal that is another one now is opened, and the old one closed, while sessions go on', async (t) => {
  const kernel = newKernel()
  expose(kernel, blockVolume)
  const acl = `iscsi/${blockVolume.spec.iqn}/tpgt_1/acls/${INITIATOR}`
  kernel.openSession(acl)
  expose(kernel, { ...blockVolume, portal: '[fd00::1]:3260' })
  t.same(kernel.sessions, [acl])
  t.same(look(kernel, blockVolume).target?.tpgs[0]?.portals, ['[fd00::1]:3260'])
})

type Harm = (kernel: FakeKernel, wanted: Wanted) => void

/** What hands and crashes do to an export and the backstore below it. */
function damages(): fc.Arbitrary<readonly Harm[]> {
  const pick = fc.nat()
  const removal: fc.Arbitrary<Harm> = pick.map((n) => (kernel) => {
    const paths = kernel.made.filter(isOurs)
    const path = paths[n % Math.max(1, paths.length)]
    if (path !== undefined) removeDeep(kernel, path)
  })
  const turned: fc.Arbitrary<Harm> = fc.tuple(pick, fc.constantFrom('0', '1', '-1', 'NULL', 'rubbish')).map(([n, text]) => (kernel) => {
    const paths = kernel.files.filter((path) => isOurs(path) && !path.endsWith('/control'))
    const path = paths[n % Math.max(1, paths.length)]
    if (path !== undefined) attempt(() => kernel.write(path, text))
  })
  const added: fc.Arbitrary<Harm> = fc.nat(5).map((n) => (kernel, { spec }) => {
    const tpg = `iscsi/${spec.iqn}/tpgt_1`
    const paths = [
      [`${tpg}/acls/${STRANGER}`, `${tpg}/acls/${STRANGER}/lun_1`],
      [`${tpg}/np/10.0.0.9:3260`],
      [`${tpg}/lun/lun_7`, `${tpg}/acls/${INITIATOR}/lun_7`],
      [`iscsi/${spec.iqn}/tpgt_2`, `iscsi/${spec.iqn}/tpgt_2/acls/${STRANGER}`],
      ['core/iblock_2601', `core/iblock_2601/volume-${VOLUME}`],
      ['core/fileio_2601', `core/fileio_2601/volume-${VOLUME}`],
    ][n]
    for (const path of paths ?? []) attempt(() => kernel.makeFolder(path))
    attempt(() => kernel.makeLink(`${tpg}/acls/${STRANGER}/lun_1/volume`, `${tpg}/lun/lun_1`))
  })
  return fc.array(fc.oneof({ weight: 3, arbitrary: removal }, turned, added), { maxLength: 6 })
}

/** Links to it first, as whoever wants it gone has to. */
function removeDeep(kernel: FakeKernel, path: string): void {
  const isBelow = (at: string): boolean => at === path || at.startsWith(`${path}/`)
  const links = kernel.made.filter((at) => kernel.linkTarget(at) !== '')
  for (const at of links) if (isBelow(at) || isBelow(kernel.linkTarget(at))) attempt(() => kernel.removeLink(at))
  for (const at of kernel.made.filter(isBelow).toReversed()) attempt(() => kernel.removeFolder(at))
}

function attempt(change: () => void): void {
  try {
    change()
  } catch (error) {
    if (codeOf(error) === null) throw error
  }
}

/** While it is mended: in with the right secret means the volume, whole and as protected as it should be. */
function assertNothingElse(kernel: FakeKernel, { spec }: Wanted, what: string): void {
  // What was wrong before is wrong until it is switched off, which has to come first.
  if (what.endsWith('tpgt_1/enable') || what.endsWith('tpgt_2/enable')) return
  const seen = kernel.login(spec.iqn, spec.initiator, spec.username, spec.password)
  const isRight = seen === null || (seen.length === 1 && seen[0]?.device === spec.devicePath && seen[0].isReadOnly === spec.readOnly)
  if (!isRight) throw new Error(`after ${what} the initiator finds ${JSON.stringify(seen)}`)
}

function asNew(wanted: Wanted): readonly string[] {
  const kernel = newKernel()
  expose(kernel, wanted)
  return exportsIn(kernel)
}

/** Ours and those of others. */
function exportsIn(kernel: FakeKernel): readonly string[] {
  return kernel.made.filter((path) => isOurs(path) || FOREIGN.includes(path))
}

function isOurs(path: string): boolean {
  return path.includes(`volume-${VOLUME}`)
}

function leftOf(kernel: FakeKernel): readonly string[] {
  return kernel.made.filter(isOurs)
}
