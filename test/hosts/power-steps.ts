/**
 * Lets a volume live through all of its calls once, to see which steps the agent takes for each, and then again and again,
 * with the power cut at another step of each call in each life. After every cut the call is repeated with its key, and what the
 * API shows, what lies in the volume group and what is exported have to be one and the same, with every flushed byte.
 */
import type { Test } from 'tap'
import { persist } from '../cluster/retry.ts'
import { at, textAt } from '../cluster/client.ts'
import { untilAgreed } from './agreement.ts'
import { cuttable, type Point } from './power-cut.ts'
import { type Act, type Life, lifeOf, type There } from './power-life.ts'
import type { StorageHost } from './storage-host.ts'

export interface StepsOptions {
  readonly host: StorageHost
  readonly vg: string
  readonly thinPool: string | null
  readonly lives: number
  readonly withExport: boolean
}

/** Of the beginning of a volume, and of what lies where it was once extended to. */
const WRITTEN_MIB = 8
const REACHED_SHARE_MIN = 0.8

export async function cutAtSteps(t: Test, { host, vg, thinPool, lives, withExport }: StepsOptions): Promise<void> {
  const client = host.client()
  const power = cuttable(host)
  const there: There = { volumes: new Map(), snapshots: new Map(), attachments: new Map() }
  const points = new Map<string, readonly Point[]>()
  const device = (volume: string): string => `/dev/${vg}/volume-${volume}`
  // After a boot a volume has no device until it is exported: the hand that reads or writes here asks for one.
  const awake = (volumes: readonly string[]): string => `lvchange -q -a y ${volumes.map((volume) => `${vg}/volume-${volume}`).join(' ')}`
  const write = (volume: string, text: string): Promise<string> =>
    host.must(
      `${awake([volume])} && yes '${text}' | dd of=${device(volume)} bs=1M count=${WRITTEN_MIB} iflag=fullblock oflag=direct conv=notrunc,fsync status=none`,
    )
  const sumsOf = async (volumes: readonly string[]): Promise<readonly string[]> => {
    const sum = (volume: string): string => `dd if=${device(volume)} bs=1M count=${WRITTEN_MIB} iflag=direct status=none | sha256sum`
    return (await host.must(`${awake(volumes)} && { ${volumes.map(sum).join('; ')}; }`)).trimEnd().split('\n')
  }
  const agree = (): Promise<void> => untilAgreed({ host, client, vg }, there)

  await power.start()
  const end = await persist(
    [client],
    { method: 'POST', path: '/volumes', body: { volume: { size: 1, name: 'marker' } }, key: 'marker' },
    { first: 0 },
  )
  const marker = end.kind === 'answer' ? textAt(at(end.answer.body, 'volume'), 'id') : ''
  there.volumes.set(marker, 1)
  await agree()
  await write(marker, 'this was here before')
  const [kept] = await sumsOf([marker])
  const usedBefore = thinPool === null ? '' : await poolUse(host, `${vg}/${thinPool}`)

  let cuts = 0
  let reached = 0
  const through = async (t: Test, life: Life, act: Act, number: number): Promise<void> => {
    const point = number === 0 ? null : spread(points.get(act.name) ?? [], number - 1, lives)
    let where = 'without a cut'
    if (point === null) {
      const steps = await power.stepsOf(() => act.run())
      points.set(act.name, steps)
      t.comment(
        `${act.name}: ${steps
          .filter(({ when }) => when === 'before')
          .map(({ kind, what }) => `${kind} ${what}`)
          .join('; ')}`,
      )
    } else {
      const cut = await power.cutIn(point, () => act.run())
      cuts += 1
      if (cut.reached) reached += 1
      where = cut.reached ? `cut ${point.when} ${point.kind} ${point.n} (${point.what})` : 'cut after its end'
      await act.run()
    }
    act.note(there)
    await agree()
    t.pass(`${act.name}, ${where}: all agree`)
    if (act.name === 'create') await write(life.volume('create'), `life ${number}`)
    const same = (['create', 'clone', 'copy'] as const).map((made) => life.volume(made)).filter((volume) => there.volumes.has(volume))
    const [markerNow, ...sums] = await sumsOf([marker, ...same])
    t.equal(markerNow, kept, 'what was flushed before is there')
    t.equal(new Set(sums).size, Math.min(1, sums.length), 'a copy reads as its source')
  }

  for (let number = 0; number <= lives && t.passing(); number += 1) {
    const name = number === 0 ? 'a life without a cut' : `life ${number} of ${lives}, a cut in each call`
    await t.test(name, async (t) => {
      const life = lifeOf({ host, client, name: `life ${number}`, copyGiB: thinPool === null ? 2 : 3, withExport })
      for (const act of life.acts) await through(t, life, act, number)
    })
  }
  // A test of its own: with none under way the host would be gone before it has answered.
  await t.test('no room is lost, and the cuts were where they should be', async (t) => {
    if (thinPool !== null) t.equal(await poolUse(host, `${vg}/${thinPool}`), usedBefore, 'no block of the pool is lost')
    // How batches fall together differs from run to run: a step may be one fewer than it was.
    t.ok(reached >= cuts * REACHED_SHARE_MIN, `${reached} of ${cuts} cuts were at the step that was named`)
    t.comment(`${cuts} power cuts, ${reached} of them at the step that was named and the others after the last one`)
  })
}

/** One of them for each life, from the first to the last, so that all lives together come by all kinds. */
function spread(points: readonly Point[], life: number, lives: number): Point | null {
  return points[Math.floor(((life + 0.5) * points.length) / lives)] ?? null
}

/** Of its data and its metadata, in percent. */
async function poolUse(host: StorageHost, pool: string): Promise<string> {
  return (await host.must(`lvs --noheadings -o data_percent ${pool}`)).trim()
}
