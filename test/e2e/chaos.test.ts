/**
 * Short chaos runs, the same as `npm run chaos` but for their size: real agents in networks of their own, under load, with every
 * kind of fault at least once; then nothing may be lost, doubled or leaked.
 */
import t, { type Test } from 'tap'
import { DRILL } from '../chaos/drill.ts'
import { FAULT_KINDS } from '../chaos/faults.ts'
import { type ChaosEnd, type ChaosRun, runChaos } from '../chaos/run.ts'
import { drilledText, findingText, hitsText } from '../chaos/report.ts'
import { type ClusterOptions, createCluster } from '../cluster/cluster.ts'
import { countsText } from '../load/ledger.ts'

const SEED = 'chaos-1'
const KILLS = 25
const WORKERS = 8
const DISKS = 2
const ROOMY_GIB = 100_000
const roomy = (names: readonly string[]): ClusterOptions => ({ names, capacityGiB: names.map(() => ROOMY_GIB) })
t.setTimeout(600_000)

t.test(
  'agents and target daemons killed, agents stopped, links cut both ways and one way, a disk full: every promise is kept',
  async (t) => {
    const options = { ...roomy(['a', 'b', 'c', 'd', 'e']), namespaces: true, volumesApart: true, lookIntervalMs: 1000 }
    const plan = { kills: KILLS, minMs: 0, kinds: FAULT_KINDS }
    const { counts } = await chaos(t, options, { plan, storage: 'file', disks: DISKS })
    t.ok(counts.created > KILLS && counts.attached > 5 && counts.deleted > 5 && counts.extended > 5, 'there was load', counts)
  },
)

t.test('storage that refuses, says nothing, hangs, is late and lies, under agents that are killed: every promise is kept', async (t) => {
  const plan = { kills: 3, minMs: 0, kinds: [] }
  const options = { ...roomy(['a', 'b', 'c']), drill: { seed: SEED, ...DRILL } }
  const { drilled, counts } = await chaos(t, options, { plan, storage: 'drill', disks: 0 })
  t.comment(`faults of the backends: ${drilledText(drilled)}`)
  for (const one of ['fail-', 'unknown-', 'slow'])
    t.ok(
      [...drilled.keys()].some((fault) => fault.startsWith(one)),
      `${one} came`,
    )
  t.ok(drilled.has('hang') || drilled.has('late'), 'calls hung')
  t.ok(counts.created > 5, 'there was load', counts)
})

async function chaos(
  t: Test,
  options: ClusterOptions,
  run: Pick<ChaosRun, 'plan' | 'storage' | 'disks'>,
): Promise<Pick<ChaosEnd, 'drilled'> & Pick<ChaosEnd['ledger'], 'counts'>> {
  const cluster = await createCluster(options)
  const stopping = new AbortController()
  let isPassed = false
  t.teardown(async () => {
    stopping.abort()
    const left = await cluster.stop({ keep: !isPassed })
    if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`)
  })
  t.comment(`seed ${SEED}; logs: ${cluster.folder}`)
  const { signal } = stopping
  const end = await runChaos({ ...run, cluster, seed: SEED, workers: WORKERS, tell: () => undefined, signal })
  t.comment(`${(end.tookMs.faults / 1000).toFixed(0)} s of faults, at rest ${(end.tookMs.rest / 1000).toFixed(1)} s after the heal`)
  t.comment(`faults: ${hitsText(end.hits)}`)
  t.comment(`operations: ${countsText(end.ledger)}`)
  t.same(
    end.findings.map((finding) => findingText(finding, cluster.folder)),
    [],
    'nothing is lost, doubled or leaked',
  )
  for (const kind of run.plan.kinds) t.ok(end.hits[kind] > 0, `${kind} happened`)
  isPassed = t.passing()
  return { drilled: end.drilled, counts: end.ledger.counts }
}
