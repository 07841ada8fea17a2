/** What a drill reports and what it does, kind by kind, and that the same seed makes the same faults. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createDrillBackend, type DrillFault } from '../../../../agent/backend/none/drill.ts'
import { seededDraws } from '../../../../agent/system/draws.ts'
import type { Drill } from '../../../../lib/config/drill.ts'
import { projectId, requestId, volumeId } from '../../../../lib/model/ids.ts'
import type { Backend } from '../../../../lib/ports/backend.ts'

const GIB = 1024 ** 3
const ID = volumeId('5f0c2a1e-6a6f-4c39-9d0b-0d2f3c1b7a10')
const VOLUME = { id: ID, pool: 'pool', sizeBytes: GIB }
const TAGS = { project: projectId('tenant'), rid: requestId('0123456789abcdef0123456789abcdef') }
const inTime = new AbortController().signal
const CALM = { failBeforePercent: 0, failAfterPercent: 0, unknownPercent: 0, hangPercent: 0, slowPercent: 0, slowMsMax: 1 }

interface Drilled {
  readonly open: (parts: Partial<Drill>, draws?: (seed: string) => () => number) => Backend
  readonly faults: string[]
  readonly file: string
}

async function drill(t: Test): Promise<Drilled> {
  const directory = await mkdtemp(join(tmpdir(), 'scoria-drill-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'drill.json')
  const faults: string[] = []
  return {
    file,
    faults,
    open: (parts, drawsOf = seededDraws) =>
      createDrillBackend({
        ...{ name: 'none', pool: 'pool', capacityGiB: 10, drawsOf },
        drill: { seed: 'seed', file, ...CALM, ...parts },
        onFault: (fault: DrillFault, call) => faults.push(`${fault} ${call}`),
      }),
  }
}

const always = (draw: number) => () => () => draw

for (const [part, draw, fault, kind, isDone] of [
  ['failBeforePercent', 0, 'fail-before', 'failed', false],
  ['failAfterPercent', 0, 'fail-after', 'failed', true],
  ['unknownPercent', 0.9, 'unknown-before', 'unknown', false],
  ['unknownPercent', 0, 'unknown-after', 'unknown', true],
  ['slowPercent', 0, 'slow', 'ok', true],
] as const) {
  t.test(`${fault}: it is ${isDone ? '' : 'not '}done, and reported as ${kind}`, async (t) => {
    const { open, faults } = await drill(t)
    t.equal((await open({ [part]: 100 }, always(draw)).create(VOLUME, TAGS, inTime)).kind, kind)
    t.same(faults, [`${fault} create`])
    t.equal((await open({}).list(inTime)).kind, 'ok')
    t.match(await open({}).inspect(ID, inTime), { kind: 'ok', value: isDone ? VOLUME : null })
  })
}

for (const [draw, fault, isDone] of [
  [0.9, 'hang', false],
  [0, 'late', true],
] as const) {
  t.test(`${fault}: no answer until the time is up; what is seen by the next call stays so`, async (t) => {
    const { open, faults } = await drill(t)
    // Done or not, which fault, how late; and none for the call after it.
    const script = [draw, 0, 0]
    const backend = open({ hangPercent: 50 }, () => () => script.shift() ?? 0.99)
    const limit = new AbortController()
    const given = backend.create(VOLUME, TAGS, limit.signal)
    limit.abort()
    t.match(await given, { kind: 'unknown' })
    t.match(await backend.inspect(ID, inTime), { kind: 'ok', value: isDone ? VOLUME : null })
    t.same(faults, [`${fault} create`])
  })
}

t.test('a seed decides the faults of a life, and the next life has others', async (t) => {
  const courseOf = async (seed: string, lives: number): Promise<readonly string[]> => {
    const { open, faults } = await drill(t)
    for (let life = 1; life <= lives; life += 1) {
      faults.length = 0
      const backend = open({ seed, failBeforePercent: 20, unknownPercent: 20 })
      for (let n = 0; n < 50; n += 1) faults.push(`${n} ${(await backend.inspect(ID, inTime)).kind}`)
    }
    return [...faults]
  }
  const first = await courseOf('one', 1)
  t.ok(first.some((line) => line.endsWith('failed')) && first.some((line) => line.endsWith('ok')))
  t.same(await courseOf('one', 1), first)
  t.notSame(await courseOf('two', 1), first)
  t.notSame(await courseOf('one', 2), first)
})

t.test('a file that is no memory of a drill is refused, and left alone', async (t) => {
  const { open, file } = await drill(t)
  for (const text of ['', '[]', '{"life":1}', '{"life":1,"volumes":[{"id":"x"}],"quarantined":[]}']) {
    await writeFile(file, text)
    t.throws(() => open({}), { message: /no memory of a drill/ }, text)
  }
})
